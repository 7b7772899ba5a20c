"""What a pen or mouse did, in canvas pixels, free of any window system."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, Flag, auto


class Phase(Enum):
    PRESS = auto()
    MOVE = auto()  # with the button or pen down
    RELEASE = auto()
    HOVER = auto()  # no button down


class Modifier(Flag):
    NONE = 0
    SHIFT = auto()
    CONTROL = auto()
    ALT = auto()


@dataclass(frozen=True, slots=True)
class PointerEvent:
    """One report of the pointer.

    Attributes:
        x, y: position in canvas pixels, sub-pixel; (0, 0) is the outer corner of the top left pixel.
        pressure: 0..1; a mouse reports 1.
        tilt: (x, y) in degrees from upright, -90..90; (0, 0) where unknown.
        time: seconds, monotonic.
        scale: screen pixels per canvas pixel now (so that tools can size their handles); where the screen is so fine
            that the window is drawn larger, the window's pixels.
        eraser: the pen's other end.
    """

    phase: Phase
    x: float
    y: float
    pressure: float = 1.0
    tilt: tuple[float, float] = (0.0, 0.0)
    modifiers: Modifier = Modifier.NONE
    time: float = 0.0
    scale: float = 1.0
    eraser: bool = False
