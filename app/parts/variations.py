"""Variations: one edit with several seeds, looked at in place one after the other, those that are liked made layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QRect, Signal
from PySide6.QtGui import QImage

from app.background import Background
from app.canvas.preview import COMPARED
from app.documents import Documents
from app.edit_options import EditOptions
from app.errors import Messages
from app.jobs.bridge import ResultDropped
from app.jobs.engine_thread import EngineThread
from app.jobs.placement import pack
from app.jobs.queue import JobState
from app.jobs.under_way import Job
from app.jobs.worker import Preview
from app.landing import Landing
from app.parts.asking import result_in_place, result_picture
from app.parts.runs import RunsPart
from app.settings import Settings
from app.variations import FEWEST, MOST, Variation, Variations, fits
from editor.document import Change, Document, What
from editor.layers import LayerId
from engine.request import EditResult

USUAL = 4  # seeds of one run
SIDE = 320  # most pixels of a small picture's longer side


class VariationsPart(QObject):
    """Signals:
    changed: there are others, or another document is looked at.
    tile_changed: the number of one in the current document that is further on, shown, kept, or no longer.
    arrived: a run in the current document has its first result.
    count_changed: how many the next run makes.
    preview_shown: (Document, COMPARED, QImage, QRect in canvas pixels, 1.0): the one to be compared.
    preview_ended: (Document, COMPARED).
    """

    changed = Signal()
    tile_changed = Signal(int)
    arrived = Signal()
    count_changed = Signal(int)
    preview_shown = Signal(object, int, QImage, QRect, float)
    preview_ended = Signal(object, int)

    def __init__(
        self,
        documents: Documents,
        options: EditOptions,
        runs: RunsPart,
        landing: Landing,
        background: Background,
        messages: Messages,
        settings: Settings,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._documents, self._options, self._runs = documents, options, runs
        self._landing, self._background, self._messages = landing, background, messages
        self._settings = settings
        self._of: dict[Document, Variations] = {}
        self._unsubscribe: dict[Document, Callable[[], None]] = {}
        self._alone = False  # one variation is becoming a layer, none beside it
        documents.current_changed.connect(lambda _: self.changed.emit())
        documents.removed.connect(self._forget)
        runs.collected.connect(self._collect)
        runs.gone.connect(self._drop)
        runs.applied.connect(self._note_applied)
        runs.preview_shown.connect(self._give_way)

    def attach(self, engine: EngineThread) -> None:
        """Watch this engine's jobs from now on."""
        engine.job_changed.connect(self._note_state)
        engine.preview.connect(self._note_preview)

    # what the panel asks

    @property
    def current(self) -> Variations:
        """Those of the current document."""
        return self._in(self._documents.current)

    @property
    def count(self) -> int:
        """How many the next run makes."""
        return min(max(self._settings.variations or USUAL, FEWEST), MOST)

    def set_count(self, count: int) -> None:
        self._settings.variations = count
        self.count_changed.emit(self.count)

    # what the artist does

    def run(self) -> None:
        """Start the edit that the Method panel describes with as many seeds as are wanted, from the panel's seed on.

        What is still under way of the run before is cancelled: its results would be replaced anyhow.
        """
        document = self._documents.current
        if document is None:
            return
        seeds = self._runs.run_several(self.count)
        jobs = {number: job for number in seeds if (job := self._runs.job(number)) is not None}
        begun = [Variation(number, seeds[number], job, JobState(number, "")) for number, job in jobs.items()]
        if not begun:
            return
        own = self._of.setdefault(document, Variations())
        if document not in self._unsubscribe:
            self._unsubscribe[document] = document.subscribe(lambda change: self._document_changed(document, change))
        outdated = own.under_way()
        own.begin(begun)
        self._cancel(outdated)
        self.changed.emit()

    def show(self, number: int | None) -> None:
        """Lay a result over the picture, to be compared with the others; None, or one without a result: show none."""
        document = self._documents.current
        if document is None:
            return
        chosen = self.current.get(number)
        if chosen is None or chosen.result is None:
            self.hide(document)
        elif not fits(chosen, document):
            self.hide(document)
            self._messages.report(self._another_size())
        elif self.current.shown != number:
            before, self.current.shown = self.current.shown, chosen.number
            height, width = chosen.result.alpha.shape
            area = QRect(*chosen.result.origin, width, height)
            self.preview_shown.emit(document, COMPARED, result_picture(chosen.result), area, 1.0)
            self._tell(document, *(each for each in (before, number) if each is not None))

    def hide(self, document: Document | None = None) -> bool:
        """Show the picture of a document, by default the current one, as it is; whether a variation lay over it."""
        document = document or self._documents.current
        own = self._in(document)
        shown, own.shown = own.shown, None
        if document is None or shown is None:
            return False
        self.preview_ended.emit(document, COMPARED)
        self._tell(document, shown)
        return True

    def keep(self, numbers: Iterable[int]) -> None:
        """Make results layers, each as one undo step; where it is one, its seed is the panel's from now on."""
        document = self._documents.current
        own = self.current
        wanted = [variation for variation in map(own.get, numbers) if variation is not None and _may_keep(variation)]
        if document is None or not wanted:
            return
        for variation in wanted:
            variation.keeping = True

        def packed() -> None:
            for variation in wanted:
                if variation.result is not None and fits(variation, document):
                    pack(variation.result, variation.job.snapshot)

        def over() -> None:
            for variation in wanted:
                variation.keeping = False

        def done(_: None) -> None:
            over()
            self._apply(document, own, wanted)

        self._landing(document, self.tr("Keeping the variation"), packed, done, over)

    def discard_all(self) -> None:
        """Let go of the current document's variations; those under way are cancelled."""
        document = self._documents.current
        self.hide()
        self._cancel(self.current.under_way())
        if document is not None:
            self._of.pop(document, None)
        self.changed.emit()

    # into the document

    def _apply(self, document: Document, own: Variations, wanted: Sequence[Variation]) -> None:
        if not all(fits(variation, document) for variation in wanted):
            raise self._another_size()
        self._alone = len(wanted) == 1
        for variation in wanted:
            if variation.result is not None and not variation.kept:
                self._runs.apply(replace(variation.job, replaces=own.replaced_by(variation)), variation.result)
        self._alone = False

    def _another_size(self) -> ResultDropped:
        return ResultDropped(
            self.tr("The canvas has another size than the variations. Undo that to keep them; they stay in the panel.")
        )

    def _note_applied(self, job: Job, result: EditResult, layer: LayerId) -> None:
        for variation in self._in(job.document):
            if variation.result is result:
                title = getattr(job.document[layer], "recipe_title", "")
                variation.layer = (layer, title)
                if self._alone and self._options.method is not None and self._options.method.id == result.recipe.method:
                    self._options.set("seed", variation.seed)
                self._tell(job.document, variation.number)

    # what the engine and the runs say

    def _note_state(self, state: JobState) -> None:
        variation = self._by(state.id)
        if variation is not None and not state.over:
            variation.state = state
            self._tell(variation.job.document, state.id)

    def _note_preview(self, number: int, preview: Preview) -> None:
        variation = self._by(number)
        if variation is not None:
            variation.picture = preview.image
            self._tell(variation.job.document, number)

    def _collect(self, number: int, job: Job, result: EditResult) -> None:
        own = self._in(job.document)
        variation = own.get(number)
        if variation is None:
            return
        if not result.painted:
            variation.sentence = " ".join(result.notes) or self.tr("Nothing was painted.")
            self._tell(job.document, number)
            return
        shown = own.shown
        first = own.finish(number, result)
        if shown is not None and own.shown is None:  # it was of an earlier run
            self.preview_ended.emit(job.document, COMPARED)
        self._draw(variation, result)
        self._tell(job.document, number)
        if first and job.document is self._documents.current:
            self.changed.emit()
            self.arrived.emit()

    def _draw(self, variation: Variation, result: EditResult) -> None:
        job = variation.job

        def drawn(picture: QImage) -> None:
            variation.picture = picture
            self._tell(job.document, variation.number)

        self._background.run("", lambda: result_in_place(job.snapshot, result, SIDE, job.replaces), drawn)

    def _drop(self, number: int, job: Job, sentence: str) -> None:
        own = self._in(job.document)
        variation = own.get(number)
        if variation is None:
            return
        variation.sentence = sentence
        if not sentence:
            own.remove(number)
        if job.document is self._documents.current:
            self.changed.emit()

    def _give_way(self, document: Document, number: int, *_: object) -> None:
        """Another edit has something to show."""
        if self._in(document).get(number) is None:
            self.hide(document)

    # the documents

    def _document_changed(self, document: Document, change: Change) -> None:
        if change.what not in (What.ACTIVE, What.HISTORY):
            self.hide(document)  # the picture is being worked on
        if change.what is What.HISTORY:
            self._tell(document, *(variation.number for variation in self._in(document) if variation.layer))

    def _forget(self, document: Document) -> None:
        self._of.pop(document, None)
        self._unsubscribe.pop(document, lambda: None)()

    # in short

    def _in(self, document: Document | None) -> Variations:
        return self._of.get(document, Variations()) if document is not None else Variations()

    def _by(self, number: int) -> Variation | None:
        return next((own.get(number) for own in self._of.values() if own.get(number) is not None), None)

    def _cancel(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._runs.cancel_job(number)

    def _tell(self, document: Document, *numbers: int) -> None:
        if document is self._documents.current:
            for number in numbers:
                self.tile_changed.emit(number)


def _may_keep(variation: Variation) -> bool:
    return variation.result is not None and not variation.kept and not variation.keeping
