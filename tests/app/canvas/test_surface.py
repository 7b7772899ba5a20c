"""Buttons and devices at once: moving the view and the tool never get into each other's way."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.canvas.view import CanvasView
from editor.events import Phase
from editor.tools import TOOLS, ToolOptions
from tests.app.canvas.scenes import mouse, pen, photo_document, settle, shown_view, strokes_document
from tests.app.canvas.test_gesture import Recorder

LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
NONE = Qt.MouseButton.NoButton
KINDS = {
    "press": QEvent.Type.MouseButtonPress,
    "move": QEvent.Type.MouseMove,
    "release": QEvent.Type.MouseButtonRelease,
}


def send(view: CanvasView, kind: str, x: float, button: Qt.MouseButton, down: Qt.MouseButton) -> None:
    at, keys = QPointF(x, 150), Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(view, QMouseEvent(KINDS[kind], at, view.mapToGlobal(at), button, down, keys))


def recorded(qtbot: QtBot) -> tuple[CanvasView, Recorder]:
    view, tool = shown_view(qtbot, photo_document(300, 200)), Recorder()
    view.set_tool(tool)
    return view, tool


def phases(tool: Recorder) -> list[Phase]:
    return [phase for phase, _ in tool.told if phase is not Phase.HOVER]


def test_a_click_while_the_view_is_dragged_stays_with_the_drag(qtbot: QtBot) -> None:
    view, tool = recorded(qtbot)
    send(view, "press", 200, MIDDLE, MIDDLE)
    send(view, "move", 205, NONE, MIDDLE)
    send(view, "press", 205, LEFT, MIDDLE | LEFT)
    send(view, "release", 205, LEFT, MIDDLE)
    assert view.navigator.drag is not None  # only the button that began it ends it
    before = view.widget_to_canvas(QPointF(0, 0))
    send(view, "move", 215, NONE, MIDDLE)
    assert view.widget_to_canvas(QPointF(0, 0)) != before
    send(view, "release", 215, MIDDLE, NONE)
    assert view.navigator.drag is None
    assert (phases(tool), view.gesture.active) == ([], False)
    send(view, "press", 100, LEFT, LEFT)
    send(view, "release", 100, LEFT, NONE)
    assert phases(tool) == [Phase.PRESS, Phase.RELEASE]


def test_a_drag_of_the_view_whose_release_got_lost_ends(qtbot: QtBot) -> None:
    view, tool = recorded(qtbot)
    send(view, "press", 200, MIDDLE, MIDDLE)
    send(view, "move", 240, NONE, NONE)
    assert view.navigator.drag is None
    send(view, "press", 200, MIDDLE, MIDDLE)
    send(view, "press", 210, LEFT, LEFT)
    assert (view.navigator.drag, phases(tool)) == (None, [Phase.PRESS])


def test_other_buttons_do_not_disturb_a_gesture(qtbot: QtBot) -> None:
    view, tool = recorded(qtbot)
    send(view, "press", 200, LEFT, LEFT)
    send(view, "press", 200, RIGHT, LEFT | RIGHT)
    send(view, "release", 200, RIGHT, LEFT)
    send(view, "press", 200, MIDDLE, LEFT | MIDDLE)
    send(view, "release", 200, MIDDLE, LEFT)
    assert phases(tool) == [Phase.PRESS]
    send(view, "release", 200, LEFT, NONE)
    assert phases(tool) == [Phase.PRESS, Phase.RELEASE]


def test_a_hidden_view_cancels_and_a_hovering_pointer_ends_the_gesture(qtbot: QtBot) -> None:
    view, tool = recorded(qtbot)
    send(view, "press", 200, LEFT, LEFT)
    view.hide()
    assert (view.gesture.active, tool.cancelled) == (False, 1)
    view.show()
    settle(view)
    send(view, "press", 200, LEFT, LEFT)
    send(view, "move", 260, NONE, NONE)
    assert not view.gesture.active
    assert phases(tool) == [Phase.PRESS, Phase.PRESS, Phase.RELEASE]
    send(view, "press", 200, MIDDLE, MIDDLE)
    view.hide()
    assert view.navigator.drag is None


def test_a_nudged_mouse_does_not_end_the_pens_stroke(qtbot: QtBot) -> None:
    view, tool = recorded(qtbot)
    pen(view, "press", QPointF(200, 150), 0.5)
    mouse(view, "move", QPointF(203, 150), held=False)
    pen(view, "move", QPointF(210, 150), 0.5)
    assert phases(tool) == [Phase.PRESS, Phase.MOVE]
    mouse(view, "press", QPointF(100, 150))  # the pen's release got lost
    assert phases(tool) == [Phase.PRESS, Phase.MOVE, Phase.RELEASE, Phase.PRESS]
    mouse(view, "release", QPointF(100, 150))
    assert not view.gesture.active


def test_a_hidden_view_gives_back_what_only_makes_painting_quick(qtbot: QtBot) -> None:
    document = strokes_document(600, 500)
    view = shown_view(qtbot, document)
    view.set_tool(TOOLS["brush"](ToolOptions()))
    for kind, x in (("press", 150.0), ("move", 250.0), ("release", 250.0)):
        mouse(view, kind, QPointF(x, 150))
    settle(view)
    picture = view._picture
    assert picture is not None
    assert picture._compositor.cached_bytes > 0
    view.hide()
    assert picture._compositor.cached_bytes == 0
