"""A picture as if painted with a few broad strokes."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

_WINDOW = 15 / 256  # side of the median window / picture width; SDEdit's 23 px would eat the smallest objects
_ROUNDS = 12
_BIN = 12  # levels of a channel that count as one colour when the palette is sought
_RARITY = 0.4  # a colour weighs (its pixels) ** this, so that small objects keep theirs beside a large ground


def _weighed_colours(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different colours of (n, 3) pixels: their means (m, 3) and weights (m,)."""
    steps = np.asarray(pixels // _BIN, np.int64)
    _, member, count = np.unique(steps @ np.array([1, 256, 65536]), return_inverse=True, return_counts=True)
    sums = np.stack([np.bincount(member, weights=pixels[:, c]) for c in range(3)], axis=1)
    return sums / count[:, None], count.astype(np.float64) ** _RARITY


def _nearest(pixels: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Index of the palette's closest colour for each pixel (n,)."""
    # |p - c|^2 without |p|^2, which is the same for all c.
    closest: np.ndarray = (np.square(palette).sum(1) - 2 * pixels @ palette.T).argmin(1)
    return closest


def _palette(colours: np.ndarray, weights: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Weighed k-means (m, 3) -> (count or fewer, 3), started far apart."""
    centres = colours[[rng.choice(len(colours), p=weights / weights.sum())]]
    while len(centres) < min(count, len(colours)):
        chance = np.square(colours[:, None] - centres).sum(-1).min(1) * weights
        centres = np.concatenate([centres, colours[[rng.choice(len(colours), p=chance / chance.sum())]]])
    for _ in range(_ROUNDS):
        own = _nearest(colours, centres)
        members = [own == k for k in range(len(centres))]
        centres = np.stack(
            [np.average(colours[m], 0, weights[m]) if m.any() else c for m, c in zip(members, centres, strict=True)]
        )
    return centres


def stroke_guide(image: np.ndarray, colours: int = 8, seed: int = 0) -> np.ndarray:
    """Simulated strokes: a median filter, then few colours (SDEdit, ICLR 2022, appendix C).

    Args:
        image: (H, W, 3) uint8.
        colours: at most this many stay.
        seed: of the palette's search.
    Returns:
        (H, W, 3) uint8.
    """
    window = max(3, round(_WINDOW * image.shape[1]) | 1)
    # PIL's median filter copies the border unfiltered, so the picture is continued past it first.
    padded = np.pad(image, ((window, window), (window, window), (0, 0)), mode="edge")
    smooth = np.asarray(Image.fromarray(padded).filter(ImageFilter.MedianFilter(window)))
    smooth = smooth[window:-window, window:-window]
    pixels = smooth.reshape(-1, 3).astype(np.float64)
    palette = _palette(*_weighed_colours(pixels), colours, np.random.default_rng(seed))
    guide: np.ndarray = palette.round().clip(0, 255).astype(np.uint8)[_nearest(pixels, palette)].reshape(image.shape)
    return guide
