"""Pictures of a training: its loss curve, and sheets of pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import cycle

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


_INKS = ("#c0392b", "#2465a5", "#1f8a4c", "#8a4fbf", "#b7791f", "#0f8a8a", "#555555", "#d0569b")


def draw_shares(
    places: Sequence[float], lines: Mapping[str, Sequence[float]], title: str, size: tuple[int, int] = (800, 400)
) -> Image.Image:
    """Shares of right answers (0..1) over a growing quantity, one named line each.

    Args:
        places: at least two, ascending, not below 0; the axis begins at 0.
        lines: name -> a share for each place.
    """
    picture = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    left, right, top, bottom = 50, size[0] - 120, 20, size[1] - 40
    for percent in range(0, 101, 20):
        y = bottom - (bottom - top) * percent / 100
        draw.line([(left, y), (right, y)], fill="#dddddd")
        draw.text((left - 8, y), f"{percent} %", fill="black", anchor="rm")
    across = [left + (right - left) * place / places[-1] for place in places]
    for x, place in zip(across, places, strict=True):
        draw.text((x, bottom + 6), f"{place:.1f}", fill="black", anchor="ma")
    draw.text(((left + right) / 2, size[1] - 16), title, fill="black", anchor="mm")
    ends = sorted((shares[-1], name) for name, shares in lines.items())
    label = bottom + 8.0  # names of lines that end together are spread upwards
    inks = dict(zip(lines, cycle(_INKS), strict=False))
    for last, name in ends:
        heights = [bottom - (bottom - top) * share for share in lines[name]]
        draw.line(list(zip(across, heights, strict=True)), fill=inks[name], width=2)
        label = min(label - 13, bottom - (bottom - top) * last)
        draw.text((right + 8, label), name, fill=inks[name], anchor="lm")
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
