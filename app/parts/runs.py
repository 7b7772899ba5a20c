"""Edits on their way: Run, Live, Stop here, Cancel; previews onto the canvas, results into the document.

Results of edits that were asked for together are handed over instead, to be chosen among.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QObject, QRect, Signal
from PySide6.QtGui import QImage

from app.documents import Documents
from app.edit_options import EditOptions
from app.errors import Messages
from app.jobs.bridge import PreparedEdit
from app.jobs.engine_thread import EngineThread
from app.jobs.found_masks import mask_of
from app.jobs.queue import LOADING, JobState
from app.jobs.results import apply_result
from app.jobs.seeds import seeds_from, with_seeds
from app.jobs.under_way import Job, UnderWay
from app.jobs.worker import Preview
from app.parts.asking import asked, edited_area, result_picture
from app.parts.live import Live, Waiting
from app.parts.recipes import RecipesPart
from app.seeds import random_seed
from editor.document import Document
from editor.errors import DocumentError
from engine.errors import BadRequest, EngineError
from engine.request import EditResult, Found, Input


class RunsPart(QObject):
    """Signals:
    preview_shown: (document, job, QImage that may be null, QRect in canvas pixels, fraction done 0..1).
    preview_ended: (document, job).
    job_changed: a JobState.
    located: (Document, job, TiledImage): the mask that an edit under way found by itself.
    found: (Job, EditResult) whose result is a mask and nothing else.
    applied: (Job, EditResult, LayerId): a result came into a document.
    collected: (job, Job, EditResult): one of several that were asked for together; it is in no document yet.
    gone: (job, Job, sentence why): a job ended without a result; the sentence is empty where it was cancelled.
    state_changed: something runs, waits or may be kept that did not before.
    submitted: a Document of which an edit begins, live ones left out.
    """

    preview_shown = Signal(object, int, QImage, QRect, float)
    preview_ended = Signal(object, int)
    job_changed = Signal(object)
    located = Signal(object, int, object)
    found = Signal(object, object)
    applied = Signal(object, object, object)
    collected = Signal(int, object, object)
    gone = Signal(int, object, str)
    state_changed = Signal()
    submitted = Signal(object)

    def __init__(
        self, documents: Documents, options: EditOptions, recipes: RecipesPart, messages: Messages, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._documents, self._options, self._recipes, self._messages = documents, options, recipes, messages
        self._engine: EngineThread | None = None
        self._jobs = UnderWay()
        self._fractions: dict[int, float] = {}
        self._live = Live(documents, options, self)
        self._live.due.connect(self._run_live)
        self._live.dropped.connect(self._end_waiting)
        options.live_changed.connect(self._live_switched)
        documents.current_changed.connect(lambda _: self.state_changed.emit())
        documents.removed.connect(self._forget)

    def attach(self, engine: EngineThread) -> None:
        """Use this engine from now on."""
        self._engine = engine
        engine.preview.connect(self._show_preview)
        engine.located.connect(self._locate)
        engine.job_changed.connect(self._note_state)
        engine.finished.connect(self._finish)
        engine.failed.connect(self._fail)
        engine.cancelled.connect(self._end)
        engine.engine_failed.connect(self._messages.error)
        engine.methods_found.connect(self._options.set_methods)

    # what the window asks

    @property
    def current_job(self) -> JobState | None:
        """The first job that is not over, whatever its document."""
        jobs = self._engine.jobs if self._engine is not None else []
        return next((state for state in jobs if not state.over), None)

    def running(self, document: Document | None) -> bool:
        """Whether an edit of the document is under way, live ones left out."""
        return self.job_in(document) is not None

    def job(self, number: int) -> Job | None:
        """An edit under way, unless its document was closed."""
        job = self._jobs.get(number)
        return job if job is not None and job.document in self._documents else None

    def job_in(self, document: Document | None) -> int | None:
        """The edit of the document that is under way, live ones left out."""
        return next(iter(self._jobs.of(document, live=False)), None)

    def may_keep(self, document: Document | None) -> bool:
        """Whether a live result waits to be kept."""
        return self._live.waits(document)

    # what the artist does

    def run(self) -> None:
        """Start the edit that the Method panel describes."""
        document = self._documents.current
        if document is not None:
            self._submit_shown(document, self._options.parameters(), live=False)

    def run_several(self, count: int) -> dict[int, int]:
        """Start the edit that the Method panel describes with `count` seeds, from the panel's own on.

        Returns:
            the seed of each job; none where the edit cannot be asked for, which the artist is told.
        """
        document = self._documents.current
        if document is None:
            return {}
        edit = self._asked(document, self._as_shown(document, self._options.parameters()))
        if edit is None:
            return {}
        seeds = seeds_from(self._options["seed"], count)
        numbers = self._queue(document, with_seeds(edit, seeds), group=self._jobs.new_group())
        return dict(zip(numbers, seeds, strict=True))

    def find(self) -> None:
        """Look for the place that the words would change, and change nothing."""
        document, method = self._documents.current, self._options.method
        if document is not None and method is not None and method.finds:
            self._submit_shown(document, self._options.parameters(), live=False, find=True)

    def stop(self) -> None:
        """Finish the edit of the current document with what there is; of several, those that wait are cancelled."""
        first = self.job_in(self._documents.current)
        for number in self._jobs.together(first) if first is not None else ():
            if self._engine is not None:
                self._engine.stop(number)

    def cancel(self) -> None:
        """End what is under way in the current document, else anywhere; else let go of a live result or a recipe."""
        document = self._documents.current
        under_way = self._jobs.of(document) or list(self._jobs)
        if under_way:
            for number in self._jobs.together(under_way[0]):
                self.cancel_job(number)
        elif self._live.waits(document):
            self.discard()
        else:
            self._recipes.end_replacing()

    def cancel_job(self, job: int) -> None:
        if self._engine is not None:
            self._engine.cancel(job)

    def cancel_all(self) -> None:
        if self._engine is not None:
            self._engine.cancel_all()

    def set_live(self, on: bool) -> None:
        self._options.live = on

    def new_seed(self) -> None:
        self._options.set("seed", random_seed())

    def keep(self) -> None:
        """Make the live result a layer."""
        document = self._documents.current
        waiting = self._live.take(document) if document is not None else None
        if document is not None and waiting is not None:
            self._stop_live(document)
            self.apply(waiting.job, waiting.result)
            self._end_waiting(document, waiting.number)

    def discard(self) -> None:
        """Let go of the live result."""
        document = self._documents.current
        if document is not None:
            self._stop_live(document)
            self._live.drop(document)

    # submitting

    def _as_shown(
        self, document: Document, parameters: dict[str, Any], *, find: bool = False
    ) -> Callable[[], PreparedEdit]:
        return lambda: asked(document, self._options, self._recipes, parameters, find=find)

    def _submit_shown(self, document: Document, parameters: dict[str, Any], *, live: bool, find: bool = False) -> None:
        self.submit(document, self._as_shown(document, parameters, find=find), live=live, find=find)

    def submit(
        self, document: Document, ask: Callable[[], PreparedEdit], *, live: bool = False, find: bool = False
    ) -> None:
        """Queue an edit of a document; where it cannot be asked for, say why.

        Args:
            ask: raises EngineError or DocumentError.
            find: it only looks for a place.
        """
        edit = self._asked(document, ask, live=live)
        if edit is not None:
            self._queue(document, [edit], live=live, find=find)

    def _asked(self, document: Document, ask: Callable[[], PreparedEdit], *, live: bool = False) -> PreparedEdit | None:
        """What was asked for; None where that cannot be, and the artist was told why."""
        if not live:
            self._live.pause()
            self.discard()
        if self._engine is None or self._options.method is None:
            self._messages.info(self.tr("The engine is still starting. Try again in a moment."))
            return None
        try:
            return ask()
        except (EngineError, DocumentError) as error:
            if live:
                self._live.drop(document)  # it no longer shows what the panel says
            if live and isinstance(error, BadRequest):
                self._messages.info(str(error))
            else:
                self._messages.report(error)
            return None

    def _queue(
        self,
        document: Document,
        edits: Sequence[PreparedEdit],
        *,
        live: bool = False,
        find: bool = False,
        group: int = 0,
    ) -> list[int]:
        assert self._engine is not None
        if not live:
            self.submitted.emit(document)
        replaces, numbers = self._recipes.replaced_in(document), []
        for edit in edits:
            number = self._engine.submit(edit, live=live)
            self._jobs.add(number, Job(document, edit.snapshot, replaces, live, group))
            numbers.append(number)
        if not live:
            self._show_ring(document, numbers[0], find=find)
        self.state_changed.emit()
        return numbers

    def _show_ring(self, document: Document, number: int, *, find: bool = False) -> None:
        method = self._options.method
        boxed = method is not None and method.takes(Input.BOX)
        self.preview_shown.emit(document, number, QImage(), edited_area(document, find=find, boxed=boxed), 0.0)

    # live

    def _live_switched(self, on: bool) -> None:
        document = self._documents.current
        if on:
            self._live.want()
        elif document is not None:
            self._stop_live(document)
        self.state_changed.emit()

    def _run_live(self) -> None:
        document = self._documents.current
        if document is not None and not self.running(document) and self._options.live:
            self._submit_shown(document, self._live.parameters(), live=True)

    def _stop_live(self, document: Document) -> None:
        self._live.pause()
        for number in self._jobs.of(document, live=True):
            self.cancel_job(number)

    def _end_waiting(self, document: Document, number: int) -> None:
        self.preview_ended.emit(document, number)
        self.state_changed.emit()

    # what the engine says

    def _note_state(self, state: JobState) -> None:
        self._fractions[state.id] = state.index / state.total if state.total else 0.0
        self.job_changed.emit(state)
        job = self.job(state.id)
        if job is not None and job.group and state.status == LOADING:  # the next of several
            self._show_ring(job.document, state.id)

    def _show_preview(self, number: int, preview: Preview) -> None:
        job = self.job(number)
        if job is not None:
            fraction = 1.0 if job.live else min(self._fractions.get(number, 0.0), 0.999)
            self.preview_shown.emit(job.document, number, preview.image, preview.area, fraction)

    def _locate(self, number: int, found: Found) -> None:
        job = self.job(number)
        if job is not None:
            self.located.emit(job.document, number, mask_of(found))

    def _finish(self, number: int, result: EditResult) -> None:
        job = self._jobs.pop(number)
        self._fractions.pop(number, None)
        if job is None:
            return
        if job.document not in self._documents:
            self._messages.info(self.tr("A result was dropped, because its picture was closed."))
        elif job.live:
            self._live.put(Waiting(number, job, result))
            height, width = result.alpha.shape
            area = QRect(*result.origin, width, height)
            self.preview_shown.emit(job.document, number, result_picture(result), area, 1.0)
        elif job.group:
            self.collected.emit(number, job, result)
            self.preview_ended.emit(job.document, number)
        else:
            self.apply(job, result)
            self.preview_ended.emit(job.document, number)
        self.state_changed.emit()

    def apply(self, job: Job, result: EditResult) -> None:
        """Bring a result into its document; a refusal becomes a message."""
        self._live.muted = True
        try:
            if result.painted:
                layer = apply_result(job.document, result, job.replaces, seed_shown=bool(job.group))
                self.applied.emit(job, result, layer)
            elif result.found is not None:
                self.found.emit(job, result)
        except DocumentError as error:
            self._messages.report(error)
        else:
            for note in result.notes:
                self._messages.info(note)
        finally:
            self._live.muted = False

    def _fail(self, number: int, sentence: str, details: str) -> None:
        job = self._jobs.get(number)
        self._end(number, sentence)
        if job is not None and job.live:
            self._live.drop(job.document)  # it is of an earlier state, and may not be kept for this one
            if not details:  # a BadRequest: Live runs by itself, so this is a hint, nothing went wrong
                self._messages.info(sentence)
                return
        self._messages.error(sentence, details)

    def _end(self, number: int, sentence: str = "") -> None:
        job = self._jobs.pop(number)
        self._fractions.pop(number, None)
        if job is not None:
            self.gone.emit(number, job, sentence)
            self.preview_ended.emit(job.document, number)
            self.state_changed.emit()

    def _forget(self, document: Document) -> None:
        for number in reversed(self._jobs.of(document)):
            self.cancel_job(number)
