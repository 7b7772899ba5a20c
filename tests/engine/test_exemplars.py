"""What an encoder is shown of an example."""

from __future__ import annotations

import numpy as np
import pytest

from engine.exemplars import Framing, framed

GREY = 161


def test_what_is_marked_stands_in_the_middle_of_a_grey_square() -> None:
    example = np.zeros((60, 100, 4), np.uint8)
    example[10:30, 20:60] = (200, 30, 40, 255)
    shown = framed(example, Framing(margin=0.25))
    assert shown.shape == (60, 60, 3)
    red = (shown == (200, 30, 40)).all(2)
    rows, columns = np.nonzero(red)
    assert (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1) == (20, 40, 10, 50)
    assert (shown[~red] == GREY).all()


def test_it_is_mirrored_first_and_then_turned_clockwise() -> None:
    example = np.full((40, 40, 4), 255, np.uint8)
    example[..., :3] = 0
    example[:20, :20, 0] = 255  # top left
    corners = {"left": np.s_[4:16, 4:16], "right": np.s_[4:16, 24:36]}
    for framing, corner in ((Framing(0), "left"), (Framing(0, 0, True), "right"), (Framing(0, 90), "right")):
        shown = framed(example, framing)
        assert shown.shape == (40, 40, 3)
        assert (shown[corners[corner]] == (255, 0, 0)).all(), framing
        assert shown[..., 0].mean() == pytest.approx(255 / 4, abs=6)
    both = framed(example, Framing(0, 90, True))
    assert (both[24:36, 24:36] == (255, 0, 0)).all()


def test_half_transparent_colours_are_mixed_with_the_grey() -> None:
    example = np.full((8, 8, 4), 255, np.uint8)
    example[..., 3] = 128
    assert np.abs(framed(example, Framing(0))[2:6, 2:6].astype(int) - (255 + GREY) // 2).max() <= 1


def test_hidden_colours_do_not_bleed_and_depth_does_not_matter() -> None:
    example = np.zeros((2000, 2000, 4), np.uint8)
    example[..., :3] = (0, 255, 0)  # under what is transparent
    example[500:1500, 500:1500] = (250, 0, 0, 255)
    shown = framed(example, Framing(0.2))
    assert shown.shape == (512, 512, 3)
    assert shown[..., 1].max() <= GREY
    assert np.abs(framed(example.astype(np.uint16) * 257, Framing(0.2)).astype(int) - shown).max() <= 1


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 3000), (3000, 1)])
def test_thin_examples(height: int, width: int) -> None:
    shown = framed(np.full((height, width, 4), 255, np.uint8), Framing())
    assert shown.shape[0] == shown.shape[1] >= 1
    assert shown.max() > GREY + 40
