"""The canvas: one document, seen at any zoom and angle, worked on with one tool."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHideEvent,
    QImage,
    QPainter,
    QPaintEvent,
    QPalette,
    QPolygonF,
    QRegion,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QWidget

from app.canvas.box_on_canvas import BoxOnCanvas
from app.canvas.overlays import overlay_bounds, paint_overlay
from app.canvas.painter import Colours, Frame
from app.canvas.picture import Picture
from app.canvas.points_on_canvas import PointsOnCanvas
from app.canvas.preview import COMPARED, Preview, paint_preview, place_of
from app.canvas.selection import FoundOverlay, HiddenOverlay, SelectionOverlay
from app.canvas.surface import Surface
from editor.document import Document
from editor.geometry import EMPTY, Point, Rect
from editor.placement import TransformBox
from editor.tiles import TiledImage
from editor.tools.base import SIZINGS, Tool
from editor.tools.options import ToolOptions
from editor.tools.overlay import Overlay

_CURSORS = {
    "cross": Qt.CursorShape.CrossCursor,
    "pick": Qt.CursorShape.PointingHandCursor,
    "move": Qt.CursorShape.SizeAllCursor,
    "none": Qt.CursorShape.BlankCursor,
}
_SIZINGS = (  # in the order of the tools' names for them, 45° on from each other as they are seen
    Qt.CursorShape.SizeHorCursor,
    Qt.CursorShape.SizeFDiagCursor,
    Qt.CursorShape.SizeVerCursor,
    Qt.CursorShape.SizeBDiagCursor,
)


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
        self._selection = SelectionOverlay(self)
        self._selection.walked.connect(self._update_selection)
        self._hidden = HiddenOverlay(self)
        self._found = FoundOverlay(self)
        self._found.walked.connect(lambda: self._update_device(self._found.area))
        self._found_by: int | None = None
        self._tint_always = False
        self._previews: dict[int, Preview] = {}
        self._frame = Frame(Colours.of(self.palette()))
        self._to_update = QRegion()  # widget pixels of overlays that wait for the picture
        self._overlaid = QRect()  # widget pixels that the tool's overlay touched last
        self._points, self._box = PointsOnCanvas(), BoxOnCanvas()
        self._forget_options: Callable[[], None] = lambda: None
        self._selection_rect: QRectF | None = None
        self._aim_rect: QRectF | None = None  # the same, with the box
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
        self._points.follow(None)
        self._points.hidden = self._box.hidden = False
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

    @property
    def zoom(self) -> float:
        """Device pixels per canvas pixel: 1 is 100 %."""
        return self.viewport.zoom

    @property
    def rotation(self) -> float:
        """Degrees clockwise."""
        return self.viewport.rotation

    def fit(self) -> None:
        """Show the whole canvas and keep doing so when the widget is resized."""
        self.viewport.fit()
        self._view_moved()

    def zoom_to(self, factor: float, anchor: QPointF | None = None) -> None:
        """Set the zoom; what lies under `anchor` (widget coordinates, default the middle) stays there."""
        self.viewport.zoom_to(factor, None if anchor is None else anchor * self.devicePixelRatioF())
        self._view_moved()

    def rotate_by(self, degrees: float) -> None:
        """Turn the view clockwise about its middle."""
        self.viewport.rotate_to(self.viewport.rotation + degrees)
        self._view_moved()

    def reset_rotation(self) -> None:
        self.viewport.rotate_to(0.0)
        self._view_moved()

    def _device_size(self) -> QSize:
        ratio = self.devicePixelRatioF()
        return QSize(round(self.width() * ratio), round(self.height() * ratio))

    def _view_moved(self) -> None:
        self._frame.place(self._device_size(), self.viewport.transform, self.viewport.zoom)
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
            self.viewport.resize((self._device_size().width(), self._device_size().height()))
        self._selection.show(self.document)
        self._hidden.show(self.document)
        self._settle_selection()
        self._frame.outdate_all()
        self._view_moved()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fill_widget()

    def _fill_widget(self) -> None:
        """The widget has another size in device pixels."""
        self.navigator.ratio = self.devicePixelRatioF()
        self.viewport.resize((self._device_size().width(), self._device_size().height()))
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
            self._points.hidden = self._box.hidden = shown
            self._frame.outdate_all()
            self.update()

    def show_preview(self, job: int, image: QImage, area: QRect, fraction: float = 0.0) -> None:
        """Paint the picture of a running job over `area` (canvas pixels), its alpha respected.

        Args:
            image: any size; a null image shows only the progress.
            fraction: 0..1 of the work done; 1 hides the progress.
        """
        old, covered = self._previews.get(job), self._covered
        self._previews[job] = preview = Preview(image, area, fraction)
        if self._covered != covered:
            self._update_selection()  # its tint would colour the preview
            self._pointer_changed()
        self._update_pictures(job, old, preview)

    def clear_preview(self, job: int) -> None:
        """Take a job's picture away; nothing happens when there is none."""
        if job == self._found_by:
            self.show_found(job, None)
        preview = self._previews.pop(job, None)
        if preview is not None:
            self._update_pictures(job, preview)
            self._update_selection()
            self._pointer_changed()

    def _update_pictures(self, job: int, *previews: Preview | None) -> None:
        """Repaint where a job's pictures were and are; all others' where what is compared came or went."""
        for preview in (*previews, *(self._previews.values() if job == COMPARED else ())):
            if preview is not None:
                self.update(place_of(preview, self.to_widget))

    @property
    def _pictures(self) -> list[Preview]:
        """What is painted over the document, lowest first."""
        if self.show_before:
            return []
        compared = self._previews.get(COMPARED)
        pictures = self._previews.values() if compared is None else (compared,)
        return [preview for preview in pictures if not preview.image.isNull()]

    @property
    def _covered(self) -> bool:
        """Whether the picture of a running edit lies over the document; before its first one only progress is shown."""
        return bool(self._pictures)

    def show_found(self, job: int, mask: TiledImage | None) -> None:
        """Draw ants along the mask that a running job found by itself, until its preview is cleared."""
        self._update_device(self._found.area)
        self._found.found, self._found_by = mask, None if mask is None else job
        self._found.show(self.document)
        self._found.settle(tinted=False)
        self._found.walk(self.isVisible())
        self.update()

    # selection --------------------------------------------------------------------------------------------------

    def set_mask_tint(self, colour: QColor, *, always: bool) -> None:
        """How softness is shown.

        Args:
            colour: the tint; its alpha is the strength where the mask is full.
            always: tint also selections with hard edges and what a layer's mask in hand hides, not only while a tool
                that is about softness is in hand.
        """
        self._selection.tint_colour = self._hidden.tint_colour = colour
        self._tint_always = always
        self._settle_selection()
        self.update()

    def _selection_changed(self, rect: Rect) -> None:
        if self._picture is None:
            return
        before = self._selection.bounds
        self._selection.update(rect)
        if not self.gesture.active:
            self._settle_selection()
        changed = rect if self._selection.bounds else rect.united(before)
        self._update_device(self._frame.device_rect(changed.grown(2), 0))

    def _mask_changed(self, rect: Rect) -> None:
        self._hidden.update(rect)
        if not self.gesture.active:
            self._settle_selection()
        self._update_device(self._frame.device_rect(rect.grown(2), 0))

    def _settle_selection(self) -> None:
        tool = self.gesture.tool
        tinted = self._tint_always or (tool is not None and tool.tints)
        self._hidden.settle(tinted=tinted)
        self._selection.settle(tinted=tinted and (self.document is None or self.document.mask_in_hand is None))
        self._selection.walk(self.isVisible())
        self._tell_selection_rect()

    def _gesture_ended(self, tool: str) -> None:
        self._settle_selection()
        super()._gesture_ended(tool)

    def _tell_selection_rect(self) -> None:
        bounds = self._selection.bounds
        rect = self.canvas_rect_to_widget(QRectF(bounds.x, bounds.y, bounds.width, bounds.height)) if bounds else None
        if rect is not None and self.document is not None and not self.document.placement.rests:
            corners = [QPointF(*corner) for corner in TransformBox(bounds, self.document.placement).corners]
            rect = rect.united(self.to_widget.map(QPolygonF(corners)).boundingRect())
        aim, box = rect, self._box.shown(self.gesture.tool, self.document)
        if box is not None:
            area = self.canvas_rect_to_widget(QRectF(box.x, box.y, box.width, box.height))
            aim = area if rect is None else rect.united(area)
        if (rect, aim) != (self._selection_rect, self._aim_rect):
            self._selection_rect, self._aim_rect = rect, aim
            self.selection_rect_changed.emit(aim)

    @property
    def selection_seen(self) -> bool:
        """Whether any of the selection lies in the part of the picture that is shown."""
        return self._selection_rect is not None and self._selection_rect.intersects(QRectF(self.rect()))

    def _update_selection(self) -> None:
        self._update_device(self._selection.area)

    def showEvent(self, event: QShowEvent) -> None:
        self._selection.walk(True)
        self._look()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._selection.walk(False)
        self._look()
        if self._picture is not None:
            self._picture.forget()

    # drag points and box ----------------------------------------------------------------------------------------

    def set_points_shown(self, shown: bool) -> None:
        """Show the document's drag points also while a tool is in hand that has nothing to do with them."""
        self._points.always = shown
        self._pointer_changed()

    def set_box_shown(self, shown: bool) -> None:
        """Show the document's box also while another tool than its own is in hand."""
        self._box.always = shown
        self.show_overlay()

    def _marks_changed(self) -> None:
        self._tell_selection_rect()
        self._hover_again()

    def set_marks(self, marks: Iterable[Point] | None) -> None:
        """Show where the handles have come to while an edit runs.

        Args:
            marks: (x, y) of each in canvas pixels, e.g. an (n, 2) array; a call lengthens the trails, None ends them.
        """
        self._points.follow(None if marks is None else [(float(x), float(y)) for x, y in marks])
        self._pointer_changed()

    # pointer ----------------------------------------------------------------------------------------------------

    def _pointer_changed(self) -> None:
        tool, overlay = self.gesture.tool, self._overlay()
        self.setCursor(self.hand or self._shape_of(tool))
        touched = overlay_bounds(overlay, self.to_widget).toAlignedRect() if overlay is not None else QRect()
        self._to_update = self._to_update.united(self._overlaid).united(touched)
        for marks in (self._points, self._box):
            self._to_update = self._to_update.united(marks.look(tool, self.document, self.to_widget))
        self._overlaid = touched
        if self._picture is None or not self._picture.scheduled:
            self._update_overlays()

    def _shape_of(self, tool: Tool | None) -> Qt.CursorShape:
        """The tool's cursor; one that tells a direction is turned with the view."""
        if tool is None or self.document is None:
            return Qt.CursorShape.ArrowCursor
        if tool.cursor in SIZINGS:
            return _SIZINGS[(SIZINGS.index(tool.cursor) + round(self.rotation / 45)) % len(_SIZINGS)]
        return _CURSORS[tool.cursor]

    def show_overlay(self) -> None:
        """What the tool in hand wants to be drawn is another now."""
        self._tell_selection_rect()
        self._pointer_changed()

    def _update_overlays(self) -> None:
        """Repaint what overlays left and entered, together with the picture when that changes in the same turn."""
        self.update(self._to_update)
        self._to_update = QRegion()

    def _overlay(self) -> Overlay | None:
        tool, document = self.gesture.tool, self.document
        if tool is None or document is None:
            return None
        at_work = self.gesture.active or self.gesture.pending or (self.hover is not None and self.hand is None)
        overlay = tool.overlay() if at_work else None
        return overlay or tool.standing(document, covered=self._covered)

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
            waiting = () if COMPARED in self._previews else self._previews.values()
            rings = [preview for preview in waiting if preview.image.isNull()]  # over all else
            for preview in self._pictures:
                paint_preview(painter, preview, to_widget, canvas, self.rect(), self.palette())
            untinted = self._covered
            self._hidden.paint(painter, self.viewport.transform, self._device_size(), ratio, untinted=untinted)
            self._selection.paint(painter, self.viewport.transform, self._device_size(), ratio, untinted=untinted)
            self._found.paint(painter, self.viewport.transform, self._device_size(), ratio, untinted=True)
            standing = (marks.overlay(self.gesture.tool, self.document) for marks in (self._box, self._points))
            for overlay in (*standing, self._overlay()):
                if overlay is not None:
                    paint_overlay(painter, overlay, to_widget)
            for preview in rings:
                paint_preview(painter, preview, to_widget, canvas, self.rect(), self.palette())

    def _frame_rect(self) -> QRect:
        return QRect(0, 0, self._device_size().width(), self._device_size().height())

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
