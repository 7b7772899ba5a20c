"""Takes the colour that is seen under the pointer."""

from __future__ import annotations

from math import floor

from editor.composite import composite
from editor.document import Document
from editor.events import PointerEvent
from editor.geometry import Rect
from editor.tiles import full_value
from editor.tools.base import Tool
from editor.tools.colours import palette_colour
from editor.tools.options import Colour


class EyedropperTool(Tool):
    id, title, shortcut, cursor = "eyedropper", "Pick colour", "I", "pick"

    def press(self, document: Document, event: PointerEvent) -> None:
        self.active = True
        self.move(document, event)

    def move(self, document: Document, event: PointerEvent) -> None:
        if self.active:
            colour = picked_colour(document, event.x, event.y)
            if colour is not None:
                self.options.change(colour=colour)

    def release(self, document: Document, event: PointerEvent) -> None:
        self.active = False

    def cancel(self, document: Document) -> None:
        self.active = False


def picked_colour(document: Document, x: float, y: float) -> Colour | None:
    """The colour seen at a point of the canvas, sRGB, opaque; None outside and where nothing is."""
    if not document.canvas.contains(x, y):
        return None
    pixel = composite(document.snapshot(), Rect(floor(x), floor(y), 1, 1))[0, 0]
    if pixel[3] == 0:
        return None
    red, green, blue = (int(value) / full_value(document.dtype) for value in pixel[:3])
    return palette_colour(document, red, green, blue)
