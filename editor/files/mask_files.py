"""Masks as pictures of their own: written as grey PNG, read from any picture."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import cv2
import numpy as np

from editor.files import png
from editor.files.guard import guarded
from editor.files.pictures import open_pixels
from editor.files.writing import atomic_write
from editor.tiles import Array, full_value


def write_mask(values: Array, path: Path) -> None:
    """Write (H, W) values as a grey PNG of the same depth, white = in.

    Raises:
        FileProblem: the file cannot be written.
    """
    with guarded(path, "export"):
        data = png.encode(cast(Array, np.ascontiguousarray(values)))
    with atomic_write(path) as temporary:
        temporary.write_bytes(data)


def read_mask(path: Path) -> tuple[Array, str]:
    """The mask that a picture holds: its transparency where it has any, else its brightness (ITU-R BT.601).

    Returns:
        (H, W) values of 8 or 16 bits, exactly those of a grey picture; and a sentence for the artist, "" for nothing.

    Raises:
        FileProblem: the file is missing, of another kind, damaged or too large.
    """
    pixels = open_pixels(path).array
    alpha = pixels[..., 3]
    if (alpha != full_value(pixels.dtype)).any():
        return cast(Array, np.ascontiguousarray(alpha)), f"The transparency of “{path.name}” was taken as the mask."
    red, green, blue = (pixels[..., channel] for channel in range(3))
    if np.array_equal(red, green) and np.array_equal(green, blue):
        return cast(Array, np.ascontiguousarray(red)), ""
    grey = cast(Array, cv2.cvtColor(pixels, cv2.COLOR_RGBA2GRAY))
    return grey, f"“{path.name}” is in colour; its brightness was taken as the mask."


def scaled_mask(values: Array, size: tuple[int, int]) -> Array:
    """(H, W) values at another size (width, height): in each direction averaged when smaller, linear when larger."""
    for wanted in ((size[0], values.shape[0]), size):
        smaller = wanted[0] < values.shape[1] or wanted[1] < values.shape[0]
        how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        values = cast(Array, cv2.resize(values, wanted, interpolation=how))
    return values
