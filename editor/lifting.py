"""The selected thing as it is seen, lifted out of the picture to be shown elsewhere."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.composite import chosen_layers, screen_pixels
from editor.document import Snapshot
from editor.geometry import Rect
from editor.layers import LayerId
from editor.tiles import TiledImage

MOST = 1 << 20  # pixels of the picture that is shown
HALF = 128  # a pixel is inside the edge from this value on

Line = NDArray[np.float32]  # (n, 2): x, y in canvas pixels, closed


@dataclass(frozen=True, eq=False)
class Lifted:
    """A thing cut out of a picture.

    Attributes:
        area: canvas rectangle that it was cut out of.
        pixels: (h, w, 4) uint8 RGBA, premultiplied, stretched over `area`; smaller where the thing is large.
        lines: its edges.
        foreign: it comes from elsewhere: it leaves no hole, and is to be shown also where it rests.
    """

    area: Rect
    pixels: NDArray[np.uint8]
    lines: tuple[Line, ...]
    foreign: bool = False


def lifted(snapshot: Snapshot, selection: TiledImage, without: Container[LayerId] = frozenset()) -> Lifted:
    """Cut what is selected out of what is seen.

    Args:
        without: layers to leave out, as one that shows the thing elsewhere.
    """
    area = selection.content().intersected(snapshot.canvas)
    if area.empty:
        return Lifted(area, np.zeros((1, 1, 4), np.uint8), ())
    mask = np.ascontiguousarray(selection.read(area)[..., 0], np.uint8)
    pixels = screen_pixels(chosen_layers(snapshot.layers, without), area)
    lines = tuple(_lines(mask, area))
    share = min(1.0, (MOST / area.area) ** 0.5)
    if share < 1:
        size = max(1, round(area.width * share)), max(1, round(area.height * share))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        mask = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.uint8)
    cut = (pixels.astype(np.uint16) * mask[..., None] + 127) // 255
    return Lifted(area, cut.astype(np.uint8), lines)


def brought(pixels: NDArray[np.uint8], box: Rect) -> Lifted:
    """A thing from elsewhere in a box: as large as fits, in the middle across, standing on its lower edge.

    Args:
        pixels: (h, w, 4) uint8 RGBA, straight alpha; what is transparent around the thing does not count.
    """
    x, y, width, height = cv2.boundingRect((pixels[..., 3] > 0).astype(np.uint8))
    thing = pixels[y : y + height, x : x + width]
    share = min(box.width / max(1, width), box.height / max(1, height))
    fitted = max(1, round(width * share)), max(1, round(height * share))
    area = Rect(box.x + (box.width - fitted[0]) // 2, box.bottom - fitted[1], *fitted)
    cut = thing.astype(np.uint16)
    cut[..., :3] = (cut[..., :3] * cut[..., 3:] + 127) // 255
    return Lifted(area, cut.astype(np.uint8), (), foreign=True)


def _lines(mask: NDArray[np.uint8], area: Rect) -> Iterator[Line]:
    """The edges of what is at least half selected."""
    inside = np.pad((mask >= HALF).astype(np.uint8), 1)
    contours, _ = cv2.findContours(inside, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_TC89_L1)
    for contour in contours:
        if len(contour) > 2:
            middles = cast(Line, contour[:, 0].astype(np.float32)) - np.float32(0.5)
            yield middles + np.array([area.x, area.y], np.float32)
