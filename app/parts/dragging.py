"""Drags as the artist meets them: the picture follows the pointer at once, a running drag is watched and led on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRect, Signal
from PySide6.QtGui import QImage

from app.background import Background
from app.documents import Documents
from app.edit_options import EditOptions
from app.jobs.bridge import prepare_to_go_on
from app.jobs.drags import targets_of
from app.jobs.engine_thread import EngineThread
from app.jobs.inputs import look_of
from app.jobs.under_way import Job
from app.jobs.warp_sketch import Ground, WarpSketch, ground_of
from app.parts.points import PointsPart
from app.parts.recipes import RecipesPart
from app.parts.runs import RunsPart
from editor.document import Change, Document, What
from editor.layers import LayerId
from editor.points import PointPair
from engine.points import Spots
from engine.request import EditResult, Input

SKETCH = 0  # the sketch among the previews of a canvas: the engine numbers its jobs from 1


class DraggingPart(QObject):
    """A sketch is shown from when the artist moves a point until the edit's own picture takes its place.

    Signals:
        preview_shown: (Document, SKETCH, QImage, QRect in canvas pixels, 1.0): what the drag will look like.
        preview_ended: (Document, SKETCH).
        led: (Document, Spots): where the handles of a running drag are now, canvas pixels; None = it is over.
    """

    preview_shown = Signal(object, int, QImage, QRect, float)
    preview_ended = Signal(object, int)
    led = Signal(object, object)

    def __init__(
        self,
        documents: Documents,
        options: EditOptions,
        points: PointsPart,
        recipes: RecipesPart,
        runs: RunsPart,
        background: Background,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._documents, self._options, self._points = documents, options, points
        self._recipes, self._runs, self._background = recipes, runs, background
        self._engine: EngineThread | None = None
        self._document: Document | None = None
        self._pairs: tuple[PointPair, ...] = ()  # as they were looked at last
        self._shown = False
        self._sketch: tuple[tuple[object, ...], WarpSketch] | None = None  # and what it was made from
        self._wanted: tuple[object, ...] | None = None  # what one is being made from
        self._unsubscribe: Callable[[], None] = lambda: None
        points.changed.connect(self._points_moved)
        documents.current_changed.connect(self._follow)
        options.method_changed.connect(self._method_changed)
        runs.preview_shown.connect(self._give_way)
        runs.preview_ended.connect(self._end)
        runs.applied.connect(self._stay)

    def attach(self, engine: EngineThread) -> None:
        """Watch the drags of this engine from now on."""
        self._engine = engine
        engine.led.connect(self._lead)

    # what the artist does

    def go_on(self) -> None:
        """Let the drag that was stopped go on; its result replaces the layer."""
        document = self._documents.current
        layer = self._recipes.replaced_in(document) if document is not None else None
        if document is not None and layer is not None:
            self._runs.submit(document, lambda: prepare_to_go_on(document, layer))

    def _points_moved(self) -> None:
        """The tool has the pairs elsewhere now, also in the middle of a gesture."""
        document = self._document
        if document is None:
            return
        pairs = self._points.pairs(document)
        if pairs != self._pairs:
            self._pairs = pairs
            if self._drags and not self._runs.running(document):
                self._show()
        elif self._drags and self._points.tool.active:
            self._made_from(document)  # a press: the picture will be wanted with the first move

    # the sketch

    @property
    def _drags(self) -> bool:
        method = self._options.method
        return method is not None and method.takes(Input.POINTS)

    def _show(self) -> None:
        """Show the picture with the pairs as they are; as soon as there is one to show."""
        document = self._document
        if document is None:
            return
        self._shown = True
        sketch = self._made_from(document)
        if sketch is None:
            return
        made = sketch.picture(self._pairs, moving=self._points.tool.active)
        if made is None:
            self.preview_ended.emit(document, SKETCH)
        else:
            self.preview_shown.emit(document, SKETCH, *made, 1.0)

    def _made_from(self, document: Document) -> WarpSketch | None:
        """The sketch of what is seen now; None while it is being made in a worker thread."""
        snapshot, replaced = document.snapshot(), self._recipes.replaced_in(document)
        selection = snapshot.selection.identity if snapshot.selection is not None else None
        key = (document, look_of(snapshot), selection, replaced)
        if self._sketch is not None and self._sketch[0] == key:
            return self._sketch[1]
        if self._wanted != key:
            self._wanted = key

            def made(ground: Ground) -> None:
                if self._wanted == key:
                    self._wanted, self._sketch = None, (key, WarpSketch(ground))
                    if self._shown:
                        self._show()

            self._background.run("", lambda: ground_of(snapshot, replaced), made)
        return None

    def _hide(self) -> None:
        if self._shown and self._document is not None:
            self.preview_ended.emit(self._document, SKETCH)
        self._shown = False

    # what makes it end

    def _give_way(self, document: Document, _: int, image: QImage, *__: Any) -> None:
        """The first picture of an edit takes the sketch's place."""
        if document is self._document and not image.isNull():
            self._hide()

    def _end(self, document: Document, _: int) -> None:
        self.led.emit(document, None)
        if document is self._document:
            self._hide()

    def _method_changed(self) -> None:
        if not self._drags:
            self._hide()
            self._sketch = self._wanted = None

    def _follow(self, document: Document | None) -> None:
        self._hide()
        self._unsubscribe()
        self._sketch = self._wanted = None
        self._document = document
        self._pairs = document.points if document is not None else ()
        self._unsubscribe = document.subscribe(self._document_changed) if document is not None else lambda: None

    def _document_changed(self, change: Change) -> None:
        document = self._document
        assert document is not None
        if change.what is What.POINTS:
            self._lead_elsewhere(document)
            self._pairs = self._points.pairs(document)
            if self._shown:
                self._show()
        elif change.what is What.SELECTION and self._shown:
            self._show()
        elif change.rect and change.what in (What.PIXELS, What.LAYERS, What.CANVAS):
            self._hide()

    # a drag under way

    def _lead(self, number: int, marks: Spots) -> None:
        job = self._runs.job(number)
        if job is not None:
            self.led.emit(job.document, marks)

    def _lead_elsewhere(self, document: Document) -> None:
        """Other targets for the same handles: a drag under way goes there from where it is."""
        number = self._runs.job_in(document)
        job = self._runs.job(number) if number is not None else None
        if self._engine is None or job is None or number is None or job.group:
            return  # several that shall differ by their seed alone are not led elsewhere one by one
        then, now = ([pair.handle for pair in pairs] for pairs in (job.snapshot.points, document.points))
        if then == now:
            self._engine.retarget(number, targets_of(document.points))

    def _stay(self, job: Job, result: EditResult, layer: LayerId) -> None:
        if result.recipe.points is not None:
            self._recipes.stay_with(job.document, layer, result, job.snapshot.selection)
