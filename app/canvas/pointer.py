"""Mouse, pen and touch events as the editor's `PointerEvent`."""

from __future__ import annotations

from math import isfinite

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QEventPoint, QMouseEvent, QPointingDevice, QSinglePointEvent, QTabletEvent

from editor.events import Modifier, Phase, PointerEvent

_MODIFIERS = {
    Qt.KeyboardModifier.ShiftModifier: Modifier.SHIFT,
    Qt.KeyboardModifier.ControlModifier: Modifier.CONTROL,
    Qt.KeyboardModifier.AltModifier: Modifier.ALT,
}


def modifiers_of(pressed: Qt.KeyboardModifier) -> Modifier:
    found = Modifier.NONE
    for key, modifier in _MODIFIERS.items():
        if pressed & key:
            found |= modifier
    return found


def from_mouse(event: QMouseEvent, phase: Phase, at: QPointF, scale: float) -> PointerEvent:
    """A mouse knows no pressure and reports 1.

    Args:
        at: the event's position in canvas pixels.
        scale: widget pixels per canvas pixel.
    """
    return _pointer_event(event, phase, at, scale, pressure=1.0)


def from_tablet(event: QTabletEvent, phase: Phase, at: QPointF, scale: float) -> PointerEvent:
    """A pen's pressure, tilt and eraser end; on release the pressure is 0 as the pen reports it."""
    return _pointer_event(
        event,
        phase,
        at,
        scale,
        pressure=_pressure(event.pressure()),
        tilt=(float(event.xTilt()), float(event.yTilt())),
        eraser=event.pointerType() == QPointingDevice.PointerType.Eraser,
    )


def from_touch(
    point: QEventPoint, phase: Phase, at: QPointF, scale: float, modifiers: Qt.KeyboardModifier
) -> PointerEvent:
    """One finger; screens that measure no pressure report 0 or 1, both of which count as full."""
    pressure = point.pressure()
    return PointerEvent(
        phase,
        at.x(),
        at.y(),
        pressure=pressure if 0.0 < pressure < 1.0 else 1.0,
        modifiers=modifiers_of(modifiers),
        time=point.timestamp() / 1000.0,
        scale=scale,
    )


def _pressure(reported: float) -> float:
    """0..1; a driver's nonsense counts as no pressure."""
    return min(max(reported, 0.0), 1.0) if isfinite(reported) else 0.0


def _pointer_event(
    event: QSinglePointEvent,
    phase: Phase,
    at: QPointF,
    scale: float,
    *,
    pressure: float,
    tilt: tuple[float, float] = (0.0, 0.0),
    eraser: bool = False,
) -> PointerEvent:
    return PointerEvent(
        phase,
        at.x(),
        at.y(),
        pressure=pressure,
        tilt=tilt,
        modifiers=modifiers_of(event.modifiers()),
        time=event.timestamp() / 1000.0,
        scale=scale,
        eraser=eraser,
    )
