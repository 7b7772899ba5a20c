"""The large example: what is seen where, and what the pointer and the keys change."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.cutting.canvas import CutCanvas, CutTool
from app.cutting.cut import Cut
from app.cutting.session import Cutting
from editor.geometry import Rect

LEFT, NO_KEY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
RED = (210, 30, 20)


@pytest.fixture
def cutting() -> Cutting:
    return Cutting(Cut.all_of(np.full((80, 100, 4), (*RED, 255), np.uint8)))


@pytest.fixture
def canvas(qtbot: QtBot, cutting: Cutting) -> CutCanvas:
    made = CutCanvas(cutting)
    qtbot.addWidget(made)
    made.resize(424, 344)  # four screen pixels per picture pixel, and the margin
    made.show()
    qtbot.waitExposed(made)
    return made


def place(canvas: CutCanvas, x: float, y: float) -> QPoint:
    return canvas.to_widget(x, y).toPoint()


def drag(canvas: CutCanvas, *points: tuple[float, float]) -> None:
    places = [place(canvas, *point) for point in points]
    QTest.mousePress(canvas, LEFT, NO_KEY, places[0])
    for at in places[1:]:
        QTest.mouseMove(canvas, at)
    QTest.mouseRelease(canvas, LEFT, NO_KEY, places[-1])


def colour(canvas: CutCanvas, x: float, y: float) -> tuple[int, int, int]:
    image = canvas.grab().toImage()
    at = place(canvas, x, y) * image.devicePixelRatio()
    found = image.pixelColor(at)
    return found.red(), found.green(), found.blue()


def test_places_go_there_and_back(canvas: CutCanvas) -> None:
    assert canvas.to_picture(canvas.to_widget(12.5, 70.25)) == pytest.approx((12.5, 70.25))
    assert place(canvas, 100, 80) - place(canvas, 0, 0) == QPoint(400, 320)


def test_a_rectangle_is_drawn_its_corner_pulled_and_a_click_leaves_it(canvas: CutCanvas, cutting: Cutting) -> None:
    steps: list[None] = []
    canvas.changed.connect(lambda: steps.append(None))
    drag(canvas, (20, 10), (50, 30), (60, 40))
    assert cutting.crop == Rect(20, 10, 40, 30)
    drag(canvas, (60, 40), (80, 60))
    assert cutting.crop == Rect(20, 10, 60, 50)
    drag(canvas, (50, 30), (55, 32))
    assert cutting.crop == Rect(25, 12, 60, 50)
    assert len(steps) == 3
    drag(canvas, (5, 5), (5, 5))
    assert cutting.crop == Rect(25, 12, 60, 50)
    assert len(steps) == 3
    assert colour(canvas, 10, 70) < colour(canvas, 40, 40)  # shaded outside


def test_arrow_keys_move_the_crop_and_its_corner(canvas: CutCanvas, cutting: Cutting) -> None:
    cutting.crop = Rect(20, 10, 40, 30)
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    QTest.keyClick(canvas, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert cutting.crop == Rect(21, 20, 40, 30)
    QTest.keyClick(canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert cutting.crop == Rect(21, 20, 39, 30)
    assert cutting.can_undo


def test_what_is_erased_is_seen_faintly_on_squares_and_comes_back(canvas: CutCanvas, cutting: Cutting) -> None:
    assert colour(canvas, 50, 42) == RED
    canvas.set_tool(CutTool.ERASE)
    canvas.size_of_brush = 20
    drag(canvas, (30, 42), (70, 42))
    assert (cutting.mask[34:50, 30:70] == 0).all()
    faint = colour(canvas, 50, 45)
    assert faint[0] > 190
    assert 120 < faint[1] < 230  # neither the picture's nor a square's
    canvas.set_tool(CutTool.KEEP)
    canvas.size_of_brush = 30
    drag(canvas, (25, 42), (75, 42))
    assert (cutting.mask == 255).all()
    assert colour(canvas, 50, 45) == RED
    cutting.undo()
    assert not (cutting.mask == 255).all()


def test_a_pick_says_where_and_whether_to_keep(qtbot: QtBot, canvas: CutCanvas) -> None:
    canvas.set_tool(CutTool.PICK)
    with qtbot.waitSignal(canvas.picked) as picked:
        QTest.mouseClick(canvas, LEFT, NO_KEY, place(canvas, 40, 20))
    assert picked.args == pytest.approx([40, 20, True])
    with qtbot.waitSignal(canvas.picked) as picked:
        QTest.mouseClick(canvas, LEFT, Qt.KeyboardModifier.AltModifier, place(canvas, 40, 20))
    assert picked.args[2] is False
    with qtbot.assertNotEmitted(canvas.picked):
        QTest.mouseClick(canvas, LEFT, NO_KEY, place(canvas, -2, 20))


def test_another_tool_in_the_middle_of_a_drag_makes_what_was_dragged_a_step(
    canvas: CutCanvas, cutting: Cutting
) -> None:
    steps: list[None] = []
    canvas.changed.connect(lambda: steps.append(None))
    QTest.mousePress(canvas, LEFT, NO_KEY, place(canvas, 20, 10))
    QTest.mouseMove(canvas, place(canvas, 60, 40))
    canvas.set_tool(CutTool.ERASE)
    assert cutting.crop == Rect(20, 10, 40, 30)
    assert len(steps) == 1
    QTest.mouseMove(canvas, place(canvas, 80, 70))
    QTest.mouseRelease(canvas, LEFT, NO_KEY, place(canvas, 80, 70))
    assert len(steps) == 1
    cutting.undo()
    assert cutting.crop == cutting.canvas
