"""A widget that looks at a canvas through a viewport: how large, how turned, and where on it a canvas pixel lies."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Signal
from PySide6.QtGui import QTransform
from PySide6.QtWidgets import QWidget

from app.canvas.viewport import Viewport


class ViewportWidget(QWidget):
    """Owns the viewport; what a moved view means for what is painted is the subclass's business.

    Signals:
        view_changed: zoom, rotation, position or size of the view.
    """

    view_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.viewport = Viewport()

    def _view_moved(self) -> None:
        """The viewport was changed."""
        raise NotImplementedError

    # the view ---------------------------------------------------------------------------------------------------

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

    # coordinates ------------------------------------------------------------------------------------------------

    @property
    def to_widget(self) -> QTransform:
        """From canvas pixels to widget coordinates."""
        ratio = self.devicePixelRatioF()
        return self.viewport.transform * QTransform.fromScale(1 / ratio, 1 / ratio)

    @property
    def _scale(self) -> float:
        """Widget pixels per canvas pixel: what is drawn in widget pixels can be hit as large on every screen."""
        return self.viewport.zoom / self.devicePixelRatioF()

    @property
    def _device_size(self) -> QSize:
        ratio = self.devicePixelRatioF()
        return QSize(round(self.width() * ratio), round(self.height() * ratio))

    def canvas_to_widget(self, point: QPointF) -> QPointF:
        return self.to_widget.map(point)

    def widget_to_canvas(self, point: QPointF) -> QPointF:
        return self.to_widget.inverted()[0].map(point)

    def canvas_rect_to_widget(self, rect: QRectF) -> QRectF:
        """The upright widget rectangle around a canvas rectangle."""
        return self.to_widget.mapRect(rect)
