"""Where the next edit aims, and when that is told."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QTransform

from app.canvas.aim import Aim
from editor.geometry import EMPTY, Rect
from editor.placement import Placement

TWICE = QTransform.fromScale(2, 2)
RESTS = Placement()


def test_it_is_told_only_when_it_is_elsewhere() -> None:
    aim, selected = Aim(), Rect(10, 20, 30, 40)
    assert not aim.look(EMPTY, None, None, TWICE)
    assert aim.look(selected, RESTS, None, TWICE)
    assert aim.selection == aim.whole == QRectF(20, 40, 60, 80)
    assert not aim.look(selected, RESTS, None, TWICE)
    assert aim.look(EMPTY, RESTS, None, TWICE)
    assert aim.selection is aim.whole is None


def test_it_reaches_to_where_the_selection_is_placed() -> None:
    aim = Aim()
    assert aim.look(Rect(10, 20, 30, 40), Placement((100.0, 0.0)), None, TWICE)
    assert aim.selection == aim.whole == QRectF(20, 40, 260, 80)


def test_a_box_belongs_to_the_whole_but_not_to_the_selection() -> None:
    aim, box = Aim(), Rect(100, 100, 10, 10)
    assert aim.look(EMPTY, RESTS, box, TWICE)
    assert (aim.selection, aim.whole) == (None, QRectF(200, 200, 20, 20))
    assert aim.look(Rect(90, 100, 5, 5), RESTS, box, TWICE)
    assert (aim.selection, aim.whole) == (QRectF(180, 200, 10, 10), QRectF(180, 200, 40, 20))
