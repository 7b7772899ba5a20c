"""The example of the next edit in the Method panel: a small picture, another one, none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPixmap,
    QShowEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.clipboard import to_image
from app.exemplar import Exemplar
from app.panels.exemplar_tray import TrayRow
from app.parts.cutting import CuttingPart
from app.parts.exemplars import ExemplarsPart, From
from app.parts.tray import TrayPart
from app.theme import colours, set_icon
from app.widgets import ElidedLabel, caption, icon_button, squares

SIDE = 72  # pixels of the small picture
ROUND = 4.0


class Thumbnail(QWidget):
    """A small picture on squares, so that transparency is seen.

    Signals:
        pressed_twice: by a double click.
    """

    pressed_twice = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(SIDE, SIDE)
        self._picture = QPixmap()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.pressed_twice.emit()

    def show_exemplar(self, exemplar: Exemplar | None) -> None:
        self._picture = QPixmap()
        if exemplar is not None:
            ratio = self.devicePixelRatioF()
            image = to_image(exemplar.bytes())
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
                painter.fillRect(place, QBrush(squares()))
                painter.drawPixmap(place.topLeft(), self._picture)
                painter.setClipping(False)
            painter.setPen(QColor(colours().line))
            painter.drawPath(frame)


class ExemplarBox(QWidget):
    """Shows the example, also that there is none yet, and where one can come from; takes a file dropped on it.

    Signals:
        take_wanted: a `From`.
        edit_wanted, background_wanted, stop_wanted, reset_wanted: crop and mask it; remove its background, and no
            longer; have it as it was taken.
        remove_wanted: have no example any more.
        file_dropped: a Path.
        first_shown: it is on the screen for the first time.
    """

    take_wanted = Signal(object)
    edit_wanted = Signal()
    background_wanted = Signal()
    stop_wanted = Signal()
    reset_wanted = Signal()
    remove_wanted = Signal()
    file_dropped = Signal(object)
    first_shown = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._exemplar: Exemplar | None = None
        self._busy = self._was_shown = False
        self.thumbnail = Thumbnail()
        self.thumbnail.pressed_twice.connect(self.edit_wanted)
        self.name = ElidedLabel()
        self.facts = caption("")
        self.facts.setWordWrap(True)
        self.tray = TrayRow()
        self._build_buttons()
        self._build_sources()
        self._lay_out()
        self.show_exemplar(None)

    def _build_buttons(self) -> None:
        self.edit = QPushButton(self.tr("Edit…"))
        self.edit.setToolTip(self.tr("Crop and mask the example"))
        self.edit.clicked.connect(self.edit_wanted)
        self.reset = QPushButton(self.tr("Reset"))
        self.reset.setToolTip(self.tr("Use the whole picture again, as it was taken"))
        self.reset.clicked.connect(self.reset_wanted)
        self.remove = icon_button("delete", self.tr("Remove the example"))
        self.remove.clicked.connect(self.remove_wanted)
        self.background = QPushButton()
        self.background.clicked.connect(
            lambda: self.stop_wanted.emit() if self._busy else self.background_wanted.emit()
        )

    def _build_sources(self) -> None:
        self.sources: dict[From, QToolButton] = {}
        self._offers = {
            From.FILE: (self.tr("File…"), "open", self.tr("Choose a picture file as the example")),
            From.CLIPBOARD: (self.tr("Paste"), "paste", self.tr("Paste the example from the clipboard")),
            From.LAYER: (self.tr("Layer"), "layers", self.tr("Use the active layer as the example")),
            From.SELECTION: (self.tr("Selection"), "rectangle", self.tr("Use what is selected as the example")),
        }
        for source, (text, icon, said) in self._offers.items():
            button = QToolButton()
            button.setText(text)
            button.setAccessibleName(said)
            button.setToolTip(said)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            set_icon(button, icon)
            button.clicked.connect(lambda _=False, source=source: self.take_wanted.emit(source))
            self.sources[source] = button
        self.choose = self.sources[From.FILE]

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for button in (self.edit, self.reset, self.remove):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(2)
        for widget in (self.name, self.facts):
            column.addWidget(widget)
        column.addStretch(1)
        column.addLayout(buttons)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.thumbnail, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
        sources = QHBoxLayout()
        sources.setSpacing(4)
        for button in self.sources.values():
            sources.addWidget(button)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(4)
        outer.addWidget(caption(self.tr("Example")))
        outer.addLayout(row)
        outer.addWidget(self.background)
        outer.addLayout(sources)
        outer.addWidget(self.tray)

    def join(self, exemplars: ExemplarsPart, cutting: CuttingPart, tray: TrayPart) -> None:
        """Follow and steer the current picture's example."""
        self.take_wanted.connect(exemplars.take)
        self.remove_wanted.connect(exemplars.remove)
        self.file_dropped.connect(exemplars.use_file)
        self.edit_wanted.connect(cutting.edit)
        self.background_wanted.connect(cutting.remove_background)
        self.stop_wanted.connect(cutting.cancel)
        self.reset_wanted.connect(cutting.reset)
        cutting.busy_changed.connect(self.show_busy)
        exemplars.changed.connect(self.show_exemplar)
        exemplars.sources_changed.connect(self.show_sources)
        self.first_shown.connect(tray.load)
        self.tray.chosen.connect(tray.use)
        self.tray.remove_wanted.connect(tray.remove)
        self.tray.clear_wanted.connect(tray.clear)
        tray.changed.connect(self.tray.show_kept)
        exemplars.tell()

    def show_exemplar(self, exemplar: Exemplar | None) -> None:
        """Show an example, or what to do to have one."""
        self._exemplar = exemplar
        self.thumbnail.show_exemplar(exemplar)
        self.name.show_text(exemplar.name if exemplar is not None else "")
        for widget in (self.name, self.edit, self.remove):
            widget.setVisible(exemplar is not None)
        self.reset.setVisible(exemplar is not None and exemplar.cut is not None and exemplar.cut.changed)
        if exemplar is None:
            self.facts.setText(self.tr("None yet. Drop a picture here or on the canvas."))
            said = self.facts.text()
        else:
            height, width = exemplar.pixels.shape[:2]
            self.facts.setText(f"{width} × {height}")
            said = self.tr("{}, {} by {} pixels").format(exemplar.name, width, height)
        self.thumbnail.setAccessibleName(self.tr("Example: {}").format(said))
        self.thumbnail.setToolTip(said)
        self.show_busy(False)

    def show_busy(self, busy: bool) -> None:
        """Show whether its background is being removed, and offer to where that is of use."""
        self._busy = busy
        self.background.setVisible(busy or (self._exemplar is not None and self._exemplar.opaque))
        if busy:
            self.background.setText(self.tr("Finding the thing…  Stop"))
            self.background.setToolTip(self.tr("Leave the example as it is"))
        else:
            self.background.setText(self.tr("Remove background"))
            self.background.setToolTip(
                self.tr(
                    "What is around the thing counts as part of the example. Keep the thing alone; Reset undoes it."
                )
            )
        self.edit.setEnabled(not busy)

    def show_sources(self, reasons: Mapping[From, str]) -> None:
        """Enable the sources that there are; the others say why not."""
        for source, button in self.sources.items():
            reason, said = reasons.get(source, ""), self._offers[source][2]
            button.setEnabled(not reason)
            button.setToolTip(self.tr("{}: {}").format(said, reason) if reason else said)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._was_shown:
            self._was_shown = True
            self.first_shown.emit()

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
