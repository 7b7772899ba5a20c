"""The shared controls: slider and field agree, limits hold, and only the artist's changes are reported."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.seeds import SEED_LIMIT
from app.widgets import ElidedLabel, NumberControl, Section, SeedField, hide_to_fit


def number(qtbot: QtBot, *args: object, **options: object) -> tuple[NumberControl, list[float]]:
    control = NumberControl("Size", *args, **options)  # type: ignore[arg-type]
    qtbot.addWidget(control)
    control.resize(240, 48)
    control.show()
    reported: list[float] = []
    control.changed.connect(reported.append)
    return control, reported


def test_showing_a_value_is_not_reported(qtbot: QtBot) -> None:
    control, reported = number(qtbot, 0.0, 1.0)
    control.set_value(0.6)
    assert (control.value, control.field.value(), control.slider.value()) == (0.6, 0.6, 600)
    control.set_value(7.0)
    assert control.value == 1.0
    assert reported == []


def test_slider_and_field_report_once(qtbot: QtBot) -> None:
    control, reported = number(qtbot, 0.0, 1.0, factor=100, unit="%")
    control.slider.setValue(250)
    assert control.field.value() == 25
    control.field.setValue(40)
    assert control.slider.value() == 400
    assert reported == [0.25, 0.4]


def test_whole_numbers_stay_whole(qtbot: QtBot) -> None:
    control, reported = number(qtbot, 1, 150, whole=True)
    assert control.slider.maximum() == 149
    control.slider.setValue(29)
    assert reported == [30]


@pytest.mark.parametrize("value", [1, 2, 17, 64, 500, 1000])
def test_a_curved_slider_finds_its_way_back(qtbot: QtBot, value: int) -> None:
    control, _ = number(qtbot, 1.0, 1000.0, whole=True, curve=3.0)
    control.set_value(value)
    position = control.slider.value()
    assert position / 1000 >= value / 1000 - 0.001  # small values have more room
    control._slid(position)
    assert control.value == pytest.approx(value, abs=max(1, 0.01 * value))


def test_a_click_moves_the_handle_there(qtbot: QtBot) -> None:
    control, reported = number(qtbot, 0.0, 1.0)
    slider = control.slider
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(slider.width() // 2, 8))
    assert control.value == pytest.approx(0.5, abs=0.03)
    assert reported


def test_arrow_keys_move_the_slider(qtbot: QtBot) -> None:
    control, reported = number(qtbot, 0, 10, whole=True)
    control.slider.setFocus()
    QTest.keyClick(control.slider, Qt.Key.Key_Right)
    QTest.keyClick(control.slider, Qt.Key.Key_Right)
    assert reported == [1, 2]


def test_seed_field(qtbot: QtBot) -> None:
    field = SeedField()
    qtbot.addWidget(field)
    reported: list[int] = []
    field.changed.connect(reported.append)
    field.set_value(7)
    assert reported == []
    field.field.setValue(8)
    assert reported == [8]
    field.set_value(2**40 + 1)
    field.field.stepUp()
    assert reported[-1] == 2**40 + 2
    field.set_value(2**70)
    assert field.field.value() == SEED_LIMIT


def test_a_section_folds(qtbot: QtBot) -> None:
    section = Section("Advanced")
    qtbot.addWidget(section)
    section.show()
    assert not section.page.isVisible()
    section.header.click()
    assert section.page.isVisible()


def test_a_long_text_is_cut_with_an_ellipsis_and_told_whole(qtbot: QtBot) -> None:
    label = ElidedLabel("A very long title of a job that does not fit")
    qtbot.addWidget(label)
    label.resize(80, 20)
    label.show()
    assert label.text().endswith("…")
    assert label.toolTip() == "A very long title of a job that does not fit"
    label.resize(2000, 20)
    assert label.text() == label.toolTip()


def test_what_does_not_fit_is_hidden_in_order_and_comes_back(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    row = QHBoxLayout(page)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(0)
    parts = [QLabel() for _ in range(4)]
    for part in parts:
        part.setFixedWidth(100)
        row.addWidget(part)
    page.show()
    for width, shown in ((400, 4), (399, 3), (150, 2), (10, 2), (300, 3), (500, 4)):
        hide_to_fit(page, width, parts[:2])
        assert [part.isHidden() for part in parts] == [4 - shown > 0, 4 - shown > 1, False, False]
