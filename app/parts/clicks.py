"""Select by click: carries the tool's questions to the engine thread, and answers back; the window never waits."""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from app import dialogs
from app.documents import Documents
from app.errors import Messages
from app.jobs.engine_thread import EngineThread
from app.jobs.segment_queue import Asked, SegmentQueue
from app.jobs.segments import BUNDLED, GRABCUT, AtWork, Find, Question, Snap, Source
from app.parts.selection import SelectionPart
from app.parts.tools import ToolsPart
from app.settings import Settings
from editor.document import Document
from editor.geometry import Point
from editor.pointing import Found, Pointing, Spot, Streak
from editor.tiles import TiledImage
from editor.tools.click import ClickTool

AUTOMATIC = ""
STUDIO_SIDE = 512  # pixels: up to this size a picture may be one of the world that the bundled network knows
GROWN = 16  # times the area of a spot: what GrabCut makes of it is that spot's colour if it is less, and no thing
SETTLING = 150  # ms after a change of the picture before it is looked at again


class ClicksPart(QObject):
    """Signals:
    looking: a JobState while an answer takes long, else None.
    changed: what the tool shows over the picture, or its choices.
    at_work_changed: an AtWork, or None while none is known.
    """

    looking = Signal(object)
    changed = Signal()
    at_work_changed = Signal(object)

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
        self.at_work: AtWork | None = None
        self._given_up: Question | None = None  # the artist cancelled it, or it failed
        self._guests: set[Document] = set()  # pictures in no tab that are looked at, too
        self.queue = SegmentQueue(self._source, self)
        self.queue.looking.connect(self.looking)
        self.queue.at_work.connect(self._note_at_work)
        self.queue.failed.connect(self._fail)
        self.tool = self._own_tool()
        self.settling = QTimer(self, singleShot=True, interval=SETTLING)
        self.settling.timeout.connect(self._look)
        tools.tool_changed.connect(lambda _: self._look())
        tools.options_changed.connect(self._follow)
        documents.current_changed.connect(lambda _: self._look())
        documents.changed.connect(self._follow)
        documents.removed.connect(self._forget)

    def _own_tool(self) -> ClickTool:
        tool = self._tools.tools[ClickTool.id]
        assert isinstance(tool, ClickTool)
        tool.finder, tool.changed = self, self.changed.emit
        return tool

    def attach(self, engine: EngineThread) -> None:
        """Ask in this engine's thread from now on."""
        self.queue.attach(engine)
        self._look()

    # what the tool asks

    @property
    def hovers(self) -> bool:
        return self.at_work is None or self.at_work.hovers

    def hover(self, document: Document, pointing: Pointing, choice: int, found: Callable[[Found], None]) -> None:
        if not self.queue.ready or self._is_about(self._given_up, document):
            return
        model = self._model_for(document)

        def tell(answer: Found | None) -> None:
            if answer is not None:
                found(answer)

        def asked(*, rough: bool) -> Asked:
            return Asked(
                document,
                lambda number, source: Find(number, source, model, pointing, choice, hovering=True, rough=rough),
                tell,
                hovering=True,
            )

        self.queue.hover(asked(rough=True), asked(rough=False))

    def leave(self) -> None:
        self.queue.leave()

    def find(
        self,
        document: Document,
        pointing: Pointing,
        choice: int,
        feather: float,
        found: Callable[[Found | None], None],
    ) -> None:
        def tell(answer: Found | None) -> None:
            if answer is not None and not answer.shape.tiles:
                self._messages.info(self.tr("Nothing was found there. Click on another place, or draw a box."))
                answer = None
            found(answer)

        self._find(document, pointing, choice, feather, tell)

    def find_at(self, document: Document, at: Point, radius: float, found: Callable[[Found | None], None]) -> None:
        """Find the likeliest thing at a place; None = nothing, or the artist was told why it cannot be.

        Args:
            radius: canvas pixels around the place that belong to it, for one to whom a click is not enough. What it
                finds counts if it is much more than that spot.
        """
        radius = max(radius, 1.0)
        clicks_do = self._model_for(document) != GRABCUT
        pointing = Pointing((Spot(*at),)) if clicks_do else Pointing(streaks=(Streak((at, at), radius),))

        def tell(answer: Found | None) -> None:
            least = 0.0 if clicks_do else GROWN * pi * radius**2
            found(answer if answer is not None and _area(answer.shape) > least else None)

        self._find(document, pointing, 0, self._tools.options.settings.feather, tell)

    def _find(
        self,
        document: Document,
        pointing: Pointing,
        choice: int,
        feather: float,
        tell: Callable[[Found | None], None],
    ) -> None:
        if not self.ready():
            tell(None)
            return
        self._given_up, model = None, self._model_for(document)
        self.queue.ask(
            Asked(
                document,
                lambda number, source: Find(number, source, model, pointing, choice, feather=feather),
                tell,
                lambda: tell(None),
            )
        )

    def take_in(self, guest: Document) -> None:
        """Let `queue` be asked about a picture that is open in no tab; of its failures whoever asks tells."""
        self._guests.add(guest)

    def let_go(self, guest: Document) -> None:
        """Forget such a picture, and what is asked about it."""
        self._guests.discard(guest)
        self.queue.forget(guest)

    def ready(self) -> bool:
        """Whether anybody can answer; the artist is told if not."""
        if not self.queue.ready:
            self._messages.info(self.tr("The engine is still starting. Try again in a moment."))
        return self.queue.ready

    # what the artist does

    def refine(self) -> None:
        """Let the edge of the mask in hand snap to what it was meant for."""
        document = self._documents.current
        if document is None or not self.ready():
            return
        owner, snapshot, model = document.mask_in_hand, document.snapshot(), self._model_for(document)
        self.queue.ask(
            Asked(
                document,
                lambda number, source: Snap(number, source, model, owner),
                lambda mask: self._selection.take(document, snapshot, owner, self.tr("Refine {}"), mask),
            )
        )

    def cancel(self) -> bool:
        """Stop looking at the picture until the next click; False when nothing is looked for."""
        cancelled = self.queue.cancel()
        self._given_up = cancelled or self._given_up
        return cancelled is not None

    def choose(self, model: str) -> None:
        """Let another segmenter answer: "" = the one that fits the picture, or an id or path."""
        self._settings.segmenter = model
        self.tool.leave()
        self.queue.cancel()  # it was asked of the other one
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

    def model_for(self, size: tuple[int, int]) -> str:
        """Who answers about a picture of (width, height).

        The chosen one; else the artist's checkpoint; else the bundled network for what it may know, or GrabCut.
        """
        if self.chosen != AUTOMATIC:
            return self.chosen
        if self.checkpoint is not None:
            return str(self.checkpoint)
        return BUNDLED if max(size) <= STUDIO_SIDE else GRABCUT

    def _model_for(self, document: Document) -> str:
        return self.model_for(document.size)

    def _note_at_work(self, now: AtWork) -> None:
        self.at_work = now
        if not now.hovers:
            self.tool.leave()
        self.at_work_changed.emit(now)

    # looking at the picture

    def _source(self, document: Document) -> Source | None:
        if document in self._guests:
            return Source.of(document, merged=True)
        if document not in self._documents:
            return None
        return Source.of(document, merged=self._tools.options.settings.sample_merged)

    def _is_about(self, question: Question | None, document: Document) -> bool:
        """Whether a question is about the picture as it is now, to the one who would be asked now."""
        source = self._source(document)
        return (
            question is not None
            and source is not None
            and question.model == self._model_for(document)
            and question.source.shows_same(source)
        )

    def _look(self) -> None:
        """Look at the picture once, before the first question, while the tool is in hand."""
        document = self._documents.current
        if document is None or not self.queue.ready or self._tools.tool is not self.tool:
            return
        model = self._model_for(document)
        known = any(self._is_about(question, document) for question in (self.queue.seen, self._given_up))
        if not known and not self.queue.looks_at(document, model):
            self.queue.ask(
                Asked(document, lambda number, source: Find(number, source, model), lambda _: None, looks=True)
            )

    def _follow(self, *_: object) -> None:
        """The picture may have changed: forget what was offered, and look again once it rests."""
        document = self._documents.current
        if document is None or self._tools.tool is not self.tool or self._is_about(self.queue.seen, document):
            return
        if self.queue.seen is not None:
            self.tool.leave()
        self.queue.recheck()
        self.settling.start()

    def _forget(self, document: Document) -> None:
        """It was closed: nothing here may keep its pixels."""
        if self._given_up is not None and self._given_up.source.is_of(document):
            self._given_up = None
        self.tool.forget(document)
        self.queue.forget(document)

    def _fail(self, question: Question, sentence: str, details: str) -> None:
        if question.source.document() in self._guests:
            return
        if details:
            self._given_up = question
            self._messages.error(sentence, details)
        else:
            self._messages.info(sentence)


def _area(shape: TiledImage) -> int:
    """How many pixels a shape of 8 bits holds."""
    return int(np.count_nonzero(shape.read(shape.content()) > 127))
