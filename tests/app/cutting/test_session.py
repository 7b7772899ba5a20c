"""Cutting out step by step: strokes, parts, crop; each can be undone, exactly."""

from __future__ import annotations

import numpy as np
import pytest

from app.cutting import session
from app.cutting.cut import Cut
from app.cutting.session import Cutting
from editor.geometry import Rect
from editor.pointing import Streak
from tests.app.cutting.test_cut import picture


@pytest.fixture
def cutting() -> Cutting:
    return Cutting(Cut.all_of(picture(100, 80)))


def test_a_stroke_takes_away_a_round_line_and_its_undo_gives_equal_pixels(cutting: Cutting) -> None:
    before = cutting.mask.copy()
    cutting.paint((30, 40), (70, 40), 10, keep=False)
    assert cutting.finish()
    assert (cutting.mask[31:49, 30:70] == 0).all()
    assert (cutting.mask[:28] == 255).all()
    gone = np.count_nonzero(cutting.mask < 128)
    assert gone == pytest.approx(40 * 20 + np.pi * 100, rel=0.06)
    after = cutting.mask.copy()
    cutting.undo()
    assert np.array_equal(cutting.mask, before)
    cutting.redo()
    assert np.array_equal(cutting.mask, after)
    cutting.paint((30, 40), (70, 40), 12, keep=True)
    assert np.array_equal(cutting.mask, before)


def test_a_stroke_beside_the_picture_changes_nothing_and_is_no_step(cutting: Cutting) -> None:
    cutting.paint((-300, -50), (-200, -50), 10, keep=False)
    assert not cutting.finish()
    assert not cutting.can_undo
    cutting.paint((-300, 40), (5, 40), 3, keep=False)  # half of it lies outside
    assert cutting.finish()
    assert cutting.mask[40, 2] == 0


def test_parts_join_or_leave_and_invert_stays_inside_the_crop(cutting: Cutting) -> None:
    part = np.zeros((80, 100), np.uint8)
    part[10:20, 10:30] = 255
    cutting.replace(part)
    cutting.join(np.roll(part, 20, 0), keep=True)
    assert np.count_nonzero(cutting.mask) == 400
    cutting.join(part, keep=False)
    assert np.array_equal(cutting.mask, np.roll(part, 20, 0))
    cutting.crop = Rect(0, 0, 50, 80)
    cutting.invert()
    assert np.count_nonzero(cutting.mask) == 50 * 80 - 200
    assert not cutting.mask[:, 50:].any()


def test_reset_is_a_step_and_crop_is_undone_with_the_rest(cutting: Cutting) -> None:
    cutting.crop = Rect(5, 5, 20, 20)
    cutting.finish()
    cutting.replace(np.zeros((80, 100), np.uint8))
    cutting.finish()
    assert cutting.cut.empty
    cutting.reset()
    assert cutting.finish()
    assert not cutting.cut.changed
    cutting.undo()
    cutting.undo()
    assert (cutting.crop, cutting.cut.empty) == (Rect(5, 5, 20, 20), False)
    cutting.invert()
    cutting.finish()
    assert not cutting.can_redo


def test_what_it_began_with_stays_as_it_is_and_steps_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "MOST_STEPS", 3)
    cut = Cut.all_of(picture())
    cutting = Cutting(cut)
    for x in range(6):
        cutting.crop = Rect(x, 0, 10, 10)
        cutting.mask[0, x] = 0
        cutting.finish()
    assert not cut.changed
    for _ in range(10):
        cutting.undo()
    assert cutting.crop == Rect(2, 0, 10, 10)


def test_strokes_are_remembered_as_they_were_painted_and_go_with_their_undo(cutting: Cutting) -> None:
    for end in ((20.0, 10.0), (30.0, 15.0)):
        cutting.paint((10, 10) if end[0] == 20 else (20, 10), end, 3, keep=True)
    assert cutting.finish()  # it changed no pixel, but says what belongs
    cutting.paint((50, 50), (60, 50), 3, keep=False)
    cutting.finish()
    first, second = cutting.strokes
    assert first == Streak(((10, 10), (20, 10), (30, 15)), 3)
    assert second == Streak(((50, 50), (60, 50)), 3, belongs=False)
    cutting.undo()
    assert cutting.strokes == (first,)
    cutting.replace(np.zeros((80, 100), np.uint8))
    assert cutting.strokes == (first,)
    cutting.reset()
    assert cutting.strokes == ()


def test_undo_in_the_middle_of_a_stroke_leaves_the_strokes_before_it(cutting: Cutting) -> None:
    for row in (20, 40):
        cutting.paint((10, row), (30, row), 3, keep=False)
        cutting.finish()
    cutting.paint((10, 60), (30, 60), 3, keep=False)
    cutting.undo()
    first = Streak(((10, 20), (30, 20)), 3, belongs=False)
    assert cutting.strokes == (first,)
    cutting.paint((30, 60), (50, 60), 3, keep=False)
    assert cutting.strokes == (first, Streak(((30, 60), (50, 60)), 3, belongs=False))
