"""What a drag is given by a document's points, and how it goes on with others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.jobs import bridge, method_info
from app.jobs.bridge import request_from
from app.jobs.method_info import describe
from app.jobs.results import apply_result
from editor.document import Document
from editor.geometry import Rect
from editor.points import PointPair
from engine.points import Leg
from tests.app.jobs.conftest import DAUB
from tests.app.jobs.documents import (
    HEIGHT,
    WIDTH,
    photo_document,
    pixels,
    select,
    whole_result,
)
from tests.app.tugs import Tugs


@pytest.fixture
def tug(monkeypatch: pytest.MonkeyPatch) -> Document:
    """A document with two drag points and something selected, and the methods of `tugs`."""
    infos = [describe(method) for method in Tugs().methods().values()]
    monkeypatch.setattr(method_info, "cached_methods", lambda: infos)
    document = photo_document()
    select(document, Rect(40, 40, 60, 60))
    document.place_points((PointPair((50.0, 50.0), (150.5, 60.0)), PointPair((70.0, 70.0), (170.0, 80.0))))
    return document


def test_a_drag_gets_points_and_selection_and_a_document_of_it_has_them_again(tug: Document) -> None:
    request = request_from(tug, "tug", {}, "a cube", seed=4)
    assert request.points is not None
    np.testing.assert_array_equal(request.points, [[[50, 50], [150.5, 60]], [[70, 70], [170, 80]]])
    assert request.points.dtype == np.float64
    assert request.mask is not None
    assert request.mask[60, 60] == 255
    assert request.mask[20, 20] == 0
    again = bridge.document_of(request)
    assert again.points == tug.points
    assert request_from(again, "tug", {}, "a cube", seed=4).digest() == request.digest()


def test_without_points_or_a_use_for_them_there_are_none(tug: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    tug.place_points(())
    assert request_from(tug, "tug", {}).points is None
    tug.place_points((PointPair((50.0, 50.0), (90.0, 60.0)),))
    monkeypatch.setattr(method_info, "cached_methods", lambda: [describe(DAUB)])
    assert request_from(tug, "daub", {}).points is None


def test_points_on_the_outermost_border_come_back_onto_the_canvas(tug: Document) -> None:
    points = np.array([[[50.0, 50.0], [float(WIDTH), float(HEIGHT)]]])
    document = bridge.document_of(replace(request_from(tug, "tug", {}), points=points))
    assert len(document.points) == 1
    assert document.canvas.contains(*document.points[0].target)


def test_other_targets_lead_a_drag_on_and_other_handles_start_anew(tug: Document) -> None:
    request = request_from(tug, "tug", {"pulls": 9})
    layer = apply_result(tug, whole_result(request, pixels(9)[..., :3]))
    assert bridge.prepare_again(tug, layer).build().digest() == request.digest()
    first = tug.points
    tug.place_points((first[0], PointPair(first[1].handle, (100.0, 100.0))))
    on = bridge.prepare_again(tug, layer).build()
    assert on.legs == (Leg(((150.5, 60.0), (170.0, 80.0)), 9),)
    assert on.points is not None
    assert tuple(on.points[1, 1]) == (100, 100)
    assert bridge.prepare_again(tug, layer, lead_on=False).build().legs == ()
    other = bridge.prepare_again(tug, layer, method="push", parameters={"strength": 0.25}).build()
    assert (other.method, other.legs, other.parameters.strength) == ("push", (), 0.25)  # type: ignore[attr-defined]
    tug.place_points((PointPair((55.0, 50.0), first[0].target), first[1]))
    assert bridge.prepare_again(tug, layer).build().legs == ()


def test_a_drag_that_was_stopped_has_closed_its_last_part_itself(tug: Document) -> None:
    targets = ((150.5, 60.0), (170.0, 80.0))
    stopped = replace(request_from(tug, "tug", {"pulls": 9}), legs=(Leg(targets, 4),), stop_after=4)
    layer = apply_result(tug, whole_result(stopped, pixels(9)[..., :3]))
    on = bridge.prepare_to_go_on(tug, layer).build()
    assert (on.legs, on.stop_after) == (stopped.legs, None)
    tug.place_points((tug.points[0], PointPair(tug.points[1].handle, (100.0, 100.0))))
    elsewhere = bridge.prepare_again(tug, layer).build()
    assert (elsewhere.legs, elsewhere.stop_after) == (stopped.legs, None)
    tug.place_points(())
    on = bridge.prepare_to_go_on(tug, layer).build()
    assert on.points is not None
    np.testing.assert_array_equal(on.points[:, 1], targets)
    tug.place_points((PointPair((50.0, 50.0), targets[0]), PointPair((70.0, 70.0), targets[1])))
    anew = bridge.prepare_again(tug, layer, lead_on=False)
    assert (anew.build().legs, anew.build().stop_after) == ((), None)
