"""Undo, the clipboard, and the size of the canvas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app import clipboard, dialogs
from app.background import Background
from app.clipboard import Bytes
from app.documents import Documents
from app.errors import Messages
from app.parts.doing import Doer
from editor import masks
from editor.clipboard import copy_pixels, paste_layer, under_selection
from editor.commands import Crop, ReplacePixels, ResizeCanvas, need_image, need_unlocked
from editor.document import Document
from editor.errors import DocumentError
from editor.geometry import Rect
from editor.layers import ImageLayer
from editor.masks import Mask
from editor.tiles import UINT8, Array, TiledImage, converted


class EditPart(QObject):
    """The Edit menu.

    Args:
        centre: the canvas pixel in the middle of the view.
    """

    def __init__(
        self,
        documents: Documents,
        background: Background,
        messages: Messages,
        open_paths: Callable[[list[Path]], None],
        centre: Callable[[], tuple[int, int]],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._documents, self._background, self._messages = documents, background, messages
        self._open_paths, self._centre, self._window = open_paths, centre, window
        self._doer = Doer(documents, messages)

    def undo(self) -> None:
        if self._documents.current is not None:
            self._documents.current.history.undo()

    def redo(self) -> None:
        if self._documents.current is not None:
            self._documents.current.history.redo()

    # copy

    def copy(self) -> bool:
        """Copy the selected part of the active layer; False when there is nothing to copy."""
        document = self._documents.current
        if document is None:
            return False
        try:
            pixels, origin = copy_pixels(document)
        except DocumentError as error:
            self._messages.report(error)
            return False
        self._to_clipboard(pixels, document.profile, origin)
        return True

    def copy_merged(self) -> None:
        """Copy the selected part of what is seen."""
        document = self._documents.current
        if document is None:
            return
        snapshot = document.snapshot()
        selection = snapshot.selection
        area = snapshot.canvas if selection is None else selection.content().intersected(snapshot.canvas)

        def work() -> Array:
            from editor.composite import composite

            pixels = composite(snapshot, area)
            return pixels if selection is None else under_selection(pixels, cast(Mask, selection.read(area)[..., 0]))

        def done(pixels: Array) -> None:
            self._to_clipboard(pixels, snapshot.profile, (area.x, area.y))

        self._background.run(self.tr("Copying"), work, done, self._messages.report)

    def cut(self) -> None:
        """Copy, then clear."""
        if self.copy():
            self.clear()

    def clear(self) -> None:
        """Erase the selected part of the active layer, all of it without a selection."""
        document = self._documents.current
        if document is None or document.active is None:
            return
        try:
            layer = need_image(document, document.active)
            need_unlocked(document, layer.id)
        except DocumentError as error:
            self._messages.report(error)
            return
        self._doer.do(ReplacePixels(layer.id, _cleared(document, layer), self.tr("Clear")))

    def _to_clipboard(self, pixels: Array, profile: bytes | None, origin: tuple[int, int]) -> None:
        def work() -> Bytes:
            from editor.files.colour import to_srgb

            return converted(to_srgb(pixels, profile), UINT8)  # type: ignore[return-value]

        self._background.run("", work, lambda done: clipboard.copy(done, origin), self._messages.report)

    # paste

    def paste(self) -> None:
        """Paste the picture on the clipboard as a new layer; without a document it becomes one."""
        document = self._documents.current
        if document is None:
            self.paste_new()
            return
        found = clipboard.picture()
        if found is not None:
            self._paste_into(document, *found)
        elif clipboard.files():
            self.place_files(clipboard.files())
        else:
            self._messages.info(self.tr("There is no picture on the clipboard."))

    def paste_new(self) -> None:
        """Open the picture on the clipboard as a document of its own."""
        found = clipboard.picture()
        if found is not None:
            pixels, _ = found
            document = Document(pixels.shape[1], pixels.shape[0], title=self.tr("Pasted picture"))
            layer = ImageLayer(name=self.tr("Photo"), pixels=TiledImage.from_array(pixels))
            document.insert(layer, None, 0)
            document.activate(layer.id)
            self._documents.add(document)
        elif clipboard.files():
            self._open_paths(clipboard.files())
        else:
            self._messages.info(self.tr("There is no picture on the clipboard."))

    def place_files(self, paths: list[Path]) -> None:
        """Put picture files into the current document, each as a layer in the middle of the view."""
        document = self._documents.current
        if document is None:
            return
        for path in paths:

            def work(path: Path = path) -> tuple[Array, bytes | None]:
                from editor.files import open_pixels

                found = open_pixels(path)
                return found.array, found.profile

            def done(found: tuple[Array, bytes | None]) -> None:
                if document in self._documents:
                    self._paste_into(document, found[0], None, found[1])

            self._background.run(self.tr("Opening {}").format(path.name), work, done, self._messages.report)

    def _paste_into(
        self, document: Document, pixels: Array, origin: tuple[int, int] | None, profile: bytes | None = None
    ) -> None:
        height, width = pixels.shape[:2]
        if origin is None or not Rect(*origin, width, height).intersected(document.canvas):
            x, y = self._centre()
            origin = (x - width // 2, y - height // 2)

        def work() -> Array:
            from editor.files.colour import convert

            return convert(pixels, profile, document.profile)

        def done(ready: Array) -> None:
            if document in self._documents:
                paste_layer(document, ready, origin)

        self._background.run(self.tr("Pasting"), work, done, self._messages.report)

    # the canvas

    def canvas_size(self) -> None:
        """Ask for another size; the picture stays in the middle."""
        document = self._documents.current
        if document is None:
            return
        size = dialogs.ask_size(self._window, self.tr("Canvas size"), document.size)
        if size is not None and size != document.size:
            shift = ((size[0] - document.size[0]) // 2, (size[1] - document.size[1]) // 2)
            self._doer.do(ResizeCanvas(*size, shift))

    def crop(self) -> None:
        """Make the canvas as large as the selection."""
        document = self._documents.current
        if document is not None and document.selection is not None:
            self._doer.do(Crop(document.selection.content()))


def _cleared(document: Document, layer: ImageLayer) -> TiledImage:
    """The layer's pixels without the selected part."""
    if document.selection is None:
        return TiledImage(dtype=layer.pixels.dtype)
    area = document.selection.content()
    own = area.translated(-layer.offset[0], -layer.offset[1])
    keep = masks.invert(cast(Mask, document.selection.read(area)[..., 0]))
    return layer.pixels.write(own, under_selection(layer.pixels.read(own), keep))
