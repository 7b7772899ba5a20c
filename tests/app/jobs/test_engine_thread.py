"""The thread and its queue, driven step by step with a plain method."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.jobs.engine_thread import EngineThread
from app.jobs.queue import CANCELLED, DONE, FAILED, LOADING, RUNNING, WAITING, JobState
from app.jobs.worker import NICENESS, Preview
from engine.request import EditResult
from tests.app.jobs.conftest import Daubs, daub, nothing


class Record:
    """Everything that the thread said."""

    def __init__(self, engine: EngineThread) -> None:
        self.states: list[JobState] = []
        self.previews: list[tuple[int, Preview]] = []
        self.results: dict[int, EditResult] = {}
        self.failures: dict[int, tuple[str, str]] = {}
        self.cancelled: list[int] = []
        engine.job_changed.connect(self.states.append)
        engine.preview.connect(lambda job, preview: self.previews.append((job, preview)))
        engine.finished.connect(self.results.__setitem__)
        engine.failed.connect(lambda job, sentence, details: self.failures.__setitem__(job, (sentence, details)))
        engine.cancelled.connect(self.cancelled.append)

    def statuses(self, job: int) -> list[str]:
        """The statuses of a job in order, each once."""
        return list(dict.fromkeys(state.status for state in self.states if state.id == job))


@pytest.fixture
def record(engine: EngineThread) -> Record:
    return Record(engine)


def wait_idle(qtbot: QtBot, engine: EngineThread) -> None:
    qtbot.waitUntil(lambda: not engine.busy, timeout=10_000)


def test_a_job_runs_to_its_result(qtbot: QtBot, engine: EngineThread, record: Record, daubs: Daubs) -> None:
    job = engine.submit(daub(seed=3))
    wait_idle(qtbot, engine)
    assert record.statuses(job) == [WAITING, LOADING, RUNNING, DONE]
    assert daubs.steps == [(3, index) for index in range(1, 6)]
    assert record.results[job].patch[0, 0, 0] == 35
    assert [state.index for state in record.states if state.total] == [1, 2, 3, 4, 5, 5]


def test_nothing_runs_in_the_window_s_thread(qtbot: QtBot, engine: EngineThread, daubs: Daubs) -> None:
    engine.submit(daub())
    wait_idle(qtbot, engine)
    assert len(daubs.threads) == 1
    assert threading.get_native_id() not in daubs.threads


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="priority per thread is Linux's")
def test_engine_thread_is_nicer_than_the_window(qtbot: QtBot, engine: EngineThread, daubs: Daubs) -> None:
    nice: list[int] = []
    daubs.inside = lambda: nice.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    engine.submit(daub())
    wait_idle(qtbot, engine)
    assert set(nice) == {min(own + NICENESS, 19)}
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == own


def test_preview_arrives_after_the_first_step_and_owns_its_pixels(
    qtbot: QtBot, engine: EngineThread, record: Record, gated: Daubs
) -> None:
    job = engine.submit(daub())
    assert gated.gate is not None
    gated.gate.release()
    qtbot.waitUntil(lambda: bool(record.previews))
    assert gated.steps == [(1, 1)]
    seen, preview = record.previews[0]
    assert seen == job
    assert (preview.image.width(), preview.image.height()) == (6, 4)
    assert preview.image.pixelColor(5, 3).getRgb() == (1, 1, 1, 255)
    assert preview.area.getRect() == (0, 0, 12, 8)


@pytest.mark.parametrize("after", range(5))
def test_cancel_at_each_step(qtbot: QtBot, engine: EngineThread, record: Record, gated: Daubs, after: int) -> None:
    job = engine.submit(daub(seed=2))
    assert gated.gate is not None
    for _ in range(after):
        gated.gate.release()
    qtbot.waitUntil(lambda: len(record.previews) == after and engine.jobs[0].status in (LOADING, RUNNING))
    engine.cancel(job)
    assert record.cancelled == [job], "the artist sees it at once"
    assert engine.jobs[0].status == CANCELLED
    gated.gate.release()  # the step under way ends
    wait_idle(qtbot, engine)
    assert len(gated.steps) <= after + 1, "within one step"
    assert gated.closed in ([2], []), "closed where it had begun"
    assert len(record.previews) == after
    assert not record.results
    assert len(gated.threads) <= 1, "run and closed on the same thread"
    gated.gate.release(5)
    following = engine.submit(daub(seed=7))
    wait_idle(qtbot, engine)
    assert record.results[following].patch[0, 0, 0] == 75
    assert gated.loaded == ["studio"], "the model stayed"


def test_cancel_of_a_waiting_job(qtbot: QtBot, engine: EngineThread, record: Record, gated: Daubs) -> None:
    first, second, third = (engine.submit(daub(seed=seed)) for seed in (1, 2, 3))
    engine.cancel(second)
    assert gated.gate is not None
    gated.gate.release(10)
    wait_idle(qtbot, engine)
    assert set(record.results) == {first, third}
    assert {seed for seed, _ in gated.steps} == {1, 3}
    assert record.statuses(second) == [WAITING, CANCELLED]


def test_cancel_all(qtbot: QtBot, engine: EngineThread, record: Record, gated: Daubs) -> None:
    jobs = [engine.submit(daub(seed=seed)) for seed in (1, 2, 3)]
    engine.cancel_all()
    assert gated.gate is not None
    gated.gate.release(2)
    wait_idle(qtbot, engine)
    assert sorted(record.cancelled) == jobs
    assert not record.results
    assert {seed for seed, _ in gated.steps} <= {1}


def test_a_result_on_its_way_is_dropped_when_the_job_is_cancelled(
    qtbot: QtBot, engine: EngineThread, record: Record, gated: Daubs
) -> None:
    job = engine.submit(daub())
    qtbot.waitUntil(lambda: record.statuses(job)[-1] == RUNNING)
    assert gated.gate is not None
    gated.gate.release(5)
    deadline = time.monotonic() + 10
    while len(gated.steps) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)  # without handling events: everything that the thread says stays on its way
    time.sleep(0.2)
    engine.cancel(job)
    wait_idle(qtbot, engine)
    assert len(gated.steps) == 5
    assert not record.results
    assert engine.jobs[0].status == CANCELLED


def test_live_supersedes_the_live_job_before_it(
    qtbot: QtBot, engine: EngineThread, record: Record, gated: Daubs
) -> None:
    lasting = engine.submit(daub(seed=1))
    live = [engine.submit(daub(seed=seed), live=True) for seed in (2, 3, 4)]
    assert record.cancelled == live[:2], "waiting ones go at once"
    assert gated.gate is not None
    gated.gate.release(6)
    qtbot.waitUntil(lambda: (4, 1) in gated.steps)
    newest = engine.submit(daub(seed=5), live=True)
    gated.gate.release(20)
    wait_idle(qtbot, engine)
    assert record.cancelled == live
    assert gated.closed == [4], "the running one was ended"
    assert set(record.results) == {lasting, newest}


@pytest.mark.parametrize("after", range(1, 5))
def test_stop_keeps_what_there_is_and_its_replay_is_exact(
    qtbot: QtBot, engine: EngineThread, record: Record, gated: Daubs, after: int
) -> None:
    job = engine.submit(daub(seed=2))
    assert gated.gate is not None
    gated.gate.release(after)
    qtbot.waitUntil(lambda: len(record.previews) == after)
    engine.stop(job)
    gated.gate.release(10)
    wait_idle(qtbot, engine)
    stopped = record.results[job]
    assert after <= stopped.steps <= after + 1
    replay = engine.submit(stopped.recipe)
    wait_idle(qtbot, engine)
    assert np.array_equal(record.results[replay].patch, stopped.patch)
    assert record.results[replay].steps == stopped.steps


def test_stop_before_the_first_step_keeps_the_first(
    qtbot: QtBot, engine: EngineThread, record: Record, gated: Daubs
) -> None:
    job = engine.submit(daub())
    engine.stop(job)
    assert gated.gate is not None
    gated.gate.release(10)
    wait_idle(qtbot, engine)
    assert record.results[job].steps == 1


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("unknown", "unexpected problem (ZeroDivisionError)"),
        ("request", "Paint a stroke first."),
        ("memory", "did not fit into memory"),
        ("torch", "did not fit into memory"),
    ],
)
def test_an_error_becomes_a_sentence_and_the_next_job_works(
    qtbot: QtBot, engine: EngineThread, record: Record, kind: str, words: str
) -> None:
    bad, good = engine.submit(daub(fail_at=3, kind=kind)), engine.submit(daub(seed=4))
    wait_idle(qtbot, engine)
    sentence, details = record.failures[bad]
    assert words in sentence
    assert "\n" not in sentence
    assert "Traceback" in details
    assert record.statuses(bad)[-1] == FAILED
    assert next(state for state in engine.jobs if state.id == bad).sentence == sentence
    assert record.results[good].patch[0, 0, 0] == 45


def test_models_are_read_once_and_swapped(qtbot: QtBot, engine: EngineThread, daubs: Daubs) -> None:
    for model in ("studio", "studio", "other", "other", "studio"):
        engine.submit(daub(model=model))
    wait_idle(qtbot, engine)
    assert daubs.loaded == ["studio", "other", "studio"]


def test_a_model_that_cannot_be_read_fails_its_job_only(qtbot: QtBot, daubs: Daubs) -> None:
    from engine.errors import ModelMissing

    def load(model: str) -> Any:
        if model == "absent":
            raise ModelMissing("Open Models to install it.")
        return daubs.load(model)

    engine = EngineThread(daubs.methods, load, nothing)
    record = Record(engine)
    bad, good = engine.submit(daub(model="absent")), engine.submit(daub())
    wait_idle(qtbot, engine)
    engine.shutdown()
    assert record.failures[bad][0] == "Open Models to install it."
    assert good in record.results


def test_methods_are_announced(qtbot: QtBot, engine: EngineThread) -> None:
    with qtbot.waitSignal(engine.methods_found) as caught:
        engine.start()
    assert [info.id for info in caught.args[0]] == ["daub"]
    assert [info.id for info in engine.methods] == ["daub"]


def test_an_engine_that_cannot_start_says_so_and_fails_jobs(qtbot: QtBot) -> None:
    def broken() -> Any:
        raise ImportError("no libtorch")

    engine = EngineThread(broken, lambda model: None, nothing)  # type: ignore[arg-type, return-value]
    record = Record(engine)
    with qtbot.waitSignal(engine.engine_failed) as caught:
        engine.start()
    assert "no libtorch" in caught.args[0]
    job = engine.submit(daub())
    wait_idle(qtbot, engine)
    assert job in record.failures
    engine.shutdown()


def test_an_unknown_method_is_a_sentence(qtbot: QtBot, engine: EngineThread, record: Record) -> None:
    from dataclasses import replace

    job = engine.submit(replace(daub(), method="sorcery"))
    wait_idle(qtbot, engine)
    assert "sorcery" in record.failures[job][0]


def test_shutdown_in_the_middle_closes_the_run_and_ends_the_thread(
    qtbot: QtBot, engine: EngineThread, gated: Daubs
) -> None:
    engine.submit(daub(seed=9))
    assert gated.gate is not None
    gated.gate.release(2)
    qtbot.waitUntil(lambda: len(gated.steps) == 2)
    gated.gate.release()
    engine.shutdown()
    assert gated.closed == [9]
    with pytest.raises(RuntimeError, match="shut down"):
        engine.submit(daub())


def test_idle_is_said_once_everything_is_done(qtbot: QtBot, engine: EngineThread, record: Record) -> None:
    engine.submit(daub())
    with qtbot.waitSignal(engine.idle):
        engine.submit(daub(seed=2))
    assert len(record.results) == 2
