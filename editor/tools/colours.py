"""The colours on the palette are sRGB, those on the canvas belong to the document's profile."""

from __future__ import annotations

import numpy as np

from editor.document import Document
from editor.files.colour import from_srgb, to_srgb
from editor.tools.options import Colour

FULL = 65535


def ink_colour(document: Document, colour: Colour, *, mask: bool) -> tuple[float, ...]:
    """What to paint with: (r, g, b) in the document's colours, or for a mask the colour's brightness; 0..1."""
    red, green, blue, _ = colour
    if mask:
        return (0.299 * red + 0.587 * green + 0.114 * blue,)
    return _first_pixel(from_srgb(_pixel(red, green, blue), document.profile))


def palette_colour(document: Document, red: float, green: float, blue: float) -> Colour:
    """A colour of the document, 0..1, as the palette has it; opaque."""
    red, green, blue = _first_pixel(to_srgb(_pixel(red, green, blue), document.profile))
    return (red, green, blue, 1.0)


def _pixel(*values: float) -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    return np.array([[[round(value * FULL) for value in values]]], np.uint16)


def _first_pixel(pixels: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> tuple[float, float, float]:
    red, green, blue = (int(value) / FULL for value in pixels[0, 0])
    return (red, green, blue)
