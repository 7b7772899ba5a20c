"""How far a job is, in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.jobs.queue import JobState


def tr(text: str) -> str:
    return QCoreApplication.translate("Jobs", text)


def progress_text(state: JobState) -> str:
    """One line, e.g. "Step 12 of 30 · 4 s left", "Finding the place · 3 of 10 · 2 s left" or, where handles are pulled,
    "Dragging · 12 of 80 · 14 px left".
    """
    if state.status == "waiting":
        return tr("Waiting")
    if state.status == "loading":
        return tr("Loading the model…")
    if state.status == "running":
        if state.total == 0:
            return tr("Preparing…")
        step = _step_text(state)
        if state.part == "drag" and state.pixels_left is not None:
            return tr("{} · {} px left").format(step, round(state.pixels_left))
        return step if state.seconds_left is None else f"{step} · {time_text(state.seconds_left)}"
    if state.status == "failed":
        return state.sentence or tr("Failed")
    return {"done": tr("Done"), "cancelled": tr("Cancelled")}.get(state.status, state.status)


def _step_text(state: JobState) -> str:
    parts = {
        "find": tr("Finding the place"), "invert": tr("Inverting the picture"), "paint": tr("Painting"),
        "identity": tr("Learning the thing's looks"), "drag": tr("Dragging"),
    }  # fmt: skip
    if state.part in parts:
        return tr("{} · {} of {}").format(parts[state.part], state.index, state.total)
    return tr("Step {} of {}").format(state.index, state.total)


def time_text(seconds: float) -> str:
    """ "4 s left", "2 min left"."""
    if seconds < 1:
        return tr("under 1 s left")
    if seconds < 90:
        return tr("{} s left").format(round(seconds))
    return tr("{} min left").format(round(seconds / 60))
