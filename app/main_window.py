"""The window: bars around the canvas, panels at the right, and the wires between the parts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QMainWindow

from app.actions import build_actions, enable
from app.background import Background
from app.canvas.view import CanvasView
from app.dialogs import DOCUMENTS
from app.docks import Docks
from app.documents import Documents
from app.edit_options import EditOptions
from app.errors import Messages
from app.facts import picture_facts, what_is_there
from app.jobs.method_info import cached_methods
from app.jobs.queue import JobState
from app.landing import Landing
from app.mask_signs import MaskSigns
from app.menus import Menus
from app.on_canvas import OnCanvas
from app.panels.history import HistoryPanel
from app.panels.jobs import JobsPanel
from app.panels.layers import LayersPanel
from app.panels.method import MethodPanel
from app.panels.tool_options import ToolOptionsBar
from app.panels.tools import ToolBar
from app.panels.variations import VariationsPanel
from app.parts.autosaving import AutosavingPart
from app.parts.box import BoxPart
from app.parts.clicks import ClicksPart
from app.parts.cutouts import Cutouts
from app.parts.cutting import CuttingPart
from app.parts.dragging import DraggingPart
from app.parts.edit import EditPart
from app.parts.exemplars import ExemplarsPart
from app.parts.files import FilesPart
from app.parts.filling import FillingPart
from app.parts.handles import HandlesPart
from app.parts.help import HelpPart
from app.parts.layers import LayersPart
from app.parts.learning import LearningPart
from app.parts.points import PointsPart
from app.parts.recipes import RecipesPart
from app.parts.recovery import RecoveryPart
from app.parts.regions import RegionsPart
from app.parts.runs import RunsPart
from app.parts.selection import SelectionPart
from app.parts.start import StartPart
from app.parts.tools import ToolsPart
from app.parts.tray import TrayPart
from app.parts.variations import VariationsPart
from app.parts.view import ViewPart
from app.parts.words import WordsPart
from app.settings import Settings
from app.status import StatusLine
from app.tray import TrayFiles
from app.workspace import Workspace
from editor.document import Document
from editor.layers import LayerId

if TYPE_CHECKING:
    from app.jobs.engine_thread import EngineThread

SMALLEST = (960, 600)
FIRST_SIZE = (1440, 900)


class MainWindow(QMainWindow):
    """Everything the artist sees.

    Args:
        settings: what was remembered.
        messages: where errors are told.
        log_file: shown with errors.

    Signals:
        first_painted: the window is on the screen.
    """

    first_painted = Signal()

    def __init__(self, settings: Settings, messages: Messages, log_file: Path | None = None) -> None:
        super().__init__()
        self.settings, self.messages = settings, messages
        self.engine: EngineThread | None = None
        self._painted = False
        self.setAcceptDrops(True)
        self.setMinimumSize(*SMALLEST)
        self.documents = Documents(self)
        self.background = Background(self)
        self.options = EditOptions(settings, self)
        self.options.set_methods(cached_methods())
        self.commands = build_actions(self)
        self.addActions(list(self.commands.values()))
        self._make_parts(log_file)
        self._make_widgets(log_file)
        self._refresh = QTimer(self, singleShot=True, interval=0)
        self._refresh.timeout.connect(self._refresh_state)
        self._connect_parts()
        self._connect_panels()
        self._restore()
        self._refresh_state()

    # building

    def _make_parts(self, log_file: Path | None) -> None:
        documents, background, messages = self.documents, self.background, self.messages
        self.files = FilesPart(documents, background, messages, self.settings, self)
        self.edit = EditPart(documents, background, messages, self.files.open_paths, self._centre, self)
        self.exemplars = ExemplarsPart(documents, self.options, self.edit, background, messages, self.settings, self)
        self.layers = LayersPart(documents, messages, self)
        landing = Landing(documents, background, messages, self._in_gesture, self)
        self.selection = SelectionPart(documents, landing, messages, self.settings, self)
        self.recipes = RecipesPart(documents, self.options, background, messages, self)
        self.runs = RunsPart(documents, self.options, self.recipes, messages, self)
        self.variations = VariationsPart(
            documents, self.options, self.runs, landing, background, messages, self.settings, self
        )
        self.words = WordsPart(documents, self.options, self.recipes, self.runs, landing, self)
        self.filling = FillingPart(documents, self.options, self.recipes, self.runs, messages, self)
        self.tools = ToolsPart(self.settings, self)
        self.tools.run_with(landing)
        self.clicks = ClicksPart(documents, self.tools, self.selection, messages, self.settings, self)
        exemplars, cutouts = self.options.exemplars, Cutouts(self.clicks)
        self.cutting = CuttingPart(documents, exemplars, cutouts, background, messages, self)
        tray = TrayFiles(self.settings.examples_folder)
        self.tray = TrayPart(documents, exemplars, background, tray, self)
        self.regions = RegionsPart(documents, self.options, self.recipes, self.runs, self.tools, messages, self)
        self.points = PointsPart(documents, self.tools, messages, self)
        self.box = BoxPart(documents, self.options, self.tools, messages, self)
        self.handles = HandlesPart(documents, self.tools, self.clicks, self.points, landing, messages, self)
        self.dragging = DraggingPart(documents, self.options, self.points, self.recipes, self.runs, background, self)
        self.learning = LearningPart(documents, self.options, self.points, self.recipes, self)
        self.view = ViewPart(
            lambda: self.workspace.view, lambda shown: self.workspace.show_bar(shown), self.settings, self
        )
        self.autosaving = AutosavingPart(documents, self.settings, self)
        self.recovery = RecoveryPart(documents, self.autosaving, background, messages, self)
        self.start = StartPart(self.files, self.options, self.tools, self)
        self.help = HelpPart(messages, log_file, self)

    def _make_widgets(self, log_file: Path | None) -> None:
        self.workspace = Workspace(self.documents, self.options, self.commands, log_file)
        self.setCentralWidget(self.workspace)
        self.option_bar = ToolOptionsBar(self.commands, self.tools)
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, self.option_bar)
        self.tool_bar = ToolBar(self.commands, self.tools)
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, self.tool_bar)
        self.method_panel = MethodPanel(
            self.options, *(self.commands[name] for name in ("run", "variations", "live", "find", "select_none"))
        )
        self.layers_panel = LayersPanel(self.commands)
        self.history_panel = HistoryPanel()
        self.variations_panel = VariationsPanel()
        self.jobs_panel = JobsPanel()
        self.docks = Docks(self)
        self.docks.add("method", self.tr("Method"), self.method_panel)
        self.docks.add("layers", self.tr("Layers"), self.layers_panel)
        self.docks.add("history", self.tr("History"), self.history_panel)
        self.docks.add("variations", self.tr("Variations"), self.variations_panel)
        self.docks.add("jobs", self.tr("Jobs"), self.jobs_panel)
        self.docks.arrange()
        self.status = StatusLine(self.commands["cancel"])
        self.setStatusBar(self.status)
        self.menus = Menus(self, self.commands, self.docks.toggles())
        self.on_canvas = OnCanvas(self.runs, self.dragging, self.variations, self.workspace, self)
        self.signs = MaskSigns(
            self.documents, self.options, self.recipes, self.tools, self.words, self.commands, self.workspace,
            self.method_panel, self.option_bar, self,
        )  # fmt: skip

    def _connect_parts(self) -> None:
        self.messages.posted.connect(self.workspace.messages.post)
        self.background.failed.connect(self.messages.report)
        self.background.busy_changed.connect(self.status.show_busy)
        self.documents.current_changed.connect(self._show_document)
        self.documents.changed.connect(lambda _: self._refresh.start())
        self.files.start_wanted.connect(lambda: self.documents.choose(None))
        self.files.recent_changed.connect(self._show_recent)
        self.files.quit_wanted.connect(self.close)
        self.files.saved.connect(self.autosaving.note_saved)
        self.runs.submitted.connect(self.autosaving.keep)
        self.autosaving.trouble.connect(self.status.show_trouble)
        self.tools.tool_changed.connect(lambda _: self._give_tools())
        self.tools.tool_changed.connect(lambda _: self.status.show_hint(""))  # it was about what was in hand before
        self.clicks.looking.connect(self._show_look)
        self.clicks.changed.connect(self._show_overlay)
        self.points.changed.connect(self._show_overlay)
        self.option_bar.select_page.join(self.clicks)
        self.regions.changed.connect(self._show_overlay)
        self.option_bar.transform_page.join(self.regions)
        self.options.method_changed.connect(self.regions.fill_parameters)
        self.option_bar.points_page.join(self.points)
        self.box.changed.connect(self._show_overlay)
        self.box.place_wanted.connect(self.method_panel.show_place_wanted)
        self.option_bar.box_page.join(self.box)
        runs = self.runs
        self.start.hint.connect(self.status.show_hint)
        bar = self.option_bar
        pages = (bar.select_page, bar.points_page, bar.transform_page, bar.box_page)
        hints = [page.hint for page in pages]  # of which one is shown
        for hint in hints:
            hint.left_out.connect(lambda _: self.status.show_tool_hint("".join(one.untold for one in hints)))
        self.words.hint.connect(self.status.show_hint)
        self.exemplars.hint.connect(self.status.show_hint)
        self.exemplars.shown.connect(lambda: self.docks.show("method"))
        self.method_panel.exemplar.join(self.exemplars, self.cutting, self.tray)
        self.variations.arrived.connect(lambda: self.docks.show("variations"))
        self.dragging.preview_shown.connect(lambda document, *_: self.variations.hide(document))
        self.learning.told.connect(self.status.show_aside)
        self.filling.words_wanted.connect(self._ask_for_words)
        runs.applied.connect(self._hint_at_recipe)
        runs.job_changed.connect(self.jobs_panel.show_job)
        runs.job_changed.connect(lambda _: self.status.show_hint(""))
        runs.job_changed.connect(lambda _: self.status.show_job(runs.current_job))
        runs.state_changed.connect(self._refresh.start)
        self.recipes.replacing_changed.connect(self.method_panel.show_replacing)
        self.recipes.drag_changed.connect(lambda _: self._refresh.start())
        self.method_panel.drag.lead_on_changed.connect(self.recipes.set_lead_on)
        self.recipes.shown.connect(lambda: self.docks.show("method"))
        self.options.live_changed.connect(self.commands["live"].setChecked)
        self.options.methods_changed.connect(self._show_methods)
        self.options.method_changed.connect(lambda: self.menus.show_method(self.options.method))
        self.options.method_changed.connect(self._refresh.start)
        self.options.method_changed.connect(self._show_marks)

    def _connect_panels(self) -> None:
        for panel in (self.layers_panel, self.history_panel):
            panel.failed.connect(self.messages.report)
        self.layers_panel.recipe_wanted.connect(self.recipes.open)
        self.variations_panel.join(self.variations)
        self.method_panel.variations.join(self.variations)
        self.method_panel.replace_ended.connect(self.recipes.end_replacing)
        self.jobs_panel.cancel_wanted.connect(self.runs.cancel_job)
        self.status.zoom_wanted.connect(self.view.set_zoom)
        self.menus.method_chosen.connect(self.options.choose)
        self.menus.recent_chosen.connect(lambda path: self.files.open_paths([path]))
        self.menus.recent_cleared.connect(self._clear_recent)
        workspace = self.workspace
        workspace.view_made.connect(self._adopt_view)
        workspace.view_changed.connect(lambda _: self._show_view())
        workspace.close_wanted.connect(self.files.close_document)
        workspace.start.card_chosen.connect(self.start.choose)
        workspace.start.open_wanted.connect(self.files.open)
        workspace.start.new_wanted.connect(self.files.new)
        workspace.start.recent_chosen.connect(lambda path: self.files.open_paths([path]))

    def _restore(self) -> None:
        self.commands["floating_bar"].setChecked(True)
        self.commands[f"theme_{self.settings.theme}"].setChecked(True)
        self.resize(*FIRST_SIZE)
        geometry, state = self.settings.window()
        if not geometry.isEmpty():
            self.restoreGeometry(geometry)
            self.restoreState(state)
        self._show_recent()
        self._show_methods()
        self._show_document(None)

    def attach_engine(self, engine: EngineThread) -> None:
        """Run edits with this engine."""
        self.engine = engine
        self.runs.attach(engine)
        self.variations.attach(engine)
        self.clicks.attach(engine)
        self.dragging.attach(engine)
        self.learning.attach(engine)

    def cancel(self) -> None:
        """End what is under way: the look at the picture, an edit, else the look at a variation."""
        if self.clicks.cancel() or (self.runs.current_job is None and self.variations.hide()):
            return
        self.runs.cancel()

    # documents and views

    def _adopt_view(self, view: CanvasView) -> None:
        view.files_dropped.connect(self._drop_on_canvas)
        view.tool_failed.connect(self.messages.warn)
        view.view_changed.connect(self._show_view)
        view.pointer_moved.connect(lambda x, y: self.status.show_position((int(x // 1), int(y // 1))))
        view.gesture_finished.connect(self._gesture_finished)
        view.context_menu.connect(self.menus.show_canvas_menu)
        self._give_tools()
        self._show_marks()

    def _in_gesture(self, document: Document) -> bool:
        view = self.workspace.view_of(document)
        return view is not None and view.gesture.active

    def _gesture_finished(self, tool: str) -> None:
        if tool in ("brush", "fill"):
            self.tool_bar.popup.note_used(self.tools.options.colour)

    def _give_tools(self) -> None:
        for view in self.workspace:
            view.set_tool(self.tools.tool, self.tools.options)

    def _show_marks(self) -> None:
        """Drag points and the box are seen whatever tool is in hand where the method chosen makes use of them."""
        inputs = self.options.method.inputs if self.options.method is not None else ()
        for view in self.workspace:
            view.set_points_shown("points" in inputs)
            view.set_box_shown("box" in inputs)

    def _show_document(self, document: Document | None) -> None:
        self.layers_panel.set_document(document)
        self.history_panel.set_document(document)
        self.option_bar.setEnabled(document is not None)
        self._show_recent()
        self._show_view()
        self._refresh.start()

    def _show_view(self) -> None:
        view, document = self.workspace.view, self.documents.current
        if view is None or document is None:
            self.status.show_picture("", None)
            self.status.show_position(None)
        else:
            self.status.show_picture(picture_facts(document), view.zoom, view.rotation)

    def _refresh_state(self) -> None:
        """Enable what can be done now and name the window; several changes in one turn cost one call."""
        document, runs = self.documents.current, self.runs
        there = set(what_is_there(document))
        there |= {"job"} if runs.current_job is not None else set()
        there |= {"live"} if runs.may_keep(document) else set()
        there |= {"stopped"} if self.recipes.may_go_on(document) and not runs.running(document) else set()
        there |= {"finds"} if self.options.method is not None and self.options.method.finds else set()
        enable(self.commands, frozenset(there))
        self.signs.refresh()
        drag = self.recipes.drag
        self.method_panel.drag.show_lead_on(self.recipes.leads_on, drag is not None and drag.lead_on)
        view = self.workspace.view
        self.commands["before"].setChecked(view is not None and view.show_before)
        self.workspace.bar.show_state(
            running=runs.running(document), result=runs.may_keep(document), stopped="stopped" in there
        )
        self.status.show_job(runs.current_job)
        self.setWindowModified(document is not None and document.modified)
        self.setWindowTitle(f"{document.title}[*]" if document is not None else "Pentimento[*]")
        self._show_view()

    def _centre(self) -> tuple[int, int]:
        """The canvas pixel in the middle of the view."""
        view = self.workspace.view
        if view is None:
            return (0, 0)
        at = view.widget_to_canvas(QPointF(view.rect().center()))
        return round(at.x()), round(at.y())

    def _hint_at_recipe(self, _job: object, _result: object, layer: LayerId) -> None:
        hint = self.tr("Double-click the new layer in the Layers panel to change a word or the seed and run it again.")
        drag = self.recipes.drag is not None
        if drag:
            hint = self.tr("Not quite there? Move a target and run again: the new layer is made anew.")

        def holds() -> bool:
            document = self.documents.current
            if document is None:
                return False
            return self.recipes.replaced_in(document) == layer if drag else layer in document

        self.status.show_hint(hint, holds)

    def _ask_for_words(self) -> None:
        """Put the cursor where the words go: into the floating bar, or the Method panel where that is hidden."""
        bar = self.workspace.bar
        if not bar.isVisible():
            self.docks.show("method")
        field = bar.words if bar.isVisible() else self.method_panel.prompt
        field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        field.selectAll()

    def _show_overlay(self) -> None:
        """The tool shows something else over the picture, though the pointer rests."""
        if self.workspace.view is not None:
            self.workspace.view.show_overlay()

    def _show_look(self, state: JobState | None) -> None:
        self.status.show_job(self.runs.current_job or state)

    # lists

    def _show_recent(self) -> None:
        recent = self.settings.recent
        self.menus.show_recent(recent)
        self.workspace.start.show_recent(recent)

    def _clear_recent(self) -> None:
        self.settings.clear_recent()
        self._show_recent()

    def _show_methods(self) -> None:
        self.menus.show_methods(self.options.methods, self.options.method)
        self.workspace.start.show_methods([info.id for info in self.options.methods])

    # drops

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.files.open_paths(paths)

    def _drop_on_canvas(self, paths: list[Path], at: QPoint) -> None:
        """Documents open in a tab of their own; pictures become layers, or the example, of the one under them."""
        documents = [path for path in paths if path.suffix.lower() in DOCUMENTS]
        self.files.open_paths(documents)
        self.exemplars.drop([path for path in paths if path not in documents], at)

    # life

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.docks.fit(event.size().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self.first_painted.emit)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.files.ready_to_quit():
            event.ignore()
            return
        self.settings.remember_window(self.saveGeometry(), self.saveState())
        self.options.remember()
        self.tools.remember()
        self.settings.flush()
        self.hide()
        if self.engine is not None:
            self.engine.shutdown()
        self.background.shutdown()
        self.autosaving.end()
        self.recovery.end()
        event.accept()
