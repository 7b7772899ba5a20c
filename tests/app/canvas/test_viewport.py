from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF

from app.canvas.viewport import KEPT_IN_VIEW, LARGEST_ZOOM, Viewport
from editor.geometry import Rect

places = st.floats(-500.0, 1500.0)


def viewport(zoom: float = 1.0, rotation: float = 0.0) -> Viewport:
    view = Viewport(canvas=(1000, 700), device=(800, 600))
    view.fit()
    view.rotate_to(rotation)
    view.zoom_to(zoom)
    return view


def distance(a: QPointF, b: QPointF) -> float:
    return float(((a.x() - b.x()) ** 2 + (a.y() - b.y()) ** 2) ** 0.5)


@given(zoom=st.floats(0.05, 40.0), rotation=st.floats(-360.0, 360.0), x=places, y=places)
def test_coordinates_survive_the_way_there_and_back(zoom: float, rotation: float, x: float, y: float) -> None:
    there = viewport(zoom, rotation).transform
    back = there.inverted()[0]
    assert distance(back.map(there.map(QPointF(x, y))), QPointF(x, y)) < 1e-6


@given(
    zoom=st.floats(0.05, 40.0),
    rotation=st.floats(-180.0, 180.0),
    x=st.floats(0, 800),
    y=st.floats(0, 600),
    factors=st.lists(st.floats(0.5, 2.0), min_size=1, max_size=8),
)
def test_zooming_keeps_the_point_under_the_cursor(
    zoom: float, rotation: float, x: float, y: float, factors: list[float]
) -> None:
    view = viewport(zoom, rotation)
    anchor = QPointF(x, y)
    held = view.transform.inverted()[0].map(anchor)
    for factor in factors:
        view.zoom_to(view.zoom * factor, anchor)
    if view.canvas_rect.contains(held):  # far outside the canvas, not losing it is more important
        # the origin is rounded once before (half a pixel, grown by the zoom) and once after
        grown = max(view.zoom / zoom, 1.0)
        assert distance(view.transform.map(held), anchor) <= 0.71 * (1 + grown)


def test_a_zoom_step_does_not_let_the_picture_drift() -> None:
    view = viewport(1.0)
    anchor = QPointF(123.0, 456.0)
    held = view.transform.inverted()[0].map(anchor)
    for _ in range(200):
        view.zoom_to(view.zoom * 1.37, anchor)
        view.zoom_to(view.zoom / 1.37, anchor)
    assert distance(view.transform.map(held), anchor) <= 1.0


@pytest.mark.parametrize("rotation", [0.0, 90.0, 33.0])
def test_fit_shows_everything_centred(rotation: float) -> None:
    view = Viewport(canvas=(4000, 1000), device=(800, 600), rotation=rotation)
    view.fit()
    shown = view.transform.mapRect(view.canvas_rect)
    assert QRectF(0, 0, 800, 600).contains(shown)
    assert distance(shown.center(), view.centre) <= 1.0
    assert view.visible() == Rect(0, 0, 4000, 1000)


def test_a_fitted_view_stays_fitted_when_resized_and_another_keeps_its_middle() -> None:
    view = Viewport(canvas=(4000, 1000), device=(800, 600))
    view.fit()
    view.resize((1600, 600))
    assert view.zoom == pytest.approx((1600 - 48) / 4000)
    view.zoom_to(1.0)
    middle = view.transform.inverted()[0].map(view.centre)
    view.resize((500, 300))
    assert distance(view.transform.inverted()[0].map(view.centre), middle) <= 1.0
    assert view.zoom == 1.0


def test_small_scrolls_add_up_and_the_picture_lies_on_whole_pixels() -> None:
    view = viewport(1.0)
    before = view.transform
    for _ in range(10):
        view.pan(QPointF(0.25, -0.35))
    after = view.transform
    assert after.dx() == round(after.dx())
    assert abs(after.dx() - before.dx() - 2.5) <= 0.5
    assert abs(after.dy() - before.dy() + 3.5) <= 0.5


def test_no_pan_loses_the_canvas_and_zoom_has_limits() -> None:
    view = viewport(1.0)
    view.pan(QPointF(1e6, -1e6))
    shown = view.transform.mapRect(view.canvas_rect)
    assert shown.left() == pytest.approx(800 - KEPT_IN_VIEW, abs=1)
    assert shown.bottom() == pytest.approx(KEPT_IN_VIEW, abs=1)
    view.zoom_to(1e9)
    assert view.zoom == LARGEST_ZOOM
    view.zoom_to(1e-9)
    assert view.zoom * 1000 == pytest.approx(16)


def test_rotation_keeps_the_middle_and_stays_in_half_turns() -> None:
    view = viewport(2.0)
    held = view.transform.inverted()[0].map(view.centre)
    for _ in range(25):
        view.rotate_to(view.rotation + 15.0)
    assert view.rotation == pytest.approx(15.0)
    assert distance(view.transform.map(held), view.centre) <= 2.0
