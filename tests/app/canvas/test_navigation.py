from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QNativeGestureEvent, QPointingDevice

from app.canvas.navigation import Drag, Navigator
from app.canvas.viewport import Viewport

NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def navigator() -> Navigator:
    viewport = Viewport(canvas=(1000, 800), device=(600, 400))
    viewport.zoom_to(1.0)
    viewport.put(QPointF(500, 400), viewport.centre)
    return Navigator(viewport, lambda: None)


def gesture(kind: Qt.NativeGestureType, value: float, delta: QPointF) -> QNativeGestureEvent:
    at, device = QPointF(150, 100), QPointingDevice.primaryPointingDevice()
    return QNativeGestureEvent(kind, device, 2, at, at, at, value, delta)


def test_a_touchpad_pinches_turns_and_scrolls(navigator: Navigator) -> None:
    viewport, at = navigator.viewport, QPointF(150, 100)
    held = viewport.transform.inverted()[0].map(at)
    kinds = Qt.NativeGestureType
    assert navigator.native_gesture(gesture(kinds.ZoomNativeGesture, 0.5, QPointF()))
    assert viewport.zoom == pytest.approx(1.5)
    assert navigator.native_gesture(gesture(kinds.RotateNativeGesture, 20.0, QPointF()))
    assert viewport.rotation == pytest.approx(20.0)
    shown = viewport.transform.map(held)
    assert (shown - at).manhattanLength() <= 1.5
    assert navigator.native_gesture(gesture(kinds.PanNativeGesture, 0.0, QPointF(12, -8)))
    assert (viewport.transform.map(held) - shown - QPointF(12, -8)).manhattanLength() <= 1.5
    assert not navigator.native_gesture(gesture(kinds.SmartZoomNativeGesture, 1.0, QPointF()))


def test_only_the_middle_button_or_space_drags(navigator: Navigator) -> None:
    left, middle = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
    assert not navigator.press(QPointF(0, 0), left, NONE)
    assert not navigator.move(QPointF(5, 5), NONE)
    assert not navigator.release(left)
    navigator.space = True
    assert navigator.press(QPointF(0, 0), left, NONE)
    assert navigator.drag is Drag.PAN
    assert navigator.press(QPointF(0, 0), middle, NONE)  # one drag at a time: taken, and nothing begins
    assert navigator.release(middle)
    assert navigator.drag is Drag.PAN
    assert navigator.release(left)
    assert navigator.drag is None


def test_a_drag_whose_release_got_lost_ends(navigator: Navigator) -> None:
    middle = Qt.MouseButton.MiddleButton
    navigator.press(QPointF(0, 0), middle, NONE)
    navigator.held(middle | Qt.MouseButton.LeftButton)
    assert navigator.drag is Drag.PAN
    navigator.held(Qt.MouseButton.NoButton)
    assert navigator.drag is None


def test_rotating_by_hand_snaps_with_control(navigator: Navigator) -> None:
    assert navigator.press(QPointF(500, 200), Qt.MouseButton.MiddleButton, SHIFT)
    navigator.move(QPointF(495, 255), SHIFT)
    free = navigator.viewport.rotation
    assert 10 < free < 20
    navigator.move(QPointF(495, 255), SHIFT | CONTROL)
    assert navigator.viewport.rotation == 15.0


def test_dense_screens_move_twice_the_pixels(navigator: Navigator) -> None:
    navigator.ratio = 2.0
    before = navigator.viewport.transform
    navigator.press(QPointF(10, 10), Qt.MouseButton.MiddleButton, NONE)
    navigator.move(QPointF(15, 7), NONE)
    after = navigator.viewport.transform
    assert (after.dx() - before.dx(), after.dy() - before.dy()) == (10.0, -6.0)
