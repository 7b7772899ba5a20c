"""What the artist is asked after a crash: which of the pictures that were not saved to open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.widgets import ElidedLabel, caption, divider

if TYPE_CHECKING:
    from editor.leavings import Left

PICTURE = QSize(96, 72)
SIZE = QSize(560, 420)
MAIN_WIDTH = 128  # px: the style makes the text bold, which its size does not know


@dataclass(frozen=True, eq=False)
class Offered:
    """A document and its small picture, None where the file carries none."""

    left: Left
    picture: QImage | None


class OfferedRow(QWidget):
    """One document.

    Signals:
        open_wanted: open it.
    """

    open_wanted = Signal()

    def __init__(self, offered: Offered, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.left = offered.left
        self.picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.picture.setFixedSize(PICTURE)
        if offered.picture is not None:
            self.picture.setPixmap(_fitted(offered.picture, self.devicePixelRatioF()))
        name = ElidedLabel(self.left.title)
        name.setProperty("role", "heading")
        self.when = caption(when_text(self.left.time))
        self.where = ElidedLabel(self._where_text())
        self.where.setProperty("role", "quiet")
        self.open_button = QPushButton(self.tr("Open"))
        self.open_button.setAccessibleName(self.tr("Open {}").format(self.left.title))
        self.open_button.clicked.connect(lambda _=False: self.open_wanted.emit())
        self.discard_button = QPushButton(self.tr("Discard"))
        self.discard_button.setCheckable(True)
        self.discard_button.setProperty("flat", "true")
        self.discard_button.setAccessibleName(self.tr("Discard {}").format(self.left.title))
        self.discard_button.toggled.connect(self._show_discarded)
        self._lay_out(name)

    def _lay_out(self, name: QWidget) -> None:
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        for widget in (name, self.when, self.where):
            words.addWidget(widget)
        words.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 8, 8)
        row.setSpacing(12)
        row.addWidget(self.picture)
        row.addLayout(words, 1)
        row.addWidget(self.discard_button)
        row.addWidget(self.open_button)

    @property
    def discarded(self) -> bool:
        """Whether it is to be deleted when the offer is closed."""
        return self.discard_button.isChecked()

    def _where_text(self) -> str:
        path = self.left.path
        if path is None:
            return self.tr("Never saved")
        return self.tr("The saved file is newer: {}").format(path) if self.left.saved_since else str(path)

    def _show_discarded(self, discarded: bool) -> None:
        self.open_button.setVisible(not discarded)
        self.discard_button.setText(self.tr("Keep it") if discarded else self.tr("Discard"))
        self.when.setText(self.tr("Will be deleted for good") if discarded else when_text(self.left.time))


class RecoveryOffer(QDialog):
    """Every document that was left, each to be opened or discarded; closing leaves the others for the next start.

    Discarding takes effect only when the offer is closed, and can be taken back until then.

    Signals:
        open_wanted, discard_wanted: a `Left`.
    """

    open_wanted = Signal(object)
    discard_wanted = Signal(object)

    def __init__(self, offered: Sequence[Offered], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Recover pictures"))
        self.resize(SIZE)
        self.rows = [OfferedRow(one) for one in offered]
        self._list = QWidget()
        self._list.setObjectName("page")
        column = QVBoxLayout(self._list)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for row in self.rows:
            row.open_wanted.connect(lambda row=row: self._open(row))
            row.discard_button.toggled.connect(lambda _: self._count())
            column.addWidget(row)
        column.addStretch(1)
        self.later = QPushButton(self.tr("Later"))
        self.later.clicked.connect(self.reject)
        self.main = QPushButton()
        self.main.setDefault(True)
        self.main.setMinimumWidth(MAIN_WIDTH)
        self.main.clicked.connect(self._open_all)
        self.finished.connect(lambda _: self._discard_marked())
        self._lay_out()
        self._count()

    def _lay_out(self) -> None:
        scroll = QScrollArea(widgetResizable=True)
        scroll.setWidget(self._list)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        said = caption(
            self.tr(
                "Pentimento ended without saving these pictures. They open as they were autosaved; "
                "the files they came from stay as they are until you save."
            )
        )
        said.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(caption(self.tr("Later: asks again at the next start")), 1)
        buttons.addWidget(self.later)
        buttons.addWidget(self.main)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(8)
        column.addWidget(caption(self.tr("Your work is still there"), "heading"))
        column.addWidget(said)
        column.addWidget(divider())
        column.addWidget(scroll, 1)
        column.addWidget(divider())
        column.addLayout(buttons)

    def _wanted(self) -> list[OfferedRow]:
        return [row for row in self.rows if not row.discarded]

    def _count(self) -> None:
        wanted = len(self._wanted())
        self.main.setText(self.tr("Open all {}").format(wanted) if wanted > 1 else self.tr("Open"))
        if not wanted:
            self.main.setText(self.tr("Discard"))

    def _open(self, row: OfferedRow) -> None:
        self.rows.remove(row)
        row.hide()
        self.open_wanted.emit(row.left)
        self._count()
        if not self.rows:
            self.accept()

    def _open_all(self) -> None:
        for row in reversed(self._wanted()):  # the newest is looked at in the end
            self._open(row)
        if self.isVisible():
            self.accept()

    def _discard_marked(self) -> None:
        for row in self.rows:
            if row.discarded:
                self.discard_wanted.emit(row.left)


def when_text(time: float) -> str:
    """ "Today, 18:42", or with the date."""
    then, locale = QDateTime.fromSecsSinceEpoch(int(time)), QLocale()
    clock = locale.toString(then.time(), QLocale.FormatType.ShortFormat)
    if then.date() == QDateTime.currentDateTime().date():
        return QCoreApplication.translate("RecoveryOffer", "Today, {}").format(clock)
    return f"{locale.toString(then.date(), QLocale.FormatType.ShortFormat)}, {clock}"


def _fitted(picture: QImage, ratio: float) -> QPixmap:
    size = PICTURE * ratio
    kept, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    pixmap = QPixmap.fromImage(picture.scaled(size, kept, smooth))
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
