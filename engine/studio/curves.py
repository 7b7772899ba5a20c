"""Pictures of a training: its loss curve, and sheets of pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw


def draw_curve(points: Sequence[tuple[int, float]], title: str, size: tuple[int, int] = (800, 400)) -> Image.Image:
    """The loss over the steps, on a logarithmic scale, raw (grey) and smoothed (red)."""
    picture = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    steps = np.array([p[0] for p in points], dtype=np.float64)
    losses = np.log10(np.clip([p[1] for p in points], 1e-8, None))
    smooth = losses.copy()
    for i in range(1, len(smooth)):
        smooth[i] = 0.9 * smooth[i - 1] + 0.1 * losses[i]
    low, high = float(losses.min()) - 0.02, float(losses.max()) + 0.02
    x = 60 + (size[0] - 80) * steps / max(float(steps.max()), 1.0)
    for values, colour in ((losses, (190, 190, 190)), (smooth, (200, 30, 30))):
        y = 30 + (size[1] - 60) * (high - values) / (high - low)
        draw.line(list(zip(x.tolist(), y.tolist(), strict=True)), fill=colour, width=2)
    draw.text((60, 8), f"{title}, {int(steps.max())} steps", fill="black")
    draw.text((4, 30), f"{10**high:.4f}", fill="black")
    draw.text((4, size[1] - 40), f"{10**low:.4f}", fill="black")
    return picture


def sheet(pictures: NDArray[np.uint8], columns: int) -> Image.Image:
    """Pictures (N, H, W, 3) side by side, row after row."""
    count, height, width, _ = pictures.shape
    rows = math.ceil(count / columns)
    canvas = np.full((rows * height, columns * width, 3), 255, np.uint8)
    for i, picture in enumerate(pictures):
        y, x = divmod(i, columns)
        canvas[y * height : (y + 1) * height, x * width : (x + 1) * width] = picture
    return Image.fromarray(canvas)
