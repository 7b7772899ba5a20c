"""Moving the view: wheel, touchpad, pinch, space and the middle button. Knows the viewport, not the widget."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from math import atan2, degrees

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QInputDevice, QNativeGestureEvent, QWheelEvent

from app.canvas.viewport import Viewport

NOTCH = 120.0  # angle delta of one wheel click
ZOOM_PER_NOTCH = 2.0 ** (1 / 3)  # three clicks double the size
SCROLL_PER_NOTCH = 60.0  # widget pixels
WHOLE_TURN_SNAP = 15.0  # degrees, with Control while rotating by hand


class Drag(Enum):
    PAN = auto()
    ROTATE = auto()


class Navigator:
    """Turns input into changes of the viewport and calls `changed` after each.

    Attributes:
        ratio: device pixels per widget coordinate; positions below are widget coordinates.
        space: the space key is held: the next drag moves (with Shift: turns) the view.
        drag: the drag going on.
    """

    def __init__(self, viewport: Viewport, changed: Callable[[], None]) -> None:
        self.viewport = viewport
        self._changed = changed
        self.ratio = 1.0
        self.space = False
        self.drag: Drag | None = None
        self._last = QPointF()
        self._button = Qt.MouseButton.NoButton  # that began the drag
        self._grabbed_at = 0.0  # pointer angle minus rotation, degrees
        self._fingers: tuple[QPointF, QPointF] | None = None

    # drags ------------------------------------------------------------------------------------------------------

    def press(self, at: QPointF, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> bool:
        """Begin a drag if this press means one; False leaves the press to the tool, but never during a drag."""
        wanted = button == Qt.MouseButton.MiddleButton or (self.space and button == Qt.MouseButton.LeftButton)
        if self.drag is not None:
            return True  # other buttons do nothing meanwhile
        if not wanted:
            return False
        self._button = button
        self.drag = Drag.ROTATE if modifiers & Qt.KeyboardModifier.ShiftModifier else Drag.PAN
        self._last = at
        self._grabbed_at = self._angle(at) - self.viewport.rotation
        return True

    def move(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> bool:
        """Follow the pointer; False when no drag is going on."""
        if self.drag is None:
            return False
        if self.drag is Drag.PAN:
            self.viewport.pan((at - self._last) * self.ratio)
        else:
            turned = self._angle(at) - self._grabbed_at
            if modifiers & Qt.KeyboardModifier.ControlModifier:
                turned = round(turned / WHOLE_TURN_SNAP) * WHOLE_TURN_SNAP
            self.viewport.rotate_to(turned)
        self._last = at
        self._changed()
        return True

    def release(self, button: Qt.MouseButton) -> bool:
        """A button came up: end the drag that it began; False when no drag was going on."""
        going_on = self.drag is not None
        if button == self._button:
            self.drag = None
        return going_on

    def held(self, buttons: Qt.MouseButton) -> None:
        """The buttons that are down now: a drag whose release got lost ends."""
        if not buttons & self._button:
            self.drag = None

    def _angle(self, at: QPointF) -> float:
        arm = at * self.ratio - self.viewport.centre
        return degrees(atan2(arm.y(), arm.x()))

    # wheel and touchpad -----------------------------------------------------------------------------------------

    def wheel(self, event: QWheelEvent) -> None:
        """A mouse's wheel zooms to the pointer; a touchpad's two fingers pan, with Control they zoom."""
        pressed = event.modifiers()
        control = bool(pressed & Qt.KeyboardModifier.ControlModifier)
        sideways = bool(pressed & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.AltModifier))
        angle, pixels = event.angleDelta(), event.pixelDelta()
        if not control and (sideways or _is_touchpad(event)):
            step = QPointF(pixels) if not pixels.isNull() else QPointF(angle) * (SCROLL_PER_NOTCH / NOTCH)
            if sideways and step.x() == 0:
                step = QPointF(step.y(), 0)
            self.viewport.pan(step * self.ratio)
        else:
            turned = angle.y() or angle.x()  # Alt makes some systems report the wheel as horizontal
            self.zoom_by(ZOOM_PER_NOTCH ** (turned / NOTCH), event.position())
            return
        self._changed()

    def native_gesture(self, event: QNativeGestureEvent) -> bool:
        """Pinch, turn and scroll as touchpads of macOS and Wayland report them; False for other gestures."""
        kind, at = event.gestureType(), event.position()
        if kind == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_by(1.0 + event.value(), at)
        elif kind == Qt.NativeGestureType.RotateNativeGesture:
            self.viewport.rotate_to(self.viewport.rotation + event.value(), at * self.ratio)
            self._changed()
        elif kind == Qt.NativeGestureType.PanNativeGesture:
            self.viewport.pan(event.delta() * self.ratio)
            self._changed()
        else:
            return False
        return True

    def zoom_by(self, factor: float, at: QPointF) -> None:
        """Zoom about a widget position; passing 100 % closely lands on it."""
        zoom = self.viewport.zoom * max(factor, 0.01)
        self.viewport.zoom_to(1.0 if abs(zoom - 1.0) < 0.02 else zoom, at * self.ratio)
        self._changed()

    # two fingers ------------------------------------------------------------------------------------------------

    def fingers(self, first: QPointF, second: QPointF) -> None:
        """Two fingers lie at these widget positions: what is under them follows."""
        if self._fingers is not None:
            old_first, old_second = self._fingers
            old_arm, arm = old_second - old_first, second - first
            middle = (first + second) / 2
            self.viewport.pan((middle - (old_first + old_second) / 2) * self.ratio)
            old_length, length = _length(old_arm), _length(arm)
            if old_length > 1.0 and length > 1.0:
                self.viewport.zoom_to(self.viewport.zoom * length / old_length, middle * self.ratio)
                turned = degrees(atan2(arm.y(), arm.x()) - atan2(old_arm.y(), old_arm.x()))
                self.viewport.rotate_to(self.viewport.rotation + turned, middle * self.ratio)
            self._changed()
        self._fingers = (first, second)

    def fingers_lifted(self) -> None:
        self._fingers = None


def _length(arm: QPointF) -> float:
    return float((arm.x() ** 2 + arm.y() ** 2) ** 0.5)


def _is_touchpad(event: QWheelEvent) -> bool:
    """Touchpads tell phases or pixels; the device type alone is not known on every system."""
    return event.phase() != Qt.ScrollPhase.NoScrollPhase or event.device().type() == QInputDevice.DeviceType.TouchPad
