"""What the artist has pointed at in a picture, and what was found there; plain data between the tool and who looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from editor.document import Document
from editor.geometry import EMPTY, Point, Rect
from editor.masks import Mask
from editor.tiles import TiledImage

Line = NDArray[np.float32]  # (n, 2): x, y in canvas pixels, closed


@dataclass(frozen=True)
class Spot:
    """A click at (x, y), canvas pixels, on what is meant or (not `belongs`) on what is not."""

    x: float
    y: float
    belongs: bool = True


@dataclass(frozen=True)
class Streak:
    """A stroke over what is meant or (not `belongs`) over what is not.

    Attributes:
        points: its way, canvas pixels.
        radius: half its width, canvas pixels.
    """

    points: tuple[Point, ...]
    radius: float
    belongs: bool = True


@dataclass(frozen=True)
class Pointing:
    """Everything that was pointed at for one object; it counts together.

    Attributes:
        box: around the object; EMPTY = none was drawn.
    """

    spots: tuple[Spot, ...] = ()
    streaks: tuple[Streak, ...] = ()
    box: Rect = EMPTY

    def with_spot(self, spot: Spot) -> Pointing:
        return replace(self, spots=(*self.spots, spot))

    def with_streak(self, streak: Streak) -> Pointing:
        return replace(self, streaks=(*self.streaks, streak))


@dataclass(frozen=True, eq=False)
class Sketch:
    """A found object as it is drawn over the picture: small enough to follow the pointer.

    Attributes:
        area: canvas rectangle around it.
        inside: (h, w) 0 or 255, stretched over `area`; may be smaller than that.
        lines: its edges.
    """

    area: Rect
    inside: Mask
    lines: tuple[Line, ...]


@dataclass(frozen=True, eq=False)
class Found:
    """What was found where the artist pointed.

    Attributes:
        shape: one channel, 255 = inside, canvas pixels.
        sketch: the shape, hard as it was found, to be drawn.
        choice: which of the masks that fit it is.
        choices: how many fit, at least one; the likeliest is the first.
        rough: its edge was not worked out yet; the same with a better one may follow.
        feather: pixels over which the edge of `shape` was softened.
    """

    pointing: Pointing
    shape: TiledImage
    sketch: Sketch
    choice: int = 0
    choices: int = 1
    rough: bool = False
    feather: float = 0.0


class Finder(Protocol):
    """Who looks at the picture and answers, later, in the thread that asked.

    Attributes:
        hovers: answers fast enough to follow the pointer.
    """

    @property
    def hovers(self) -> bool: ...

    def hover(self, document: Document, pointing: Pointing, choice: int, found: Callable[[Found], None]) -> None:
        """Say what a click would find, roughly first; of several questions only the newest is answered."""

    def leave(self) -> None:
        """Forget the question of the hovering pointer."""

    def find(
        self,
        document: Document,
        pointing: Pointing,
        choice: int,
        feather: float,
        found: Callable[[Found | None], None],
    ) -> None:
        """Find it, with its edge softened over `feather` pixels.

        Each question is answered, in order. None = the artist was told why it cannot be.
        """
