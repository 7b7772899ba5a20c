"""How a row of the Layers panel is painted, and what clicking its parts does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from app.panels.blend_names import blend_name
from app.panels.layer_model import EYE, LAYER_ROLE
from app.theme import colours, icon
from editor.layers import BlendMode, GroupLayer, ImageLayer, Layer, Role

ROW, THUMB, GAP, SMALL = 44, 32, 8, 16
EYE_WIDTH = 28

Picture = Callable[[Layer, str], QPixmap]  # (layer, "pixels" or "mask") -> thumbnail
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Parts:
    """Where the parts of a row lie; empty rectangles for what a layer has not."""

    pixels: QRect
    mask: QRect
    text: QRect
    lock: QRect


def parts_of(layer: Layer, row: QRect) -> Parts:
    """Lay a row out from left to right: picture, mask, name, lock."""
    top = row.top() + (row.height() - THUMB) // 2
    pixels = QRect(row.left() + 4, top, THUMB, THUMB)
    mask = QRect(pixels.right() + 1 + 4, top, THUMB, THUMB) if layer.mask is not None else QRect()
    locked = layer.locked or (isinstance(layer, ImageLayer) and layer.alpha_locked)
    lock = QRect(row.right() - SMALL - 6, row.center().y() - SMALL // 2, SMALL, SMALL) if locked else QRect()
    left = (mask if not mask.isEmpty() else pixels).right() + 1 + GAP
    right = (lock.left() if locked else row.right()) - 4
    return Parts(pixels, mask, QRect(left, row.top(), max(0, right - left), row.height()), lock)


class LayerDelegate(QStyledItemDelegate):
    """Paints layers.

    Args:
        picture: gives thumbnails.
        painting_on_mask: whether the brush goes to a layer's mask.

    Signals:
        clicked: a layer and the part of its row: "eye", "pixels", "mask" or "lock".
        opened: a layer whose picture or background was double-clicked.
    """

    clicked = Signal(object, str)
    opened = Signal(object)

    def __init__(
        self, picture: Picture, painting_on_mask: Callable[[Layer], bool], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._picture, self._painting_on_mask = picture, painting_on_mask

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(EYE_WIDTH if index.column() == EYE else 120, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        layer = index.data(LAYER_ROLE)
        if layer is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(colours().chosen))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, QColor(colours().raised))
        if index.column() == EYE:
            shade = colours().quiet if layer.visible else colours().disabled
            box = QRect(rect.center().x() - 8, rect.center().y() - 8, SMALL, SMALL)
            icon("eye" if layer.visible else "eye_off", shade).paint(painter, box)
        else:
            self._paint_layer(painter, option, layer)
        painter.restore()

    def _paint_layer(self, painter: QPainter, option: QStyleOptionViewItem, layer: Layer) -> None:
        parts = parts_of(layer, option.rect)
        on_mask = self._painting_on_mask(layer)
        if isinstance(layer, GroupLayer):
            icon("group", colours().quiet).paint(painter, parts.pixels.adjusted(6, 6, -6, -6))
        else:
            self._paint_picture(painter, parts.pixels, self._picture(layer, "pixels"))
        if layer.mask is not None:
            painter.setOpacity(1.0 if layer.mask_enabled else 0.35)
            self._paint_picture(painter, parts.mask, self._picture(layer, "mask"), framed=on_mask)
            painter.setOpacity(1.0)
        self._paint_text(painter, option, layer, parts.text)
        if not parts.lock.isEmpty():
            icon("lock" if layer.locked else "alpha_lock", colours().quiet).paint(painter, parts.lock)

    def _paint_picture(self, painter: QPainter, box: QRect, picture: QPixmap, *, framed: bool = False) -> None:
        size = picture.deviceIndependentSize().toSize()
        place = QRect(0, 0, size.width(), size.height())
        place.moveCenter(box.center())
        painter.fillRect(place, QColor("#b5b5b5"))
        half = 4
        for y in range(place.top(), place.bottom() + 1, half):
            for x in range(place.left() + (y - place.top()) % (2 * half), place.right() + 1, 2 * half):
                painter.fillRect(QRect(x, y, half, half).intersected(place), QColor("#8f8f8f"))
        painter.drawPixmap(place.topLeft(), picture)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours().accent if framed else colours().line), 2 if framed else 1))
        painter.drawRect(place.adjusted(0, 0, -1, -1) if not framed else place)

    def _paint_text(self, painter: QPainter, option: QStyleOptionViewItem, layer: Layer, box: QRect) -> None:
        below = self._second_line(layer)
        font = painter.font()
        metrics = option.fontMetrics
        height = metrics.height()
        top = box.center().y() - (height if below else height // 2)
        shown = colours().text if layer.visible else colours().quiet
        painter.setPen(QColor(shown))
        left = box.left()
        if isinstance(layer, ImageLayer) and layer.role is not Role.IMAGE:
            name = "strokes_layer" if layer.role is Role.STROKES else "result_layer"
            icon(name, colours().accent).paint(painter, QRect(left, top + (height - 14) // 2, 14, 14))
            left += 18
        line = QRect(left, top, max(0, box.right() - left), height)
        elided = metrics.elidedText(layer.name, Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, elided)
        if below:
            font.setPointSizeF(font.pointSizeF() * 0.88)
            painter.setFont(font)
            painter.setPen(QColor(colours().quiet))
            line = QRect(box.left(), top + height, box.width(), height)
            elided = painter.fontMetrics().elidedText(below, Qt.TextElideMode.ElideRight, line.width())
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, elided)

    def _second_line(self, layer: Layer) -> str:
        facts = []
        if layer.opacity < 0.995:
            facts.append(f"{layer.opacity:.0%}")
        if layer.blend is not BlendMode.NORMAL:
            facts.append(blend_name(layer.blend))
        if isinstance(layer, GroupLayer):
            count = len(layer.children)
            facts.append(self.tr("1 layer") if count == 1 else self.tr("{} layers").format(count))
        elif not facts and isinstance(layer, ImageLayer) and layer.role is Role.RESULT:
            parts = layer.recipe_title.split(" · ")
            facts += [parts[0], parts[-1]] if len(parts) > 1 else parts  # without the words: they are the name
        return " · ".join(facts)

    # the pointer

    def editorEvent(self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index) -> bool:
        layer = index.data(LAYER_ROLE)
        if layer is None or not isinstance(event, QMouseEvent) or event.button() != Qt.MouseButton.LeftButton:
            return False
        part = self._part_at(layer, option.rect, event, index)
        if event.type() == QEvent.Type.MouseButtonPress and part == "eye":
            self.clicked.emit(layer, part)
            return True
        if event.type() == QEvent.Type.MouseButtonRelease and part in ("pixels", "mask", "lock"):
            self.clicked.emit(layer, part)
        if event.type() == QEvent.Type.MouseButtonDblClick and part in ("pixels", "row"):
            self.opened.emit(layer)
            return True
        return part == "eye"

    def _part_at(self, layer: Layer, row: QRect, event: QMouseEvent, index: Index) -> str:
        if index.column() == EYE:
            return "eye"
        parts, at = parts_of(layer, row), event.position().toPoint()
        for name in ("pixels", "mask", "lock", "text"):
            if getattr(parts, name).contains(at):
                return name
        return "row"

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        if index.column() == EYE and index.isValid():
            layer = index.data(LAYER_ROLE)
            QToolTip.showText(event.globalPos(), self.tr("Hide") if layer.visible else self.tr("Show"), view)
            return True
        return super().helpEvent(event, view, option, index)

    # renaming

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setAccessibleName(self.tr("Name of the layer"))
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        layer = index.data(LAYER_ROLE)
        if layer is not None:
            box = parts_of(layer, option.rect).text
            height = editor.sizeHint().height()
            editor.setGeometry(box.left() - 4, box.center().y() - height // 2, box.width() + 4, height)
