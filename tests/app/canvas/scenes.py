"""Documents and input for the tests and the benchmark of the canvas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QInputDevice, QMouseEvent, QPointingDevice, QPointingDeviceUniqueId, QTabletEvent
from PySide6.QtWidgets import QApplication

from app.canvas.view import CanvasView
from editor.document import Document
from editor.layers import BlendMode, ImageLayer, Role
from editor.tiles import TiledImage
from editor.tools import ToolOptions

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

Pixels = NDArray[np.uint8]
RED = (1.0, 0.0, 0.0, 1.0)


def photo(width: int, height: int, seed: int = 0) -> Pixels:
    """(height, width, 3) RGB: soft shapes with a little grain."""
    random = np.random.default_rng(seed)
    shapes = random.integers(20, 236, (height // 96 + 2, width // 96 + 2, 3), np.uint8)
    smooth = cv2.resize(shapes, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.add(smooth, random.integers(0, 12, (height, width, 3), np.uint8)), np.uint8)


def opaque(rgb: Pixels) -> Pixels:
    return np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])


def photo_document(width: int, height: int, seed: int = 0) -> Document:
    """One opaque layer "Photo"."""
    document = Document(width, height)
    layer = ImageLayer(name="Photo", pixels=TiledImage.from_array(opaque(photo(width, height, seed))))
    document.insert(layer, None, 0)
    document.activate(layer.id)
    return document


def strokes_document(width: int, height: int) -> Document:
    """A photo with an empty, active strokes layer."""
    document = photo_document(width, height)
    layer = ImageLayer(name="Strokes", role=Role.STROKES)
    document.insert(layer, None, 1)
    document.activate(layer.id)
    return document


# mode and share of the canvas that each layer above the photo covers, with an alpha between 0 and 1 that varies
STACK = (
    (BlendMode.MULTIPLY, 1.0),
    (BlendMode.SCREEN, 0.5),
    (BlendMode.OVERLAY, 0.25),
    (BlendMode.SOFT_LIGHT, 1.0),
    (BlendMode.NORMAL, 0.25),
    (BlendMode.HARD_LIGHT, 0.5),
    (BlendMode.COLOR_DODGE, 0.25),
    (BlendMode.LUMINOSITY, 0.5),
    (BlendMode.NORMAL, 0.25),
)


PAINTED = 5  # the layer of the stack that the brush works on


def stacked_document(side: int) -> Document:
    """A photo and nine layers over it as in STACK; the normal one in the middle is active, for strokes."""
    document = photo_document(side, side)
    for index, (mode, share) in enumerate(STACK, start=1):
        size = round(side * share**0.5)
        small = np.random.default_rng(index).integers(0, 256, (18, 18), np.uint8)
        alpha = cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR)
        pixels = np.dstack([photo(size, size, index), alpha])
        at = (side - size) // 2
        role = Role.STROKES if index == PAINTED else Role.IMAGE
        tiles = TiledImage.from_array(pixels, (at, at))
        layer = ImageLayer(name=mode.name, blend=mode, opacity=0.8, role=role, pixels=tiles)
        document.insert(layer, None, index)
    document.activate(document.layers[PAINTED].id)
    return document


def settle(view: CanvasView) -> None:
    """Run the event loop until what is seen is up to date and painted."""
    for _ in range(3):
        QApplication.processEvents()
    while view.busy:
        QApplication.processEvents()
    for _ in range(3):
        QApplication.processEvents()


def shown_view(qtbot: QtBot, document: Document | None, width: int = 400, height: int = 300) -> CanvasView:
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(width, height)
    view.show()
    view.set_document(document)
    settle(view)
    return view


def grabbed(view: CanvasView) -> Pixels:
    """(h, w, 3) RGB device pixels of the widget."""
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


MOUSE = {
    "press": QEvent.Type.MouseButtonPress,
    "move": QEvent.Type.MouseMove,
    "release": QEvent.Type.MouseButtonRelease,
}
PEN = {"press": QEvent.Type.TabletPress, "move": QEvent.Type.TabletMove, "release": QEvent.Type.TabletRelease}
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


def mouse(
    view: CanvasView,
    kind: str,
    at: QPointF,
    *,
    button: Qt.MouseButton = LEFT,
    keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    held: bool = True,
) -> None:
    """Send one mouse event at a widget position; `held` tells whether the button is down during a move."""
    down = button if kind == "press" or (kind == "move" and held) else NONE
    event = QMouseEvent(MOUSE[kind], at, view.mapToGlobal(at), NONE if kind == "move" else button, down, keys)
    QApplication.sendEvent(view, event)


def drag(view: CanvasView, points: list[QPointF], **how: object) -> None:
    """Press at the first widget position, move over the others, release at the last."""
    mouse(view, "press", points[0], **how)  # type: ignore[arg-type]
    for point in points[1:]:
        mouse(view, "move", point, **how)  # type: ignore[arg-type]
    mouse(view, "release", points[-1], **how)  # type: ignore[arg-type]


def pen(view: CanvasView, kind: str, at: QPointF, pressure: float, *, eraser: bool = False) -> None:
    """Send one tablet event at a widget position, tilted by (10, -20) degrees."""
    tip = QPointingDevice.PointerType.Eraser if eraser else QPointingDevice.PointerType.Pen
    device = QPointingDevice(
        "pen",
        1,
        QInputDevice.DeviceType.Stylus,
        tip,
        QInputDevice.Capability.Pressure | QInputDevice.Capability.XTilt | QInputDevice.Capability.YTilt,
        1,
        1,
        "",
        QPointingDeviceUniqueId(),
    )
    down = NONE if kind == "release" else LEFT
    keys = Qt.KeyboardModifier.NoModifier
    event = QTabletEvent(
        PEN[kind], device, at, view.mapToGlobal(at), pressure, 10.0, -20.0, 0.0, 0.0, 0.0, keys, LEFT, down
    )
    QApplication.sendEvent(view, event)


def line(start: QPoint, end: QPoint, steps: int) -> Iterator[QPointF]:
    """Positions from start to end, both included."""
    for step in range(steps + 1):
        yield QPointF(start) + QPointF(end - start) * (step / steps)


def options(size: float = 10.0) -> ToolOptions:
    """A hard red brush."""
    made = ToolOptions()
    made.change(colour=RED)
    made.change_brush("brush", size=size, hardness=1.0, spacing=0.1, pressure_size=True, smoothing=0.0)
    return made
