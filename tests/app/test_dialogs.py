"""Every question gives back what was answered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QPushButton,
    QSpinBox,
    QTableWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app import dialogs
from app.actions import ACTIONS
from app.dialogs import Unsaved
from app.widgets import NumberControl
from editor.files.kinds import EXPORT_SUFFIXES, LAYERED_SUFFIXES, OPEN_SUFFIXES


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    return made


def answering(answer: Callable[[QDialog], None]) -> None:
    """Call `answer` with the dialog that opens next."""

    def act() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QDialog)
        answer(dialog)

    QTimer.singleShot(50, act)


def press(kind: QDialogButtonBox.StandardButton) -> Callable[[QDialog], None]:
    def act(dialog: QDialog) -> None:
        box = dialog.findChild(QDialogButtonBox)
        assert box is not None
        box.button(kind).click()

    return act


OK, NO = QDialogButtonBox.StandardButton.Ok, QDialogButtonBox.StandardButton.Cancel


@pytest.mark.parametrize(
    ("text", "answer"),
    [("Save", Unsaved.SAVE), ("Close without saving", Unsaved.DISCARD), ("Cancel", Unsaved.CANCEL)],
)
def test_unsaved_changes(parent: QWidget, text: str, answer: Unsaved) -> None:
    def click(dialog: QDialog) -> None:
        next(button for button in dialog.findChildren(QPushButton) if button.text() == text).click()

    answering(click)
    assert dialogs.ask_unsaved(parent, "cat") is answer


def test_escape_loses_nothing_and_return_saves(parent: QWidget) -> None:
    answering(lambda dialog: QTest.keyClick(dialog, Qt.Key.Key_Escape))
    assert dialogs.ask_unsaved(parent, "cat") is Unsaved.CANCEL
    answering(lambda dialog: QTest.keyClick(dialog, Qt.Key.Key_Return))
    assert dialogs.ask_unsaved(parent, "cat") is Unsaved.SAVE


def test_a_number(parent: QWidget) -> None:
    def enter(dialog: QDialog) -> None:
        control = dialog.findChild(NumberControl)
        assert control is not None
        control.field.setValue(9999)  # more than the limit
        press(OK)(dialog)

    answering(enter)
    assert dialogs.ask_number(parent, "Grow", "By", 8, 1, 500) == 500
    answering(press(NO))
    assert dialogs.ask_number(parent, "Grow", "By", 8, 1, 500) is None


def test_sizes(parent: QWidget) -> None:
    def enter(dialog: QDialog) -> None:
        width, height = dialog.findChildren(QSpinBox)
        assert width.accessibleName()
        width.setValue(300)
        height.setValue(200)
        for combo in dialog.findChildren(QComboBox):
            combo.setCurrentIndex(1)
        press(OK)(dialog)

    answering(enter)
    assert dialogs.ask_size(parent, "Canvas size", (10, 20)) == (300, 200)
    answering(enter)
    assert dialogs.ask_new(parent, (10, 20)) == ((300, 200), "transparent", 16)
    answering(press(NO))
    assert dialogs.ask_new(parent, (10, 20)) is None


def test_all_shortcuts_are_listed(parent: QWidget) -> None:
    found: list[str] = []

    def look(dialog: QDialog) -> None:
        table = dialog.findChild(QTableWidget)
        assert table is not None
        found.extend(table.item(row, 0).text() for row in range(table.rowCount()))
        dialog.reject()

    answering(look)
    dialogs.show_shortcuts(parent)
    assert len(found) == sum(bool(spec.shortcut) for spec in ACTIONS)
    assert "Save as" in found


def test_about_names_the_log_file(parent: QWidget, tmp_path: Path) -> None:
    texts: list[str] = []

    def look(dialog: QDialog) -> None:
        texts.extend(child.text() for child in dialog.findChildren(QWidget) if hasattr(child, "text"))  # type: ignore[attr-defined]
        dialog.reject()

    answering(look)
    dialogs.show_about(parent, tmp_path / "pentimento.log")
    assert any(str(tmp_path / "pentimento.log") in text for text in texts)


@pytest.mark.parametrize(
    ("name", "kind", "written"),
    [
        ("a", "PNG (*.png)", "a.png"),
        ("a", "JPEG (*.jpg *.jpeg)", "a.jpg"),
        ("a.webp", "PNG (*.png)", "a.webp"),
        ("portrait.v2", "PNG (*.png)", "portrait.v2.png"),
        ("a", "Photoshop, with layers (*.psd)", "a.psd"),
        ("a.psb", "PNG (*.png)", "a.psb"),
        ("", "", None),
    ],
)
def test_the_suffix_follows_the_chosen_kind(
    parent: QWidget, tmp_path: Path, name: str, kind: str, written: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = (str(tmp_path / name) if name else "", kind)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: answer)
    assert dialogs.ask_export(parent, tmp_path / "x.png") == (tmp_path / written if written else None)


def test_the_dialogs_offer_what_can_be_opened_and_exported() -> None:
    """They have lists of their own, because decoders are not imported before a file is opened."""
    assert {f"*{suffix}" for suffix in OPEN_SUFFIXES} - {"*.jpe", "*.jfif"} == set(dialogs.PICTURES.split())
    assert set(dialogs.EXPORTED) == set(EXPORT_SUFFIXES)
    assert set(dialogs.DOCUMENTS) == set(LAYERED_SUFFIXES)
    assert set(dialogs.PICTURES.split()) - set(dialogs.FLAT.split()) == {f"*{suffix}" for suffix in LAYERED_SUFFIXES}


@pytest.mark.parametrize(
    ("name", "written"),
    [("a", "a.ora"), ("a.ORA", "a.ORA"), ("photo.jpg", "photo.jpg.ora"), ("portrait.v2", "portrait.v2.ora")],
)
def test_layers_are_saved_as_ora(
    parent: QWidget, tmp_path: Path, name: str, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / name), ""))
    assert dialogs.ask_save(parent, tmp_path / "x.ora") == tmp_path / written


def test_a_file_is_not_replaced_because_its_suffix_was_not_typed(
    parent: QWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.ora").touch()
    suggested: list[str] = []

    def ask(_: QWidget, __: str, suggestion: str, *___: str) -> tuple[str, str]:
        suggested.append(suggestion)
        return str(tmp_path / ("a" if len(suggested) == 1 else "a.ora")), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    assert dialogs.ask_save(parent, tmp_path / "x.ora") == tmp_path / "a.ora"
    assert suggested == [str(tmp_path / "x.ora"), str(tmp_path / "a.ora")]


def test_files_to_open(parent: QWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(tmp_path / "a.png")], ""))
    assert dialogs.ask_open(parent, tmp_path) == [tmp_path / "a.png"]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "b"), ""))
    assert dialogs.ask_save(parent, tmp_path / "b.ora") == tmp_path / "b.ora"


@pytest.mark.parametrize(("size", "stretched"), [((512, 512), True), ((2048, 1536), False), ((1023, 767), False)])
def test_a_mask_of_another_size_is_scaled_if_the_artist_says_so(
    parent: QWidget, size: tuple[int, int], stretched: bool
) -> None:
    said: list[str] = []

    def answer(button: str) -> Callable[[QDialog], None]:
        def act(dialog: QDialog) -> None:
            said.extend(label.text() for label in dialog.findChildren(QLabel))
            next(each for each in dialog.findChildren(QPushButton) if each.text() == button).click()

        return act

    answering(answer("Scale the mask"))
    assert dialogs.ask_scale_mask(parent, "mask.png", size, (1024, 768))
    assert any(f"{size[0]} × {size[1]} pixels, the picture 1024 × 768" in text for text in said)
    assert any("stretched" in text for text in said) == stretched
    answering(answer("Cancel"))
    assert not dialogs.ask_scale_mask(parent, "mask.png", size, (1024, 768))


def test_masks_are_opened_and_written_by_name(parent: QWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "a.png"), ""))
    assert dialogs.ask_open_mask(parent, tmp_path) == tmp_path / "a.png"
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    assert dialogs.ask_open_mask(parent, tmp_path) is None
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "b"), ""))
    assert dialogs.ask_export_mask(parent, tmp_path / "x.png") == tmp_path / "b.png"
