"""An example being cut out, step by step: crop, brush strokes, found parts; every step can be undone. No Qt."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from app.cutting.cut import Bytes, Cut
from editor.geometry import Point, Rect
from editor.masks import Mask, add, invert, subtract
from editor.pointing import Streak

MOST_STEPS = 200  # that can be undone; each keeps a packed mask, some ten kilobytes


@dataclass(frozen=True)
class _State:
    packed: bytes
    crop: Rect
    strokes: tuple[Streak, ...]


class Cutting:
    """What is kept of a picture, as it is being changed.

    A change shows at once in `mask` and `crop`; `finish` makes it one step.

    Attributes:
        strokes: what was painted, oldest first: whoever looks for the thing may learn from them what belongs to it.

    Args:
        cut: where to begin; it stays as it is.
    """

    def __init__(self, cut: Cut) -> None:
        self.whole: Bytes = cut.whole
        self.mask: Mask = cut.mask.copy()
        self.crop: Rect = cut.crop
        self.strokes: tuple[Streak, ...] = ()
        self._way: list[Point] = []  # of the stroke that is being painted
        self._states = [self._state()]
        self._at = 0

    @property
    def canvas(self) -> Rect:
        """The whole picture."""
        return Rect(0, 0, self.whole.shape[1], self.whole.shape[0])

    @property
    def cut(self) -> Cut:
        """What is kept now."""
        return Cut(self.whole, self.mask.copy(), self.crop)

    # changes

    def paint(self, start: Point, end: Point, radius: float, *, keep: bool) -> None:
        """A piece of a stroke, round at both ends, from one picture place to another."""
        reach = Rect.around([start, end], radius + 2).intersected(self.canvas)
        if not reach:
            return
        touched = _capsule(reach, start, end, radius)
        inside = self.mask[reach.slices()]
        inside[:] = add(inside, touched) if keep else subtract(inside, touched)
        if self._way:
            self.strokes = self.strokes[:-1]
        self._way = [*(self._way or [start]), end]
        self.strokes = (*self.strokes, Streak(tuple(self._way), radius, keep))

    def replace(self, mask: Mask) -> None:
        """Keep what a mask (H, W) marks, and nothing else."""
        self.mask = mask.copy()

    def join(self, part: Mask, *, keep: bool) -> None:
        """Keep a part (H, W), too, or no longer."""
        self.mask = add(self.mask, part) if keep else subtract(self.mask, part)

    def invert(self) -> None:
        """Keep what is not kept, inside the crop."""
        inside = self.crop.slices()
        self.mask[inside] = invert(self.mask[inside])
        self.strokes = ()

    def reset(self) -> None:
        """Keep the picture as it was taken."""
        self.mask, self.crop = self.whole[..., 3].copy(), self.canvas
        self.strokes = ()

    # steps

    def finish(self) -> bool:
        """Make what was changed since the last step a step; False where nothing was."""
        self._way = []
        state = self._state()
        if state == self._states[self._at]:
            return False
        self._states[self._at + 1 :] = [state]
        del self._states[: max(0, len(self._states) - 1 - MOST_STEPS)]
        self._at = len(self._states) - 1
        return True

    @property
    def can_undo(self) -> bool:
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        return self._at + 1 < len(self._states)

    def undo(self) -> None:
        """Take the last step back."""
        if self.can_undo:
            self._go_to(self._at - 1)

    def redo(self) -> None:
        """Make the step again that was taken back."""
        if self.can_redo:
            self._go_to(self._at + 1)

    def _go_to(self, at: int) -> None:
        self._at, state = at, self._states[at]
        self._way = []  # a stroke that is being painted goes with what is taken back; the next piece begins another
        self.crop, self.strokes = state.crop, state.strokes
        values = np.frombuffer(zlib.decompress(state.packed), np.uint8)
        self.mask = values.reshape(self.whole.shape[:2]).copy()

    def _state(self) -> _State:
        return _State(zlib.compress(self.mask.tobytes(), 1), self.crop, self.strokes)


def _capsule(area: Rect, start: Point, end: Point, radius: float) -> Mask:
    """(area.height, area.width), 255 within `radius` of the way from one place to the other, its edge antialiased."""
    x = np.arange(area.x, area.right, dtype=np.float32)[None] + np.float32(0.5 - start[0])
    y = np.arange(area.y, area.bottom, dtype=np.float32)[:, None] + np.float32(0.5 - start[1])
    across, down = end[0] - start[0], end[1] - start[1]
    along = np.clip((x * across + y * down) / max(across**2 + down**2, 1e-6), 0, 1)
    distance = np.hypot(x - along * across, y - along * down)
    return np.rint(np.clip(radius + 0.5 - distance, 0, 1) * 255).astype(np.uint8)
