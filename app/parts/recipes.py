"""A result layer's recipe: shown in the Method panel to be changed, after which Run replaces that layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from PySide6.QtCore import QObject, Signal

from app.background import Background
from app.documents import Documents
from app.edit_options import EditOptions
from app.errors import Messages
from app.jobs.bridge import request_of
from editor.document import Change, Document, What
from editor.layers import LayerId
from engine.request import EditRequest


class RecipesPart(QObject):
    """Signals:
    replacing_changed: name of the layer that the next run replaces, None = it makes a new one.
    shown: a recipe was put into the Method panel.
    """

    replacing_changed = Signal(object)
    shown = Signal()

    def __init__(
        self, documents: Documents, options: EditOptions, background: Background, messages: Messages, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._documents, self._options, self._background, self._messages = documents, options, background, messages
        self._replacing: tuple[Document, LayerId] | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        documents.current_changed.connect(self._follow)
        options.method_changed.connect(self._method_changed)

    def replaced_in(self, document: Document) -> LayerId | None:
        """The layer of a document that the next run replaces."""
        if self._replacing is None or self._replacing[0] is not document or self._replacing[1] not in document:
            return None
        return self._replacing[1]

    def edit_again(self) -> None:
        """Show the edit that made the active layer, to change it and run it again."""
        document = self._documents.current
        if document is not None and document.active is not None:
            self.open(document.active)

    def open(self, layer: LayerId) -> None:
        """Fill the Method panel with a result layer's recipe; the next run replaces that layer."""
        document = self._documents.current
        if document is None or layer not in document:
            return
        found = document[layer]

        def opened(request: EditRequest) -> None:
            if document is self._documents.current and layer in document:
                self._show(document, layer, request)

        self._background.run(self.tr("Reading the recipe"), lambda: request_of(found), opened, self._messages.report)

    def end_replacing(self) -> None:
        """The next run makes a new layer."""
        self._replace(None)

    def _show(self, document: Document, layer: LayerId, request: EditRequest) -> None:
        words = {"prompt": request.prompt, "negative_prompt": request.negative_prompt, "seed": request.seed}
        self._replace(None)
        try:
            self._options.fill(request.method, {**asdict(request.parameters), **words})
        except KeyError:
            self._messages.error(self.tr("The method “{}” of this layer is not installed.").format(request.method))
            return
        document.activate(layer)
        self._replace((document, layer))
        self.shown.emit()

    def _replace(self, replacing: tuple[Document, LayerId] | None) -> None:
        if replacing != self._replacing:
            self._replacing = replacing
            self.replacing_changed.emit(replacing[0][replacing[1]].name if replacing else None)

    def _method_changed(self) -> None:
        """Another method cannot run this recipe again."""
        self.end_replacing()

    def _follow(self, document: Document | None) -> None:
        self._unsubscribe()
        self._unsubscribe = document.subscribe(self._document_changed) if document is not None else lambda: None
        self.end_replacing()

    def _document_changed(self, change: Change) -> None:
        if self._replacing is not None and change.what in (What.ACTIVE, What.LAYERS):
            document, layer = self._replacing
            if layer not in document or document.active != layer:
                self.end_replacing()
