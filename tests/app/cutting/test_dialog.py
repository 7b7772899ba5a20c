"""Edit example: its buttons, what it does while the segmenter looks, and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QWidget
from pytestqt.qtbot import QtBot

from app.cutting.canvas import CutTool
from app.cutting.cut import Cut
from app.cutting.dialog import CutDialog
from app.jobs.queue import RUNNING, JobState
from editor.geometry import Rect
from editor.pointing import Streak


class Slow(QObject):
    """Answers when it is told to."""

    looking = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[object, ...]] = []
        self.done: Callable[..., None] | None = None
        self.failed: Callable[[str], None] | None = None
        self.released = 0

    @property
    def busy(self) -> bool:
        return self.done is not None

    def find_thing(
        self, whole: object, crop: Rect, done: Callable[..., None], failed: Callable[[str], None],
        strokes: Sequence[Streak] = (),
    ) -> None:  # fmt: skip
        self.asked.append((crop, *strokes))
        self.done, self.failed = done, failed

    def find_part(
        self, whole: object, at: tuple[float, float], radius: float, done: Callable[..., None],
        failed: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.asked.append((at, radius))
        self.done, self.failed = done, failed

    def answer(self, mask: np.ndarray) -> None:
        done, self.done = self.done, None
        assert done is not None
        done(mask)

    def fail(self, sentence: str) -> None:
        self.done = None
        assert self.failed is not None
        self.failed(sentence)

    def cancel(self) -> None:
        self.fail("")

    def release(self) -> None:
        self.released += 1


@pytest.fixture
def finder() -> Slow:
    return Slow()


@pytest.fixture
def dialog(qtbot: QtBot, finder: Slow) -> CutDialog:
    made = CutDialog(Cut.all_of(np.full((80, 100, 4), (210, 30, 20, 255), np.uint8)), finder)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def thing() -> np.ndarray:
    mask = np.zeros((80, 100), np.uint8)
    mask[20:60, 30:70] = 255
    return mask


def test_the_background_goes_when_the_answer_comes_and_can_be_undone(dialog: CutDialog, finder: Slow) -> None:
    assert "background is part" in dialog.note.text()
    dialog.background.click()
    assert finder.asked == [(Rect(0, 0, 100, 80),)]
    assert (dialog.stop.isVisible(), dialog.ok.isEnabled(), dialog.canvas.isEnabled()) == (True, False, False)
    finder.looking.emit(JobState(0, "Looking", RUNNING, 2, 8))
    assert (dialog.progress.value(), dialog.progress.maximum()) == (2, 8)
    finder.answer(thing())
    assert not dialog.stop.isVisible()
    assert np.array_equal(dialog.cutting.mask, thing())
    dialog.invert.click()
    assert np.array_equal(dialog.cutting.mask, 255 - thing())
    QTest.keyClick(dialog, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    dialog.undo.click()
    assert not dialog.undo.isEnabled()
    assert (dialog.cutting.mask == 255).all()
    dialog.redo.click()
    assert np.array_equal(dialog.cutting.mask, thing())
    dialog.reset.click()
    assert not dialog.reset.isEnabled()
    assert not dialog.cutting.cut.changed


def test_parts_are_picked_and_taken_away(dialog: CutDialog, finder: Slow) -> None:
    dialog.tools[CutTool.PICK].click()
    dialog.canvas.picked.emit(40.0, 30.0, False)
    assert finder.asked == [((40.0, 30.0), dialog.brush.value / 2)]
    dialog.canvas.picked.emit(1.0, 1.0, False)  # one question at a time
    assert len(finder.asked) == 1
    finder.answer(thing())
    assert np.array_equal(dialog.cutting.mask, 255 - thing())
    dialog.canvas.picked.emit(40.0, 30.0, True)
    finder.answer(thing())
    assert (dialog.cutting.mask == 255).all()


def test_strokes_help_to_find_the_thing(dialog: CutDialog, finder: Slow) -> None:
    dialog.cutting.paint((40, 30), (60, 30), 4, keep=True)
    dialog.cutting.finish()
    dialog.cutting.paint((10, 70), (20, 70), 4, keep=False)
    dialog.cutting.finish()
    dialog.background.click()
    assert finder.asked == [
        (Rect(0, 0, 100, 80), Streak(((40, 30), (60, 30)), 4), Streak(((10, 70), (20, 70)), 4, belongs=False))
    ]


def test_a_failure_is_a_sentence_and_esc_stops_looking_before_it_closes(dialog: CutDialog, finder: Slow) -> None:
    dialog.background.click()
    finder.fail("The thing could not be told from its background.")
    assert dialog.note.text() == "The thing could not be told from its background."
    assert dialog.background.isEnabled()
    dialog.background.click()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert not finder.busy
    assert dialog.background.isEnabled()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert finder.released == 1


def test_ok_gives_the_cut_once_something_is_changed_and_left(qtbot: QtBot, dialog: CutDialog, finder: Slow) -> None:
    dialog.background.click()
    finder.answer(np.zeros((80, 100), np.uint8))
    assert not dialog.ok.isEnabled()
    assert dialog.note.text().startswith("Nothing of it is left")
    dialog.invert.click()
    dialog.cutting.crop = Rect(10, 10, 50, 40)
    dialog.cutting.finish()
    with qtbot.waitSignal(dialog.cut_chosen) as chosen:
        dialog.ok.click()
    assert chosen.args[0].crop == Rect(10, 10, 50, 40)
    assert chosen.args[0].pixels().shape == (40, 50, 4)


def test_ok_without_a_change_gives_nothing(qtbot: QtBot, dialog: CutDialog) -> None:
    with qtbot.assertNotEmitted(dialog.cut_chosen):
        dialog.ok.click()


def test_keys_choose_tools_and_sizes_and_every_control_has_a_name(dialog: CutDialog) -> None:
    for key, tool in ((Qt.Key.Key_E, CutTool.ERASE), (Qt.Key.Key_B, CutTool.KEEP), (Qt.Key.Key_S, CutTool.PICK)):
        QTest.keyClick(dialog, key)
        assert dialog.canvas.tool is tool
        assert dialog.tools[tool].isChecked()
    before = dialog.brush.value
    QTest.keyClick(dialog, Qt.Key.Key_BracketRight)
    assert dialog.brush.value == pytest.approx(before * 1.25, abs=0.51)
    assert dialog.canvas.size_of_brush == dialog.brush.value
    QTest.keyClick(dialog, Qt.Key.Key_C)
    assert not dialog.brush.isEnabled()
    for control in dialog.findChildren(QAbstractButton):
        assert control.text() or control.accessibleName()
    assert isinstance(dialog.canvas, QWidget)
    assert dialog.canvas.accessibleName()


def test_undo_with_the_button_held_takes_back_the_stroke_that_is_being_painted(dialog: CutDialog) -> None:
    dialog.tools[CutTool.ERASE].click()
    canvas, left, no_key = dialog.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    places = [canvas.to_widget(*at).toPoint() for at in ((20, 20), (60, 20), (20, 60), (60, 60), (80, 60))]
    QTest.mousePress(canvas, left, no_key, places[0])
    QTest.mouseMove(canvas, places[1])
    QTest.mouseRelease(canvas, left, no_key, places[1])
    painted = dialog.cutting.mask.copy()
    (stroke,) = dialog.cutting.strokes
    QTest.mousePress(canvas, left, no_key, places[2])
    QTest.mouseMove(canvas, places[3])
    assert not np.array_equal(dialog.cutting.mask, painted)
    QTest.keyClick(dialog, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert np.array_equal(dialog.cutting.mask, painted)
    QTest.mouseMove(canvas, places[4])
    QTest.mouseRelease(canvas, left, no_key, places[4])
    assert np.array_equal(dialog.cutting.mask, painted)
    assert dialog.cutting.strokes == (stroke,)
    dialog.redo.click()
    assert len(dialog.cutting.strokes) == 2
