"""Masks on the screen: the selection with marching ants along its half-selected line and a tint that shows softness,
and a tint over what the mask in hand of a layer hides.

Ants and tint are pictures with a colour table, as large as the mask appears in the widget: walking the ants only turns
the table, and the number of corners of the mask does not matter.
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from PySide6.QtCore import QObject, QRect, QRectF, QSize, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QTransform, qRgba

from app.canvas.painter import warped
from editor.document import Document
from editor.geometry import EMPTY, Rect
from editor.masks import Mask, invert
from editor.tiles import TILE, UINT8, TiledImage, converted

STEP = 120  # ms between two steps of the ants
HALF = 128  # a pixel is inside the ants from this value on
PERIOD = 8  # device pixels from ant to ant and steps of the animation; a power of two
BLACK, WHITE = qRgba(0, 0, 0, 255), qRgba(255, 255, 255, 255)


class MaskOverlay(QObject):
    """Paints one mask of the document that is shown; which one is the subclass's business.

    Attributes:
        tint_colour: what the tint is drawn in; its alpha is used where the mask is full.
        area: device pixels painted last.
        bounds: canvas rectangle outside which the mask is empty; EMPTY without a mask.
        ants: whether ants walk along it.

    Signals:
        walked: the ants moved on: `area` is to be painted again.
    """

    walked = Signal()
    ants = True

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document: Document | None = None
        self._mask: Mask | None = None  # of the whole canvas, made when first needed
        self.bounds = EMPTY
        self._soft = False
        self._tinted = False
        self.tint_colour = QColor(255, 60, 60, 120)
        self._phase = 0
        self._ants: QImage | None = None
        self._tint: QImage | None = None
        self.area = QRect()
        self._drawn_for: tuple[QTransform, QSize] | None = None
        self._timer = QTimer(self, interval=STEP)
        self._timer.timeout.connect(self._walk_on)

    def _source(self, document: Document) -> TiledImage | None:
        """The mask, None for none."""
        raise NotImplementedError

    def _extent(self, source: TiledImage, canvas: Rect) -> Rect:
        """Canvas rectangle outside which the mask is empty."""
        raise NotImplementedError

    def _values(self, source: TiledImage, rect: Rect) -> Mask:
        """The mask in a canvas rectangle."""
        raise NotImplementedError

    def show(self, document: Document | None) -> None:
        """Take on another document, or another size of its canvas."""
        self._document, self._mask, self.bounds = document, None, EMPTY
        self.area = QRect()
        if document is not None:
            self.update(document.canvas)

    def update(self, rect: Rect) -> None:
        """The document's mask changed, in the canvas pixels `rect` only.

        While a gesture goes on, `bounds` may be too large and softness unknown; `settle` makes both exact.
        """
        self._drawn_for = None
        source = self._source(self._document) if self._document is not None else None
        if self._document is None or source is None:
            self._mask, self.bounds, self._soft = None, EMPTY, False
            return
        canvas = self._document.canvas
        rect = rect.intersected(canvas)
        if self._mask is None:
            self._mask = np.zeros((canvas.height, canvas.width), np.uint8)
            rect = self._extent(source, canvas)
        for part in rect.split(TILE):  # a copy of it all at once would cost several times the work in fresh memory
            values = self._values(source, part)
            self._mask[part.slices()] = values
            self.bounds = self.bounds.united(_bounds(values).translated(part.x, part.y))

    def settle(self, *, tinted: bool) -> None:
        """Make `bounds` exact and see whether the mask is soft.

        Args:
            tinted: show the tint for a mask with hard edges, too (quick mask).
        """
        self._tinted = tinted
        if self._mask is not None and self.bounds:
            inside = self._mask[self.bounds.slices()]
            self.bounds = _bounds(inside).translated(self.bounds.x, self.bounds.y)
            self._soft = self.ants and bool(self.bounds) and _is_soft(self._mask[self.bounds.slices()])
            self._drawn_for = None

    def walk(self, on: bool) -> None:
        """Let the ants walk, if there are any, or rest."""
        if on and self.ants and self.bounds:
            self._timer.start()
        else:
            self._timer.stop()

    @property
    def walking(self) -> bool:
        return self._timer.isActive()

    def _walk_on(self) -> None:
        self._phase = (self._phase + 1) % PERIOD
        if self._ants is not None:
            self._ants.setColorTable(_ant_colours(self._phase))
        self.walked.emit()

    def paint(
        self, painter: QPainter, transform: QTransform, device: QSize, ratio: float, *, untinted: bool = False
    ) -> None:
        """Draw on the widget.

        Args:
            painter: in widget coordinates.
            transform: canvas to device pixels.
            device: size of the widget in device pixels.
            ratio: device pixels per widget coordinate.
            untinted: leave the tint out for now.
        """
        tinted = not untinted and (self._tinted or self._soft)
        if self._mask is None or not self.bounds or not (tinted or self.ants):
            return
        if self._drawn_for != (transform, device):
            self._draw(self._mask, transform, device, max(round(ratio), 1))
            self._drawn_for = (transform, device)
        if self.area.isEmpty():
            return
        at = QRectF(self.area.x() / ratio, self.area.y() / ratio, self.area.width() / ratio, self.area.height() / ratio)
        for image in (self._tint if tinted else None, self._ants if self.ants else None):
            if image is not None:
                painter.drawImage(at, image)

    def _draw(self, whole: Mask, transform: QTransform, device: QSize, thickness: int) -> None:
        """Make both pictures for this view."""
        bounds = QRectF(self.bounds.x, self.bounds.y, self.bounds.width, self.bounds.height)
        reach = 1 + thickness
        around = transform.mapRect(bounds).toAlignedRect().adjusted(-reach, -reach, reach, reach)
        self.area = around.intersected(QRect(-reach, -reach, device.width() + 2 * reach, device.height() + 2 * reach))
        if self.area.isEmpty():
            return
        placed = QTransform.fromTranslate(self.bounds.x, self.bounds.y) * transform
        mask = warped(whole[self.bounds.slices()], placed, self.area, crisp=True, inside_only=True)
        if self.ants:
            self._ants = _ant_picture(mask, thickness, (self.area.x(), self.area.y()))
            self._ants.setColorTable(_ant_colours(self._phase))
        self._tint = _indexed(mask)
        self._tint.setColorTable(_tint_colours(self.tint_colour))


class SelectionOverlay(MaskOverlay):
    """The selection."""

    def _source(self, document: Document) -> TiledImage | None:
        return document.selection

    def _extent(self, source: TiledImage, canvas: Rect) -> Rect:
        return canvas if source.default else source.bounds().intersected(canvas)

    def _values(self, source: TiledImage, rect: Rect) -> Mask:
        seen = source.view(rect)
        return cast(
            Mask, np.full((rect.height, rect.width), source.default, np.uint8) if seen is None else seen[..., 0]
        )


class FoundOverlay(SelectionOverlay):
    """What a running edit found by itself and will change; no part of the document."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.found: TiledImage | None = None

    def _source(self, document: Document) -> TiledImage | None:
        return self.found


class HiddenOverlay(MaskOverlay):
    """What the mask of the active layer hides, while that mask is in hand and used."""

    ants = False

    def _source(self, document: Document) -> TiledImage | None:
        owner = document.mask_in_hand
        return document[owner].mask if owner is not None and document[owner].mask_enabled else None

    def _extent(self, source: TiledImage, canvas: Rect) -> Rect:
        return canvas

    def _values(self, source: TiledImage, rect: Rect) -> Mask:
        assert self._document is not None
        assert self._document.active is not None
        x, y = self._document[self._document.active].offset
        return invert(cast(Mask, converted(source.read(rect.translated(-x, -y))[..., 0], UINT8)))


def _bounds(mask: Mask) -> Rect:
    """The rectangle around everything that is not 0; at (0, 0) and empty for nothing."""
    x, y, width, height = cv2.boundingRect(np.ascontiguousarray(mask))
    return Rect(x, y, width, height) if width else EMPTY


def _is_soft(mask: Mask) -> bool:
    """Whether values between 0 and 255 cover more than the thin line that smooth edges leave."""
    square = np.ones((3, 3), np.uint8)
    for top in range(0, mask.shape[0], TILE):  # most soft masks are found out by their first strip
        between = cv2.inRange(mask[max(top - 1, 0) : top + TILE + 1], 1, 254)
        if cv2.countNonZero(between) and cv2.erode(between, square, borderValue=0).any():
            return True
    return False


def _indexed(indices: Mask) -> QImage:
    """A picture with a colour table that owns a copy of the (h, w) indices."""
    height, width = indices.shape
    return QImage(np.ascontiguousarray(indices).data, width, height, width, QImage.Format.Format_Indexed8).copy()


def _ant_picture(mask: Mask, thickness: int, origin: tuple[int, int]) -> QImage:
    """Index 0 = clear; 1..PERIOD along diagonals where the mask passes HALF between neighbours."""
    inside = (mask >= HALF).astype(np.uint8)
    square = np.ones((1 + thickness, 1 + thickness), np.uint8)
    edge = cv2.morphologyEx(inside, cv2.MORPH_GRADIENT, square, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    height, width = mask.shape
    rows = ((np.arange(height) + origin[1]) % PERIOD).astype(np.uint8)[:, None]
    columns = ((np.arange(width) + origin[0]) % PERIOD).astype(np.uint8)
    return _indexed(edge * (((rows + columns) & (PERIOD - 1)) + np.uint8(1)))


def _ant_colours(phase: int) -> list[int]:
    walking = [BLACK if (index + phase) % PERIOD < PERIOD // 2 else WHITE for index in range(PERIOD)]
    return [0, *walking]


def _tint_colours(colour: QColor) -> list[int]:
    return [qRgba(colour.red(), colour.green(), colour.blue(), colour.alpha() * value // 255) for value in range(256)]
