"""The Mask menu: the selection, and the mask in hand as a whole, computed in worker threads."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app import dialogs
from app.documents import Documents
from app.errors import Messages
from app.landing import Landing
from app.parts.doing import Doer
from app.settings import Settings
from editor import masks, reshaping
from editor.commands import SetSelection
from editor.document import Document, Snapshot
from editor.layers import ImageLayer, Layer, LayerId
from editor.reshaping import Reshape
from editor.tiles import UINT8, Array, TiledImage, converted

LARGEST_STEP = 500  # pixels
LARGEST_SPECK = 100_000  # pixels


class SelectionPart(QObject):
    """Everything that changes the selection, or the mask in hand, as a whole; each is one step."""

    def __init__(
        self, documents: Documents, landing: Landing, messages: Messages, settings: Settings, window: QWidget
    ) -> None:
        super().__init__(window)
        self._landing, self._messages, self._settings, self._window = landing, messages, settings, window
        self._doer = Doer(documents, messages)

    # the selection

    def all(self) -> None:
        """Select the whole canvas."""
        document = self._doer.document
        if document is not None:
            self._doer.do(SetSelection(masks.rectangle(document.canvas, document.canvas), self.tr("Select all")))

    def none(self) -> None:
        self._doer.do(SetSelection(None, self.tr("Select nothing")))

    def from_alpha(self) -> None:
        """Select what the active layer covers."""
        layer = self._doer.layer
        if isinstance(layer, ImageLayer):
            self._select(self.tr("Select layer"), lambda snapshot: _plane(snapshot, layer, layer.pixels, 3))

    def from_mask(self) -> None:
        """Select what the active layer's mask shows."""
        layer = self._doer.layer
        mask = layer.mask if layer is not None else None
        if layer is not None and mask is not None:
            self._select(self.tr("Select mask"), lambda snapshot: _plane(snapshot, layer, mask, 0))

    def to_mask(self) -> None:
        """Make the selection the active layer's mask."""
        document, layer = self._doer.document, self._doer.layer
        if document is not None and layer is not None:
            self._compute(
                document,
                layer.id,
                self.tr("Mask from selection"),
                lambda snapshot: reshaping.from_canvas(snapshot, layer.id, reshaping.on_canvas(snapshot, None)),
            )

    def _select(self, title: str, values_of: Callable[[Snapshot], Array]) -> None:
        document = self._doer.document
        if document is not None:
            self._compute(document, None, title, lambda now: reshaping.from_canvas(now, None, values_of(now)))

    # the mask in hand

    def invert(self) -> None:
        document = self._doer.document
        if document is not None:
            owner = document.mask_in_hand
            title = self._title(self.tr("Invert {}"), owner)
            self._compute(document, owner, title, lambda now: reshaping.inverted(now, owner))

    def grow(self) -> None:
        self._ask(self.tr("Grow {}"), 8, LARGEST_STEP, masks.grow)

    def shrink(self) -> None:
        self._ask(self.tr("Shrink {}"), 8, LARGEST_STEP, masks.shrink, reach=0.0)

    def feather(self) -> None:
        self._ask(self.tr("Feather {}"), 12, LARGEST_STEP, masks.feather, reach=2.0)

    def smooth(self) -> None:
        self._ask(self.tr("Smooth {}"), 4, masks.LARGEST_SMOOTHING, masks.smooth)

    def remove_specks(self) -> None:
        label, unit = self.tr("Smaller than"), self.tr("px²")
        self._ask(self.tr("Remove specks of {}"), 64, LARGEST_SPECK, masks.remove_specks, 0.0, label, unit)

    def fill_holes(self) -> None:
        self._reshape(self.tr("Fill holes of {}"), masks.fill_holes, 0)

    def _ask(
        self,
        what: str,
        value: int,
        most: int,
        change: Callable[..., Array],
        reach: float = 1.0,
        label: str = "",
        unit: str = "px",
    ) -> None:
        """Ask by how much, and do it.

        Args:
            what: the title, with a place for the mask's owner.
            reach: how far a value has an effect, in pixels for each one asked for.
        """
        document = self._doer.document
        if document is None:
            return
        title = what.format(self._named(document))
        answer = dialogs.ask_number(self._window, title, label or self.tr("By"), value, 1, most, unit)
        if answer is not None:
            self._reshape(what, lambda values: change(values, answer), ceil(reach * answer))

    def _reshape(self, what: str, change: Reshape, reach: int) -> None:
        document = self._doer.document
        if document is not None:
            owner = document.mask_in_hand
            title = self._title(what, owner)
            self._compute(document, owner, title, lambda now: reshaping.reshaped(now, owner, change, reach))

    def _title(self, what: str, owner: LayerId | None) -> str:
        """What the History panel calls it."""
        return what.format(self.tr("selection") if owner is None else self.tr("mask"))

    def _named(self, document: Document) -> str:
        """The mask in hand, for a question."""
        owner = document.mask_in_hand
        return self.tr("selection") if owner is None else self.tr("mask of “{}”").format(document[owner].name)

    # files

    def export_mask(self) -> None:
        """Ask where, and write the mask in hand as a grey PNG of the canvas' size."""
        document = self._doer.document
        if document is None:
            return
        owner, snapshot = document.mask_in_hand, document.snapshot()
        suggestion = self._settings.folder / f"{document.title} {self._title('{}', owner)}.png"
        path = dialogs.ask_export_mask(self._window, suggestion)
        if path is None:
            return

        def write() -> None:
            from editor.files.mask_files import write_mask

            write_mask(reshaping.on_canvas(snapshot, owner), path)

        def written(_: None) -> None:
            self._settings.folder = path.parent
            self._messages.info(self.tr("Mask exported to {}").format(path))

        self._landing(document, self.tr("Exporting {}").format(path.name), write, written)

    def import_mask(self) -> None:
        """Ask for a picture, and make it the mask in hand; one of another size is scaled if the artist says so."""
        document = self._doer.document
        path = dialogs.ask_open_mask(self._window, self._settings.folder) if document is not None else None
        if document is None or path is None:
            return

        def read() -> tuple[Array, str]:
            from editor.files.mask_files import read_mask

            return read_mask(path)

        def opened(found: tuple[Array, str]) -> None:
            values, note = found
            self._settings.folder = path.parent
            size = (values.shape[1], values.shape[0])
            if size == document.size or dialogs.ask_scale_mask(self._window, path.name, size, document.size):
                self._take(document, values, note)

        self._landing(document, self.tr("Opening {}").format(path.name), read, opened)

    def _take(self, document: Document, values: Array, note: str) -> None:
        """Make (H, W) values of any size the mask in hand."""
        owner = document.mask_in_hand

        def scaled(now: Snapshot) -> TiledImage | None:
            from editor.files.mask_files import scaled_mask

            fitting = values if (values.shape[1], values.shape[0]) == now.size else scaled_mask(values, now.size)
            return reshaping.from_canvas(now, owner, fitting)

        self._compute(document, owner, self._title(self.tr("Import {}"), owner), scaled)
        if note:
            self._messages.info(note)

    # all of them

    def _compute(
        self, document: Document, owner: LayerId | None, title: str, work: Callable[[Snapshot], TiledImage | None]
    ) -> None:
        """Work a mask out from the document as it is now, and set it if the one there is is still the same."""
        snapshot = document.snapshot()
        self._landing(
            document, title, lambda: work(snapshot), lambda mask: self._put(document, snapshot, owner, title, mask)
        )

    def take(
        self, document: Document, snapshot: Snapshot, owner: LayerId | None, what: str, mask: TiledImage | None
    ) -> None:
        """Take a mask that somebody made of the one that `owner` had then, as soon as no gesture is going on.

        Args:
            what: the title, with a place for the mask's owner.
        """
        title = self._title(what, owner)
        self._landing(document, title, lambda: mask, lambda made: self._put(document, snapshot, owner, title, made))

    def _put(
        self, document: Document, snapshot: Snapshot, owner: LayerId | None, title: str, mask: TiledImage | None
    ) -> None:
        """Make it the owner's mask in one step, if that one is still the same and this is another."""
        before = reshaping.mask_of(snapshot, owner)
        if not reshaping.still_is(document, snapshot, owner):
            sentence = self.tr("“{}” was left out, because the mask was changed meanwhile. Do it again.")
            self._messages.info(sentence.format(title))
        elif mask is before or (mask is not None and before is not None and mask.equals(before)):
            self._messages.info(self.tr("“{}” found nothing to change.").format(title))
        elif self._doer.do(reshaping.replacement(owner, mask, title), document) and mask is None:
            self._messages.info(self.tr("Nothing is selected any more."))


def _plane(snapshot: Snapshot, layer: Layer, image: TiledImage, channel: int) -> Array:
    """One channel of a layer's pixels or mask where the canvas is, (H, W) 0..255."""
    own = snapshot.canvas.translated(-layer.offset[0], -layer.offset[1])
    return converted(image.read(own)[..., channel], UINT8)
