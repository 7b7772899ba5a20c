"""Looks at pictures and answers what is where, in the engine thread, between the steps of the edits that run there."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Generator
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from app.jobs.engine_start import collector_paused
from app.jobs.segments import BUNDLED, GRABCUT, AtWork, Find, Question, Snap, Source, prompts_of, shape_of, sketch_of
from app.jobs.worker import sentence_for
from editor.document import Document
from editor.errors import DocumentError
from editor.masks import softened
from editor.pointing import Found
from engine.errors import BadRequest, ModelMissing
from engine.request import Step
from engine.segmentation import Segmenter, open_segmenter, refine

TITLE = "Select by click"
Stages = Generator[Step | None, None, Any]
_log = logging.getLogger(__name__)


class SegmentWorker(QObject):
    """Answers one question at a time; all slots are called through queued signals.

    Looking at a picture is done a part per event, so that an edit in the same thread goes on meanwhile and a cancel
    gets through. An answer about a picture that was looked at takes a single event.

    Args:
        open_model: gives the segmenter of a model; called in the engine thread.
    """

    at_work = Signal(object)  # AtWork: another one than before
    looking = Signal(int, int, int)  # question, part of how many of the look at the picture
    answered = Signal(int, object)  # question; Found, a mask (TiledImage), or None
    failed = Signal(int, str, str)  # question, sentence, details (empty where the artist asked for what cannot be)
    _next_event = Signal()

    def __init__(self, open_model: Callable[[str], Segmenter[Any]] = open_segmenter) -> None:
        super().__init__()
        self._open_model = open_model
        self._segmenters: dict[str, Segmenter[Any]] = {}
        self._told: AtWork | None = None
        self._seen: tuple[Source, Segmenter[Any], Any] | None = None
        self._question: Question | None = None
        self._stages: Stages | None = None
        self._next_event.connect(self._advance, Qt.ConnectionType.QueuedConnection)

    @Slot(object)
    def ask(self, question: Question) -> None:
        """Begin with a question; one that was not answered yet is let go of."""
        self._release()
        self._question, self._stages = question, self._work(question)
        self._advance()

    @Slot(int)
    def cancel(self, number: int) -> None:
        """Let go of a question without an answer."""
        if self._question is not None and self._question.number == number:
            self._release()

    @Slot(object)
    def forget(self, document: Document) -> None:
        """It was closed: let go of its picture."""
        if self._question is not None and self._question.source.is_of(document):
            self._release()
        if self._seen is not None and self._seen[0].is_of(document):
            self._seen = None

    @Slot()
    def close(self) -> None:
        """Let go of everything."""
        self._release()
        self._segmenters.clear()
        self._seen = None

    @Slot()
    def _advance(self) -> None:
        """One part of the question in hand."""
        question, stages = self._question, self._stages
        if question is None or stages is None:
            return  # let go of after this event was posted
        try:
            step = next(stages)
        except StopIteration as end:
            self._question = self._stages = None
            self.answered.emit(question.number, end.value)
        except Exception as error:
            self._question = self._stages = None
            self._fail(question, error)
        else:
            if step is not None:
                self.looking.emit(question.number, step.index, step.total)
            self._next_event.emit()

    def _work(self, question: Question) -> Stages:
        """The whole answer; it pauses after each part that takes long."""
        segmenter = self._segmenters.get(question.model)
        if segmenter is None:
            segmenter = self._opened(question.model)
            yield None
        self._tell(question.model, segmenter)
        if isinstance(question, Find) and question.hovering and not segmenter.hovers:
            return None
        if self._seen is None or self._seen[1] is not segmenter or not self._seen[0].shows_same(question.source):
            self._seen = None
            picture = question.source.picture()
            yield None
            self._seen = (question.source, segmenter, (yield from segmenter.look(picture)))
            yield None
        if isinstance(question, Snap):
            return question.mask(refine(segmenter, self._seen[2], question.drawn()))
        return self._found(segmenter, self._seen[2], question)

    def _found(self, segmenter: Segmenter[Any], seen: Any, question: Find) -> Found | None:
        if question.pointing is None:
            return None
        try:
            answer = segmenter.answer(seen, prompts_of(question.pointing, question.source.snapshot.size))
        except BadRequest:
            if question.hovering:
                return None
            raise
        count = len(answer.scores)
        choice = question.choice % count
        mask = answer.quick(choice) if question.rough else answer.mask(choice)
        shape = softened(shape_of(mask), question.feather, question.source.snapshot.canvas)
        sketch = sketch_of(mask, rough=question.rough)
        return Found(question.pointing, shape, sketch, choice, count, question.rough, question.feather)

    def _opened(self, model: str) -> Segmenter[Any]:
        """Read a model; two networks may not fit into memory together. Without the bundled one GrabCut serves."""
        self._segmenters = {name: kept for name, kept in self._segmenters.items() if name == GRABCUT}
        self._seen = None
        try:
            with collector_paused("engine.sam" if model != GRABCUT else "engine.grabcut"):
                segmenter = self._open_model(model)
        except ModelMissing:
            if model != BUNDLED:
                raise
            segmenter = self._open_model(GRABCUT)
        self._segmenters[model] = segmenter
        return segmenter

    def _tell(self, model: str, segmenter: Segmenter[Any]) -> None:
        now = AtWork(model, segmenter.title, segmenter.hovers, segmenter.takes_clicks)
        if now != self._told:
            self._told = now
            self.at_work.emit(now)

    def _fail(self, question: Question, error: Exception) -> None:
        details = "".join(traceback.format_exception(error))
        asked_wrong = isinstance(error, BadRequest | DocumentError)
        _log.log(logging.INFO if asked_wrong else logging.ERROR, "%s\n%s", TITLE, details)
        sentence = sentence_for(error, TITLE)
        traceback.clear_frames(error.__traceback__)  # they hold the arrays that may have filled the memory
        self.failed.emit(question.number, sentence, "" if asked_wrong else details)

    def _release(self) -> None:
        stages, self._question, self._stages = self._stages, None, None
        if stages is not None:
            stages.close()
