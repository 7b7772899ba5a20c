"""Questions about what is where in a picture, as the window asks them, and what the engine makes of them."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from editor import reshaping
from editor.composite import composite
from editor.document import Document, Snapshot
from editor.files import to_srgb
from editor.files.export import on_white
from editor.geometry import Rect
from editor.layers import BlendMode, Layer, LayerId
from editor.masks import Mask
from editor.pointing import Line, Pointing, Sketch, Streak
from editor.tiles import TiledImage
from engine.request import Pixels
from engine.segmentation import BUNDLED, GRABCUT, Click, Prompts

__all__ = ["BUNDLED", "GRABCUT", "AtWork", "Find", "Question", "Snap", "Source", "prompts_of", "shape_of", "sketch_of"]

_SKETCH, _ROUGH = 1024, 512  # longest side of what is drawn over the picture, and of what follows the pointer
_FINE = 4  # a small sketch is drawn so many times finer, so that its edges are smooth close up


@dataclass(frozen=True, eq=False)
class Source:
    """What is looked at: a document at one moment, as it is shown or one layer of it alone."""

    document: weakref.ref[Document]
    snapshot: Snapshot
    layer: LayerId | None

    @classmethod
    def of(cls, document: Document, *, merged: bool) -> Source:
        """All layers of the document as it is now, or the active one."""
        return cls(weakref.ref(document), document.snapshot(), None if merged else document.active)

    def is_of(self, document: Document) -> bool:
        """Whether it is that document, at whatever moment."""
        return self.document() is document

    def shows_same(self, other: Source) -> bool:
        """Whether nothing that can be seen has changed between them; a layer alone by its pixels and place."""
        here, there = self.snapshot, other.snapshot
        if (here.size, here.dtype, here.profile, self.layer) != (there.size, there.dtype, there.profile, other.layer):
            return False
        if here.layers is there.layers or self.layer is None:
            return here.layers is there.layers
        return _looks(self._alone()) == _looks(other._alone())

    def picture(self) -> Pixels:
        """(H, W, 3) sRGB, transparency laid on white paper; composites, so it takes time."""
        layer = self._alone()
        shown = self.snapshot if layer is None else replace(self.snapshot, layers=(layer,))
        return cast(Pixels, on_white(to_srgb(composite(shown), self.snapshot.profile)))

    def _alone(self) -> Layer | None:
        """The layer with its own pixels, whatever its place among the others."""
        found = (layer for layer in _walk(self.snapshot.layers) if layer.id == self.layer)
        layer = next(found, None) if self.layer is not None else None
        if layer is None:
            return None
        return replace(layer, visible=True, opacity=1.0, blend=BlendMode.NORMAL, mask=None)


@dataclass(frozen=True, eq=False)
class Find:
    """What is where the artist pointed?

    Attributes:
        model: "grabcut", "studio-sam" or a checkpoint's path.
        pointing: None = only look at the picture.
        hovering: the pointer asks, not a click: no answer is no failure.
        rough: quickly, whatever the edge is like.
        feather: pixels over which the edge is softened.
    """

    number: int
    source: Source
    model: str
    pointing: Pointing | None = None
    choice: int = 0
    hovering: bool = False
    rough: bool = False
    feather: float = 0.0


@dataclass(frozen=True, eq=False)
class Snap:
    """Which mask does the one in hand, a layer's or (owner None) the selection, come close to?"""

    number: int
    source: Source
    model: str
    owner: LayerId | None

    def drawn(self) -> Mask:
        """(H, W) 8 bits on the canvas. Raises DocumentError where there is none."""
        values = reshaping.on_canvas(self.source.snapshot, self.owner)
        return values if values.dtype == np.uint8 else (values >> 8).astype(np.uint8)

    def mask(self, values: Mask) -> TiledImage | None:
        """(H, W) values as the mask in hand."""
        return reshaping.from_canvas(self.source.snapshot, self.owner, values)


Question = Find | Snap


@dataclass(frozen=True)
class AtWork:
    """Which segmenter answers.

    Attributes:
        title: for the artist.
        hovers: fast enough to follow the pointer.
        takes_clicks: a click alone is enough.
    """

    model: str
    title: str
    hovers: bool
    takes_clicks: bool


def prompts_of(pointing: Pointing, size: tuple[int, int]) -> Prompts:
    """What was pointed at in a picture of (width, height), for a segmenter."""
    clicks = tuple(Click(spot.x, spot.y, spot.belongs) for spot in pointing.spots)
    box = pointing.box
    return Prompts(
        clicks,
        (box.x, box.y, box.width, box.height) if box else None,
        _painted([streak for streak in pointing.streaks if streak.belongs], size),
        _painted([streak for streak in pointing.streaks if not streak.belongs], size),
    )


def shape_of(mask: Mask) -> TiledImage:
    """A mask (H, W) on the canvas as a selection is kept."""
    x, y, width, height = cv2.boundingRect(mask)
    return TiledImage.from_array(np.ascontiguousarray(mask[y : y + height, x : x + width, None]), (x, y))


def sketch_of(mask: Mask, *, rough: bool = False) -> Sketch:
    """A mask (H, W) of 0 and 255 as it is drawn over the picture."""
    x, y, width, height = cv2.boundingRect(mask)
    area = Rect(x, y, width, height)
    if not area:
        return Sketch(area, np.zeros((1, 1), np.uint8), ())
    longest = max(width, height)
    scale = min((_ROUGH if rough else _SKETCH) / longest, float(_FINE))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    drawn = cv2.resize(np.pad(mask[area.slices()], 1), _padded(size, scale), interpolation=how)
    if scale > 1:
        drawn = cv2.GaussianBlur(drawn, (0, 0), scale)  # the steps of the pixels
    inside = np.where(drawn > 127, np.uint8(255), np.uint8(0))
    reach = Rect(x - 1, y - 1, width + 2, height + 2)
    return Sketch(reach, inside, tuple(_lines(inside, reach)))


def _padded(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """A size in the sketch with one canvas pixel more on each side."""
    return size[0] + max(2, round(2 * scale)), size[1] + max(2, round(2 * scale))


def _lines(inside: Mask, area: Rect) -> Iterator[Line]:
    """The edges of what is inside, in canvas pixels."""
    contours, _ = cv2.findContours(inside, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_TC89_L1)
    scale = np.array([area.width / inside.shape[1], area.height / inside.shape[0]], np.float32)
    for contour in contours:
        if len(contour) > 2:
            yield (contour[:, 0].astype(np.float32) + np.float32(0.5)) * scale + np.array([area.x, area.y], np.float32)


def _painted(streaks: list[Streak], size: tuple[int, int]) -> NDArray[np.bool_] | None:
    """(H, W) True under the strokes; None for none."""
    if not streaks:
        return None
    canvas = np.zeros((size[1], size[0]), np.uint8)
    for streak in streaks:
        way = np.floor(np.array(streak.points)).astype(np.int32)
        cv2.polylines(canvas, [way], False, 255, max(1, round(2 * streak.radius)))
    return canvas > 0


def _walk(layers: tuple[Layer, ...]) -> Iterator[Layer]:
    for layer in layers:
        yield from _walk(getattr(layer, "children", ()))
        yield layer


def _looks(layer: Layer | None) -> tuple[object, ...]:
    """What a layer alone is seen by: another object once it changed."""
    parts = getattr(layer, "children", None), getattr(layer, "pixels", None)
    return (layer.offset if layer is not None else None, *map(id, parts))
