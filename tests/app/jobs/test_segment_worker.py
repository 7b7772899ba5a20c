"""The segment worker in the engine thread: round trips, parts between an edit's steps, cancel, and what is kept."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QObject, Qt, Signal
from pytestqt.qtbot import QtBot

from app.jobs.engine_thread import EngineThread
from app.jobs.segment_worker import SegmentWorker
from app.jobs.segments import BUNDLED, GRABCUT, AtWork, Find, Snap, Source
from editor.document import Document
from editor.geometry import Rect
from editor.masks import rectangle
from editor.pointing import Found, Pointing, Spot, Streak
from engine.errors import BadRequest, ModelMissing
from engine.models import store
from engine.request import Pixels, Step
from engine.segmentation import Mask, Prompts, open_segmenter
from tests.app.conftest import photo
from tests.app.jobs.conftest import Daubs, daub


@dataclass
class Plain:
    """Looks in four parts, and answers with all pixels like the one clicked on; what it did is written down."""

    title: str = "Plain"
    hovers: bool = True
    takes_clicks: bool = True
    gate: threading.Semaphore | None = None
    looks: list[Pixels] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    closed: int = 0
    asked: list[Prompts] = field(default_factory=list)

    def look(self, picture: Pixels) -> Generator[Step, None, Pixels]:
        self.looks.append(picture)
        try:
            for index in range(1, 5):
                if self.gate is not None:
                    self.gate.acquire()
                self.parts.append(index)
                yield Step(index, 4)
        except GeneratorExit:
            self.closed += 1
            raise
        return picture

    def answer(self, seen: Pixels, prompts: Prompts) -> PlainChoices:
        self.asked.append(prompts)
        if not prompts.clicks:
            raise BadRequest("Click on something.")
        click = prompts.clicks[-1]
        same = (seen == seen[int(click.y), int(click.x)]).all(axis=2)
        return PlainChoices(np.where(same, np.uint8(255), np.uint8(0)))


@dataclass
class PlainChoices:
    found: Mask
    scores: tuple[float, ...] = (0.9, 0.5)

    def mask(self, index: int = 0) -> Mask:
        return self.found if index == 0 else 255 - self.found

    def quick(self, index: int = 0) -> Mask:
        found = self.mask(index).copy()
        found[:1] = 0  # a rough edge
        return found


class Asker(QObject):
    """Puts questions to a worker in another thread and remembers what it says."""

    ask = Signal(object)
    cancel = Signal(int)

    def __init__(self, worker: SegmentWorker) -> None:
        super().__init__()
        self.answers: dict[int, Any] = {}
        self.failures: dict[int, tuple[str, str]] = {}
        self.looks: list[tuple[int, int, int]] = []
        self.at_work: list[AtWork] = []
        queued = Qt.ConnectionType.QueuedConnection
        self.ask.connect(worker.ask, queued)
        self.cancel.connect(worker.cancel, queued)
        worker.answered.connect(self.answers.__setitem__)
        worker.failed.connect(lambda number, *said: self.failures.__setitem__(number, said))
        worker.looking.connect(lambda *step: self.looks.append(step))
        worker.at_work.connect(self.at_work.append)


@pytest.fixture
def plain() -> Plain:
    return Plain()


@pytest.fixture
def asker(engine: EngineThread, plain: Plain) -> Iterator[Asker]:
    worker = SegmentWorker(lambda _model: plain)
    made = Asker(worker)
    engine.take_in(worker, worker.close)
    engine.start()
    yield made
    if plain.gate is not None:
        plain.gate.release(1000)
    engine.shutdown()


def find(number: int, document: Document, *spots: tuple[float, float], **more: Any) -> Find:
    pointing = Pointing(tuple(Spot(x, y) for x, y in spots)) if spots else None
    return Find(number, Source.of(document, merged=True), more.pop("model", "plain"), pointing, **more)


def answered(qtbot: QtBot, asker: Asker, number: int) -> Any:
    qtbot.waitUntil(lambda: number in asker.answers, timeout=60_000)
    return asker.answers[number]


def test_a_click_finds_the_square_that_it_is_on(qtbot: QtBot, asker: Asker) -> None:
    document = photo()  # a red square at (8, 8), 16 pixels wide
    asker.ask.emit(find(1, document, (10, 10)))
    found = answered(qtbot, asker, 1)
    assert isinstance(found, Found)
    assert found.shape.content() == Rect(8, 8, 16, 16)
    assert (found.choice, found.choices) == (0, 2)
    area = found.sketch.area
    assert (area.x, area.y, area.width, area.height) == (7, 7, 18, 18)
    (line,) = found.sketch.lines
    assert line.min(axis=0) == pytest.approx([8, 8], abs=0.6)
    assert line.max(axis=0) == pytest.approx([24, 24], abs=0.6)
    assert asker.at_work == [AtWork("plain", "Plain", True, True)]


def test_a_picture_is_looked_at_once(qtbot: QtBot, asker: Asker, plain: Plain) -> None:
    document = photo()
    asker.ask.emit(find(1, document))
    assert answered(qtbot, asker, 1) is None
    assert asker.looks == [(1, index, 4) for index in range(1, 5)]
    document.select(rectangle(Rect(0, 0, 5, 5), document.canvas))  # nothing that is seen
    for number in (2, 3):
        asker.ask.emit(find(number, document, (10, 10), choice=number - 2))
        assert answered(qtbot, asker, number).choice == number - 2
    assert len(plain.looks) == 1


def test_a_changed_picture_is_looked_at_again(qtbot: QtBot, asker: Asker, plain: Plain) -> None:
    document = photo()
    asker.ask.emit(find(1, document, (10, 10)))
    answered(qtbot, asker, 1)
    layer = document.layers[0].id
    document.replace(layer, visible=False)
    asker.ask.emit(find(2, document, (10, 10)))
    assert answered(qtbot, asker, 2).shape.content() == document.canvas  # all white now
    assert len(plain.looks) == 2
    assert (plain.looks[1] == 255).all()


def test_one_layer_alone_is_seen_as_it_is_in_itself() -> None:
    document = photo()
    source = Source.of(document, merged=False)
    layer = document.layers[0].id
    document.replace(layer, opacity=0.5)
    later = Source.of(document, merged=False)
    assert source.shows_same(later)
    assert (later.picture() == source.picture()).all()
    document.replace(layer, offset=(3, 0))
    assert not source.shows_same(Source.of(document, merged=False))


def test_an_edit_goes_on_while_a_picture_is_looked_at(
    qtbot: QtBot, engine: EngineThread, daubs: Daubs, asker: Asker, plain: Plain
) -> None:
    order: list[str] = []
    daubs.inside = lambda: order.append("edit")
    plain.parts = Told(order)
    job = engine.submit(daub(steps=12))
    qtbot.waitUntil(lambda: "edit" in order, timeout=60_000)
    asker.ask.emit(find(1, photo(), (10, 10)))
    answered(qtbot, asker, 1)
    qtbot.waitUntil(lambda: not engine.busy, timeout=60_000)
    assert engine.jobs[-1].id == job
    assert engine.jobs[-1].status == "done"
    assert [index for _, index in daubs.steps] == list(range(1, 13))


class Told(list[int]):
    """Writes "look" into a shared list for each part."""

    def __init__(self, order: list[str]) -> None:
        super().__init__()
        self._order = order

    def append(self, part: int) -> None:
        self._order.append("look")
        super().append(part)


def test_parts_of_a_look_and_steps_of_an_edit_take_turns(
    qtbot: QtBot, engine: EngineThread, gated: Daubs, asker: Asker, plain: Plain
) -> None:
    order: list[str] = []
    gated.inside = lambda: order.append("edit")
    plain.parts = Told(order)
    engine.submit(daub(steps=6))
    asker.ask.emit(find(1, photo(), (10, 10)))
    assert gated.gate is not None
    gated.gate.release(6)
    answered(qtbot, asker, 1)
    qtbot.waitUntil(lambda: not engine.busy, timeout=60_000)
    assert order.count("edit") == 6
    assert order.count("look") == 4
    both = "".join(part[0] for part in order)
    assert "elel" in both
    assert "lll" not in both


def test_a_cancelled_look_ends_at_once_and_says_nothing(qtbot: QtBot, asker: Asker, plain: Plain) -> None:
    plain.gate = threading.Semaphore(0)
    document = photo()
    asker.ask.emit(find(1, document))
    qtbot.waitUntil(lambda: len(plain.looks) == 1, timeout=60_000)
    asker.cancel.emit(1)
    plain.gate.release(1)
    qtbot.waitUntil(lambda: plain.closed == 1, timeout=60_000)
    assert plain.parts == [1]
    plain.gate.release(4)
    asker.ask.emit(find(2, document, (10, 10)))
    answered(qtbot, asker, 2)
    assert 1 not in asker.answers
    assert 1 not in asker.failures
    assert len(plain.looks) == 2


def test_what_cannot_be_answered_is_said_to_a_click_and_not_to_the_pointer(qtbot: QtBot, asker: Asker) -> None:
    document = photo()
    box = Pointing(box=Rect(2, 2, 5, 5))
    asker.ask.emit(Find(1, Source.of(document, merged=True), "plain", box))
    qtbot.waitUntil(lambda: 1 in asker.failures, timeout=60_000)
    assert asker.failures[1] == ("Click on something.", "")
    asker.ask.emit(Find(2, Source.of(document, merged=True), "plain", box, hovering=True))
    assert answered(qtbot, asker, 2) is None


def test_the_pointer_may_have_a_rough_answer(qtbot: QtBot, asker: Asker) -> None:
    document = photo()
    asker.ask.emit(find(1, document, (50.0, 0.0), hovering=True, rough=True))
    found = answered(qtbot, asker, 1)
    assert found.rough
    assert found.shape.content().y == 1
    asker.ask.emit(find(2, document, (50.0, 0.0), hovering=True))
    found = answered(qtbot, asker, 2)
    assert not found.rough
    assert found.shape.content().y == 0


def test_a_slow_segmenter_is_not_asked_for_the_pointer(qtbot: QtBot, asker: Asker, plain: Plain) -> None:
    plain.hovers = False
    asker.ask.emit(find(1, photo(), (10, 10), hovering=True))
    assert answered(qtbot, asker, 1) is None
    assert plain.looks == []


def test_a_rough_selection_is_refined(qtbot: QtBot, asker: Asker, plain: Plain) -> None:
    document = photo()
    document.select(rectangle(Rect(5, 6, 20, 20), document.canvas))
    plain.answer = lambda seen, prompts: PlainChoices(  # type: ignore[method-assign]
        np.where((seen == (200, 40, 30)).all(axis=2), np.uint8(255), np.uint8(0))
    )
    asker.ask.emit(Snap(1, Source.of(document, merged=True), "plain", None))
    mask = answered(qtbot, asker, 1)
    assert mask.content() == Rect(8, 8, 16, 16)


def test_without_the_bundled_network_grabcut_serves(qtbot: QtBot, engine: EngineThread) -> None:
    def missing(model: str) -> Any:
        if model == BUNDLED:
            raise ModelMissing("gone")
        return open_segmenter(model)

    worker = SegmentWorker(missing)
    asker = Asker(worker)
    engine.take_in(worker, worker.close)
    engine.start()
    document = photo()
    asker.ask.emit(find(1, document, (10, 10), model=BUNDLED))
    qtbot.waitUntil(lambda: 1 in asker.failures, timeout=60_000)
    assert "Draw a box around the thing" in asker.failures[1][0]
    assert asker.at_work[-1].title.startswith("GrabCut")
    assert not asker.at_work[-1].takes_clicks
    box = Pointing(box=Rect(4, 4, 26, 26))
    asker.ask.emit(Find(2, Source.of(document, merged=True), GRABCUT, box))
    assert answered(qtbot, asker, 2).shape.content() == Rect(8, 8, 16, 16)
    streaks = Pointing((), (Streak(((12, 12), (20, 20)), 2.0), Streak(((40, 40), (80, 50)), 3.0, False)))
    asker.ask.emit(Find(3, Source.of(document, merged=True), GRABCUT, streaks))
    found = answered(qtbot, asker, 3).shape.read(document.canvas)[..., 0]
    assert found[12, 12] == 255
    assert found[45, 60] == 0


def test_a_real_network_answers_in_the_thread(qtbot: QtBot, engine: EngineThread, tmp_path: Path) -> None:
    model = str(store.models_folder() / BUNDLED)
    if not (Path(model) / "model.safetensors").is_file():
        from tests.engine.tiny_sam import write_folder

        model = str(write_folder(tmp_path / "sam"))
    worker = SegmentWorker()
    asker = Asker(worker)
    engine.take_in(worker, worker.close)
    engine.start()
    importlib.import_module("engine.sam")  # here, because the thread gives way to all else that the machine does
    document = photo(128, 96)
    asker.ask.emit(find(1, document, (16, 16), model=model))
    found = answered(qtbot, asker, 1)
    assert found.choices == 3
    assert asker.looks
    assert all(number == 1 for number, _, _ in asker.looks)
    asker.ask.emit(find(2, document, (16, 16), (90, 60), model=model, choice=2))
    assert answered(qtbot, asker, 2).choice == 2
    assert asker.at_work[-1].hovers


def test_a_model_that_cannot_be_read_is_told(qtbot: QtBot, engine: EngineThread, tmp_path: Path) -> None:
    broken = tmp_path / "sam_vit_b.pth"
    broken.write_bytes(b"no weights")
    worker = SegmentWorker()
    asker = Asker(worker)
    engine.take_in(worker, worker.close)
    engine.start()
    importlib.import_module("engine.sam")
    asker.ask.emit(find(1, photo(), (10, 10), model=str(broken)))
    qtbot.waitUntil(lambda: 1 in asker.failures, timeout=60_000)
    sentence, details = asker.failures[1]
    assert sentence.startswith("The segmentation model “sam_vit_b.pth” cannot be used")
    assert "Traceback" in details
