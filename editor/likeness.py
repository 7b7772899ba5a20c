"""Pixels that look alike: what fill and magic wand reach from a pixel, how far colours are from a picked one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.composite import composite_layers, screen_pixels
from editor.geometry import Rect
from editor.layers import Layer
from editor.masks import Mask
from editor.tiles import TILE, UINT8, TiledImage

NEARBY = 1024  # pixels around the seed that are looked at before the whole picture is
ROWS = 256  # of the picture compared at a time
STEPS = 2  # of a stored distance to one of CIELAB
WIDEST = 100.0  # fuzziness


def alike(
    layers: Sequence[Layer], seed: tuple[int, int], tolerance: float, contiguous: bool, within: Rect
) -> TiledImage:
    """The pixels of a stack of layers whose colour is near that of the seed.

    Args:
        seed: (x, y), a pixel of the canvas.
        tolerance: 0..1, largest difference in the worst channel (premultiplied RGBA of 8 bits).
        contiguous: only what hangs together with the seed over the sides of pixels.
        within: part of the canvas to look at, and to stay in on the way from the seed.

    Returns:
        One channel uint8, 255 = alike.
    """
    wanted = screen_pixels(layers, Rect(*seed, 1, 1))[0, 0].astype(int)
    margin = round(tolerance * 255)
    low, high = np.maximum(wanted - margin, 0), np.minimum(wanted + margin, 255)

    def near(area: Rect) -> Mask:
        found = np.empty((area.height, area.width), np.uint8)
        for part in area.split(TILE * 4):  # so that the colours of a whole photo are never in memory at once
            found[part.slices((area.x, area.y))] = cv2.inRange(screen_pixels(layers, part), low, high)
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


@dataclass(frozen=True, eq=False)
class ColourDistance:
    """How far each pixel of the canvas is from a picked colour, worked out once for every fuzziness.

    Attributes:
        steps: (H, W) CIELAB distance (CIE 1976) times STEPS, 255 = that or farther.
        alpha: (H, W) how much of a pixel is there.
    """

    steps: NDArray[np.uint8]
    alpha: Mask

    def nearer(self, other: ColourDistance) -> ColourDistance:
        """The distance from the nearer of two picked colours."""
        return ColourDistance(np.minimum(self.steps, other.steps), self.alpha)


def colour_distance(layers: Sequence[Layer], canvas: Rect, at: tuple[int, int]) -> ColourDistance:
    """The distance of every pixel of the canvas from the colour seen at one, channels taken as sRGB.

    Args:
        at: (x, y), a pixel of the canvas.
    """
    wanted = _lab(composite_layers(layers, Rect(*at, 1, 1), UINT8))[0, 0]
    steps, alpha = np.empty((canvas.height, canvas.width), np.uint8), np.empty((canvas.height, canvas.width), np.uint8)
    for top in range(canvas.y, canvas.bottom, ROWS):
        strip = Rect(canvas.x, top, canvas.width, min(ROWS, canvas.bottom - top))
        pixels = composite_layers(layers, strip, UINT8)
        rows, _ = strip.slices((canvas.x, canvas.y))
        lightness, green_red, blue_yellow = cv2.split(_lab(pixels) - wanted)
        distance = cv2.magnitude(cv2.magnitude(lightness, green_red), blue_yellow)
        steps[rows] = cv2.convertScaleAbs(distance, alpha=STEPS)
        alpha[rows] = pixels[..., 3]
    return ColourDistance(steps, alpha)


def near_colour(distance: ColourDistance, fuzziness: float) -> Mask:
    """(H, W) mask: full up to half of `fuzziness` (0..WIDEST, CIELAB), from there falling evenly to nothing at it."""
    away = np.arange(256) / STEPS
    ramp = np.clip(2 - 2 * away / fuzziness, 0, 1) if fuzziness > 0 else away == 0
    near = cast(Mask, cv2.LUT(distance.steps, np.rint(ramp * 255.0).astype(np.uint8)))
    return cast(Mask, cv2.multiply(near, distance.alpha, scale=1 / 255))


def _lab(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.float32]:
    """(h, w, 3) CIELAB, L 0..100, of (h, w, 4) pixels of 8 bits."""
    colour = cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB).astype(np.float32)
    return cast(NDArray[np.float32], cv2.cvtColor(colour * np.float32(1 / 255), cv2.COLOR_RGB2Lab))
