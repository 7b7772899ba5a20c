"""The Layers panel: the tree of layers and what can be set on the active one."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from app.panels.blend_names import NAMES, blend_name
from app.panels.layer_delegate import EYE_WIDTH, THUMB, LayerDelegate
from app.panels.layer_model import EYE, LayerModel
from app.panels.panel import Panel
from app.panels.thumbnails import Thumbnails
from app.widgets import NumberControl, action_button, icon_button
from editor.commands import SetAlphaLocked, SetBlend, SetLocked, SetOpacity, SetVisible
from editor.document import Change, What
from editor.layers import GroupLayer, ImageLayer, Layer, Role

THUMBNAIL_DELAY = 250  # ms after the last change of pixels
BELOW = ("layer_add", "layer_group_add", "layer_duplicate", "mask_add", "layer_merge", "edit_again", "layer_delete")
MENU = (
    "layer_duplicate", "layer_delete", "", "layer_group", "layer_ungroup", "layer_merge", "", "layer_strokes",
    "example_layer", "edit_again", "go_on", "", "mask_add", "mask_from_selection", "mask_delete", "mask_toggle",
    "mask_paint",
    "select_alpha", "select_mask",
)  # fmt: skip


class LayerTree(QTreeView):
    """The tree itself: drag to reorder, F2 to rename, space to show and hide."""

    toggled = Signal(QModelIndex)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setIndentation(16)
        self.setMouseTracking(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def lay_out_columns(self) -> None:
        """Give the eyes a fixed width; called once the model is there."""
        header = self.header()
        header.setMinimumSectionSize(EYE_WIDTH)
        header.setStretchLastSection(True)
        header.setSectionResizeMode(EYE, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(EYE, EYE_WIDTH)
        self.setTreePosition(1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and self.state() != QAbstractItemView.State.EditingState:
            self.toggled.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)


class LayersPanel(Panel):
    """Layers, topmost first.

    Args:
        actions: the window's actions; the buttons below the list and the context menu trigger some of them.

    Signals:
        recipe_wanted: a result layer was double-clicked: show the edit that made it.
    """

    recipe_wanted = Signal(object)

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self._thumbnails = Thumbnails()
        self._settled = QTimer(self, singleShot=True, interval=THUMBNAIL_DELAY)
        self._settled.timeout.connect(lambda: self.tree.viewport().update())
        self.model = LayerModel(self.do, self)
        self.delegate = LayerDelegate(self._picture, self._paints_on_mask, self)
        self._build_tree()
        self._build_controls()
        self._lay_out()
        self.set_document(None)

    def _build_tree(self) -> None:
        self.tree = LayerTree()
        self.tree.setAccessibleName(self.tr("Layers"))
        self.tree.setModel(self.model)
        self.tree.setItemDelegate(self.delegate)
        self.tree.lay_out_columns()
        self.tree.selectionModel().currentChanged.connect(self._choose)
        self.tree.toggled.connect(lambda index: self._click(self.model.layer_at(index), "eye"))
        self.tree.expanded.connect(lambda index: self._remember_expanded(index, True))
        self.tree.collapsed.connect(lambda index: self._remember_expanded(index, False))
        self.tree.customContextMenuRequested.connect(self._show_menu)
        self.model.modelReset.connect(self._after_reset)
        self.delegate.clicked.connect(self._click)
        self.delegate.opened.connect(self._open)

    def _build_controls(self) -> None:
        self.blend = QComboBox()
        self.blend.setAccessibleName(self.tr("Blend mode"))
        self.blend.setToolTip(self.tr("Blend mode"))
        for mode in NAMES:
            self.blend.addItem(blend_name(mode), mode)
        self.blend.activated.connect(lambda: self._set(SetBlend, self.blend.currentData()))
        self.lock = icon_button("lock", self.tr("Lock the layer"), checkable=True)
        self.lock.clicked.connect(lambda on: self._set(SetLocked, on))
        self.alpha_lock = icon_button(
            "alpha_lock", self.tr("Lock transparency: paint only where there is paint"), checkable=True
        )
        self.alpha_lock.clicked.connect(lambda on: self._set(SetAlphaLocked, on))
        self.opacity = NumberControl(self.tr("Opacity"), 0.0, 1.0, factor=100, unit="%")
        self.opacity.changed.connect(lambda value: self._set(SetOpacity, value, merge=True))
        self.opacity.slider.sliderReleased.connect(self._end_drag)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(4)
        top.addWidget(self.blend, 1)
        top.addWidget(self.lock)
        top.addWidget(self.alpha_lock)
        bottom = QHBoxLayout()
        bottom.setContentsMargins(4, 4, 4, 4)
        bottom.setSpacing(2)
        for name in BELOW:
            if name == BELOW[-1]:
                bottom.addStretch(1)
            bottom.addWidget(action_button(self._actions[name]))
        head = QVBoxLayout()
        head.setContentsMargins(8, 8, 8, 4)
        head.setSpacing(4)
        head.addLayout(top)
        head.addWidget(self.opacity)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.tree, 1)
        column.addLayout(bottom)

    # the document

    def refresh(self) -> None:
        self._thumbnails.clear()
        self.model.set_document(self.document)

    def document_changed(self, change: Change) -> None:
        if change.what is What.PIXELS:
            self._settled.start()
        self.model.document_changed(change)
        if change.what in (What.ACTIVE, What.LAYERS):
            self._show_active()
        if change.what is What.CANVAS:
            self.tree.viewport().update()

    def _after_reset(self) -> None:
        groups = any(isinstance(layer, GroupLayer) for layer in (self.document.walk() if self.document else ()))
        self.tree.setRootIsDecorated(groups)
        for layer in self.document.walk() if self.document else ():
            if isinstance(layer, GroupLayer):
                self.tree.setExpanded(self.model.index_of(layer.id, EYE), layer.expanded)
        self._show_active()

    def _show_active(self) -> None:
        active = self.document.active if self.document else None
        index = self.model.index_of(active)
        flags = QItemSelectionModel.SelectionFlag
        if index.isValid():
            if self.tree.currentIndex() != index:
                chosen = self.tree.selectionModel()
                chosen.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
                self.tree.scrollTo(index)
        else:
            self.tree.clearSelection()
        self._show_properties(self._active())
        self.tree.viewport().update()

    def _show_properties(self, layer: Layer | None) -> None:
        pixels = isinstance(layer, ImageLayer)
        for widget in (self.blend, self.opacity, self.lock):
            widget.setEnabled(layer is not None)
        self.alpha_lock.setEnabled(pixels)
        self.alpha_lock.setChecked(isinstance(layer, ImageLayer) and layer.alpha_locked)
        self.opacity.set_value(layer.opacity if layer is not None else 1.0)
        if layer is not None:
            self.blend.setCurrentIndex(self.blend.findData(layer.blend))
            self.lock.setChecked(layer.locked)

    # the artist

    def _active(self) -> Layer | None:
        document = self.document
        return document[document.active] if document and document.active and document.active in document else None

    def _choose(self, index: QModelIndex) -> None:
        layer = self.model.layer_at(index)
        if self.document is not None and layer is not None:
            self.document.activate(layer.id)

    def _end_drag(self) -> None:
        """One drag of the slider is one undo step."""
        if self.document is not None:
            self.document.history.seal()

    def _set(self, command: type, value: object, *, merge: bool = False) -> None:
        layer = self._active()
        if layer is not None:
            self.do(command(layer.id, value), merge=merge)
            self._show_properties(self._active())

    def _click(self, layer: Layer | None, part: str) -> None:
        if layer is None or self.document is None:
            return
        if part == "eye":
            self.do(SetVisible(layer.id, not layer.visible))
        elif part in ("pixels", "mask") and self.document.active == layer.id:
            self.document.paint_on_mask = part == "mask"
        elif part == "lock" and layer.locked:
            self.do(SetLocked(layer.id, False))

    def _open(self, layer: Layer) -> None:
        if isinstance(layer, ImageLayer) and layer.role is Role.RESULT and layer.recipe:
            self.recipe_wanted.emit(layer.id)

    def _remember_expanded(self, index: QModelIndex, expanded: bool) -> None:
        layer = self.model.layer_at(index)
        if isinstance(layer, GroupLayer) and self.document is not None and layer.expanded != expanded:
            self.document.replace(layer.id, expanded=expanded)

    def _show_menu(self, at: QPoint) -> None:
        if not self.tree.indexAt(at).isValid():
            return
        menu = QMenu(self)
        for name in MENU:
            if name:
                menu.addAction(self._actions[name])
            else:
                menu.addSeparator()
        menu.exec(self.tree.viewport().mapToGlobal(at))

    # what the rows show

    def _paints_on_mask(self, layer: Layer) -> bool:
        return bool(self.document and self.document.paint_on_mask and self.document.active == layer.id)

    def _picture(self, layer: Layer, plane: str) -> QPixmap:
        image = layer.mask if plane == "mask" else layer.pixels if isinstance(layer, ImageLayer) else None
        if image is None or self.document is None:
            return QPixmap()
        area = self.document.canvas.translated(-layer.offset[0], -layer.offset[1])
        stale = self._settled.isActive()
        return self._thumbnails.get(
            (layer.id, plane), image, area, QSize(THUMB, THUMB), self.devicePixelRatioF(), stale=stale
        )
