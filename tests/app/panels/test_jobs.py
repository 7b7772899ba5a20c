"""The Jobs panel: progress in words and numbers, cancel, and no litter."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from app.job_texts import progress_text, time_text
from app.jobs.queue import JobState
from app.panels.jobs import KEPT, JobsPanel

RUNNING = JobState(1, "Paint with strokes · a ball · seed 7", "running", 12, 30, 4.2)


@pytest.fixture
def panel(qtbot: QtBot) -> JobsPanel:
    made = JobsPanel()
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (JobState(1, "x"), "Waiting"),
        (JobState(1, "x", "loading"), "Loading the model…"),
        (JobState(1, "x", "running"), "Preparing…"),
        (RUNNING, "Step 12 of 30 · 4 s left"),
        (replace(RUNNING, seconds_left=None), "Step 12 of 30"),
        (replace(RUNNING, part="find", index=3, total=10), "Finding the place · 3 of 10 · 4 s left"),
        (replace(RUNNING, part="invert"), "Inverting the picture · 12 of 30 · 4 s left"),
        (replace(RUNNING, part="paint"), "Painting · 12 of 30 · 4 s left"),
        (replace(RUNNING, status="done"), "Done"),
        (replace(RUNNING, status="failed", sentence="No memory."), "No memory."),
        (replace(RUNNING, status="cancelled"), "Cancelled"),
    ],
)
def test_progress_in_words(state: JobState, text: str) -> None:
    assert progress_text(state) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.3, "under 1 s left"), (4.2, "4 s left"), (200, "3 min left")])
def test_time_in_words(seconds: float, text: str) -> None:
    assert time_text(seconds) == text


def test_a_job_is_followed_to_its_end(qtbot: QtBot, panel: JobsPanel) -> None:
    panel.show_job(replace(RUNNING, status="waiting", index=0))
    row = panel.rows[1]
    assert not row.bar.isVisible()
    panel.show_job(RUNNING)
    assert (row.bar.value(), row.bar.maximum()) == (12, 30)
    with qtbot.waitSignal(panel.cancel_wanted) as wanted:
        row.cancel.click()
    assert wanted.args == [1]
    panel.show_job(replace(RUNNING, status="cancelled"))
    assert not row.cancel.isVisible()
    assert row.status.text() == "Cancelled"


def test_live_jobs_are_listed_only_while_they_run(panel: JobsPanel) -> None:
    panel.show_job(replace(RUNNING, live=True))
    assert 1 in panel.rows
    panel.show_job(replace(RUNNING, live=True, status="cancelled"))
    assert panel.rows == {}


def test_only_the_last_finished_jobs_stay(panel: JobsPanel) -> None:
    for job in range(KEPT + 5):
        panel.show_job(replace(RUNNING, id=job, status="done"))
    panel.show_job(replace(RUNNING, id=99))
    assert len(panel.rows) == KEPT + 1
    assert 0 not in panel.rows
    panel.clear.click()
    assert list(panel.rows) == [99]
    assert not panel.clear.isVisible()


def test_a_drag_tells_the_way_that_is_left() -> None:
    state = JobState(1, "Drag", status="running", index=12, total=80, part="drag", pixels_left=14.4, seconds_left=9.0)
    assert progress_text(state) == "Dragging · 12 of 80 · 14 px left"
    learning = JobState(1, "Drag", status="running", index=2, total=80, part="identity", pixels_left=40.0)
    assert progress_text(learning) == "Learning the thing's looks · 2 of 80"
