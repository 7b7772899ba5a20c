"""The brush: from pointer positions to dabs, and from a dab to the soft disc it leaves."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from math import ceil, floor, hypot, log2

import numpy as np

from editor.geometry import Rect
from editor.planes import Plane

SHARPEST_STEP = 0.5  # pixels: dabs are never closer, however small the spacing
MASK_MEMORY = 48 * 2**20  # bytes of dab masks kept for the next dab of the same size


@dataclass(frozen=True)
class Brush:
    """How strokes look.

    Attributes:
        size: diameter in canvas pixels.
        hardness: 0 = soft from the centre on, 1 = hard edge (antialiased).
        opacity: 0..1, most that a whole stroke can cover.
        flow: 0..1, what one dab adds towards that.
        spacing: distance of dabs as a fraction of the size.
        pressure_size, pressure_opacity: whether the pen's pressure scales them.
        smoothing: 0 = the line goes where the pen goes, towards 1 = it follows slowly and evenly.
    """

    size: float = 32.0
    hardness: float = 0.8
    opacity: float = 1.0
    flow: float = 1.0
    spacing: float = 0.1
    pressure_size: bool = True
    pressure_opacity: bool = False
    smoothing: float = 0.0


@dataclass(frozen=True, slots=True)
class Dab:
    """One print of the brush: centre in pixels, diameter, and the most it may cover (0..1)."""

    x: float
    y: float
    size: float
    cap: float


class Trail:
    """Turns pointer positions into evenly spaced dabs."""

    def __init__(self, brush: Brush) -> None:
        self._brush = brush
        self._aim = self._at = (0.0, 0.0, 1.0)  # where the pen is; how far the line has come: x, y, pressure
        self._left = 0.0  # pixels to the next dab

    def start(self, x: float, y: float, pressure: float) -> list[Dab]:
        """The pen touches down: one dab."""
        self._aim = self._at = (x, y, pressure)
        dab = self._dab(x, y, pressure)
        self._left = self._distance(dab.size)
        return [dab]

    def move(self, x: float, y: float, pressure: float) -> list[Dab]:
        """The pen moved: the dabs since the last one."""
        self._aim = (x, y, pressure)
        lag = min(max(self._brush.smoothing, 0.0), 1.0) * 0.95
        ax, ay, ap = self._at
        return self._line_to(x + (ax - x) * lag, y + (ay - y) * lag, pressure + (ap - pressure) * lag)

    def finish(self) -> list[Dab]:
        """The pen is lifted: the dabs that smoothing still owed."""
        return self._line_to(*self._aim)

    def _line_to(self, x: float, y: float, pressure: float) -> list[Dab]:
        x0, y0, p0 = self._at
        length = hypot(x - x0, y - y0)
        done, dabs = 0.0, []
        while done + self._left <= length and length > 0:
            done += self._left
            part = done / length
            dabs.append(self._dab(x0 + (x - x0) * part, y0 + (y - y0) * part, p0 + (pressure - p0) * part))
            self._left = self._distance(dabs[-1].size)
        self._left -= length - done
        self._at = (x, y, pressure)
        return dabs

    def _distance(self, size: float) -> float:
        return max(self._brush.spacing * size, SHARPEST_STEP)

    def _dab(self, x: float, y: float, pressure: float) -> Dab:
        brush, pressure = self._brush, min(max(pressure, 0.0), 1.0)
        size = brush.size * (pressure if brush.pressure_size else 1.0)
        return Dab(x, y, max(size, 0.1), pressure if brush.pressure_opacity else 1.0)


def dab_print(dab: Dab, hardness: float) -> tuple[Plane, Rect, float]:
    """What a dab leaves.

    Returns:
        (h, w) float32 coverage 0..1 (shared: do not write), the pixels it covers, and the dab's strength 0..1
        (below 1 only for brushes under one pixel).

    Place and size are rounded to what is still seen (a quarter pixel for small brushes, whole pixels above 200),
    so that the disc of an unchanged brush is computed once.
    """
    strength = min(dab.size, 1.0) ** 2
    size = _rounded_size(max(dab.size, 1.0))
    grid = 4 if size <= 64 else 2 if size <= 200 else 1
    x, y = round(dab.x * grid) / grid, round(dab.y * grid) / grid
    column, row = floor(x), floor(y)
    mask = _masks.get(size, hardness, x - column, y - row)
    half = mask.shape[0] // 2
    return mask, Rect(column - half, row - half, mask.shape[1], mask.shape[0]), strength


def _rounded_size(size: float) -> float:
    """A size within 1 % (at least to a quarter pixel), from few enough values that masks are used again."""
    step = max(0.25, 2.0 ** floor(log2(size / 64)))
    return round(size / step) * step


def disc(size: float, hardness: float, x: float, y: float) -> Plane:
    """The soft disc around (x, y) pixels right of and below the middle pixel's corner, x and y in 0..1.

    Coverage is 1 up to `hardness` of the radius and falls smoothly to 0 at the radius, over one pixel at least.
    """
    radius = size / 2
    half = ceil(radius + 1)
    centres = np.arange(-half, half + 1, dtype=np.float32) + np.float32(0.5)
    distance = np.sqrt((centres - np.float32(x))[None, :] ** 2 + (centres - np.float32(y))[:, None] ** 2)
    width = max(1.0, radius * (1.0 - hardness))
    fall = (np.float32(radius + 0.5 if width == 1.0 else radius) - distance) * np.float32(1 / width)
    np.clip(fall, 0, 1, out=fall)
    return fall if width == 1.0 else fall * fall * (np.float32(3) - np.float32(2) * fall)


class _Masks:
    """The discs used last."""

    def __init__(self, memory: int) -> None:
        self._memory, self._held = memory, 0
        self._discs: OrderedDict[tuple[float, float, float, float], Plane] = OrderedDict()

    def get(self, *key: float) -> Plane:
        size, hardness, x, y = key
        found = self._discs.get((size, hardness, x, y))
        if found is None:
            found = self._discs[size, hardness, x, y] = disc(size, hardness, x, y)
            self._held += found.nbytes
            while self._held > self._memory and len(self._discs) > 1:
                self._held -= self._discs.popitem(last=False)[1].nbytes
        self._discs.move_to_end((size, hardness, x, y))
        return found


_masks = _Masks(MASK_MEMORY)
