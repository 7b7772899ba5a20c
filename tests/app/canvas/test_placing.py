"""How a placed thing is painted: where the matrix takes it, inside the canvas, and nowhere beyond its bounds."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter, QTransform
from pytestqt.qtbot import QtBot

from app.canvas.overlays import overlay_bounds, paint_overlay
from app.canvas.placing import to_transform
from editor.geometry import Rect
from editor.lifting import Lifted
from editor.placement import Grip, Placement, TransformBox
from editor.tools.overlay import PlacementOverlay

BOX, CANVAS = Rect(40, 30, 60, 40), Rect(0, 0, 200, 160)
RED = (255, 0, 0, 255)


def thing(**changes: object) -> Lifted:
    """A red rectangle with a green left half."""
    pixels = np.zeros((40, 60, 4), np.uint8)
    pixels[:] = RED
    pixels[:, :30] = (0, 255, 0, 255)
    edge = np.array([(40, 30), (100, 30), (100, 70), (40, 70)], np.float32)
    return Lifted(BOX, pixels, (edge,), **changes)  # type: ignore[arg-type]


def painted(overlay: PlacementOverlay, to_widget: QTransform) -> NDArray[np.uint8]:
    """(600, 800, 4) RGBA of the overlay alone."""
    image = QImage(800, 600, QImage.Format.Format_RGBA8888)
    image.fill(0)
    with QPainter(image) as painter:
        paint_overlay(painter, overlay, to_widget)
    return np.frombuffer(image.constBits(), np.uint8).reshape(600, 800, 4).copy()


@pytest.fixture(autouse=True)
def _application(qtbot: QtBot) -> None:
    """Painting needs one."""


def test_the_matrix_means_the_same_to_qt() -> None:
    placement = Placement((12.0, -7.0), 1.4, 35.0)
    matrix = placement.matrix((70, 50))
    x, y = matrix @ (50.0, 33.0, 1.0)
    at = to_transform(matrix).map(QPointF(50, 33))
    assert (at.x(), at.y()) == pytest.approx((x, y))


def test_the_thing_is_seen_where_it_goes_and_its_old_place_is_hatched() -> None:
    frame = TransformBox(BOX, Placement((60.0, 40.0), 1.0, 90.0))
    image = painted(PlacementOverlay(frame, CANVAS, thing()), QTransform.fromScale(2, 2))
    for source, colour in (((45, 50), (0, 255, 0, 255)), ((95, 50), RED)):
        x, y = frame.matrix @ (*source, 1.0)
        assert tuple(image[round(2 * y), round(2 * x)]) == colour
    hole = image[64:136, 84:196]
    assert (hole[..., 3] > 0).all()
    assert 0.1 < (hole[..., :3].max(axis=2) > 100).mean() < 0.6  # light lines on a shade


def test_what_rests_covers_nothing_unless_it_is_brought_in() -> None:
    frame = TransformBox(BOX)
    own, foreign = (
        painted(PlacementOverlay(frame, CANVAS, thing(foreign=foreign)), QTransform()) for foreign in (False, True)
    )
    assert not own[50, 60, 3]
    assert tuple(foreign[50, 60]) == (0, 255, 0, 255)
    assert tuple(foreign[50, 90]) == RED


def test_what_leaves_the_canvas_is_not_seen() -> None:
    frame = TransformBox(BOX, Placement((110.0, 0.0)))
    image = painted(PlacementOverlay(frame, CANVAS, thing()), QTransform())
    assert tuple(image[40, 195]) == RED
    assert not image[40, 202, 3]


@pytest.mark.parametrize("zoom", [0.25, 1.0, 3.0])
@pytest.mark.parametrize("turned", [0.0, 30.0])
def test_nothing_is_painted_beyond_the_bounds(zoom: float, turned: float) -> None:
    view = QTransform.fromTranslate(300, 150).rotate(turned).scale(zoom, zoom)
    for placement in (Placement(), Placement((30.0, 25.0), 1.5, -50.0), Placement((-40.0, 0.0), 0.2, 170.0)):
        for held in (None, Grip.TURN, Grip.INSIDE):
            overlay = PlacementOverlay(TransformBox(BOX, placement), CANVAS, thing(), held)
            rows, columns = np.nonzero(painted(overlay, view)[..., 3])
            bounds = overlay_bounds(overlay, view)
            assert columns.min() >= bounds.left()
            assert columns.max() <= bounds.right()
            assert rows.min() >= bounds.top()
            assert rows.max() <= bounds.bottom()
