"""What happens to a tool's gesture when its events do not come as they should."""

from __future__ import annotations

import numpy as np
import pytest

from app.canvas.gesture import ToolGesture
from editor.composite import composite
from editor.document import Document
from editor.errors import DocumentError
from editor.events import Phase, PointerEvent
from editor.tools import TOOLS, Tool, ToolOptions
from tests.app.canvas.scenes import photo_document, strokes_document

NAN = float("nan")


class Recorder(Tool):
    """Remembers phases and places; raises what it is given at a phase."""

    id, title, shortcut = "recorder", "Recorder", ""

    def __init__(self) -> None:
        super().__init__(ToolOptions())
        self.told: list[tuple[Phase, float]] = []
        self.cancelled = 0
        self.failing: tuple[Phase, Exception] | None = None

    def _take(self, event: PointerEvent) -> None:
        if self.failing is not None and self.failing[0] is event.phase:
            raise self.failing[1]
        self.told.append((event.phase, event.x))

    def press(self, document: Document, event: PointerEvent) -> None:
        self.active = True
        self._take(event)

    def move(self, document: Document, event: PointerEvent) -> None:
        self._take(event)

    def release(self, document: Document, event: PointerEvent) -> None:
        self._take(event)
        self.active = False

    def cancel(self, document: Document) -> None:
        self.active = False
        self.cancelled += 1


class Stage:
    """A gesture over a document with what it told."""

    def __init__(self, tool: Tool, document: Document | None = None) -> None:
        self.finished: list[str] = []
        self.failed: list[str] = []
        self.document = document or photo_document(60, 40)
        self.gesture = ToolGesture(self.finished.append, self.failed.append)
        self.gesture.use(self.document, tool)

    def send(self, *events: tuple[Phase, float]) -> None:
        for phase, x in events:
            self.gesture.handle(PointerEvent(phase, x, 20.0))


def test_a_lost_release_ends_the_gesture_where_the_pointer_was() -> None:
    tool = Recorder()
    stage = Stage(tool)
    stage.send((Phase.PRESS, 1), (Phase.MOVE, 5), (Phase.HOVER, 50))
    assert tool.told[2:] == [(Phase.RELEASE, 5), (Phase.HOVER, 50)]
    assert not stage.gesture.active
    stage.send((Phase.PRESS, 1), (Phase.PRESS, 9))
    assert tool.told[4:] == [(Phase.PRESS, 1), (Phase.RELEASE, 1), (Phase.PRESS, 9)]
    assert stage.gesture.active
    assert tool.cancelled == 0


@pytest.mark.parametrize("phase", [Phase.PRESS, Phase.MOVE, Phase.RELEASE])
def test_any_error_leaves_no_half_made_gesture(phase: Phase) -> None:
    events = [(Phase.PRESS, 1.0), (Phase.MOVE, 5.0), (Phase.RELEASE, 5.0)]
    tool = Recorder()
    stage = Stage(tool)
    tool.failing = (phase, DocumentError("This layer is locked."))
    stage.send(*events[: [p for p, _ in events].index(phase) + 1])
    assert (stage.failed, tool.cancelled, stage.gesture.active) == (["This layer is locked."], 1, False)
    tool.failing = (phase, MemoryError("no memory"))
    with pytest.raises(MemoryError):
        stage.send(*events)
    assert (len(stage.failed), tool.cancelled, stage.gesture.active) == (1, 2, False)


def test_an_error_in_the_brush_takes_its_new_layer_back(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(TOOLS["brush"](ToolOptions()))
    before = stage.document.snapshot()
    stage.send((Phase.PRESS, 10.0))
    assert len(stage.document.layers) == 2
    monkeypatch.setattr("editor.painting.painted", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        stage.send((Phase.MOVE, 30.0))
    assert stage.document.layers == before.layers
    assert stage.document.active == before.active
    assert not stage.document.history.steps


def test_places_that_are_no_numbers_are_left_out() -> None:
    tool = Recorder()
    stage = Stage(tool)
    stage.send((Phase.HOVER, NAN), (Phase.PRESS, NAN), (Phase.PRESS, 3), (Phase.MOVE, float("inf")), (Phase.MOVE, 6))
    stage.send((Phase.RELEASE, NAN))
    assert tool.told == [(Phase.PRESS, 3), (Phase.MOVE, 6), (Phase.RELEASE, 6)]


def test_a_pen_without_a_pressure_still_paints_and_ends() -> None:
    stage = Stage(TOOLS["brush"](ToolOptions()), strokes_document(60, 40))
    before = composite(stage.document.snapshot())
    stage.send((Phase.PRESS, 10.0))
    stage.gesture.handle(PointerEvent(Phase.MOVE, 30.0, 20.0, pressure=NAN))
    stage.send((Phase.RELEASE, 30.0))
    assert stage.finished == ["brush"]
    assert not np.array_equal(composite(stage.document.snapshot()), before)


def test_escape_takes_back_a_fill_that_is_still_pressed() -> None:
    stage = Stage(TOOLS["fill"](ToolOptions()))
    before = stage.document.snapshot()
    stage.send((Phase.PRESS, 10.0))
    assert stage.gesture.cancel()
    stage.send((Phase.RELEASE, 10.0))
    assert stage.document.layers == before.layers
    assert (stage.document.history.steps, stage.finished) == ([], [])
