"""The Mask menu: what is selected, computed in worker threads."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app import dialogs
from app.background import Background
from app.documents import Documents
from app.errors import Messages
from app.parts.doing import Doer
from app.parts.layers import selection_as_mask
from editor import masks
from editor.commands import ReplaceMask, SetSelection
from editor.document import Document, Snapshot
from editor.layers import ImageLayer, Layer
from editor.masks import Mask
from editor.tiles import UINT8, TiledImage, converted

LARGEST_STEP = 500  # pixels


class SelectionPart(QObject):
    """Everything that changes the selection as a whole."""

    def __init__(self, documents: Documents, background: Background, messages: Messages, window: QWidget) -> None:
        super().__init__(window)
        self._documents, self._background, self._messages, self._window = documents, background, messages, window
        self._doer = Doer(documents, messages)

    def all(self) -> None:
        """Select the whole canvas."""
        document = self._doer.document
        if document is not None:
            self._doer.do(SetSelection(masks.rectangle(document.canvas, document.canvas), self.tr("Select all")))

    def none(self) -> None:
        self._doer.do(SetSelection(None, self.tr("Select nothing")))

    def invert(self) -> None:
        self._change(self.tr("Invert selection"), masks.invert)

    def fill_holes(self) -> None:
        self._change(self.tr("Fill holes"), masks.fill_holes)

    def grow(self) -> None:
        self._ask(self.tr("Grow selection"), 8, masks.grow)

    def shrink(self) -> None:
        self._ask(self.tr("Shrink selection"), 8, masks.shrink)

    def feather(self) -> None:
        self._ask(self.tr("Feather selection"), 12, masks.feather)

    def _ask(self, title: str, value: int, change: Callable[[Mask, int], Mask]) -> None:
        pixels = dialogs.ask_number(self._window, title, self.tr("By"), value, 1, LARGEST_STEP)
        if pixels is not None:
            self._change(title, lambda mask: change(mask, pixels))

    def _change(self, title: str, change: Callable[[Mask], Mask]) -> None:
        self._compute(title, lambda snapshot: change(_whole(snapshot)))

    def from_alpha(self) -> None:
        """Select what the active layer covers."""
        layer = self._doer.layer
        if isinstance(layer, ImageLayer):
            self._compute(self.tr("Select layer"), lambda snapshot: _plane(snapshot, layer, layer.pixels, 3))

    def from_mask(self) -> None:
        """Select what the active layer's mask shows."""
        layer = self._doer.layer
        mask = layer.mask if layer is not None else None
        if layer is not None and mask is not None:
            self._compute(self.tr("Select mask"), lambda snapshot: _plane(snapshot, layer, mask, 0))

    def to_mask(self) -> None:
        """Make the selection the active layer's mask."""
        document, layer = self._doer.document, self._doer.layer
        if document is not None and layer is not None:
            self._doer.do(ReplaceMask(layer.id, selection_as_mask(document, layer.id), self.tr("Mask from selection")))

    def _compute(self, title: str, work: Callable[[Snapshot], Mask]) -> None:
        """Work a new selection out from the document as it is now, and select it if the document still is that."""
        document = self._doer.document
        if document is None:
            return
        snapshot = document.snapshot()

        def done(mask: Mask) -> None:
            if document in self._documents and document.size == snapshot.size:
                self._select(document, mask, title)

        self._background.run(title, lambda: work(snapshot), done, self._messages.report)

    def _select(self, document: Document, mask: Mask, title: str) -> None:
        selection = TiledImage.from_array(np.ascontiguousarray(mask)[..., None])
        self._doer.do(SetSelection(selection if selection.tiles else None, title), document)
        if not selection.tiles:
            self._messages.info(self.tr("Nothing is selected any more."))


def _whole(snapshot: Snapshot) -> Mask:
    """The selection as an array of the canvas' size; all 0 without one."""
    selection = snapshot.selection or TiledImage(channels=1)
    return selection.read(snapshot.canvas)[..., 0]  # type: ignore[return-value]


def _plane(snapshot: Snapshot, layer: Layer, image: TiledImage, channel: int) -> Mask:
    """One channel of a layer's pixels or mask where the canvas is, (H, W) 0..255."""
    own = snapshot.canvas.translated(-layer.offset[0], -layer.offset[1])
    return converted(image.read(own)[..., channel], UINT8)  # type: ignore[return-value]
