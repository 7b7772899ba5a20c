"""Where an artist says that an object shall be: a box around it, or an outline drawn by hand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Mask = NDArray[np.bool_]
_DRAWN = 0.35  # share that is an outline, not a box
_LOOSE = 0.12  # of the object's width or height: the widest margin of a box


def hole_around(silhouette: Mask, rng: np.random.Generator) -> Mask:
    """A hole (H, W) that covers an object's visible pixels and the antialiased rim around them.

    Args:
        silhouette: (H, W), at least one pixel of it true.
    """
    return _outline(silhouette, rng) if rng.random() < _DRAWN else _box(silhouette, rng)


def _box(silhouette: Mask, rng: np.random.Generator) -> Mask:
    """The bounding box, each side moved outwards by a margin of its own."""
    hole = np.zeros_like(silhouette)
    spans = []
    for axis, length in enumerate(silhouette.shape):
        taken = np.flatnonzero(silhouette.any(1 - axis))
        extent = 1 + taken[-1] - taken[0]
        before, after = (1 + int(rng.uniform(0, _LOOSE) * extent) for _ in range(2))
        spans.append(slice(max(taken[0] - before, 0), min(taken[-1] + after, length - 1) + 1))
    hole[tuple(spans)] = True
    return hole


def _outline(silhouette: Mask, rng: np.random.Generator) -> Mask:
    """A smooth outline, closer to the object here than there: its blurred silhouette, cut at a wavering level."""
    height, width = silhouette.shape
    breadth = float(rng.uniform(0.15, 0.35) * np.sqrt(np.count_nonzero(silhouette)))
    drawn = Image.fromarray(silhouette.astype(np.uint8) * 255)
    soft = np.asarray(drawn.filter(ImageFilter.GaussianBlur(breadth)), np.float32) / 255
    level = Image.fromarray(rng.uniform(0.02, 0.25, (5, 5)).astype(np.float32))
    wavering = np.asarray(level.resize((width, height), Image.Resampling.BICUBIC))
    rim = np.asarray(drawn.filter(ImageFilter.MaxFilter(3))) > 0
    hole: Mask = rim | (soft > np.maximum(wavering, 0.02))
    return hole
