"""The example of the next edit in the Method panel: a small picture, another one, none."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QDragEnterEvent, QDropEvent, QPainter, QPainterPath, QPaintEvent, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.clipboard import to_image
from app.exemplars import Exemplar
from app.parts.exemplars import ExemplarsPart
from app.theme import colours
from app.widgets import ElidedLabel, caption, icon_button
from editor.tiles import UINT8, converted

SIDE = 72  # pixels of the small picture
CHECK = 6  # pixels of the squares that are seen through it
ROUND = 4.0


class Thumbnail(QWidget):
    """A small picture on squares, so that transparency is seen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(SIDE, SIDE)
        self._picture = QPixmap()

    def show_exemplar(self, exemplar: Exemplar | None) -> None:
        self._picture = QPixmap()
        if exemplar is not None:
            ratio = self.devicePixelRatioF()
            image = to_image(converted(exemplar.pixels, UINT8))  # type: ignore[arg-type]
            image = image.scaled(
                QSize(SIDE, SIDE) * ratio,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            self._picture = QPixmap.fromImage(image)
            self._picture.setDevicePixelRatio(ratio)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            frame = QPainterPath()
            frame.addRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), ROUND, ROUND)
            painter.fillPath(frame, QColor(colours().sunken))
            if not self._picture.isNull():
                size = self._picture.deviceIndependentSize()
                place = QRectF((SIDE - size.width()) / 2, (SIDE - size.height()) / 2, size.width(), size.height())
                painter.setClipPath(frame)
                painter.fillRect(place, QBrush(_squares()))
                painter.drawPixmap(place.topLeft(), self._picture)
                painter.setClipping(False)
            painter.setPen(QColor(colours().line))
            painter.drawPath(frame)


class ExemplarBox(QWidget):
    """Shows the example, also that there is none yet; takes a file that is dropped on it.

    Signals:
        choose_wanted: let the artist look for a file.
        remove_wanted: have no example any more.
        file_dropped: a Path.
    """

    choose_wanted = Signal()
    remove_wanted = Signal()
    file_dropped = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.thumbnail = Thumbnail()
        self.name = ElidedLabel()
        self.facts = caption("")
        self.facts.setWordWrap(True)
        self.choose = QPushButton(self.tr("Choose…"))
        self.choose.setToolTip(self.tr("Use a picture file as the example"))
        self.choose.clicked.connect(self.choose_wanted)
        self.remove = icon_button("delete", self.tr("Remove the example"))
        self.remove.clicked.connect(self.remove_wanted)
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        buttons.addWidget(self.choose)
        buttons.addWidget(self.remove)
        buttons.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(self.name)
        column.addWidget(self.facts)
        column.addStretch(1)
        column.addLayout(buttons)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.thumbnail, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(4)
        self._title: QLabel = caption(self.tr("Example"))
        outer.addWidget(self._title)
        outer.addLayout(row)
        self.show_exemplar(None)

    def join(self, exemplars: ExemplarsPart) -> None:
        """Follow and steer the current picture's example."""
        self.choose_wanted.connect(exemplars.choose_file)
        self.remove_wanted.connect(exemplars.remove)
        self.file_dropped.connect(exemplars.use_file)
        exemplars.changed.connect(self.show_exemplar)
        exemplars.tell()

    def show_exemplar(self, exemplar: Exemplar | None) -> None:
        """Show an example, or what to do to have one."""
        self.thumbnail.show_exemplar(exemplar)
        self.name.show_text(exemplar.name if exemplar is not None else "")
        self.name.setVisible(exemplar is not None)
        self.remove.setVisible(exemplar is not None)
        if exemplar is None:
            self.facts.setText(self.tr("None yet. Drop a picture here or on the canvas."))
            said = self.facts.text()
        else:
            height, width = exemplar.pixels.shape[:2]
            self.facts.setText(f"{width} × {height}")
            said = self.tr("{}, {} by {} pixels").format(exemplar.name, width, height)
        self.thumbnail.setAccessibleName(self.tr("Example: {}").format(said))
        self.thumbnail.setToolTip(said)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _file_in(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = _file_in(event)
        if path is not None:
            event.acceptProposedAction()
            self.file_dropped.emit(path)


def _file_in(event: QDropEvent) -> Path | None:
    return next((Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()), None)


def _squares() -> QPixmap:
    squares = QPixmap(2 * CHECK, 2 * CHECK)
    squares.fill(QColor("#ffffff"))
    with QPainter(squares) as painter:
        for x, y in ((0, 0), (CHECK, CHECK)):
            painter.fillRect(x, y, CHECK, CHECK, QColor("#cccccc"))
    return squares
