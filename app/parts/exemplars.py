"""Brings a second picture to an edit: dropped, pasted, chosen, or taken out of the document itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import cast

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QCursor, QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from app import clipboard, dialogs
from app.background import Background
from app.documents import Documents
from app.edit_options import EditOptions
from app.errors import Messages
from app.exemplar import Exemplar, exemplar_of, read_exemplar
from app.exemplars import wants_example
from app.jobs.method_info import TASK, MethodInfo
from app.jobs.regions import LOOKS, PASTE
from app.parts.edit import EditPart
from app.settings import Settings
from editor.clipboard import under_selection
from editor.commands import SetPlacement
from editor.document import Document
from editor.layers import BlendMode, ImageLayer, layer_bounds
from editor.masks import Mask
from engine.request import Input


@dataclass(frozen=True)
class Use:
    """What an example can be used for.

    Attributes:
        text: as the artist is asked.
        task: of the method's tasks, "" where it has none.
    """

    text: str
    method: str
    task: str = ""


class From(StrEnum):
    """Where an example can be taken from."""

    FILE = "file"
    CLIPBOARD = "clipboard"
    LAYER = "layer"
    SELECTION = "selection"


class ExemplarsPart(QObject):
    """Signals:
    hint: what to do next, for the status line.
    shown: there is an example to be seen in the Method panel.
    changed: the current picture's Exemplar, or None.
    sources_changed: why an example cannot be taken from where, by `From`; "" = it can.
    """

    hint = Signal(str)
    shown = Signal()
    changed = Signal(object)
    sources_changed = Signal(object)

    def __init__(
        self,
        documents: Documents,
        options: EditOptions,
        edit: EditPart,
        background: Background,
        messages: Messages,
        settings: Settings,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._documents, self._options, self._edit = documents, options, edit
        self._background, self._messages, self._settings, self._window = background, messages, settings, window
        documents.current_changed.connect(lambda _: self.tell())
        options.exemplars.changed.connect(lambda _: self.tell())
        self._pasteable = clipboard.holds_picture()
        self._sources: dict[From, str] = {}
        QGuiApplication.clipboard().dataChanged.connect(self._look_at_clipboard)
        for signal in (documents.current_changed, documents.changed):
            signal.connect(lambda _: self._tell_sources())

    def tell(self) -> None:
        """Tell `changed` and `sources_changed`."""
        self.changed.emit(self._options.exemplars.of(self._documents.current))
        self._sources = {}
        self._tell_sources()

    def _look_at_clipboard(self) -> None:
        self._pasteable = clipboard.holds_picture()
        self._tell_sources()

    def _tell_sources(self) -> None:
        """Tell what an example can be taken from, if that has changed."""
        document = self._documents.current
        layer = document[document.active] if document is not None and document.active is not None else None
        nothing_there = {
            From.FILE: "",
            From.CLIPBOARD: "" if self._pasteable else self.tr("there is no picture on the clipboard"),
            From.LAYER: "" if isinstance(layer, ImageLayer) else self.tr("choose a layer with pixels first"),
            From.SELECTION: "" if document is not None and document.selection else self.tr("nothing is selected"),
        }
        if nothing_there != self._sources:
            self._sources = nothing_there
            self.sources_changed.emit(nothing_there)

    # what the artist does

    def drop(self, paths: Sequence[Path], at: QPoint) -> None:
        """Take files that were dropped on the canvas at a global position; ask what a picture is for where it matters.

        Several pictures, and those for which nothing else could be meant, become layers.
        """
        document = self._documents.current
        asks = len(paths) == 1 and document is not None and (document.selection is not None or self._takes)
        if not asks or not self.uses():
            self._edit.place_files(list(paths))
            return
        self.ask(lambda: self._edit.place_files(list(paths)), lambda use: self.use_file(paths[0], use)).popup(at)

    def paste(self) -> None:
        """Paste; ask what the picture is for while the chosen method has a use for an example."""
        found = clipboard.picture()
        files = clipboard.files()
        if self._documents.current is None or not self._takes or (found is None and len(files) != 1):
            self._edit.paste()
            return

        def use(chosen: Use) -> None:
            if found is None:
                self.use_file(files[0], chosen)
            else:
                self._take(lambda: exemplar_of(found[0], None, self.tr("Clipboard")), chosen)

        self.ask(self._edit.paste, use).popup(QCursor.pos())

    def ask(self, as_layer: Callable[[], None], as_example: Callable[[Use], None]) -> QMenu:
        """A menu of what a picture can be for."""
        menu = QMenu(self._window)
        menu.setObjectName("exampleUses")
        menu.setAccessibleName(self.tr("What the picture is for"))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Add as &layer")).triggered.connect(as_layer)
        for use in self.uses():
            menu.addAction(use.text).triggered.connect(lambda _=False, use=use: as_example(use))
        return menu

    def choose_file(self) -> None:
        """Ask for a picture and use it as the example."""
        path = dialogs.ask_example(self._window, self._settings.folder)
        if path is not None:
            self._settings.folder = path.parent
            self.use_file(path)

    def use_file(self, path: Path, use: Use | None = None) -> None:
        """Use a picture file as the example."""
        self._take(lambda: read_exemplar(path), use, self.tr("Opening {}").format(path.name))

    def take(self, source: From) -> None:
        """Use what is there as the example."""
        {
            From.FILE: self.choose_file,
            From.CLIPBOARD: self.use_clipboard,
            From.LAYER: self.use_layer,
            From.SELECTION: self.use_selection,
        }[source]()

    def use_clipboard(self) -> None:
        """Use the picture on the clipboard, or the file, as the example."""
        found, files = clipboard.picture(), clipboard.files()
        if found is not None:
            self._take(lambda: exemplar_of(found[0], None, self.tr("Clipboard")))
        elif len(files) == 1:
            self.use_file(files[0])
        else:
            self._messages.info(self.tr("There is no picture on the clipboard. Copy one first."))

    def use_layer(self) -> None:
        """Use the active layer, all of it, as the example."""
        document = self._documents.current
        layer = document[document.active] if document is not None and document.active is not None else None
        if document is None or not isinstance(layer, ImageLayer):
            return
        whole = replace(layer, opacity=1.0, visible=True, blend=BlendMode.NORMAL)
        dtype, profile = document.dtype, document.profile

        def taken() -> Exemplar:
            from editor.composite import composite_layers

            return exemplar_of(composite_layers((whole,), layer_bounds(whole), dtype), profile, whole.name, cut=True)

        self._take(taken)

    def use_selection(self) -> None:
        """Use what is seen inside the selection as the example."""
        document = self._documents.current
        if document is None or document.selection is None:
            return
        snapshot, selection = document.snapshot(), document.selection
        area = selection.content().intersected(snapshot.canvas)

        def taken() -> Exemplar:
            from editor.composite import composite

            pixels, chosen = composite(snapshot, area), cast(Mask, selection.read(area)[..., 0])
            pixels[..., 3] = under_selection(pixels, chosen)[..., 3]  # what lies around it stays, to be brought back
            return exemplar_of(pixels, snapshot.profile, self.tr("Selection"), cut=True)

        self._take(taken)

    def remove(self) -> None:
        """Have no example any more."""
        document = self._documents.current
        if document is not None:
            self._options.exemplars.put(document, None)

    # what it is used for

    def uses(self) -> list[Use]:
        """What an example can be used for by the methods that there are; first by those that are about nothing else."""
        infos = [info for info in self._options.methods if info.takes(Input.EXEMPLAR)]
        infos.sort(key=lambda info: not info.takes(Input.BOX))
        return [use for info in infos for use in self._uses_of(info)]

    def _uses_of(self, info: MethodInfo) -> list[Use]:
        texts = {PASTE: self.tr("&Paste into the scene"), LOOKS: self.tr("&Give the selection its looks")}
        tasks = next((each.choices for each in info.parameters if each.name == TASK), ())
        found = [Use(text, info.id, task) for task, text in texts.items() if task in tasks]
        return found or [Use(self.tr("Use as &example for “{}”").format(info.title), info.id)]

    @property
    def _takes(self) -> bool:
        """Whether the chosen method has a use for an example now."""
        return wants_example(self._options.method, self._options.parameters())

    def _take(self, work: Callable[[], Exemplar], use: Use | None = None, title: str = "") -> None:
        """Have an example read in a worker thread and use it; without a `use`, for what is chosen already."""
        document = self._documents.current
        if document is None:
            return
        if not self.uses():
            self._messages.info(self.tr("None of the methods that are installed can use an example."))
            return

        def done(exemplar: Exemplar) -> None:
            if document in self._documents:
                self._options.exemplars.put(document, exemplar)
                if document is self._documents.current:
                    self._choose(document, use)

        self._background.run(title, work, done, self._messages.report)

    def _choose(self, document: Document, use: Use | None) -> None:
        """Have the method chosen that uses the example."""
        if use is None and not self._takes:
            own = self._options.method.id if self._options.method is not None else ""
            uses = self.uses()
            use = next((one for one in uses if one.method == own), uses[0])
        if use is not None:
            if self._options.method is None or self._options.method.id != use.method:
                self._options.choose(use.method)
            if use.task == PASTE and self._options[TASK] != PASTE and not document.placement.rests:
                document.history.do(SetPlacement(None, self.tr("Reset transform")))  # it was meant for something else
            if use.task:
                self._options.set(TASK, use.task)
        self.shown.emit()
        method = self._options.method
        if method is not None and method.takes(Input.BOX):
            placed = document.box is not None or document.selection is not None
            draw = self.tr("Draw a box where it shall stand (U), or select the place, then Run.")
            self.hint.emit(self.tr("Run brings the example in where the place is marked.") if placed else draw)
        elif document.selection is None:
            self.hint.emit(self.tr("Select the place for it, then Run."))
        else:
            self.hint.emit(
                self.tr("Run uses the example where you have selected; Transform region (T) shows and moves it.")
            )
