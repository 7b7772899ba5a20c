"""A job that goes wrong outside its method ends too, and the next one runs."""

from __future__ import annotations

from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.jobs import worker
from app.jobs.engine_thread import EngineThread
from app.jobs.queue import DONE, FAILED
from editor.errors import DocumentError
from engine.request import Step
from tests.app.jobs.conftest import ERRORS, Daubs, daub


@pytest.fixture
def failures(engine: EngineThread) -> list[tuple[int, str, str]]:
    said: list[tuple[int, str, str]] = []
    engine.failed.connect(lambda *news: said.append(news))
    return said


def test_a_preview_that_cannot_be_made_fails_its_job_only(
    qtbot: QtBot,
    engine: EngineThread,
    daubs: Daubs,
    failures: list[tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = worker.preview_of

    def broken_once(step: Step) -> Any:
        monkeypatch.setattr(worker, "preview_of", real)
        raise ValueError("a preview of another shape")

    monkeypatch.setattr(worker, "preview_of", broken_once)
    first, second = engine.submit(daub(seed=1)), engine.submit(daub(seed=2))
    qtbot.waitUntil(lambda: not engine.busy, timeout=10_000)
    assert {state.id: state.status for state in engine.jobs} == {first: FAILED, second: DONE}
    assert [job for job, _, _ in failures] == [first]
    assert "ValueError" in failures[0][1]
    assert "a preview of another shape" in failures[0][2]
    assert daubs.closed == [1], "the run under way was ended"


def test_a_refusal_by_the_document_is_told_in_its_own_words(
    qtbot: QtBot, engine: EngineThread, failures: list[tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence = "The group holds nothing. Choose another layer."
    monkeypatch.setitem(ERRORS, "unknown", DocumentError(sentence))
    job = engine.submit(daub(fail_at=1))
    qtbot.waitUntil(lambda: not engine.busy, timeout=10_000)
    assert failures[0][:2] == (job, sentence)


def test_a_refusal_of_a_live_job_comes_without_a_traceback(
    qtbot: QtBot, engine: EngineThread, failures: list[tuple[int, str, str]]
) -> None:
    live = engine.submit(daub(fail_at=1, kind="request"), live=True)
    asked = engine.submit(daub(fail_at=1, kind="request"))
    qtbot.waitUntil(lambda: not engine.busy, timeout=10_000)
    assert failures[0] == (live, "Paint a stroke first.", "")
    assert failures[1][:2] == (asked, "Paint a stroke first.")
    assert "Traceback" in failures[1][2]
