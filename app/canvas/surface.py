"""The part of the canvas widget that listens: mouse, pen, fingers, wheel and keys move the view or work the tool."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDropEvent,
    QEventPoint,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPointingDevice,
    QSinglePointEvent,
    QTabletEvent,
    QTouchEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from app.canvas.gesture import ToolGesture
from app.canvas.navigation import Drag, Navigator
from app.canvas.pointer import from_mouse, from_tablet, from_touch, modifiers_of
from app.canvas.viewport_widget import ViewportWidget
from editor.events import Modifier, Phase, PointerEvent

MOUSE, PEN, FINGER = "mouse", "pen", "finger"
_ARROWS: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_FAR = 10  # canvas pixels that an arrow key moves by with Shift
_CLICK_KEYS: dict[int, Callable[[ToolGesture], object]] = {
    Qt.Key.Key_Return: ToolGesture.finish,
    Qt.Key.Key_Enter: ToolGesture.finish,
    Qt.Key.Key_Backspace: ToolGesture.step_back,
    Qt.Key.Key_Delete: ToolGesture.step_back,
    Qt.Key.Key_Escape: ToolGesture.drop,
}
TOUCH_SLOP = 6.0  # widget pixels a finger moves before it paints: a second finger may still come


class Surface(ViewportWidget):
    """Owns the navigator and the tool's gesture; what is painted is the subclass's business.

    Signals (besides the viewport widget's):
        pointer_moved: canvas pixels under the pointer, sub-pixel.
        gesture_finished: id of the tool whose gesture changed the document (not when it was cancelled).
        tool_failed: a sentence for the artist.
        context_menu: global position of a right click or of the menu key.
        files_dropped: list of pathlib.Path, and the global position where they were dropped.
    """

    pointer_moved = Signal(float, float)
    gesture_finished = Signal(str)
    tool_failed = Signal(str)
    context_menu = Signal(QPoint)
    files_dropped = Signal(list, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.navigator = Navigator(self.viewport, self._view_moved)
        self.gesture = ToolGesture(self._gesture_ended, self.tool_failed.emit)
        self._device = MOUSE  # that began the last gesture
        self._finger: QPointF | None = None  # where a finger lies that has not painted yet
        self.hover: QPointF | None = None  # widget position of the pointer, None while it is elsewhere
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    # hooks ------------------------------------------------------------------------------------------------------

    def _pointer_changed(self) -> None:
        """Pointer position, tool state or navigation state changed: cursor and overlays may look different."""
        raise NotImplementedError

    def _gesture_ended(self, tool: str) -> None:
        self.gesture_finished.emit(tool)

    # tool -------------------------------------------------------------------------------------------------------

    def _work(self, event: PointerEvent, device: str) -> None:
        if event.phase is Phase.PRESS:
            self._device = device
        self.gesture.handle(event)
        self.pointer_moved.emit(event.x, event.y)
        self._pointer_changed()

    def _elsewhere(self, device: str, phase: Phase) -> bool:
        """Whether another device is at work: a nudge of the mouse does not end a pen's stroke, a click does."""
        return self.gesture.active and device != self._device and phase is not Phase.PRESS

    def _hover_again(self) -> None:
        """The view or the tool changed under a resting pointer."""
        if self.hover is not None and not self.gesture.active:
            at = self.widget_to_canvas(self.hover)
            self.gesture.handle(PointerEvent(Phase.HOVER, at.x(), at.y(), scale=self._scale))
        self._pointer_changed()

    def cancel_gesture(self) -> bool:
        """Drop what the tool is doing; False when nothing was going on."""
        cancelled = self.gesture.cancel()
        if cancelled:
            self._pointer_changed()
        return cancelled

    def _navigate(self, event: QSinglePointEvent) -> bool:
        """Let the navigator have a press, move or release; False leaves it to the tool."""
        kind, at, button, keys = event.type(), event.position(), event.button(), event.modifiers()
        if kind not in (QEvent.Type.MouseButtonRelease, QEvent.Type.TabletRelease):
            self.navigator.held(event.buttons())
        if kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick, QEvent.Type.TabletPress):
            taken = not self.gesture.active and self.navigator.press(at, button, keys)
        elif kind in (QEvent.Type.MouseMove, QEvent.Type.TabletMove):
            taken = self.navigator.move(at, keys)
        else:
            taken = self.navigator.release(button)
        if taken:
            self._pointer_changed()
        return taken

    def _point(self, at: QPointF) -> QPointF:
        self.hover = at
        return self.widget_to_canvas(at)

    # mouse ------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._mouse(event, Phase.PRESS)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._mouse(event, Phase.PRESS)  # two quick dabs

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mouse(event, Phase.MOVE if event.buttons() & Qt.MouseButton.LeftButton else Phase.HOVER)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._mouse(event, Phase.RELEASE)

    def _mouse(self, event: QMouseEvent, phase: Phase) -> None:
        if self._elsewhere(MOUSE, phase):
            return
        canvas = self._point(event.position())
        if self._navigate(event):
            return
        if phase in (Phase.PRESS, Phase.RELEASE) and event.button() != Qt.MouseButton.LeftButton:
            return
        self._work(from_mouse(event, phase, canvas, self._scale), MOUSE)

    def leaveEvent(self, event: QEvent) -> None:
        self.hover = None
        self.gesture.leave()
        self._pointer_changed()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not self.gesture.active:
            self.context_menu.emit(event.globalPos())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.files_dropped.emit(paths, self.mapToGlobal(event.position().toPoint()))

    # pen --------------------------------------------------------------------------------------------------------

    def tabletEvent(self, event: QTabletEvent) -> None:
        kind = event.type()
        canvas = self._point(event.position())
        event.accept()  # or Qt sends the same again as a mouse event, without pressure
        if kind == QEvent.Type.TabletPress:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        if self._navigate(event):
            return
        if kind == QEvent.Type.TabletPress:
            phase, button = Phase.PRESS, event.button()
        elif kind == QEvent.Type.TabletRelease:
            phase, button = Phase.RELEASE, event.button()
        else:
            down = event.buttons() & Qt.MouseButton.LeftButton
            phase, button = (Phase.MOVE if down else Phase.HOVER), Qt.MouseButton.LeftButton
        if button == Qt.MouseButton.RightButton and phase is Phase.RELEASE:
            self.context_menu.emit(event.globalPosition().toPoint())
        elif button == Qt.MouseButton.LeftButton:
            self._work(from_tablet(event, phase, canvas, self._scale), PEN)

    # fingers ----------------------------------------------------------------------------------------------------

    def _touch(self, event: QTouchEvent) -> None:
        """One finger works the tool, two move the view; the second one takes back what the first began."""
        points = event.points()
        if event.type() == QEvent.Type.TouchCancel:
            self._finger = None
            self.navigator.fingers_lifted()
            self.cancel_gesture()
        elif len(points) >= 2:
            self._finger = None
            self.cancel_gesture()
            if any(point.state() == QEventPoint.State.Released for point in points):
                self.navigator.fingers_lifted()
            else:
                self.navigator.fingers(points[0].position(), points[1].position())
        elif points:
            self._one_finger(points[0], event.modifiers())

    def _one_finger(self, point: QEventPoint, keys: Qt.KeyboardModifier) -> None:
        def event(phase: Phase, at: QPointF) -> PointerEvent:
            return from_touch(point, phase, self._point(at), self._scale, keys)

        at, state = point.position(), point.state()
        if state == QEventPoint.State.Pressed:
            self._finger = at
            return
        if self._finger is not None:
            moved = at - self._finger
            if state == QEventPoint.State.Released or moved.manhattanLength() > TOUCH_SLOP:
                self._work(event(Phase.PRESS, self._finger), FINGER)
                self._finger = None
        if self.gesture.active:
            self._work(event(Phase.RELEASE if state == QEventPoint.State.Released else Phase.MOVE, at), FINGER)
        if state == QEventPoint.State.Released:
            self.hover = None
            self._pointer_changed()

    # wheel, touchpad, keys --------------------------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.navigator.wheel(event)
        event.accept()

    def event(self, event: QEvent) -> bool:
        kind = event.type()
        if kind in (QEvent.Type.TouchBegin, QEvent.Type.TouchUpdate, QEvent.Type.TouchEnd, QEvent.Type.TouchCancel):
            touch = cast(QTouchEvent, event)
            device = touch.pointingDevice()
            if device is None or device.type() != QPointingDevice.DeviceType.TouchPad:
                self._touch(touch)
                event.accept()
                return True
        if kind == QEvent.Type.NativeGesture and self.navigator.native_gesture(cast(QNativeGestureEvent, event)):
            return True
        if kind == QEvent.Type.ShortcutOverride and self._wants_key(cast(QKeyEvent, event)):
            event.accept()  # before any shortcut of the window
            return True
        return super().event(event)

    def _wants_key(self, event: QKeyEvent) -> bool:
        """Space belongs to the canvas; and no shortcut (undo, another tool) may come into the middle of a gesture."""
        own = self._for_clicks(event) or self._deletes(event) or self._nudges(event)
        return self.gesture.active or own or event.key() == Qt.Key.Key_Space

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.cancel_gesture():
            return
        if self.gesture.pending and self._key_for_clicks(event):
            self._pointer_changed()
            return
        if self._deletes(event):
            self.gesture.delete()
            self._pointer_changed()
        elif self._nudges(event):
            step = _FAR if Modifier.SHIFT in modifiers_of(event.modifiers()) else 1
            across, down = _ARROWS[event.key()]
            self.gesture.nudge(across * step, down * step)
            self._pointer_changed()
        elif event.key() == Qt.Key.Key_Space:
            self.navigator.space = True
            self._pointer_changed()
        else:
            super().keyPressEvent(event)

    def _key_for_clicks(self, event: QKeyEvent) -> bool:
        """Enter makes what was clicked, Backspace takes a click back, Esc all of them."""
        if not self._for_clicks(event):
            return False
        _CLICK_KEYS[event.key()](self.gesture)
        return True

    def _for_clicks(self, event: QKeyEvent) -> bool:
        """Whether a key is about the clicks that wait; Delete is not where they have selected something already."""
        tool = self.gesture.tool
        if not self.gesture.pending or tool is None or modifiers_of(event.modifiers()):
            return False
        return event.key() in _CLICK_KEYS and not (tool.keeps and event.key() == Qt.Key.Key_Delete)

    def _deletes(self, event: QKeyEvent) -> bool:
        """Whether a key takes away what the tool made, not the layer's pixels."""
        tool = self.gesture.tool
        if tool is None or not tool.deletes or modifiers_of(event.modifiers()):
            return False
        return event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)

    def _nudges(self, event: QKeyEvent) -> bool:
        """Whether an arrow key moves what the tool touched last."""
        tool, pressed = self.gesture.tool, modifiers_of(event.modifiers())
        return tool is not None and tool.nudges and event.key() in _ARROWS and not pressed & ~Modifier.SHIFT

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab shows another result of the tool where there is one, and else leaves the canvas."""
        if self.gesture.choose(forward=forward):
            self._pointer_changed()
            return True
        return super().focusNextPrevChild(forward)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Space:
            super().keyReleaseEvent(event)
        elif not event.isAutoRepeat():
            self.navigator.space = False
            self._pointer_changed()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.navigator.space = False
        self._pointer_changed()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self.cancel_gesture()
        self.gesture.abandon()  # the same tool works on the canvas that is shown next
        self.navigator.drag, self._finger = None, None
        super().hideEvent(event)

    @property
    def hand(self) -> Qt.CursorShape | None:
        """The cursor while the view is or would be moved, else None."""
        if self.navigator.drag is Drag.ROTATE:
            return Qt.CursorShape.SizeAllCursor
        if self.navigator.drag is Drag.PAN:
            return Qt.CursorShape.ClosedHandCursor
        return Qt.CursorShape.OpenHandCursor if self.navigator.space else None
