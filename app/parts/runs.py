"""Edits on their way: Run, Live, Stop here, Cancel; previews onto the canvas, results into the document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QRect, QTimer, Signal
from PySide6.QtGui import QImage

from app.documents import Documents
from app.edit_options import EditOptions
from app.errors import Messages
from app.jobs.bridge import PreparedEdit, apply_result
from app.jobs.engine_thread import EngineThread
from app.jobs.found_masks import mask_of
from app.jobs.method_info import PULLS
from app.jobs.queue import JobState
from app.jobs.worker import Preview
from app.parts.asking import asked, edited_area, result_picture
from app.parts.recipes import RecipesPart
from app.widgets import random_seed
from editor.document import Change, Document, Snapshot, What
from editor.errors import DocumentError
from editor.layers import LayerId
from engine.errors import BadRequest, EngineError
from engine.request import EditResult, Found, Input

LIVE_MOST = {"steps": 8, PULLS: 8}  # parameters that a live run bounds: denoising steps, and steps of a drag
LIVE_DELAY = 120  # ms after the last change


@dataclass(frozen=True, eq=False)
class Job:
    """An edit under way.

    Attributes:
        snapshot: the document as it was asked for.
        replaces: the result layer that is made again; None = a new one.
    """

    document: Document
    snapshot: Snapshot
    replaces: LayerId | None
    live: bool


@dataclass(frozen=True, eq=False)
class _Waiting:
    """A live result that the artist may keep."""

    number: int
    job: Job
    result: EditResult


class RunsPart(QObject):
    """Signals:
    preview_shown: (document, job, QImage that may be null, QRect in canvas pixels, fraction done 0..1).
    preview_ended: (document, job).
    job_changed: a JobState.
    located: (Document, job, TiledImage): the mask that an edit under way found by itself.
    found: (Job, EditResult) whose result is a mask and nothing else.
    applied: (Job, EditResult, LayerId): a result came into a document.
    state_changed: something runs, waits or may be kept that did not before.
    """

    preview_shown = Signal(object, int, QImage, QRect, float)
    preview_ended = Signal(object, int)
    job_changed = Signal(object)
    located = Signal(object, int, object)
    found = Signal(object, object)
    applied = Signal(object, object, object)
    state_changed = Signal()

    def __init__(
        self, documents: Documents, options: EditOptions, recipes: RecipesPart, messages: Messages, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._documents, self._options, self._recipes, self._messages = documents, options, recipes, messages
        self._engine: EngineThread | None = None
        self._jobs: dict[int, Job] = {}
        self._fractions: dict[int, float] = {}
        self._waiting: dict[Document, _Waiting] = {}
        self._applying = False
        self._unsubscribe: Callable[[], None] = lambda: None
        self._live_timer = QTimer(self, singleShot=True, interval=LIVE_DELAY)
        self._live_timer.timeout.connect(self._run_live)
        options.changed.connect(lambda _: self._want_live())
        options.exemplars.changed.connect(lambda _: self._want_live())
        options.live_changed.connect(self._live_switched)
        documents.current_changed.connect(self._follow)
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
        own = (number for number, job in self._jobs.items() if job.document is document and not job.live)
        return next(own, None)

    def may_keep(self, document: Document | None) -> bool:
        """Whether a live result waits to be kept."""
        return document in self._waiting

    # what the artist does

    def run(self) -> None:
        """Start the edit that the Method panel describes."""
        document = self._documents.current
        if document is not None:
            self._submit_shown(document, self._options.parameters(), live=False)

    def find(self) -> None:
        """Look for the place that the words would change, and change nothing."""
        document, method = self._documents.current, self._options.method
        if document is not None and method is not None and method.finds:
            self._submit_shown(document, self._options.parameters(), live=False, find=True)

    def stop(self) -> None:
        """Finish the edit of the current document with what there is."""
        number = self.job_in(self._documents.current)
        if number is not None and self._engine is not None:
            self._engine.stop(number)

    def cancel(self) -> None:
        """End what is under way in the current document, else anywhere; else let go of a live result or a recipe."""
        document = self._documents.current
        own = [number for number, job in self._jobs.items() if job.document is document]
        others = list(self._jobs)
        if self._engine is not None and (own or others):
            self._engine.cancel((own or others)[0])
        elif document in self._waiting:
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
        waiting = self._waiting.pop(document, None) if document is not None else None
        if document is not None and waiting is not None:
            self._stop_live(document)
            self._apply(waiting.job, waiting.result)
            self.preview_ended.emit(document, waiting.number)
            self.state_changed.emit()

    def discard(self) -> None:
        """Let go of the live result."""
        document = self._documents.current
        if document is not None:
            self._stop_live(document)
            self._drop_waiting(document)

    # submitting

    def _submit_shown(self, document: Document, parameters: dict[str, Any], *, live: bool, find: bool = False) -> None:
        options, recipes = self._options, self._recipes
        self.submit(document, lambda: asked(document, options, recipes, parameters, find=find), live=live, find=find)

    def submit(
        self, document: Document, ask: Callable[[], PreparedEdit], *, live: bool = False, find: bool = False
    ) -> None:
        """Queue an edit of a document; where it cannot be asked for, say why.

        Args:
            ask: raises EngineError or DocumentError.
            find: it only looks for a place.
        """
        if not live:
            self._live_timer.stop()
            self.discard()
        if self._engine is None or self._options.method is None:
            self._messages.info(self.tr("The engine is still starting. Try again in a moment."))
            return
        try:
            edit = ask()
        except (EngineError, DocumentError) as error:
            if live:
                self._drop_waiting(document)  # it no longer shows what the panel says
            if live and isinstance(error, BadRequest):
                self._messages.info(str(error))
            else:
                self._messages.report(error)
            return
        number = self._engine.submit(edit, live=live)
        self._jobs[number] = Job(document, edit.snapshot, self._recipes.replaced_in(document), live)
        if not live:
            area = edited_area(document, find=find, boxed=self._options.method.takes(Input.BOX))
            self.preview_shown.emit(document, number, QImage(), area, 0.0)
        self.state_changed.emit()

    # live

    def _live_switched(self, on: bool) -> None:
        document = self._documents.current
        if on:
            self._want_live()
        elif document is not None:
            self._live_timer.stop()
            self._stop_live(document)
        self.state_changed.emit()

    def _want_live(self) -> None:
        if self._options.live and not self._applying and self._documents.current is not None:
            self._live_timer.start()

    def _run_live(self) -> None:
        document = self._documents.current
        if document is None or self.running(document) or not self._options.live:
            return
        parameters = self._options.parameters()
        parameters.update({name: min(parameters[name], most) for name, most in LIVE_MOST.items() if name in parameters})
        self._submit_shown(document, parameters, live=True)

    def _stop_live(self, document: Document) -> None:
        self._live_timer.stop()
        for number, job in list(self._jobs.items()):
            if job.document is document and job.live and self._engine is not None:
                self._engine.cancel(number)

    def _drop_waiting(self, document: Document) -> None:
        waiting = self._waiting.pop(document, None)
        if waiting is not None:
            self.preview_ended.emit(document, waiting.number)
            self.state_changed.emit()

    # what the engine says

    def _note_state(self, state: JobState) -> None:
        self._fractions[state.id] = state.index / state.total if state.total else 0.0
        self.job_changed.emit(state)

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
        job = self._jobs.pop(number, None)
        self._fractions.pop(number, None)
        if job is None:
            return
        if job.document not in self._documents:
            self._messages.info(self.tr("A result was dropped, because its picture was closed."))
        elif job.live:
            self._drop_waiting(job.document)
            self._waiting[job.document] = _Waiting(number, job, result)
            height, width = result.alpha.shape
            area = QRect(*result.origin, width, height)
            self.preview_shown.emit(job.document, number, result_picture(result), area, 1.0)
        else:
            self._apply(job, result)
            self.preview_ended.emit(job.document, number)
        self.state_changed.emit()

    def _apply(self, job: Job, result: EditResult) -> None:
        self._applying = True
        try:
            if result.painted:
                self.applied.emit(job, result, apply_result(job.document, result, job.replaces))
            elif result.found is not None:
                self.found.emit(job, result)
        except DocumentError as error:
            self._messages.report(error)
        else:
            for note in result.notes:
                self._messages.info(note)
        finally:
            self._applying = False

    def _fail(self, number: int, sentence: str, details: str) -> None:
        job = self._jobs.get(number)
        self._end(number)
        if job is not None and job.live:
            self._drop_waiting(job.document)  # it is of an earlier state, and may not be kept for this one
            if not details:  # a BadRequest: Live runs by itself, so this is a hint, nothing went wrong
                self._messages.info(sentence)
                return
        self._messages.error(sentence, details)

    def _end(self, number: int) -> None:
        job = self._jobs.pop(number, None)
        self._fractions.pop(number, None)
        if job is not None:
            self.preview_ended.emit(job.document, number)
            self.state_changed.emit()

    # the documents

    def _follow(self, document: Document | None) -> None:
        self._unsubscribe()
        self._unsubscribe = document.subscribe(self._document_changed) if document is not None else lambda: None
        self._live_timer.stop()
        self.state_changed.emit()

    def _document_changed(self, change: Change) -> None:
        if change.what is What.HISTORY:
            self._want_live()

    def _forget(self, document: Document) -> None:
        self._waiting.pop(document, None)
        for number, job in list(self._jobs.items()):
            if job.document is document and self._engine is not None:
                self._engine.cancel(number)
