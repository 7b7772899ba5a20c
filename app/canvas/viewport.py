"""Where the canvas lies on the screen: zoom, rotation and origin, without any widget.

"Device" means physical screen pixels of the widget, so that 100 % is one canvas pixel per physical pixel on every
display. The origin is rounded to whole device pixels when it is used: every pan is then an exact scroll of what is
already painted, and at 100 % canvas pixels fall exactly on screen pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QTransform

from editor.geometry import Rect

LARGEST_ZOOM = 64.0
SMALLEST_SIDE = 16.0  # device pixels the canvas' longer side never shrinks below
FIT_MARGIN = 24.0  # device pixels left free around a fitted canvas
KEPT_IN_VIEW = 48.0  # device pixels of the canvas that no pan moves out of sight


@dataclass
class Viewport:
    """The view of a canvas of `canvas` pixels in a widget of `device` pixels.

    Attributes:
        zoom: device pixels per canvas pixel.
        rotation: degrees clockwise, -180 < rotation <= 180.
        origin: device position of the canvas' (0, 0), fractional so that small scrolls add up.
        fitted: the whole canvas was asked for, so a resize fits it again.
    """

    canvas: tuple[int, int] = (1, 1)
    device: tuple[int, int] = (1, 1)
    zoom: float = 1.0
    rotation: float = 0.0
    origin: QPointF = field(default_factory=QPointF)
    fitted: bool = True

    @property
    def transform(self) -> QTransform:
        """Canvas to device pixels, with the origin on a whole pixel."""
        placed = QTransform.fromTranslate(round(self.origin.x()), round(self.origin.y()))
        return self._turned_and_scaled() * placed

    def _turned_and_scaled(self) -> QTransform:
        return QTransform.fromScale(self.zoom, self.zoom) * QTransform().rotate(self.rotation)

    def _exact(self) -> QTransform:
        return self._turned_and_scaled() * QTransform.fromTranslate(self.origin.x(), self.origin.y())

    @property
    def centre(self) -> QPointF:
        return QPointF(self.device[0] / 2, self.device[1] / 2)

    @property
    def canvas_rect(self) -> QRectF:
        return QRectF(0, 0, *self.canvas)

    def visible(self) -> Rect:
        """The whole canvas pixels that the widget shows at least in part."""
        back, _ = self.transform.inverted()
        seen = back.mapRect(QRectF(0, 0, *self.device)).toAlignedRect()
        return Rect(seen.x(), seen.y(), seen.width(), seen.height()).intersected(Rect(0, 0, *self.canvas))

    def fit(self) -> None:
        """Show the whole canvas, centred, keeping the rotation."""
        turned = QTransform().rotate(self.rotation).mapRect(self.canvas_rect)
        room = [max(side - 2 * FIT_MARGIN, side / 2, 1.0) for side in self.device]
        self.zoom = self._allowed(min(room[0] / turned.width(), room[1] / turned.height()))
        self.put(QPointF(self.canvas[0] / 2, self.canvas[1] / 2), self.centre)
        self.fitted = True

    def _allowed(self, zoom: float) -> float:
        smallest = min(SMALLEST_SIDE / max(self.canvas), 1.0)
        return min(max(zoom, smallest), LARGEST_ZOOM)

    def put(self, canvas_point: QPointF, device_point: QPointF) -> None:
        """Move the canvas so that `canvas_point` appears at `device_point`."""
        self.origin = device_point - self._turned_and_scaled().map(canvas_point)

    def zoom_to(self, zoom: float, anchor: QPointF | None = None) -> None:
        """Set the zoom; what lies under `anchor` (device pixels, default the centre) stays there."""
        anchor = self.centre if anchor is None else anchor
        held = self._exact().inverted()[0].map(anchor)
        self.zoom, self.fitted = self._allowed(zoom), False
        self.put(held, anchor)
        self._keep_in_view()

    def rotate_to(self, degrees: float, anchor: QPointF | None = None) -> None:
        """Set the rotation about `anchor` (device pixels, default the centre)."""
        anchor = self.centre if anchor is None else anchor
        held = self._exact().inverted()[0].map(anchor)
        turned = degrees % 360.0
        self.rotation = turned - 360.0 if turned > 180.0 else turned
        self.put(held, anchor)
        if self.fitted:
            self.fit()

    def pan(self, delta: QPointF) -> None:
        """Move by `delta` device pixels; fractions add up."""
        self.origin = self.origin + delta
        self.fitted = False
        self._keep_in_view()

    def resize(self, device: tuple[int, int]) -> None:
        """Keep the middle in the middle, or the whole canvas fitted."""
        old = self.centre
        self.device = (max(device[0], 1), max(device[1], 1))
        if self.fitted:
            self.fit()
        else:
            self.origin = self.origin + (self.centre - old)
            self._keep_in_view()

    def _keep_in_view(self) -> None:
        """Push the canvas back where a pan or zoom would lose it."""
        shown = self._exact().mapRect(self.canvas_rect)
        room = QSizeF(min(KEPT_IN_VIEW, shown.width()), min(KEPT_IN_VIEW, shown.height()))
        right = max(room.width() - shown.right(), 0.0) - max(shown.left() - (self.device[0] - room.width()), 0.0)
        down = max(room.height() - shown.bottom(), 0.0) - max(shown.top() - (self.device[1] - room.height()), 0.0)
        self.origin = self.origin + QPointF(right, down)
