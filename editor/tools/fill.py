"""Fills what looks alike, seen over all layers, with the colour."""

from __future__ import annotations

from math import floor
from typing import cast

import cv2
import numpy as np

from editor.composite import screen_pixels
from editor.document import Document
from editor.events import PointerEvent
from editor.geometry import Rect
from editor.masks import Mask
from editor.painting import Ink, limit, painted
from editor.planes import Plane
from editor.tiles import TILE, TiledImage
from editor.tools.base import Tool
from editor.tools.colours import ink_colour
from editor.tools.target import paint_target


class FillTool(Tool):
    id, title, shortcut = "fill", "Fill", "G"

    def press(self, document: Document, event: PointerEvent) -> None:
        if not document.canvas.contains(event.x, event.y):
            return
        target = paint_target(document)
        settings, layer = self.options.settings, document[target.layer]
        x, y = layer.offset
        region = alike(document, (floor(event.x), floor(event.y)), settings.fill_tolerance, settings.fill_contiguous)
        alpha = settings.colour[3]

        def weights(part: Rect, out: Plane) -> bool:
            on_canvas = part.translated(x, y)
            inside = region.view(on_canvas)
            if inside is None:
                return False
            np.multiply(inside[..., 0], np.float32(alpha / 255), out=out, dtype=np.float32)
            return limit(out, document.selection, on_canvas)

        area = region.content()
        if document.selection is not None:
            area = area.intersected(document.selection.content())
        own = area.translated(-x, -y)
        ink = Ink(
            ink_colour(document, settings.colour, mask=target.mask), keep_alpha=getattr(layer, "alpha_locked", False)
        )
        now = painted(target.before, target.before, own.split(TILE), ink, weights)
        target.show(document, now, area)
        target.record(document, now, "Fill", own)

    def move(self, document: Document, event: PointerEvent) -> None:
        pass

    def release(self, document: Document, event: PointerEvent) -> None:
        pass

    def cancel(self, document: Document) -> None:
        pass


def alike(document: Document, seed: tuple[int, int], tolerance: float, contiguous: bool) -> TiledImage:
    """The pixels of the picture whose colour is near that of the seed.

    Args:
        seed: (x, y), a pixel of the canvas.
        tolerance: 0..1, largest difference in the worst channel (premultiplied RGBA).

    Returns:
        One channel uint8, 255 = alike.
    """
    seen = screen_pixels(document.layers, document.canvas)
    wanted = [int(value) for value in seen[seed[1], seed[0]]]
    margin = round(tolerance * 255)
    low = np.array([max(value - margin, 0) for value in wanted])
    high = np.array([min(value + margin, 255) for value in wanted])
    near = cast(Mask, cv2.inRange(seen, low, high))
    if contiguous:
        around = np.zeros((near.shape[0] + 2, near.shape[1] + 2), np.uint8)
        flags = 4 | (255 << 8) | cv2.FLOODFILL_MASK_ONLY
        cv2.floodFill(near, around, seed, 255, flags=flags)
        near = around[1:-1, 1:-1]
    return TiledImage.from_array(near)
