"""Select by click: carries the tool's questions to the engine thread, and answers back; the window never waits."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

from app import dialogs
from app.documents import Documents
from app.errors import Messages
from app.jobs.engine_thread import EngineThread
from app.jobs.queue import RUNNING, JobState
from app.jobs.segment_worker import SegmentWorker
from app.jobs.segments import BUNDLED, GRABCUT, AtWork, Find, Question, Snap, Source
from app.parts.selection import SelectionPart
from app.parts.tools import ToolsPart
from app.settings import Settings
from editor.document import Document
from editor.pointing import Found, Pointing
from editor.tools.click import ClickTool

AUTOMATIC = ""
STUDIO_SIDE = 512  # pixels: up to this size a picture may be one of the world that the bundled network knows
PATIENCE = 250  # ms that an answer may take before the status line shows progress
RESTING = 60  # ms that the pointer rests before the edge of what it is offered is worked out
SETTLING = 150  # ms after a change of the picture before it is looked at again


@dataclass(frozen=True, eq=False)
class _Asked:
    """A question, and who waits for the answer."""

    document: Document
    done: Callable[[Any], None]
    pose: Callable[[Source], Question]  # about the picture as it then is
    hovering: bool = False
    looks: bool = False


class ClicksPart(QObject):
    """At most one question is with the engine. Clicks wait in their order, of the pointer's places only the newest.

    An answer about a picture that has changed meanwhile is never given: it is asked for again.

    Signals:
        looking: a JobState while an answer takes long, else None.
        changed: what the tool shows over the picture, or its choices.
        at_work_changed: an AtWork, or None while none is known.
    """

    looking = Signal(object)
    changed = Signal()
    at_work_changed = Signal(object)
    _ask = Signal(object)
    _let_go = Signal(int)

    def __init__(
        self,
        documents: Documents,
        tools: ToolsPart,
        selection: SelectionPart,
        messages: Messages,
        settings: Settings,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._documents, self._tools, self._selection = documents, tools, selection
        self._messages, self._settings, self._window = messages, settings, window
        self._worker: SegmentWorker | None = None
        self._numbers = count(1)
        self._clicks: deque[_Asked] = deque()
        self._hover: _Asked | None = None
        self._current: tuple[_Asked, Question] | None = None
        self._seen: tuple[Source, str] | None = None  # looked at last, and by which model
        self._given_up: tuple[Source, str] | None = None  # the artist cancelled the look
        self.at_work: AtWork | None = None
        self.tool = self._own_tool()
        self._settled = QTimer(self, singleShot=True, interval=SETTLING)
        self._settled.timeout.connect(self._look)
        self._finer: _Asked | None = None  # the pointer's place once more
        self._resting = QTimer(self, singleShot=True, interval=RESTING)
        self._resting.timeout.connect(self._ask_finer)
        self._slow = QTimer(self, singleShot=True, interval=PATIENCE)
        self._slow.timeout.connect(lambda: self._show_progress(0, 0))
        tools.tool_changed.connect(lambda _: self._look())
        tools.options_changed.connect(self._follow)
        documents.current_changed.connect(lambda _: self._look())
        documents.changed.connect(self._follow)

    def _own_tool(self) -> ClickTool:
        tool = self._tools.tools[ClickTool.id]
        assert isinstance(tool, ClickTool)
        tool.finder, tool.changed = self, self.changed.emit
        return tool

    def attach(self, engine: EngineThread) -> None:
        """Ask in this engine's thread from now on."""
        self._worker = worker = SegmentWorker()
        queued = Qt.ConnectionType.QueuedConnection
        self._ask.connect(worker.ask, queued)
        self._let_go.connect(worker.cancel, queued)
        worker.at_work.connect(self._note_at_work, queued)
        worker.looking.connect(self._note_look, queued)
        worker.answered.connect(self._answer, queued)
        worker.failed.connect(self._fail, queued)
        engine.take_in(worker, worker.close)
        self._look()

    # what the tool asks

    @property
    def hovers(self) -> bool:
        return self.at_work is None or self.at_work.hovers

    def hover(self, document: Document, pointing: Pointing, choice: int, found: Callable[[Found], None]) -> None:
        if self._worker is None or self._known(self._given_up, document):
            return
        finer = _Asked(document, _unless_none(found), self._finding(document, pointing, choice, hovering=True), True)

        def tell(answer: Found | None) -> None:
            if answer is not None:
                found(answer)
                if answer.rough and self._hover is None:
                    self._finer = finer
                    self._resting.start()

        self._finer = None
        rough = self._finding(document, pointing, choice, hovering=True, rough=True)
        self._hover = _Asked(document, tell, rough, True)
        self._ask_next()

    def _ask_finer(self) -> None:
        """The pointer rests: work the edge out."""
        if self._hover is None:
            self._hover, self._finer = self._finer, None
            self._ask_next()

    def leave(self) -> None:
        self._hover = self._finer = None
        if self._current is not None and self._current[0].hovering:
            self._drop_current()
            self._ask_next()

    def find(self, document: Document, pointing: Pointing, choice: int, found: Callable[[Found | None], None]) -> None:
        def tell(answer: Found | None) -> None:
            if answer is not None and not answer.shape.tiles:
                self._messages.info(self.tr("Nothing was found there. Click on another place, or draw a box."))
                answer = None
            found(answer)

        if self._worker is None:
            self._messages.info(self.tr("The engine is still starting. Try again in a moment."))
            tell(None)
            return
        self._given_up = None
        self._clicks.append(_Asked(document, tell, self._finding(document, pointing, choice)))
        self._ask_next()

    def _finding(
        self,
        document: Document,
        pointing: Pointing | None,
        choice: int = 0,
        *,
        hovering: bool = False,
        rough: bool = False,
    ) -> Callable[[Source], Question]:
        model = self._model_for(document)
        return lambda source: Find(next(self._numbers), source, model, pointing, choice, hovering, rough)

    # what the artist does

    def refine(self) -> None:
        """Let the edge of the mask in hand snap to what it was meant for."""
        document = self._documents.current
        if document is None:
            return
        if self._worker is None:
            self._messages.info(self.tr("The engine is still starting. Try again in a moment."))
            return
        owner, snapshot, model = document.mask_in_hand, document.snapshot(), self._model_for(document)
        self._clicks.append(
            _Asked(
                document,
                lambda mask: self._selection.take(document, snapshot, owner, self.tr("Refine {}"), mask),
                lambda source: Snap(next(self._numbers), source, model, owner),
            )
        )
        self._ask_next()

    def cancel(self) -> bool:
        """Stop looking at the picture until the next click; False when nothing is looked for."""
        if self._current is None or self._current[0].hovering:
            return False
        asked, question = self._current
        self._given_up = (question.source, question.model)
        self._drop_current()
        waiting, self._hover = [asked, *self._clicks], None
        self._clicks.clear()
        for one in waiting:
            if not one.looks and isinstance(question, Find):
                one.done(None)
        return True

    def choose(self, model: str) -> None:
        """Let another segmenter answer: "" = the one that fits the picture, or an id or path."""
        self._settings.segmenter = model
        self.tool.leave()
        self._given_up = None
        self._look()
        self.at_work_changed.emit(self.at_work)

    def choose_checkpoint(self) -> None:
        """Ask for a checkpoint of segment-anything, and let it answer."""
        path = dialogs.ask_open_checkpoint(self._window, self._settings.folder)
        if path is not None:
            self._settings.checkpoint = path
            self.choose(str(path))

    def next_choice(self) -> None:
        """Show another of the masks that fit."""
        document = self._documents.current
        if document is not None:
            self.tool.choose(document, 1)

    # which segmenter

    @property
    def chosen(self) -> str:
        """The artist's choice; "" = as it fits the picture."""
        return self._settings.segmenter

    @property
    def checkpoint(self) -> Path | None:
        """The checkpoint that the artist chose last."""
        return self._settings.checkpoint

    def _model_for(self, document: Document) -> str:
        """The chosen one; else the artist's checkpoint; else the bundled network for what it may know, or GrabCut."""
        if self._settings.segmenter != AUTOMATIC:
            return self._settings.segmenter
        checkpoint = self._settings.checkpoint
        if checkpoint is not None:
            return str(checkpoint)
        return BUNDLED if max(document.size) <= STUDIO_SIDE else GRABCUT

    def _note_at_work(self, now: AtWork) -> None:
        self.at_work = now
        if not now.hovers:
            self.tool.leave()
        self.at_work_changed.emit(now)

    # looking at the picture

    def _source(self, document: Document) -> Source:
        return Source.of(document, merged=self._tools.options.settings.sample_merged)

    def _known(self, kept: tuple[Source, str] | None, document: Document) -> bool:
        """Whether what is kept is about the picture as it is now."""
        return kept is not None and kept[1] == self._model_for(document) and kept[0].shows_same(self._source(document))

    def _look(self) -> None:
        """Look at the picture once, before the first question, while the tool is in hand."""
        document = self._documents.current
        if document is None or self._worker is None or self._tools.tool is not self.tool:
            return
        known = self._known(self._seen, document) or self._known(self._given_up, document)
        if known or (self._current is not None and self._is_fresh(*self._current)):
            return
        if not any(asked.looks for asked in self._clicks):
            self._clicks.append(_Asked(document, lambda _: None, self._finding(document, None), looks=True))
        self._ask_next()

    def _follow(self, *_: object) -> None:
        """The picture may have changed: forget what was offered, and look again once it rests."""
        document = self._documents.current
        if document is None or self._tools.tool is not self.tool or self._known(self._seen, document):
            return
        if self._seen is not None:
            self.tool.leave()
        if self._current is not None and not self._is_fresh(*self._current):
            self._repeat()
        self._settled.start()

    # one question after the other

    def _is_fresh(self, asked: _Asked, question: Question) -> bool:
        """Whether the question is about the picture as it is now."""
        return question.source.shows_same(self._source(asked.document))

    def _ask_next(self) -> None:
        if self._current is not None:
            return
        if self._clicks:
            asked = self._clicks.popleft()
        elif self._hover is not None:
            asked, self._hover = self._hover, None
        else:
            return
        question = asked.pose(self._source(asked.document))
        self._current = (asked, question)
        if not asked.hovering:
            self._slow.start()
        self._ask.emit(question)

    def _take_current(self, number: int) -> tuple[_Asked, Question] | None:
        """The question that is answered now; None where it was let go of meanwhile."""
        if self._current is None or self._current[1].number != number:
            return None
        current, self._current = self._current, None
        self._end_progress()
        return current

    def _drop_current(self) -> None:
        if self._current is not None:
            self._let_go.emit(self._current[1].number)
            self._current = None
            self._end_progress()

    def _repeat(self) -> None:
        """Ask again what the engine works on, about the picture as it is now; the pointer's place only if it rests."""
        if self._current is None:
            return
        asked = self._current[0]
        self._drop_current()
        if not asked.hovering:
            self._clicks.appendleft(asked)
        elif self._hover is None:
            self._hover = asked
        self._ask_next()

    def _answer(self, number: int, answer: Any) -> None:
        current = self._take_current(number)
        if current is None:
            return
        asked, question = current
        if asked.document not in self._documents:
            pass  # closed meanwhile
        elif self._is_fresh(asked, question):
            self._seen = (question.source, question.model)
            asked.done(answer)
        else:
            self._current = current
            self._repeat()
        self._ask_next()

    def _fail(self, number: int, sentence: str, details: str) -> None:
        current = self._take_current(number)
        if current is None:
            return
        asked, question = current
        if details:
            self._messages.error(sentence, details)
            self._given_up = (question.source, question.model)
        elif not asked.hovering:
            self._messages.info(sentence)
        if isinstance(question, Find):
            asked.done(None)
        self._ask_next()

    # progress

    def _note_look(self, number: int, index: int, total: int) -> None:
        if self._current is not None and self._current[1].number == number and not self._slow.isActive():
            self._show_progress(index, total)

    def _show_progress(self, index: int, total: int) -> None:
        self.looking.emit(JobState(0, self.tr("Looking at the picture"), RUNNING, index, total))

    def _end_progress(self) -> None:
        self._slow.stop()
        self.looking.emit(None)


def _unless_none(found: Callable[[Found], None]) -> Callable[[Found | None], None]:
    """The pointer is told nothing where nothing was found."""
    return lambda answer: found(answer) if answer is not None else None
