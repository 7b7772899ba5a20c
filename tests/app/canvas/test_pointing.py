"""What was pointed at and what is offered, painted over the picture."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QPainter, QTransform

from app.canvas.overlays import overlay_bounds, paint_overlay
from app.canvas.pointing import BELONGS, FOREIGN, TINT
from app.jobs.segments import sketch_of
from editor.geometry import Rect
from editor.pointing import Pointing, Spot, Streak
from editor.tools import PointingOverlay

SIZE = 200


def painted(overlay: PointingOverlay, to_widget: QTransform) -> np.ndarray:
    """(SIZE, SIZE, 4) RGBA on nothing."""
    image = QImage(SIZE, SIZE, QImage.Format.Format_RGBA8888)
    image.fill(Qt.GlobalColor.transparent)
    with QPainter(image) as painter:
        paint_overlay(painter, overlay, to_widget)
    return np.frombuffer(image.bits(), np.uint8).reshape(SIZE, SIZE, 4).copy()


def disc() -> np.ndarray:
    rows, columns = np.ogrid[:100, :100]
    return np.where((rows - 50) ** 2 + (columns - 40) ** 2 < 30**2, np.uint8(255), np.uint8(0))


@pytest.mark.parametrize("rough", [False, True])
def test_an_offered_object_is_tinted_inside_its_edge(rough: bool) -> None:
    overlay = PointingOverlay(Pointing(), sketch_of(disc(), rough=rough))
    seen = painted(overlay, QTransform.fromScale(2, 2))
    assert seen[100, 80, 3] == pytest.approx(TINT.alpha(), abs=2)
    assert seen[20, 20, 3] == 0
    edge = seen[100, :, 3].astype(int)
    strong = np.flatnonzero(edge > 160)
    assert strong.min() == pytest.approx(20, abs=3)  # the disc reaches from x = 10 to 70
    assert strong.max() == pytest.approx(140, abs=3)


def test_a_hole_is_not_tinted() -> None:
    mask = disc()
    mask[45:56, 35:46] = 0
    seen = painted(PointingOverlay(Pointing(), sketch_of(mask)), QTransform.fromScale(2, 2))
    assert seen[101, 81, 3] == 0
    assert seen[101, 50, 3] > 0


def test_an_empty_answer_paints_nothing() -> None:
    overlay = PointingOverlay(Pointing(), sketch_of(np.zeros((50, 50), np.uint8)))
    assert not painted(overlay, QTransform()).any()


def test_marks_tell_what_belongs_by_sign_and_colour() -> None:
    pointing = Pointing(
        (Spot(20, 20), Spot(60, 20, False)), (Streak(((20, 60), (40, 60)), 4), Streak(((60, 60), (90, 60)), 4, False))
    )
    seen = painted(PointingOverlay(pointing), QTransform.fromScale(2, 2))
    for x, colour, upright in ((40, BELONGS, True), (120, FOREIGN, False)):
        assert tuple(seen[42, x + 2, :3]) == (colour.red(), colour.green(), colour.blue())
        assert seen[40, x, :3].min() > 200  # the sign
        assert bool(seen[37, x, :3].min() > 150) == upright
    assert seen[120, 60, 1] > seen[120, 60, 0]
    assert seen[120, 150, 0] > seen[120, 150, 1]


@pytest.mark.parametrize("angle", [0.0, 33.0])
def test_everything_painted_lies_within_the_bounds(angle: float) -> None:
    to_widget = QTransform().translate(60, 10).rotate(angle).scale(1.1, 1.1)
    pointing = Pointing((Spot(5, 5), Spot(90, 40, False)), (Streak(((20, 60), (40, 80)), 6),), Rect(10, 15, 70, 50))
    for overlay in (PointingOverlay(pointing, sketch_of(disc())), PointingOverlay(Pointing(box=Rect(3, 4, 20, 30)))):
        seen = painted(overlay, to_widget)
        rows, columns = np.nonzero(seen[..., 3])
        bounds = overlay_bounds(overlay, to_widget).toAlignedRect()
        assert bounds.contains(QRect(columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1))
