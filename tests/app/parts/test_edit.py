"""Copy, cut, paste and the canvas' size."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QGuiApplication, QImage

from app import clipboard, dialogs
from app.errors import Message
from app.main_window import MainWindow
from editor.composite import composite
from editor.document import Document
from editor.geometry import Rect
from editor.layers import ImageLayer, Role
from editor.masks import rectangle
from tests.app.conftest import act

Wait = Callable[[], None]


def flat(document: Document) -> np.ndarray:
    return composite(document.snapshot())


def test_pixels_survive_the_way_to_an_image_and_back() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (7, 5, 4), np.uint8)
    np.testing.assert_array_equal(clipboard.from_image(clipboard.to_image(pixels)), pixels)


def test_the_program_ends_well_with_a_picture_on_the_clipboard() -> None:
    """Destroyed after Python, a clipboard's data that Python made brought the program down."""
    program = (
        "import numpy as np\nfrom PySide6.QtWidgets import QApplication\nfrom app import clipboard\n"
        "application = QApplication([])\nclipboard.copy(np.full((6, 9, 4), 255, np.uint8), (-3, 4))\n"
        "assert clipboard.picture()[1] == (-3, 4)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_copy_and_paste_in_place(window: MainWindow, document: Document, wait: Wait) -> None:
    document.select(rectangle(Rect(8, 8, 16, 16), document.canvas))
    act(window, "copy")
    wait()
    found = clipboard.picture()
    assert found is not None
    pixels, origin = found
    assert (pixels.shape, origin) == ((16, 16, 4), (8, 8))
    assert (pixels == (200, 40, 30, 255)).all()
    before = flat(document)
    act(window, "paste")
    wait()
    pasted = document.layers[-1]
    assert isinstance(pasted, ImageLayer)
    assert pasted.role is Role.STROKES
    assert pasted.offset == (8, 8)
    np.testing.assert_array_equal(flat(document), before)
    act(window, "undo")
    assert len(document.layers) == 1


def test_cut_leaves_a_hole_that_undo_fills(window: MainWindow, document: Document, wait: Wait) -> None:
    before = flat(document)
    document.select(rectangle(Rect(8, 8, 16, 16), document.canvas))
    act(window, "cut")
    wait()
    after = flat(document)
    assert (after[8:24, 8:24, 3] == 0).all()
    assert (after[24:, :, 3] == 255).all()
    act(window, "undo")
    np.testing.assert_array_equal(flat(document), before)


def test_copy_merged_takes_what_is_seen(window: MainWindow, document: Document, wait: Wait) -> None:
    window.layers.add()
    act(window, "copy_merged")
    wait()
    found = clipboard.picture()
    assert found is not None
    np.testing.assert_array_equal(found[0], flat(document))


def test_a_foreign_picture_lands_in_the_middle_of_the_view(window: MainWindow, document: Document, wait: Wait) -> None:
    image = QImage(20, 10, QImage.Format.Format_RGB32)
    image.fill(0xFF00FF00)
    QGuiApplication.clipboard().setImage(image)
    act(window, "paste")
    wait()
    x, y = document.layers[-1].offset
    assert abs(x + 10 - document.size[0] // 2) <= 1
    assert abs(y + 5 - document.size[1] // 2) <= 1


def test_paste_without_a_document_opens_one(window: MainWindow, wait: Wait) -> None:
    QGuiApplication.clipboard().setImage(QImage(20, 10, QImage.Format.Format_RGB32))
    act(window, "paste")
    wait()
    assert window.documents.current is not None
    assert window.documents.current.size == (20, 10)


def test_copied_files_are_pasted_as_layers(window: MainWindow, document: Document, wait: Wait, tmp_path: Path) -> None:
    image = QImage(6, 4, QImage.Format.Format_RGB32)
    image.fill(0xFF112233)
    image.save(str(tmp_path / "small.png"))
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "small.png"))])
    QGuiApplication.clipboard().setMimeData(mime)
    act(window, "paste")
    wait()
    QGuiApplication.clipboard().clear()
    assert len(document.layers) == 2


def test_an_empty_clipboard_is_told(window: MainWindow, document: Document, posted: list[Message]) -> None:
    QGuiApplication.clipboard().clear()
    act(window, "paste")
    assert "no picture" in posted[-1].sentence


def test_nothing_to_copy_is_told(window: MainWindow, document: Document, posted: list[Message]) -> None:
    window.layers.add()
    act(window, "copy")
    assert "nothing to copy" in posted[-1].sentence


def test_clearing_a_locked_layer_is_refused(window: MainWindow, document: Document, posted: list[Message]) -> None:
    window.layers_panel.lock.click()
    before = flat(document)
    act(window, "clear")
    assert "locked" in posted[-1].sentence
    np.testing.assert_array_equal(flat(document), before)


def test_canvas_size_keeps_the_picture_in_the_middle(
    window: MainWindow, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = flat(document)
    monkeypatch.setattr(dialogs, "ask_size", lambda *_: (116, 84))
    act(window, "canvas_size")
    assert document.size == (116, 84)
    np.testing.assert_array_equal(flat(document)[10:74, 10:106], before)
    act(window, "undo")
    np.testing.assert_array_equal(flat(document), before)


def test_crop_to_selection(window: MainWindow, document: Document) -> None:
    document.select(rectangle(Rect(8, 8, 16, 16), document.canvas))
    act(window, "crop")
    assert document.size == (16, 16)
    assert (flat(document)[..., :3] == (200, 40, 30)).all()
