"""What a move, a change of looks or a paste asks for, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import relocation
from engine.errors import BadRequest
from engine.methods.dragon import DragonParameters
from engine.request import EditRequest
from tests.engine.methods.support import SIZE, photo, square

EXAMPLE = np.zeros((30, 20, 4), np.uint8)
EXAMPLE[5:25, 5:15] = 255
STILL = (0.0, 0.0), 1.0, 0.0


def request(**changes: Any) -> EditRequest:
    return EditRequest("dragon", photo(), DragonParameters(), **{"mask": square(), **changes})


def moved(edit: EditRequest, *asked: Any) -> relocation.Relocation:
    return relocation.move(edit, relocation.way(edit, *asked))


def test_a_move_leaves_one_place_and_reaches_another() -> None:
    place = moved(request(), (12.0, -4.0), 1.0, 0.0)
    assert np.array_equal(place.old, square())
    assert np.array_equal(place.new, np.roll(square(), (-4, 12), (0, 1)))
    assert np.array_equal(place.changing, np.maximum(place.old, place.new))
    assert place.notes == ()


def test_a_point_is_the_shift_and_several_say_size_and_turn_too() -> None:
    one = np.array([[[30.0, 30.0], [38.0, 33.0]]])
    assert np.array_equal(moved(request(points=one), *STILL).new, np.roll(square(), (3, 8), (0, 1)))
    two = np.array([[[24.0, 32.0], [16.0, 32.0]], [[40.0, 32.0], [48.0, 32.0]]])
    place = moved(request(points=two), *STILL)
    rows, columns = np.nonzero(place.new > 127)
    assert np.allclose(place.marks(two), two[:, 1])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (16, 47, 16, 47), "twice as large"


def test_what_leaves_the_picture_in_part_is_said() -> None:
    place = moved(request(), (30.0, 0.0), 1.0, 0.0)
    assert len(place.notes) == 1
    assert "cut off" in place.notes[0]


def test_an_example_comes_into_the_box() -> None:
    edit = request(exemplar=EXAMPLE)
    place = relocation.paste(edit, relocation.way(edit, *STILL))
    rows, columns = np.nonzero(place.new > 127)
    assert (rows.min(), rows.max() + 1) == (24, 40), "as high as the box"
    assert (columns.min(), columns.max() + 1) == (28, 36), "half as wide as high, and in the middle"
    assert not place.old.any()
    assert np.array_equal(place.changing >= 128, square() >= 128)
    away = relocation.paste(edit, relocation.way(edit, (10.0, 0.0), 1.0, 0.0))
    assert np.array_equal(away.new, np.roll(place.new, 10, 1))
    assert not away.changing[:, 24:33].any(), "where the box was drawn nothing happens"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (STILL, "stay as it is"),
        (((0.2, -0.2), 1.001, 0.1), "stay as it is"),
        (((200.0, 0.0), 1.0, 0.0), "would be seen"),
        (((-45.0, -45.0), 1.0, 0.0), "would be seen"),
    ],
)
def test_what_cannot_be_moved(asked: Any, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        moved(request(), *asked)


def test_two_points_of_one_target_are_a_sentence() -> None:
    two = np.array([[[24.0, 32.0], [30.0, 32.0]], [[40.0, 32.0], [30.0, 32.0]]])
    with pytest.raises(BadRequest, match="0 times as large"):
        moved(request(points=two), *STILL)


def test_looks_and_pastes_need_an_example_that_is_another() -> None:
    for refused in (
        lambda edit: relocation.looks(edit),
        lambda edit: relocation.paste(edit, relocation.way(edit, *STILL)),
    ):
        with pytest.raises(BadRequest, match="Drop a picture"):
            refused(request())
        with pytest.raises(BadRequest, match="Nothing is selected"):
            refused(request(mask=None, exemplar=EXAMPLE))
    itself = np.dstack([photo(), square()])
    with pytest.raises(BadRequest, match="is the selected thing itself"):
        relocation.looks(request(exemplar=itself))
    itself[0, 0, 3] = 255
    assert np.array_equal(relocation.looks(request(exemplar=itself)).changing, square(SIZE))
