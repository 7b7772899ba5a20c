"""Every question that the program asks, one function each."""

from __future__ import annotations

from enum import Enum, auto
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QSize, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.actions import ACTIONS, shortcuts_of, translated
from app.theme import picture
from app.widgets import NumberControl, caption
from editor import limits

DOCUMENTS = (".ora", ".psd", ".psb")  # files with layers, by suffix
FLAT = "*.png *.jpg *.jpeg *.webp *.tif *.tiff *.bmp *.gif *.avif"
PICTURES = f"*.ora *.psd *.psb {FLAT}"
EXPORTED = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".psd", ".psb")  # by suffix


def tr(text: str) -> str:
    return QCoreApplication.translate("Dialogs", text)


class Unsaved(Enum):
    """What to do with changes that were not saved."""

    SAVE = auto()
    DISCARD = auto()
    CANCEL = auto()


_CODES = {Unsaved.CANCEL: 0, Unsaved.SAVE: 1, Unsaved.DISCARD: 2}  # 0 is what Esc gives


def ask_open(parent: QWidget, folder: Path) -> list[Path]:
    """Files to open; empty when the artist changed their mind."""
    kinds = f"{tr('Pictures')} ({PICTURES});;{tr('All files')} (*)"
    names, _ = QFileDialog.getOpenFileNames(parent, tr("Open"), str(folder), kinds)
    return [Path(name) for name in names]


def ask_save(parent: QWidget, suggestion: Path) -> Path | None:
    """Where to save a document with its layers; the name ends in ".ora"."""
    kinds = f"{tr('OpenRaster')} (*.ora)"
    return _ask_target(parent, tr("Save with layers"), suggestion, kinds, (".ora",))


def ask_export(parent: QWidget, suggestion: Path) -> Path | None:
    """Where to write a flat picture, or layers for Photoshop; the name ends in the suffix of such a file."""
    kinds = "PNG (*.png);;JPEG (*.jpg *.jpeg);;WebP (*.webp);;TIFF (*.tif *.tiff)"
    layered = f"{tr('Photoshop, with layers')} (*.psd);;{tr('Photoshop, very large')} (*.psb)"
    return _ask_target(parent, tr("Export picture"), suggestion, f"{kinds};;{layered}", EXPORTED)


def ask_open_mask(parent: QWidget, folder: Path) -> Path | None:
    """A picture to take as a mask."""
    kinds = f"{tr('Pictures')} ({FLAT});;{tr('All files')} (*)"
    name, _ = QFileDialog.getOpenFileName(parent, tr("Import mask"), str(folder), kinds)
    return Path(name) if name else None


def ask_example(parent: QWidget, folder: Path) -> Path | None:
    """A picture to take as an example."""
    kinds = f"{tr('Pictures')} ({PICTURES});;{tr('All files')} (*)"
    name, _ = QFileDialog.getOpenFileName(parent, tr("Choose an example"), str(folder), kinds)
    return Path(name) if name else None


def ask_open_checkpoint(parent: QWidget, folder: Path) -> Path | None:
    """A segment-anything checkpoint."""
    kinds = f"{tr('Segment Anything checkpoints')} (*.pth *.pt *.safetensors);;{tr('All files')} (*)"
    name, _ = QFileDialog.getOpenFileName(parent, tr("Choose a Segment Anything checkpoint"), str(folder), kinds)
    return Path(name) if name else None


def ask_export_mask(parent: QWidget, suggestion: Path) -> Path | None:
    """Where to write a mask; the name ends in ".png"."""
    return _ask_target(parent, tr("Export mask"), suggestion, "PNG (*.png)", (".png",))


def ask_scale_mask(parent: QWidget, name: str, size: tuple[int, int], wanted: tuple[int, int]) -> bool:
    """Whether a mask of another size, both (width, height), is to be scaled."""
    dialog = QDialog(parent)
    dialog.setWindowTitle(tr("Import mask"))
    dialog.setMinimumWidth(420)
    question = caption(tr("Scale “{}” to the size of the picture?").format(name), "heading")
    question.setWordWrap(True)
    facts = tr("The mask has {} × {} pixels, the picture {} × {}.").format(*size, *wanted)
    if abs(size[0] * wanted[1] - size[1] * wanted[0]) > max(*size, *wanted):
        facts += " " + tr("Their proportions differ, so it will be stretched.")
    said = caption(facts)
    said.setWordWrap(True)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    scale = buttons.addButton(tr("Scale the mask"), QDialogButtonBox.ButtonRole.AcceptRole)
    scale.setDefault(True)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(16, 16, 16, 16)
    column.setSpacing(8)
    for widget in (question, said):
        column.addWidget(widget)
    column.addSpacing(8)
    column.addWidget(buttons)
    return bool(_run(dialog))


def _ask_target(parent: QWidget, title: str, suggestion: Path, kinds: str, suffixes: tuple[str, ...]) -> Path | None:
    """A file to write; the first suffix of the chosen kind is added to a name that has none of `suffixes`.

    The file dialog asks before an existing file is replaced, but knows only the name as typed: where the suffix leads
    to an existing file, the dialog comes again with the whole name.
    """
    kind = ""
    while True:
        name, kind = QFileDialog.getSaveFileName(parent, title, str(suggestion), kinds, kind)
        if not name:
            return None
        typed = Path(name)
        if typed.suffix.lower() in suffixes:
            return typed
        added = kind[kind.find("*") + 1 :].split(")")[0].split(" ")[0] if kind else suffixes[0]
        suggestion = typed.with_name(typed.name + added)
        if not suggestion.exists():
            return suggestion


def ask_unsaved(parent: QWidget, title: str) -> Unsaved:
    """Whether to save a document that is about to be closed."""
    dialog = QDialog(parent)
    dialog.setWindowTitle(tr("Unsaved changes"))
    dialog.setMinimumWidth(420)
    question = caption(tr("Save the changes to “{}” before closing?").format(title), "heading")
    question.setWordWrap(True)
    row = QHBoxLayout()
    row.setSpacing(8)
    for answer, text in (
        (Unsaved.DISCARD, tr("Close without saving")),
        (Unsaved.CANCEL, tr("Cancel")),
        (Unsaved.SAVE, tr("Save")),
    ):
        button = QPushButton(text)
        button.setDefault(answer is Unsaved.SAVE)
        button.clicked.connect(lambda _=False, answer=answer: dialog.done(_CODES[answer]))
        row.addWidget(button)
        if answer is Unsaved.DISCARD:
            row.addStretch(1)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(16, 16, 16, 16)
    column.setSpacing(8)
    column.addWidget(question)
    column.addWidget(caption(tr("Without saving, the changes since the last save are lost.")))
    column.addSpacing(8)
    column.addLayout(row)
    code = _run(dialog)
    return next((answer for answer, known in _CODES.items() if known == code), Unsaved.CANCEL)


def ask_number(
    parent: QWidget, title: str, label: str, value: int, low: int, high: int, unit: str = "px"
) -> int | None:
    """A whole number within limits; None when the artist changed their mind."""
    dialog, form = _form_dialog(parent, title)
    control = NumberControl(label, low, high, whole=True, unit=unit, curve=2.0)
    control.set_value(value)
    control.setMinimumWidth(280)
    form.addRow(control)
    control.field.selectAll()
    control.field.setFocus()
    return round(control.value) if _run(dialog) else None


def ask_size(parent: QWidget, title: str, size: tuple[int, int]) -> tuple[int, int] | None:
    """Width and height in pixels."""
    dialog, form = _form_dialog(parent, title)
    fields = []
    for label, value in ((tr("Width"), size[0]), (tr("Height"), size[1])):
        field = _side(label, value)
        form.addRow(caption(label), field)
        fields.append(field)
    return (fields[0].value(), fields[1].value()) if _run(dialog) else None


def ask_new(parent: QWidget, size: tuple[int, int]) -> tuple[tuple[int, int], str, int] | None:
    """A new canvas: (size in pixels, "white" or "transparent", bits per channel 8 or 16)."""
    dialog, form = _form_dialog(parent, tr("New canvas"))
    width, height = _side(tr("Width"), size[0]), _side(tr("Height"), size[1])
    row = QHBoxLayout()
    row.addWidget(width, 1)
    row.addWidget(caption("×"))
    row.addWidget(height, 1)
    paper, depth = QComboBox(), QComboBox()
    paper.setAccessibleName(tr("Background"))
    paper.addItem(tr("White"), "white")
    paper.addItem(tr("Transparent"), "transparent")
    depth.setAccessibleName(tr("Depth"))
    depth.addItem(tr("8 bits per channel"), 8)
    depth.addItem(tr("16 bits per channel"), 16)
    form.addRow(caption(tr("Size")), row)
    form.addRow(caption(tr("Background")), paper)
    form.addRow(caption(tr("Depth")), depth)
    if not _run(dialog):
        return None
    return (width.value(), height.value()), str(paper.currentData()), int(depth.currentData())


def _run(dialog: QDialog) -> int:
    """Show a dialog until it is answered; it is deleted when the window has time."""
    code = dialog.exec()
    dialog.deleteLater()
    return code


def _side(name: str, value: int) -> QSpinBox:
    field = QSpinBox()
    field.setRange(1, limits.SIDE)
    field.setValue(value)
    field.setSuffix("\u2009px")
    field.setAccessibleName(name)
    field.setMinimumWidth(112)
    field.setProperty("arrows", "true")
    field.lineEdit().setTextMargins(6, 0, 0, 0)
    return field


def _form_dialog(parent: QWidget, title: str) -> tuple[QDialog, QFormLayout]:
    dialog = QDialog(parent)
    dialog.setWindowTitle(title)
    form = QFormLayout()
    form.setHorizontalSpacing(16)
    form.setVerticalSpacing(8)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
    buttons.button(QDialogButtonBox.StandardButton.Ok).setDefault(True)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(16, 16, 16, 16)
    column.setSpacing(16)
    column.addWidget(caption(title, "heading"))
    column.addLayout(form)
    column.addWidget(buttons)
    return dialog, form


def show_shortcuts(parent: QWidget) -> None:
    """List every shortcut of the one table."""
    rows = [(spec, shortcuts_of(spec)) for spec in ACTIONS if spec.shortcut]
    table = QTableWidget(len(rows), 2)
    table.setAccessibleName(tr("Keyboard shortcuts"))
    table.setHorizontalHeaderLabels([tr("What"), tr("Keys")])
    table.verticalHeader().hide()
    table.setShowGrid(False)
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    table.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
    native = QKeySequence.SequenceFormat.NativeText
    for row, (spec, keys) in enumerate(rows):
        text = translated(spec.text).replace("&", "").removesuffix("…")
        table.setItem(row, 0, QTableWidgetItem(text))
        table.setItem(row, 1, QTableWidgetItem(tr(" or ").join(key.toString(native) for key in keys)))
    dialog = QDialog(parent)
    dialog.setWindowTitle(tr("Keyboard shortcuts"))
    dialog.resize(480, 560)
    hint = caption(
        tr("On the canvas: the wheel zooms, space and drag moves, Shift with space and drag turns the view.")
    )
    hint.setWordWrap(True)
    _with_close(dialog, caption(tr("Keyboard shortcuts"), "heading"), table, hint)
    _run(dialog)


def show_about(parent: QWidget, log_file: Path | None) -> None:
    """What the program is, and where its log lies."""
    dialog = QDialog(parent)
    dialog.setWindowTitle(tr("About Pentimento"))
    sign = QLabel()
    sign.setPixmap(picture("pentimento", QSize(64, 64), ratio=parent.devicePixelRatioF()))
    text = QLabel(tr("An editor for artists: paint over a photo and have it become real, on your own computer.\n"
                     "Free software under the Apache License 2.0."))  # fmt: skip
    text.setWordWrap(True)
    log = caption(tr("Log file: {}").format(log_file or tr("none")))
    log.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    log.setWordWrap(True)
    dialog.setMinimumWidth(420)
    _with_close(dialog, sign, caption("Pentimento", "title"), text, log)
    _run(dialog)


def _with_close(dialog: QDialog, *widgets: QWidget) -> None:
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(16, 16, 16, 16)
    column.setSpacing(12)
    for widget in (*widgets, buttons):
        column.addWidget(widget)
