"""The middle of the window: messages, document tabs, the canvases with the floating bar, or the start page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget

from app.canvas.view import CanvasView
from app.documents import Documents
from app.edit_options import EditOptions
from app.errors import MessageBar
from app.floating_bar import FloatingBar
from app.mask_badge import MaskBadge
from app.start import StartPage
from app.widgets import icon_button
from editor.document import Document


class Workspace(QWidget):
    """One canvas per document, so that each keeps its view.

    Signals:
        view_made: a new CanvasView.
        view_changed: the current canvas, or None.
        close_wanted: a Document.
    """

    view_made = Signal(object)
    view_changed = Signal(object)
    close_wanted = Signal(object)

    def __init__(
        self,
        documents: Documents,
        options: EditOptions,
        actions: Mapping[str, QAction],
        log_file: Path | None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("central")
        self._documents = documents
        self._views: dict[Document, CanvasView] = {}
        self._targets: dict[Document, QRectF | None] = {}  # where each canvas shows its selection
        self.tabs = QTabBar(documentMode=True, movable=True, expanding=False, drawBase=False)
        self.tabs.setObjectName("documentTabs")
        self.tabs.setAccessibleName(self.tr("Open pictures"))
        self.tabs.currentChanged.connect(self._tab_chosen)
        self.tabs.tabBarClicked.connect(self._tab_chosen)  # the chosen one too, from the start page
        self.start = StartPage()
        self._canvases = QStackedWidget()
        self._pages = QStackedWidget()
        self._pages.addWidget(self.start)
        self._pages.addWidget(self._canvases)
        self.messages = MessageBar(log_file, self._pages)
        self.bar = FloatingBar(options, actions, self._canvases)
        self.badge = MaskBadge(actions["mask_paint"], self._canvases)
        self._bar_wanted = True
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tabs)
        column.addWidget(self._pages, 1)
        documents.added.connect(self._add)
        documents.removed.connect(self._remove)
        documents.changed.connect(self._show_title)
        documents.current_changed.connect(self.show_document)
        self.show_document(None)

    @property
    def view(self) -> CanvasView | None:
        """The canvas of the current document; None on the start page."""
        current = self._documents.current
        return self._views.get(current) if current is not None else None

    def view_of(self, document: Document) -> CanvasView | None:
        """The canvas of an open document."""
        return self._views.get(document)

    def __iter__(self) -> Iterator[CanvasView]:
        return iter(tuple(self._views.values()))

    def show_document(self, document: Document | None) -> None:
        """Bring a document's canvas to the front, or the start page."""
        view = self._views.get(document) if document is not None else None
        if view is not None and document is not None:
            self._canvases.setCurrentWidget(view)
            self._pages.setCurrentWidget(self._canvases)
            self.tabs.setCurrentIndex(self._tab_of(document))
            self.bar.aim(self._targets.get(document))
            view.setFocus()
        else:
            self._pages.setCurrentWidget(self.start)
        self.tabs.setVisible(len(self._documents) > 0)
        self._show_bar()
        self.messages.raise_()
        self.view_changed.emit(view)

    def show_bar(self, shown: bool) -> None:
        """Whether the floating bar is wanted."""
        self._bar_wanted = shown
        self._show_bar()

    def _show_bar(self) -> None:
        self.bar.setVisible(self._bar_wanted and self.view is not None)
        self.bar.raise_()
        self.bar.place()

    def _add(self, document: Document) -> None:
        view = CanvasView()
        view.set_document(document)
        view.selection_rect_changed.connect(lambda rect: self._aim(document, rect))
        self._views[document] = view
        self._canvases.addWidget(view)
        blocked = self.tabs.blockSignals(True)
        place = self.tabs.addTab("")
        self.tabs.setTabData(place, document)
        close = icon_button("close", self.tr("Close this picture"), size=12)
        close.clicked.connect(lambda: self.close_wanted.emit(document))
        self.tabs.setTabButton(place, QTabBar.ButtonPosition.RightSide, close)
        self.tabs.blockSignals(blocked)
        self._show_title(document)
        self.view_made.emit(view)

    def _remove(self, document: Document) -> None:
        view = self._views.pop(document)
        blocked = self.tabs.blockSignals(True)
        self.tabs.removeTab(self._tab_of(document))
        self.tabs.blockSignals(blocked)
        self._canvases.removeWidget(view)
        view.set_document(None)
        view.deleteLater()
        self._targets.pop(document, None)  # last: an emptied canvas says that nothing is selected
        self.tabs.setVisible(len(self._documents) > 0)

    def _tab_of(self, document: Document) -> int:
        return next((i for i in range(self.tabs.count()) if self.tabs.tabData(i) is document), -1)

    def _tab_chosen(self, place: int) -> None:
        document = self.tabs.tabData(place) if place >= 0 else None
        if document is not None:
            self._documents.choose(document)

    def _show_title(self, document: Document) -> None:
        place = self._tab_of(document)
        if place >= 0:
            mark = " •" if document.modified else ""
            self.tabs.setTabText(place, document.title.replace("&", "&&") + mark)
            self.tabs.setTabToolTip(place, str(document.path or self.tr("Not saved yet")))

    def _aim(self, document: Document, rect: QRectF | None) -> None:
        self._targets[document] = rect
        if document is self._documents.current:
            self.bar.aim(rect)
