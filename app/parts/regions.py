"""Transform region: the document's placement and the method's parameters follow each other; Enter runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.documents import Documents
from app.edit_options import EditOptions
from app.errors import Messages
from app.jobs.method_info import TASK
from app.jobs.regions import METHOD, MOVE, NAMES, PASTE, placement_in, values_of
from app.jobs.under_way import Job
from app.parts.doing import Doer
from app.parts.recipes import RecipesPart
from app.parts.runs import RunsPart
from app.parts.tools import ToolsPart
from editor.commands import SetPlacement
from editor.commands.placement import NOTHING
from editor.document import Change, Document, What
from editor.lifting import brought
from editor.placement import Placement
from editor.tiles import UINT8, converted
from editor.tools.transform import TransformTool
from engine.request import EditRequest, EditResult

SETTLING = 150  # ms after a change of the picture before the thing is lifted out of it anew


class RegionsPart(QObject):
    """Signals:
    changed: what the tool shows over the picture; also in the middle of a gesture.
    placed: a Placement, also in the middle of a gesture; None while nothing is selected.
    """

    changed = Signal()
    placed = Signal(object)

    def __init__(
        self,
        documents: Documents,
        options: EditOptions,
        recipes: RecipesPart,
        runs: RunsPart,
        tools: ToolsPart,
        messages: Messages,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._documents, self._options, self._recipes, self._runs = documents, options, recipes, runs
        self._tools, self._messages, self._doer = tools, messages, Doer(documents, messages)
        self._filling = False  # the parameters are being set from the document
        self._unsubscribe: Callable[[], None] = lambda: None
        self._lift_timer = QTimer(self, singleShot=True, interval=SETTLING)
        self._lift_timer.timeout.connect(self._lift)
        tool = tools.tools[TransformTool.id]
        assert isinstance(tool, TransformTool)
        self.tool = tool
        tool.changed, tool.placed = self._tell, lambda _: self._choose_move()
        tool.wanted, tool.busy = lambda _: self.run(), runs.running
        tools.tool_changed.connect(lambda _: self._lift_timer.start())
        documents.current_changed.connect(self._follow)
        documents.removed.connect(lambda _: tool.forget())
        options.method_changed.connect(self._bring)
        options.changed.connect(self._take_parameter)
        options.exemplars.changed.connect(lambda _: self._bring())
        recipes.restored.connect(self._note_restored)
        recipes.replacing_changed.connect(self._note_replacing)
        runs.applied.connect(self._note_applied)

    # what the artist does

    def set(self, placement: Placement) -> None:
        """Place what is selected; several changes in a row are one step."""
        document = self._documents.current
        if document is None or placement.tidy() == document.placement:
            return
        if document.selection is None:
            self._messages.info(NOTHING)
            return
        document.history.do(SetPlacement.in_document(document, placement.tidy()), merge=True)
        self._choose_move()

    def reset(self) -> None:
        """Let what is selected stay where it is."""
        self._doer.do(SetPlacement(None, self.tr("Reset transform")))

    def run(self) -> None:
        """Start the edit that takes the thing to where it is placed."""
        document = self._documents.current
        if document is None:
            return
        if document.selection is None:
            self._messages.info(NOTHING)
        elif document.placement.rests and not self._pastes:
            self._messages.info(
                self.tr("The thing is where it was. Drag the box, a corner or the knob above it first.")
            )
        elif self._choose_move():
            self._runs.run()

    @property
    def _pastes(self) -> bool:
        """Whether what is placed is an example."""
        method = self._options.method
        pastes = method is not None and method.id == METHOD and self._options[TASK] == PASTE
        return pastes and self._options.exemplars.of(self._documents.current) is not None

    def _choose_move(self) -> bool:
        """Have the method chosen that takes things elsewhere; False where it is not installed."""
        if self._options.info(METHOD) is None:
            self._messages.info(
                self.tr("The method that moves things is not installed, so the picture stays as it is.")
            )
            return False
        if self._options.method is None or self._options.method.id != METHOD:
            self._options.choose(METHOD)
        if not self._pastes:
            self._options.set(TASK, MOVE)
        return True

    # document and parameters

    def fill_parameters(self) -> None:
        """Show the document's placement in the Method panel, which has the form of the chosen method by now."""
        document = self._documents.current
        if document is None or self._filling or placement_in(self._options.parameters()) is None:
            return
        self._filling = True
        try:
            for name, value in values_of(document.placement).items():
                self._options.set(name, value)
        finally:
            self._filling = False

    def _take_parameter(self, name: str) -> None:
        """What was set in the Method panel is where the thing goes."""
        if name == TASK:
            self._bring()
        document = self._documents.current
        if name in NAMES and not self._filling and document is not None and document.selection is not None:
            placement = placement_in(self._options.parameters())
            if placement is not None and placement != document.placement:
                document.history.do(SetPlacement.in_document(document, placement), merge=True)

    def _follow(self, document: Document | None) -> None:
        self._unsubscribe()
        self._unsubscribe = document.subscribe(self._document_changed) if document is not None else lambda: None
        self.fill_parameters()
        self._bring()
        self._lift_timer.start()

    def _document_changed(self, change: Change) -> None:
        if change.what in (What.SELECTION, What.CANVAS):
            self._bring()
        if change.what in (What.SELECTION, What.CANVAS, What.PLACEMENT):
            self.fill_parameters()
            self._tell()
        if change.what not in (What.HISTORY, What.ACTIVE, What.PLACEMENT) and self._in_hand:
            self._lift_timer.start()

    # the tool

    @property
    def _in_hand(self) -> bool:
        return self._tools.current == TransformTool.id

    def _lift(self) -> None:
        document = self._documents.current
        if document is not None and self._in_hand:
            self.tool.lift(document)

    def _bring(self) -> None:
        """Show the example in the box while it is what shall be placed."""
        document = self._documents.current
        example = self._options.exemplars.of(document) if self._pastes else None
        box = document.selection.content() if document is not None and document.selection is not None else None
        if example is None or not box:
            self.tool.instead = None
        else:
            self.tool.instead = brought(np.asarray(converted(example.pixels, UINT8), np.uint8), box)
        self._tell()

    def _tell(self) -> None:
        document = self._documents.current
        frame = self.tool.frame(document) if document is not None else None
        self.placed.emit(frame.placement if frame is not None else None)
        self.changed.emit()

    def _note_restored(self, request: EditRequest) -> None:
        """The layer that is made again shows the thing where its recipe places it."""
        self.tool.there = placement_in(asdict(request.parameters))

    def _note_replacing(self, _: str | None) -> None:
        document = self._documents.current
        replaced = self._recipes.replaced_in(document) if document is not None else None
        self.tool.left_out = frozenset(() if replaced is None else (replaced,))
        if replaced is None:
            self.tool.there = None
        self._lift_timer.start()
        self._tell()

    def _note_applied(self, job: Job, result: EditResult, _: object) -> None:
        if job.replaces is not None:
            self._note_restored(result.recipe)
            self._tell()
