"""The thread with the real engine on a tiny random model: what cancel, stop and results leave behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.jobs import bridge, results
from app.jobs.engine_start import discover_methods, load_model
from app.jobs.engine_thread import EngineThread
from app.jobs.queue import JobState
from editor.composite import composite
from editor.document import Document
from editor.layers import ImageLayer, Role
from editor.tiles import TiledImage
from engine.request import EditResult

ROOT = Path(__file__).resolve().parents[3]
STEPS = 4  # network steps of the edits below


class Models:
    """Reads models and remembers them, so that a test can look inside."""

    def __init__(self) -> None:
        self.read: list[Any] = []

    def load(self, model: str) -> Any:
        self.read.append(load_model(model))
        return self.read[-1]

    def state(self) -> tuple[Any, ...]:
        """Everything about the network that an edit might leave changed."""
        (backbone,) = self.read
        unet = backbone.unet
        weights = tuple((name, float(value.double().sum())) for name, value in unet.state_dict().items())
        hooks = sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in unet.modules())
        processors = tuple((name, type(each).__name__) for name, each in unet.attn_processors.items())
        return weights, hooks, processors, unet.training


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    from tests.engine.tiny_models import write_sd15

    return str(write_sd15(tmp_path_factory.mktemp("models") / "sd15"))


@pytest.fixture
def models() -> Models:
    return Models()


@pytest.fixture
def engine(models: Models, qapp: Any) -> Iterator[EngineThread]:
    thread = EngineThread(discover_methods, models.load)
    yield thread
    thread.shutdown()


@pytest.fixture
def document() -> Document:
    """A noise photo of 160 x 128 with a stroke and a selection around it."""
    rng = np.random.default_rng(3)
    photo = np.full((128, 160, 4), 255, np.uint8)
    photo[..., :3] = rng.integers(0, 256, (128, 160, 3))
    strokes = np.zeros((128, 160, 4), np.uint8)
    strokes[50:80, 60:100] = (210, 40, 30, 255)
    mask = np.zeros((128, 160), np.uint8)
    mask[44:86, 54:106] = 255
    document = Document(160, 128)
    document.insert(ImageLayer(name="Photo", pixels=TiledImage.from_array(photo)), None, 0)
    layer = ImageLayer(name="Strokes", role=Role.STROKES, pixels=TiledImage.from_array(strokes))
    document.insert(layer, None, 1)
    document.select(TiledImage.from_array(mask))
    return document


def prepared(document: Document, model: str, seed: int = 5) -> bridge.PreparedEdit:
    values = {"steps": 5, "strength": 0.8, "grow": 4, "feather": 4}
    return bridge.prepare(document, "sdedit", values, "a red ball", seed=seed, model=model)


def wait_idle(qtbot: QtBot, engine: EngineThread) -> None:
    qtbot.waitUntil(lambda: not engine.busy, timeout=60_000)


def result_of(qtbot: QtBot, engine: EngineThread, edit: Any) -> EditResult:
    with qtbot.waitSignal(engine.finished, timeout=60_000) as caught:
        engine.submit(edit)
    wait_idle(qtbot, engine)
    result = caught.args[1]
    assert isinstance(result, EditResult)
    return result


def test_result_is_one_undo_step_and_outside_the_mask_nothing_changed(
    qtbot: QtBot, engine: EngineThread, document: Document, tiny_model: str
) -> None:
    from engine.masking import dilate

    before = composite(document.snapshot())
    steps = len(document.history.steps)
    previews: list[Any] = []
    engine.preview.connect(lambda job, preview: previews.append(preview))
    result = result_of(qtbot, engine, prepared(document, tiny_model))
    assert result.steps == STEPS
    assert len(previews) == STEPS, "one after each network step, the first included"
    layer = results.apply_result(document, result)
    after = composite(document.snapshot())
    mask = result.recipe.mask
    assert mask is not None
    outside = dilate(mask, 8) == 0
    assert outside.any()
    assert np.array_equal(after[outside], before[outside])
    assert np.abs(after[60:70, 70:90, :3].astype(int) - before[60:70, 70:90, :3]).mean() > 2
    assert len(document.history.steps) == steps + 1
    document.history.undo()
    assert np.array_equal(composite(document.snapshot()), before)
    document.history.redo()
    assert np.array_equal(composite(document.snapshot()), after)
    again = result_of(qtbot, engine, bridge.prepare_again(document, layer))
    assert np.array_equal(again.patch, result.patch), "the recipe in the layer gives the same pixels"


@pytest.mark.parametrize("at", range(STEPS))
def test_cancel_at_each_step_leaves_document_thread_and_model_as_they_were(
    qtbot: QtBot, engine: EngineThread, models: Models, document: Document, tiny_model: str, at: int
) -> None:
    reference = result_of(qtbot, engine, prepared(document, tiny_model))
    before, state, snapshot = composite(document.snapshot()), models.state(), document.snapshot()
    results: list[int] = []

    def watch(job: JobState) -> None:
        if job.id == 2 and job.status == "running" and job.index == at:
            engine.cancel(2)

    engine.job_changed.connect(watch)
    engine.finished.connect(lambda job, result: results.append(job))
    engine.submit(prepared(document, tiny_model, seed=6))
    wait_idle(qtbot, engine)
    assert engine.jobs[-1].status == "cancelled"
    assert not results
    assert document.snapshot() is snapshot
    assert np.array_equal(composite(document.snapshot()), before)
    assert models.state() == state
    again = result_of(qtbot, engine, prepared(document, tiny_model))
    assert np.array_equal(again.patch, reference.patch)
    assert np.array_equal(again.alpha, reference.alpha)
    assert len(models.read) == 1


@pytest.mark.parametrize("at", range(1, STEPS))
def test_stop_keeps_what_there_is_and_its_replay_is_exact(
    qtbot: QtBot, engine: EngineThread, document: Document, tiny_model: str, at: int
) -> None:
    def watch(job: JobState) -> None:
        if job.id == 1 and job.index == at:
            engine.stop(1)

    engine.job_changed.connect(watch)
    stopped = result_of(qtbot, engine, prepared(document, tiny_model))
    assert at <= stopped.steps <= at + 1 or stopped.steps == STEPS
    layer = results.apply_result(document, stopped)
    replay = result_of(qtbot, engine, bridge.request_of(document[layer]))
    assert np.array_equal(replay.patch, stopped.patch)
    assert np.array_equal(replay.alpha, stopped.alpha)
    assert replay.steps == stopped.steps


def test_a_missing_model_is_a_sentence_and_the_next_job_works(
    qtbot: QtBot, engine: EngineThread, document: Document, tiny_model: str
) -> None:
    with qtbot.waitSignal(engine.failed, timeout=60_000) as caught:
        engine.submit(prepared(document, "no-such-model"))
    assert "no-such-model" in caught.args[1]
    assert "\n" not in caught.args[1]
    assert result_of(qtbot, engine, prepared(document, tiny_model)).steps == STEPS


_PROBE = """
import json, os, pathlib, sys, threading
from PySide6.QtCore import QCoreApplication, QTimer
from app.jobs import bridge, engine_start, method_info
from app.jobs.engine_thread import EngineThread

def nice():
    found = {}
    for task in pathlib.Path("/proc/self/task").iterdir():
        found[int(task.name)] = os.getpriority(os.PRIO_PROCESS, int(task.name))
    return found

application = QCoreApplication([])
alone = nice()
engine_start.start_shared_threads()
before = nice()
engine = EngineThread()
early = "torch" in sys.modules
listed = [info.id for info in engine.methods]
said = {}

def done(job, result):
    later = nice()
    new = {tid: level for tid, level in later.items() if tid not in before}
    said.update(own=later[os.getpid()], new=sorted(new.values()), steps=result.steps, threads=len(new))
    said.update(shared=[later[tid] for tid in before if tid not in alone])
    application.quit()

engine.finished.connect(done)
engine.failed.connect(lambda job, sentence, details: (said.update(failed=details), application.quit()))
import numpy as np
from engine.request import EditRequest
info = next(info for info in engine.methods if info.id == "sdedit")
values = method_info.parameters_class(info).from_json({"steps": 5})
image = np.full((256, 256, 3), 90, np.uint8)
engine.submit(EditRequest("sdedit", image, values, "a red ball", model=sys.argv[1]))
application.exec()
engine.shutdown()
said.update(early=early, listed=listed, torch="torch" in sys.modules)
print(json.dumps(said))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="priority per thread is Linux's")
def test_torch_s_own_threads_are_nice_too_and_torch_comes_late(tiny_model: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, tiny_model],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert not said["early"], "the window's thread imports no torch"
    assert "sdedit" in said["listed"], "the methods are known before torch is"
    assert said["torch"]
    assert said["steps"] == 3
    assert said["threads"] >= 2, "the engine thread and torch's workers"
    wanted = min(said["own"] + 10, 19)
    assert set(said["new"]) == {wanted}
    assert said["shared"], "compositing has helper threads"
    assert set(said["shared"]) == {said["own"]}, "which stay the window's"
    assert "Traceback" not in done.stderr
