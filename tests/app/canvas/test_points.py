"""Drag points painted over the picture: told apart by shape and colour, inside the bounds that are repainted."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QPainter, QTransform

from app.canvas.overlays import overlay_bounds, paint_overlay
from app.canvas.points import DIAMOND, DISC, HANDLE, TARGET, TRAIL
from editor.points import End, PointPair
from editor.tools import PointsOverlay

pytestmark = pytest.mark.usefixtures("qapp")  # numbers are text, which needs fonts

SIZE = 200
ZOOM = QTransform.fromScale(2, 2)
PAIR = PointPair((30.0, 40.0), (80.0, 40.0))  # at (60, 80) and (160, 80) in the widget


def painted(overlay: PointsOverlay, to_widget: QTransform = ZOOM, ratio: int = 1, ground: int = 0) -> np.ndarray:
    """(SIZE x ratio)² RGBA, on nothing or on an opaque grey."""
    image = QImage(SIZE * ratio, SIZE * ratio, QImage.Format.Format_RGBA8888)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent if not ground else (255 << 24) + ground * 0x010101)
    with QPainter(image) as painter:
        paint_overlay(painter, overlay, to_widget)
    return np.frombuffer(image.bits(), np.uint8).reshape(SIZE * ratio, SIZE * ratio, 4).copy()


def coloured(seen: np.ndarray, colour: object) -> np.ndarray:
    """(H, W) where exactly this colour was painted."""
    return (seen == np.array(colour.getRgb(), np.uint8)).all(axis=2)  # type: ignore[attr-defined]


def middle(where: np.ndarray) -> tuple[float, float]:
    """(x, y) of the middle of a patch's box, its pixels' outer corners."""
    rows, columns = np.nonzero(where)
    return (columns.min() + columns.max() + 1) / 2, (rows.min() + rows.max() + 1) / 2


def test_handle_and_target_differ_by_colour_and_by_shape() -> None:
    seen = painted(PointsOverlay((PAIR,)))
    blue, orange = coloured(seen, HANDLE), coloured(seen, TARGET)
    assert middle(blue) == pytest.approx((60, 80), abs=1)
    assert middle(orange) == pytest.approx((160, 80), abs=1)
    disc, diamond = int(DISC * 0.6), int(DIAMOND * 0.6)
    assert blue[80 - disc, 60 - disc]  # a disc reaches there, a diamond does not
    assert not orange[80 - diamond, 160 - diamond]
    assert orange[80, 160 - diamond]


@pytest.mark.parametrize("ground", [1, 90, 128, 170, 255])
def test_every_mark_has_a_light_and_a_dark_rim_on_any_ground(ground: int) -> None:
    seen = painted(PointsOverlay((PAIR,)), ground=ground).astype(int)
    for x, reach in ((60, DISC), (160, DIAMOND)):
        way = seen[80, x : x + int(reach) + 6, :3].mean(axis=1)
        assert way.max() > 235
        assert way.min() < 100
    arrow = seen[70:91, 110, :3].mean(axis=1)
    assert arrow.max() > 235
    assert arrow.min() < 80


def test_the_arrow_points_to_the_target() -> None:
    seen = painted(PointsOverlay((PAIR,)))[..., 3] > 128
    columns = seen.sum(axis=0)
    assert columns[140:150].max() > columns[80:130].max() + 4  # its head
    assert (columns[72:145] >= 2).all()


def test_pairs_are_numbered_in_order() -> None:
    pairs = tuple(PointPair((20.0 + 15 * i, 40.0), (20.0 + 15 * i, 80.0)) for i in range(5))
    seen = painted(PointsOverlay(pairs))
    numbers = [seen[72:89, 40 + 30 * i - 5 : 40 + 30 * i + 6] for i in range(5)]
    for index, number in enumerate(numbers):
        assert (number[..., :3].min(axis=2) > 200).sum() > 8  # white on the disc
        assert all(not np.array_equal(number, other) for other in numbers[:index])


def test_held_and_chosen_marks_stand_out() -> None:
    def area(**more: object) -> int:
        return int((painted(PointsOverlay((PAIR,), **more))[..., 3] > 0).sum())  # type: ignore[arg-type]

    plain = area()
    assert area(held=(0, End.HANDLE)) > plain + 80
    assert area(held=(0, End.TARGET)) > plain + 40
    assert area(chosen=0) > plain + 300


def test_a_trail_shows_the_way_and_where_the_handle_is() -> None:
    seen = painted(PointsOverlay((PAIR,), trails=(((30.0, 40.0), (40.0, 60.0), (60.0, 60.0)),)))
    spot = coloured(seen, TRAIL)
    assert spot[120, 120]
    assert spot[120, 100]
    assert not spot[120, 135]
    near = painted(PointsOverlay((PointPair((30.0, 40.0), (34.0, 40.0)),), trails=(((30.0, 40.0), (32.0, 40.0)),)))
    assert coloured(near, TRAIL)[80, 64]  # over the marks, where they lie close to each other


@pytest.mark.parametrize("ratio", [1, 2])
@pytest.mark.parametrize("turn", [0, 37])
def test_the_bounds_contain_everything_painted(ratio: int, turn: int) -> None:
    to_widget = QTransform().translate(100, 100).rotate(turn).scale(0.5, 0.5)
    around = [PointPair((-30.0 * i, 20.0 * i), (25.0 * i, -40.0 * i)) for i in range(1, 4)]
    overlay = PointsOverlay(
        tuple(around), 2, (2, End.TARGET), (-60.0, -50.0), (-20.0, 100.0), (((0.0, 0.0), (90.0, 70.0)),)
    )
    for one in (overlay, PointsOverlay((around[0],), 0, (0, End.HANDLE)), PointsOverlay((), waiting=(3.0, 4.0))):
        rows, columns = np.nonzero(painted(one, to_widget, ratio)[..., 3])
        assert len(rows) > 100
        bounds = overlay_bounds(one, to_widget)
        for x, y in ((columns.min(), rows.min()), (columns.max() + 1, rows.max() + 1)):
            assert bounds.contains(QPointF(x / ratio, y / ratio))


def test_no_points_paint_nothing_and_a_pair_without_way_has_no_arrow() -> None:
    assert not painted(PointsOverlay(())).any()
    still = painted(PointsOverlay((PointPair((50.0, 50.0), (50.0, 50.0)),)))
    assert coloured(still, TARGET)[100, 100]
    assert (still[..., 3] > 0).sum() < 500
