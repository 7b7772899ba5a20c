"""From the first handle on, a picture's looks are learnt ahead for the faithful drag, unseen but for a quiet note."""

from __future__ import annotations

from itertools import count

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.documents import Documents
from app.edit_options import EditOptions
from app.jobs.engine_thread import EngineThread
from app.jobs.inputs import look_of
from app.jobs.learner import Learner
from app.jobs.method_info import IDENTITY
from app.parts.asking import asked
from app.parts.points import PointsPart
from app.parts.recipes import RecipesPart
from editor.document import Document
from editor.errors import DocumentError
from engine.errors import EngineError

SETTLING = 400  # ms without a change before learning begins

Subject = tuple[object, ...]
"""What the looks that are learnt depend on, as far as it can be told without looking at pixels."""


class LearningPart(QObject):
    """Signals:
    told: how far it is, for the status line; "" = nothing is being learnt.
    """

    told = Signal(str)
    _begin = Signal(int, object)
    _stop = Signal()
    _wait = Signal(bool)

    def __init__(
        self, documents: Documents, options: EditOptions, points: PointsPart, recipes: RecipesPart, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._documents, self._options, self._points, self._recipes = documents, options, points, recipes
        self._engine: EngineThread | None = None
        self._numbers = count(1)
        self._number = 0  # of what is being learnt; 0 = nothing
        self._subject: Subject | None = None  # that is being learnt, or was
        self._timer = QTimer(self, singleShot=True, interval=SETTLING)
        self._timer.timeout.connect(self._look)
        points.changed.connect(self._timer.start)
        documents.changed.connect(lambda _: self._timer.start())
        documents.current_changed.connect(lambda _: self._look())
        documents.removed.connect(lambda _: self._look())
        options.method_changed.connect(self._timer.start)
        options.changed.connect(lambda _: self._timer.start())
        recipes.replacing_changed.connect(lambda _: self._timer.start())

    def attach(self, engine: EngineThread) -> None:
        """Learn in this engine's thread from now on."""
        self._engine = engine
        learner = Learner(engine.ready)
        queued = Qt.ConnectionType.QueuedConnection
        self._begin.connect(learner.begin, queued)
        self._stop.connect(learner.stop, queued)
        self._wait.connect(learner.wait, queued)
        learner.stepped.connect(self._tell, queued)
        learner.ended.connect(self._end, queued)
        engine.take_in(learner, learner.stop)
        engine.queue_changed.connect(lambda: self._wait.emit(engine.busy))
        self._learner = learner  # Qt does not own what lives in another thread

    def _look(self) -> None:
        """Begin with what is to be learnt now, unless that is going on or done."""
        document = self._documents.current
        subject = self._subject_of(document) if document is not None else None
        if subject == self._subject or self._engine is None:
            return
        self._subject = subject
        if self._number:
            self._stop.emit()
            self._number = 0
            self.told.emit("")
        if document is not None and subject is not None:
            self._learn(document)

    def _learn(self, document: Document) -> None:
        assert self._engine is not None
        try:
            edit = asked(document, self._options, self._recipes, self._options.parameters())
        except (EngineError, DocumentError):
            self._subject = None  # Run will say it; after the next change it may do
            return
        self._engine.start()
        self._number = next(self._numbers)
        self._begin.emit(self._number, edit)
        self._wait.emit(self._engine.busy)

    def _subject_of(self, document: Document) -> Subject | None:
        """None where nothing is to be learnt: another method, learning switched off, or no handle yet."""
        method = self._options.method
        if method is None or not method.learns or not self._options[IDENTITY] or not self._points.has_handle(document):
            return None
        snapshot = document.snapshot()
        selection = snapshot.selection.identity if snapshot.selection is not None else None
        looks = tuple(value for name, value in self._options.parameters().items() if name.startswith(IDENTITY))
        replaced = self._recipes.replaced_in(document)
        seen = look_of(snapshot) if replaced is None else replaced  # else its own picture counts
        return document, seen, selection, self._options["prompt"], looks

    def _tell(self, number: int, done: int, total: int) -> None:
        if number == self._number:
            self.told.emit(self.tr("Learning the thing's looks {} of {}").format(done, total))

    def _end(self, number: int) -> None:
        if number == self._number:
            self._number = 0
            self.told.emit("")
