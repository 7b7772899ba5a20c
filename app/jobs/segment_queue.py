"""Questions to the segment worker as the window asks them: one at a time, never about a picture that has changed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.jobs.engine_thread import EngineThread
from app.jobs.queue import RUNNING, JobState
from app.jobs.segment_worker import SegmentWorker
from app.jobs.segments import Question, Source
from editor.document import Document

PATIENCE = 250  # ms that an answer may take before progress is told
RESTING = 60  # ms that the pointer rests before it is asked for more precisely


def nothing() -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, eq=False)
class Asked:
    """A question, and who waits for the answer.

    Attributes:
        pose: the question of that number, about the picture as it is when its turn comes.
        done: gets the answer.
        refused: called instead where there is none.
        hovering: the pointer asks; of such questions only the newest counts.
        looks: it is asked only so that the picture is looked at.
    """

    document: Document
    pose: Callable[[int, Source], Question]
    done: Callable[[Any], None]
    refused: Callable[[], None] = nothing
    hovering: bool = False
    looks: bool = False


class SegmentQueue(QObject):
    """At most one question is with the engine. Clicks wait in their order, of the pointer's places only the newest.

    An answer about a picture that has changed meanwhile is not given: the question is asked again.

    Args:
        source_of: a document as it is to be looked at now; None = it was closed.

    Signals:
        at_work: an AtWork: another segmenter answers than before.
        looking: a JobState while an answer takes long, else None.
        failed: question, sentence, details (empty where the artist asked for what cannot be).
    """

    at_work = Signal(object)
    looking = Signal(object)
    failed = Signal(object, str, str)
    _ask = Signal(object)
    _let_go = Signal(int)
    _forget = Signal(object)

    def __init__(self, source_of: Callable[[Document], Source | None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source_of = source_of
        self._worker: SegmentWorker | None = None
        self._numbers = count(1)
        self._waiting: deque[Asked] = deque()
        self._hover: Asked | None = None
        self._finer: Asked | None = None  # the pointer's place once more
        self._current: tuple[Asked, Question] | None = None
        self.seen: Question | None = None  # the last one that was answered
        self._resting = QTimer(self, singleShot=True, interval=RESTING)
        self._resting.timeout.connect(self._ask_finer)
        self.slow = QTimer(self, singleShot=True, interval=PATIENCE)
        self.slow.timeout.connect(lambda: self._tell_progress(0, 0))

    def attach(self, engine: EngineThread) -> None:
        """Ask in this engine's thread from now on."""
        self._worker = worker = SegmentWorker()
        queued = Qt.ConnectionType.QueuedConnection
        self._ask.connect(worker.ask, queued)
        self._let_go.connect(worker.cancel, queued)
        self._forget.connect(worker.forget, queued)
        worker.at_work.connect(self.at_work, queued)
        worker.looking.connect(self._note_look, queued)
        worker.answered.connect(self._answer, queued)
        worker.failed.connect(self._fail, queued)
        engine.take_in(worker, worker.close)

    @property
    def ready(self) -> bool:
        """Whether there is an engine to ask."""
        return self._worker is not None

    @property
    def idle(self) -> bool:
        """Whether nothing is asked and nothing is about to be."""
        waits = self._waiting or self._hover is not None or self._resting.isActive()
        return self._current is None and not waits

    def looks_at(self, document: Document, model: str) -> bool:
        """Whether this model looks at the picture as it is now, or is about to."""
        if any(asked.looks and asked.document is document for asked in self._waiting):
            return True
        if self._current is None or self._current[0].document is not document:
            return False
        return self._current[1].model == model and self._is_fresh(*self._current)

    # asking

    def ask(self, asked: Asked) -> None:
        """Ask after everything that waits."""
        self._waiting.append(asked)
        self._ask_next()

    def hover(self, roughly: Asked, precisely: Asked) -> None:
        """Ask for the pointer, in the place of what was asked for it before; precisely as soon as it rests."""
        self._stop_resting()
        self._hover = Asked(
            roughly.document, roughly.pose, lambda found: self._offer(found, roughly, precisely), hovering=True
        )
        self._ask_next()

    def leave(self) -> None:
        """Forget what is asked for the pointer."""
        self._hover = None
        self._stop_resting()
        if self._current is not None and self._current[0].hovering:
            self._drop_current()
            self._ask_next()

    def recheck(self) -> None:
        """The picture may have changed: begin anew with what the engine works on, if that is about another one."""
        if self._current is not None and not self._is_fresh(*self._current):
            self._repeat(self._current[0])

    def cancel(self) -> Question | None:
        """Let go of everything; None where no click and no look was under way, else what the engine worked on."""
        if self._current is None or self._current[0].hovering:
            return None
        asked, question = self._current
        self._drop_current()
        refused, self._hover = [asked, *self._waiting], None
        self._stop_resting()
        self._waiting.clear()
        for one in refused:
            one.refused()
        return question

    def forget(self, document: Document) -> None:
        """It was closed: let go of its picture, and of what is asked about it."""
        if self.seen is not None and self.seen.source.is_of(document):
            self.seen = None
        if any(asked is not None and asked.document is document for asked in (self._hover, self._finer)):
            self._hover = None
            self._stop_resting()
        self._waiting = deque(asked for asked in self._waiting if asked.document is not document)
        if self._current is not None and self._current[0].document is document:
            self._drop_current()
        self._forget.emit(document)
        self._ask_next()

    def _stop_resting(self) -> None:
        self._finer = None
        self._resting.stop()

    def _offer(self, found: Any, roughly: Asked, precisely: Asked) -> None:
        roughly.done(found)
        if found is not None and self._hover is None:
            self._finer = precisely
            self._resting.start()

    def _ask_finer(self) -> None:
        if self._hover is None:
            self._hover, self._finer = self._finer, None
            self._ask_next()

    def _ask_next(self) -> None:
        while self._current is None and (self._waiting or self._hover is not None):
            if self._waiting:
                asked = self._waiting.popleft()
            else:
                assert self._hover is not None
                asked, self._hover = self._hover, None
            source = self._source_of(asked.document)
            if source is None:
                continue
            self._current = (asked, asked.pose(next(self._numbers), source))
            if not asked.hovering:
                self.slow.start()
            self._ask.emit(self._current[1])

    def _repeat(self, asked: Asked) -> None:
        """Ask again, of the pointer's places only the one where it is."""
        self._drop_current()
        if not asked.hovering:
            self._waiting.appendleft(asked)
        elif self._hover is None:
            self._hover = asked
        self._ask_next()

    def _is_fresh(self, asked: Asked, question: Question) -> bool:
        """Whether the question is about the picture as it is now."""
        source = self._source_of(asked.document)
        return source is not None and question.source.shows_same(source)

    # answers

    def _take_current(self, number: int) -> tuple[Asked, Question] | None:
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

    def _answer(self, number: int, answer: Any) -> None:
        current = self._take_current(number)
        if current is None:
            return
        asked, question = current
        if self._is_fresh(asked, question):
            self.seen = question
            asked.done(answer)
            self._ask_next()
        else:
            self._repeat(asked)

    def _fail(self, number: int, sentence: str, details: str) -> None:
        current = self._take_current(number)
        if current is not None:
            asked, question = current
            self.failed.emit(question, sentence, details)
            asked.refused()
            self._ask_next()

    # progress

    def _note_look(self, number: int, index: int, total: int) -> None:
        if self._current is not None and self._current[1].number == number and not self.slow.isActive():
            self._tell_progress(index, total)

    def _tell_progress(self, index: int, total: int) -> None:
        self.looking.emit(JobState(0, self.tr("Looking at the picture"), RUNNING, index, total))

    def _end_progress(self) -> None:
        self.slow.stop()
        self.looking.emit(None)
