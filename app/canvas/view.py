"""The canvas: one document, seen at any zoom and angle, worked on with one tool."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QEvent, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHideEvent,
    QImage,
    QPainter,
    QPaintEvent,
    QPalette,
    QRegion,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QWidget

from app.canvas.aim import Aim
from app.canvas.cursors import cursor_of
from app.canvas.masks_on_canvas import MasksOnCanvas
from app.canvas.overlays_on_canvas import OverlaysOnCanvas
from app.canvas.painter import Colours, Frame
from app.canvas.picture import Picture
from app.canvas.preview import Preview, paint_preview, place_of
from app.canvas.previews import Previews
from app.canvas.surface import Surface
from editor.document import Document
from editor.geometry import EMPTY, Point, Rect
from editor.tiles import TiledImage
from editor.tools.base import Tool
from editor.tools.options import ToolOptions
from editor.tools.overlay import Overlay


class CanvasView(Surface):
    """Shows a document and lets a tool work on it; knows no panel.

    Signals (besides the surface's):
        selection_rect_changed: QRectF in widget coordinates around the selection, where it is placed, and the box that
            is seen; None where there is none of them.
    """

    selection_rect_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture: Picture | None = None
        self._masks = MasksOnCanvas(self)
        self._masks.outdated.connect(self._update_device)
        self._previews = Previews()
        self._frame = Frame(Colours.of(self.palette()))
        self._overlays = OverlaysOnCanvas()
        self._forget_options: Callable[[], None] = lambda: None
        self._aim = Aim()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(160, 120)
        self.setAccessibleName(self.tr("Canvas"))
        self.setAccessibleDescription(self.tr("The picture. Wheel zooms, space and drag moves, Esc cancels a stroke."))

    # document and tool ------------------------------------------------------------------------------------------

    @property
    def document(self) -> Document | None:
        return self._picture.document if self._picture else None

    def set_document(self, document: Document | None) -> None:
        """Show another document, fitted; None shows the empty state."""
        if document is self.document:
            return
        self.gesture.use(document, self.gesture.tool)
        if self._picture is not None:
            self._picture.close()
            self._picture.deleteLater()
        self._previews.clear()
        self._overlays.points.follow(None)
        self._hide_results(False)
        self._picture = None if document is None else Picture(document, self)
        if self._picture is not None:
            self._picture.changed.connect(self._picture_changed)
            self._picture.worked.connect(self._update_overlays)
            self._picture.resized.connect(self._canvas_resized)
            self._picture.selection_changed.connect(self._selection_changed)
            self._picture.marks_changed.connect(self._marks_changed)
            self._picture.mask_changed.connect(self._mask_changed)
        self.viewport.rotation, self.viewport.fitted = 0.0, True
        self._canvas_resized()

    def set_tool(self, tool: Tool | None, options: ToolOptions | None = None) -> None:
        """Work with another tool (see `editor.tools`); a gesture going on is cancelled.

        Args:
            options: whose changes may change the tool's overlay; by default the tool's own.
        """
        self._forget_options()
        self.gesture.use(self.document, tool)
        options = options or (tool.options if tool is not None else None)
        self._forget_options = options.subscribe(lambda _: self._pointer_changed()) if options else lambda: None
        self._settle_selection()
        self.update()
        self._hover_again()

    # view -------------------------------------------------------------------------------------------------------

    def _view_moved(self) -> None:
        self._frame.place(self._device_size, self.viewport.transform, self.viewport.zoom)
        self._look()
        self.update()
        self._hover_again()
        self._tell_selection_rect()
        self.view_changed.emit()

    def _look(self) -> None:
        """Tell the picture what is seen: nothing of a hidden widget, so that it costs nothing."""
        if self._picture is not None:
            seen = self.viewport.visible() if self.isVisible() else EMPTY
            self._picture.look_at(self._picture.pyramid.level_for(self.viewport.zoom), seen)

    def _canvas_resized(self) -> None:
        if self._picture is not None:
            self.viewport.canvas = self._picture.document.size
            self.viewport.resize((self._device_size.width(), self._device_size.height()))
        self._masks.show(self.document)
        self._settle_selection()
        self._frame.outdate_all()
        self._view_moved()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fill_widget()

    def _fill_widget(self) -> None:
        """The widget has another size in device pixels."""
        self.navigator.ratio = self.devicePixelRatioF()
        self.viewport.resize((self._device_size.width(), self._device_size.height()))
        self._view_moved()

    # picture, before and after, previews ------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """What is seen is not up to date yet."""
        return self._picture is not None and self._picture.busy

    def _picture_changed(self, rect: Rect) -> None:
        if self._picture is not None:
            self._update_device(self._frame.outdate(rect, self._picture.pyramid.level_for(self.viewport.zoom)))

    def _update_device(self, rect: QRect) -> None:
        ratio = self.devicePixelRatioF()
        if not rect.isEmpty():
            place = QRectF(rect.x() / ratio, rect.y() / ratio, rect.width() / ratio, rect.height() / ratio)
            self.update(place.toAlignedRect())

    @property
    def show_before(self) -> bool:
        """Results are left out, to compare."""
        return self._picture is not None and self._picture.showing_before

    @show_before.setter
    def show_before(self, shown: bool) -> None:
        if self._picture is not None and shown != self._picture.showing_before:
            self._picture.showing_before = shown
            self._hide_results(shown)
            self._frame.outdate_all()
            self.update()

    def _hide_results(self, hidden: bool) -> None:
        """Nor is there anything else over the picture that an edit goes by or makes."""
        self._previews.hidden = hidden
        self._overlays.hide_marks(hidden)

    def show_preview(self, job: int, image: QImage, area: QRect, fraction: float = 0.0) -> None:
        """Paint the picture of a running job over `area` (canvas pixels), its alpha respected.

        Args:
            image: any size; a null image shows only the progress.
            fraction: 0..1 of the work done; 1 hides the progress.
        """
        covered = self._previews.cover
        touched = self._previews.put(job, Preview(image, area, fraction))
        if self._previews.cover != covered:
            self._update_selection()  # its tint would colour the preview
            self._pointer_changed()
        self._update_previews(touched)

    def clear_preview(self, job: int) -> None:
        """Take a job's picture away; nothing happens when there is none."""
        if job == self._masks.found_by:
            self.show_found(job, None)
        if job in self._previews:
            self._update_previews(self._previews.take(job))
            self._update_selection()
            self._pointer_changed()

    def _update_previews(self, previews: Iterable[Preview]) -> None:
        for preview in previews:
            self.update(place_of(preview, self.to_widget))

    def show_found(self, job: int, mask: TiledImage | None) -> None:
        """Draw ants along the mask that a running job found by itself, until its preview is cleared."""
        self._masks.show_found(job, mask, visible=self.isVisible())
        self.update()

    # selection --------------------------------------------------------------------------------------------------

    def set_mask_tint(self, colour: QColor, *, always: bool) -> None:
        """How softness is shown.

        Args:
            colour: the tint; its alpha is the strength where the mask is full.
            always: tint also selections with hard edges and what a layer's mask in hand hides, not only while a tool
                that is about softness is in hand.
        """
        self._masks.set_tint(colour, always=always)
        self._settle_selection()
        self.update()

    def _selection_changed(self, rect: Rect) -> None:
        if self._picture is None:
            return
        changed = self._masks.update_selection(rect)
        if not self.gesture.active:
            self._settle_selection()
        self._update_device(self._frame.device_rect(changed.grown(2), 0))

    def _mask_changed(self, rect: Rect) -> None:
        self._masks.hidden.update(rect)
        if not self.gesture.active:
            self._settle_selection()
        self._update_device(self._frame.device_rect(rect.grown(2), 0))

    def _settle_selection(self) -> None:
        self._masks.settle(self.gesture.tool, visible=self.isVisible())
        self._tell_selection_rect()

    def _gesture_ended(self, tool: str) -> None:
        self._settle_selection()
        super()._gesture_ended(tool)

    def _tell_selection_rect(self) -> None:
        document = self.document
        placement = document.placement if document is not None else None
        box = self._overlays.box.shown(self.gesture.tool, document)
        if self._aim.look(self._masks.selection.bounds, placement, box, self.to_widget):
            self.selection_rect_changed.emit(self._aim.whole)

    @property
    def selection_seen(self) -> bool:
        """Whether any of the selection lies in the part of the picture that is shown."""
        return self._aim.selection is not None and self._aim.selection.intersects(QRectF(self.rect()))

    def _update_selection(self) -> None:
        self._update_device(self._masks.selection.area)

    def showEvent(self, event: QShowEvent) -> None:
        self._masks.selection.walk(True)
        self._look()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._masks.selection.walk(False)
        self._look()
        if self._picture is not None:
            self._picture.forget()

    # drag points and box ----------------------------------------------------------------------------------------

    def set_points_shown(self, shown: bool) -> None:
        """Show the document's drag points also while a tool is in hand that has nothing to do with them."""
        self._overlays.points.always = shown
        self._pointer_changed()

    def set_box_shown(self, shown: bool) -> None:
        """Show the document's box also while another tool than its own is in hand."""
        self._overlays.box.always = shown
        self.show_overlay()

    def _marks_changed(self) -> None:
        self._tell_selection_rect()
        self._hover_again()

    def set_marks(self, marks: Iterable[Point] | None) -> None:
        """Show where the handles have come to while an edit runs.

        Args:
            marks: (x, y) of each in canvas pixels, e.g. an (n, 2) array; a call lengthens the trails, None ends them.
        """
        self._overlays.points.follow(None if marks is None else [(float(x), float(y)) for x, y in marks])
        self._pointer_changed()

    # pointer ----------------------------------------------------------------------------------------------------

    def _pointer_changed(self) -> None:
        tool, document = self.gesture.tool, self.document
        resting = Qt.CursorShape.ArrowCursor
        self.setCursor(self.hand or (resting if document is None or tool is None else cursor_of(tool, self.rotation)))
        self._overlays.look(tool, document, self._overlay(), self.to_widget)
        if self._picture is None or not self._picture.scheduled:
            self._update_overlays()

    def show_overlay(self) -> None:
        """What the tool in hand wants to be drawn is another now."""
        self._tell_selection_rect()
        self._pointer_changed()

    def _update_overlays(self) -> None:
        """Repaint what overlays left and entered, together with the picture when that changes in the same turn."""
        self.update(self._overlays.take_outdated())

    def _overlay(self) -> Overlay | None:
        tool, document = self.gesture.tool, self.document
        if tool is None or document is None:
            return None
        at_work = self.gesture.active or self.gesture.pending or (self.hover is not None and self.hand is None)
        overlay = tool.overlay() if at_work else None
        return overlay or tool.standing(document, covered=self._previews.cover)

    # painting ---------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        region = event.region() if ratio == 1.0 else QRegion(self._frame_rect())
        pixmap = self._frame.pixmap(region, self._picture.pyramid if self._picture else None)
        with QPainter(self) as painter:
            painter.save()
            painter.scale(1 / ratio, 1 / ratio)  # device pixels: copied, not resampled
            painter.drawPixmap(0, 0, pixmap)
            painter.restore()
            if self._picture is None:
                self._paint_hint(painter)
                return
            to_widget, canvas = self.to_widget, self.viewport.canvas_rect
            for preview in self._previews.pictures:
                paint_preview(painter, preview, to_widget, canvas, self.rect(), self.palette())
            self._masks.paint(painter, self.viewport.transform, self._device_size, ratio, untinted=self._previews.cover)
            self._overlays.paint(painter, self.gesture.tool, self.document, self._overlay(), to_widget)
            for preview in self._previews.rings:
                paint_preview(painter, preview, to_widget, canvas, self.rect(), self.palette())

    def _frame_rect(self) -> QRect:
        return QRect(0, 0, self._device_size.width(), self._device_size.height())

    def _paint_hint(self, painter: QPainter) -> None:
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        text = self.tr("Open a picture, or drop one here")
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._fill_widget()
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._frame.recolour(Colours.of(self.palette()))
            self.update()
        super().changeEvent(event)
