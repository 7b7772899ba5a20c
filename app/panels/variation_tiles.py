"""The tiles of the Variations panel: what they say, how they are laid out and painted."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.job_texts import progress_text
from app.parts.variations import VariationsPart
from app.theme import colours, icon
from app.variations import Variation

PAD, CAPTION, BAR, SIGN, ROUND = 4, 18, 4, 16, 4.0  # px
SMALLEST, LARGEST = 44, 160  # px of a picture's side
VARIATION_ROLE, SHOWN_ROLE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
Index = QModelIndex | QPersistentModelIndex


def side_for(count: int, room: QSize) -> int:
    """The side, px, at which `count` pictures fit into `room` without scrolling, else at which one row of them does."""

    def fits(side: int) -> bool:
        columns = max(1, room.width() // (side + 2 * PAD))
        return -(-count // columns) * (side + 2 * PAD + CAPTION) <= room.height()

    widest = min(LARGEST, room.width() - 2 * PAD)
    row = min(max(room.height() - 2 * PAD - CAPTION, SMALLEST), LARGEST // 2)
    return next((side for side in range(widest, SMALLEST - 1, -1) if fits(side)), row)


class TileModel(QAbstractListModel):
    """One row for each variation of the current document."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._part: VariationsPart | None = None
        self._rows: list[Variation] = []

    def join(self, part: VariationsPart) -> None:
        self._part = part
        part.changed.connect(self.update)
        part.tile_changed.connect(self._update_tile)
        self.update()

    def update(self) -> None:
        """Follow the current document; rows that stay keep their place in the selection."""
        wanted = list(self._part.current) if self._part is not None else []
        for row in reversed(range(len(self._rows))):
            if self._rows[row] not in wanted:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._rows[row]
                self.endRemoveRows()
        if len(wanted) > len(self._rows):
            self.beginInsertRows(QModelIndex(), len(self._rows), len(wanted) - 1)
            self._rows = wanted
            self.endInsertRows()
        if wanted:
            self.dataChanged.emit(self.index(0), self.index(len(wanted) - 1))

    def number_at(self, index: Index) -> int | None:
        return self._rows[index.row()].number if index.isValid() else None

    def _update_tile(self, number: int) -> None:
        for row, variation in enumerate(self._rows):
            if variation.number == number:
                self.dataChanged.emit(self.index(row), self.index(row))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or self._part is None:
            return None
        variation = self._rows[index.row()]
        shown = self._part.current.shown == variation.number
        if role == VARIATION_ROLE:
            return variation
        if role == SHOWN_ROLE:
            return shown
        if role == Qt.ItemDataRole.DisplayRole:
            return self.tr("Seed {}").format(variation.seed)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._sentence(variation, shown=shown)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{self.tr('Seed {}').format(variation.seed)}: {self._sentence(variation, shown=shown)}"
        return None

    def _sentence(self, variation: Variation, *, shown: bool) -> str:
        if variation.sentence:
            return variation.sentence
        if variation.under_way:
            return progress_text(variation.state)
        if variation.kept:
            return self.tr("Kept as a layer")
        return self.tr("Click again to hide it") if shown else self.tr("Click to see it in the picture")


class TileDelegate(QStyledItemDelegate):
    """A picture with the seed below it; signs tell which one is shown, kept or failed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.side = SMALLEST

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(self.side + 2 * PAD, self.side + 2 * PAD + CAPTION)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        variation: Variation = index.data(VARIATION_ROLE)
        rect: QRect = option.rect
        picture = QRectF(rect.left() + PAD, rect.top() + PAD, self.side, self.side)
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours().chosen if chosen else colours().raised))
            painter.drawRoundedRect(QRectF(rect), ROUND, ROUND)
        self._paint_picture(painter, picture, variation, shown=index.data(SHOWN_ROLE))
        if variation.under_way:
            self._paint_progress(painter, picture, variation)
        below = QRect(rect.left() + PAD, round(picture.bottom()), self.side, CAPTION + PAD // 2)
        failed = bool(variation.sentence)
        painter.setPen(QColor(colours().warning if failed else colours().text if variation.result else colours().quiet))
        said = self.tr("Failed") if failed else str(variation.seed)
        said = option.fontMetrics.elidedText(said, Qt.TextElideMode.ElideMiddle, below.width())
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, said)
        painter.restore()

    def _paint_picture(self, painter: QPainter, place: QRectF, variation: Variation, *, shown: bool) -> None:
        frame = QPainterPath()
        frame.addRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), ROUND, ROUND)
        painter.fillPath(frame, QColor(colours().sunken))
        if not variation.picture.isNull():
            size = variation.picture.size().scaled(place.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
            inner = QRectF(0, 0, size.width(), size.height())
            inner.moveCenter(place.center())
            painter.setClipPath(frame)
            painter.drawImage(inner, variation.picture)
            painter.setClipping(False)
        painter.setPen(QPen(QColor(colours().accent if shown else colours().line), 2.0 if shown else 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(frame)
        sign = "warning" if variation.sentence else "keep" if variation.kept else "eye" if shown else ""
        if sign:
            _paint_sign(painter, place, sign)

    @staticmethod
    def _paint_progress(painter: QPainter, place: QRectF, variation: Variation) -> None:
        state = variation.state
        track = QRectF(place.left() + PAD, place.bottom() - PAD - BAR, place.width() - 2 * PAD, BAR)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours().line))
        painter.drawRoundedRect(track, BAR / 2, BAR / 2)
        if state.total:
            track.setWidth(max(track.width() * state.index / state.total, BAR))
            painter.setBrush(QColor(colours().accent))
            painter.drawRoundedRect(track, BAR / 2, BAR / 2)


def _paint_sign(painter: QPainter, place: QRectF, sign: str) -> None:
    """A sign on a disc in the upper right corner."""
    disc = QRectF(place.right() - SIGN - PAD, place.top() + PAD, SIGN, SIGN)
    failed = sign == "warning"
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colours().panel if failed else colours().accent))
    painter.drawEllipse(disc)
    shade = colours().warning if failed else colours().on_accent
    icon(sign, shade).paint(painter, disc.adjusted(2, 2, -2, -2).toRect())
