"""Fills what looks alike, seen over all layers, with the colour."""

from __future__ import annotations

from math import floor

import cv2
import numpy as np

from editor.composite import screen_pixels
from editor.document import Document
from editor.events import PointerEvent
from editor.geometry import EMPTY, Rect
from editor.masks import Mask
from editor.painting import Ink, limit, painted
from editor.planes import Plane
from editor.tiles import TILE, TiledImage
from editor.tools.base import Tool
from editor.tools.colours import ink_colour
from editor.tools.target import Target, paint_target

NEARBY = 1024  # pixels around the seed that are looked at before the whole picture is


class FillTool(Tool):
    """The press shows it, the release makes it a step; a selection limits how far it looks."""

    id, title, shortcut = "fill", "Fill", "G"

    _target: Target
    _now: TiledImage
    _area: Rect  # of what was filled, in the layer's own coordinates

    def press(self, document: Document, event: PointerEvent) -> None:
        if not document.canvas.contains(event.x, event.y):
            return
        self._target = target = paint_target(document)
        self._now, self._area, self.active = target.before, EMPTY, True
        settings, layer = self.options.settings, document[target.layer]
        x, y = layer.offset
        within = document.canvas
        if document.selection is not None:
            within = within.intersected(document.selection.content())
        seed = (floor(event.x), floor(event.y))
        region = alike(document, seed, settings.fill_tolerance, settings.fill_contiguous, within)
        alpha = settings.colour[3]

        def weights(part: Rect, out: Plane) -> bool:
            on_canvas = part.translated(x, y)
            inside = region.view(on_canvas)
            if inside is None:
                return False
            np.multiply(inside[..., 0], np.float32(alpha / 255), out=out, dtype=np.float32)
            return limit(out, document.selection, on_canvas)

        area = region.content()
        self._area = area.translated(-x, -y)
        ink = Ink(
            ink_colour(document, settings.colour, mask=target.mask), keep_alpha=getattr(layer, "alpha_locked", False)
        )
        parts = [part for part in self._area.split(TILE) if region.view(part.translated(x, y)) is not None]
        self._now = painted(target.before, target.before, parts, ink, weights)
        target.show(document, self._now, area)

    def move(self, document: Document, event: PointerEvent) -> None:
        pass

    def release(self, document: Document, event: PointerEvent) -> None:
        if self.active:
            self.active = False
            self._target.record(document, self._now, "Fill", self._area)

    def cancel(self, document: Document) -> None:
        if self.active:
            self.active = False
            self._target.take_back(document)


def alike(
    document: Document, seed: tuple[int, int], tolerance: float, contiguous: bool, within: Rect | None = None
) -> TiledImage:
    """The pixels of the picture whose colour is near that of the seed.

    Args:
        seed: (x, y), a pixel of the canvas.
        tolerance: 0..1, largest difference in the worst channel (premultiplied RGBA).
        within: part of the canvas to look at, and to stay in on the way from the seed; None = all of it.

    Returns:
        One channel uint8, 255 = alike.
    """
    within = document.canvas if within is None else within
    wanted = screen_pixels(document.layers, Rect(*seed, 1, 1))[0, 0].astype(int)
    margin = round(tolerance * 255)
    low, high = np.maximum(wanted - margin, 0), np.minimum(wanted + margin, 255)

    def near(area: Rect) -> Mask:
        found = np.empty((area.height, area.width), np.uint8)
        for part in area.split(TILE * 4):  # so that the colours of a whole photo are never in memory at once
            found[part.slices((area.x, area.y))] = cv2.inRange(screen_pixels(document.layers, part), low, high)
        return found

    if within.empty or (contiguous and not within.contains(*seed)):
        return TiledImage(channels=1)
    if not contiguous:
        return TiledImage.from_array(near(within), (within.x, within.y))
    around = Rect(seed[0] - NEARBY // 2, seed[1] - NEARBY // 2, NEARBY, NEARBY).intersected(within)
    found = _reached(near(around), (seed[0] - around.x, seed[1] - around.y))
    if _leaves(found, around, within):
        around = within
        found = _reached(near(around), (seed[0] - around.x, seed[1] - around.y))
    return TiledImage.from_array(found, (around.x, around.y))


def _reached(near: Mask, seed: tuple[int, int]) -> Mask:
    """What of a mask hangs together with a pixel of it."""
    around = np.zeros((near.shape[0] + 2, near.shape[1] + 2), np.uint8)
    cv2.floodFill(near, around, seed, 255, flags=4 | (255 << 8) | cv2.FLOODFILL_MASK_ONLY)
    return around[1:-1, 1:-1]


def _leaves(found: Mask, area: Rect, within: Rect) -> bool:
    """Whether what was found in `area` may go on beyond it."""
    edges = (
        (area.x > within.x, found[:, 0]),
        (area.right < within.right, found[:, -1]),
        (area.y > within.y, found[0]),
        (area.bottom < within.bottom, found[-1]),
    )
    return any(open_ and edge.any() for open_, edge in edges)
