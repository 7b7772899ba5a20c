"""The brush: from pointer positions to dabs, and from a dab to the soft disc it leaves."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, hypot, isfinite, log2

import numpy as np
from numpy.typing import NDArray

from editor.geometry import Rect
from editor.planes import Plane

SHARPEST_STEP = 0.5  # pixels: dabs are never closer, however small the spacing
THIN = 24.0  # pixels up to which dabs are cheaper computed together than one by one
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
    """Turns pointer positions into evenly spaced dabs; positions that are no numbers are left out.

    Args:
        clip: where dabs can be seen; ways outside it leave none. None = everywhere.
    """

    def __init__(self, brush: Brush, clip: Rect | None = None) -> None:
        self._brush = brush
        self._clip = None if clip is None else clip.grown(ceil(brush.size / 2) + 2)
        self._aim = self._at = (0.0, 0.0, 1.0)  # where the pen is; how far the line has come: x, y, pressure
        self._left = 0.0  # pixels to the next dab
        self._started = False

    def start(self, x: float, y: float, pressure: float) -> list[Dab]:
        """The pen touches down: one dab."""
        if not (isfinite(x) and isfinite(y)):
            return []
        pressure = _pressure(pressure)
        self._started = True
        self._aim = self._at = (x, y, pressure)
        dab = self._dab(x, y, pressure)
        self._left = self._distance(dab.size)
        return [dab]

    def move(self, x: float, y: float, pressure: float) -> list[Dab]:
        """The pen moved: the dabs since the last one."""
        if not (isfinite(x) and isfinite(y)):
            return []
        if not self._started:
            return self.start(x, y, pressure)
        pressure = _pressure(pressure)
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
        dabs: list[Dab] = []
        seen, unseen = self._seen(x0, y0, x, y, length)
        at = self._left  # of the next dab along the line
        while at <= length and length > 0:
            part = at / length
            dab = self._dab(x0 + (x - x0) * part, y0 + (y - y0) * part, p0 + (pressure - p0) * part)
            step = self._distance(dab.size)
            if seen <= at <= unseen:
                dabs.append(dab)
                at += step
            else:  # in the same steps to where dabs are seen, or to the end
                way = (seen if at < seen <= unseen else length) - at
                at += (floor(way / step) + 1) * step
        self._left = at - length
        self._at = (x, y, pressure)
        return dabs

    def _seen(self, x0: float, y0: float, x1: float, y1: float, length: float) -> tuple[float, float]:
        """From where to where dabs on a line are seen, in pixels from its start; the first is higher for none."""
        first, last = 0.0, length
        if self._clip is None:
            return first, last
        clip = self._clip
        for start, end, low, high in ((x0, x1, clip.x, clip.right), (y0, y1, clip.y, clip.bottom)):
            if start == end:
                if not low <= start <= high:
                    return length, 0.0
                continue
            near, far = sorted(((low - start) / (end - start), (high - start) / (end - start)))
            first, last = max(first, near * length), min(last, far * length)
        return first, last

    def _distance(self, size: float) -> float:
        return max(self._brush.spacing * size, SHARPEST_STEP)

    def _dab(self, x: float, y: float, pressure: float) -> Dab:
        brush = self._brush
        size = brush.size * (pressure if brush.pressure_size else 1.0)
        return Dab(x, y, max(size, 0.1), pressure if brush.pressure_opacity else 1.0)


def _pressure(reported: float) -> float:
    return min(max(reported, 0.0), 1.0) if isfinite(reported) else 0.0


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


def thin_prints(dabs: Sequence[Dab], hardness: float) -> tuple[Plane, NDArray[np.int64], NDArray[np.int64]]:
    """What many dabs of at most THIN pixels leave, computed together; as `dab_print`, strength included.

    Returns:
        (n, k, k) float32 coverage 0..1, and the column (n) and row (n) of each first pixel.
    """
    exact = np.array([dab.size for dab in dabs], np.float32)
    size = np.rint(np.maximum(exact, 1) * 4) / 4
    place = np.rint(np.array([(dab.x, dab.y) for dab in dabs]) * 4) / 4
    corner = np.floor(place).astype(np.int64)
    radius = size / 2
    half = ceil(float(radius.max()) + 1)
    centres = np.arange(-half, half + 1, dtype=np.float32) + np.float32(0.5)
    away = (centres[:, None] - (place - corner)[:, None, :]).astype(np.float32) ** 2  # (n, k, xy)
    distance = np.sqrt(away[:, None, :, 0] + away[:, :, None, 1])
    width = np.maximum(1, radius * np.float32(1 - hardness))
    hard = width == 1
    cover = ((np.where(hard, radius + np.float32(0.5), radius))[:, None, None] - distance) / width[:, None, None]
    np.clip(cover, 0, 1, out=cover)
    soft = ~hard
    cover[soft] *= cover[soft] * (3 - 2 * cover[soft])
    cover *= (np.minimum(exact, 1) ** 2)[:, None, None]
    return cover, corner[:, 0] - half, corner[:, 1] - half


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
