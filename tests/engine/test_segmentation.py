"""What all segmenters share: prompts that make no sense, rough masks, and what is remembered."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.errors import BadRequest, ModelMissing
from engine.request import Pixels, Step
from engine.segmentation import (
    Click,
    Mask,
    Prompts,
    Recent,
    box_around,
    check_picture,
    check_prompts,
    deepest_clicks,
    eight_bits,
    fingerprint,
    open_segmenter,
    refine,
    see,
)


class Square:
    """Answers with the square it was made with, whatever it is asked."""

    title, hovers, takes_clicks = "Square", True, True

    def __init__(self, found: Mask) -> None:
        self.found, self.scores, self.asked = found, (1.0,), Prompts()

    def look(self, picture: Pixels) -> Generator[Step, None, Pixels]:
        yield Step(1, 1)
        return picture

    def answer(self, seen: Pixels, prompts: Prompts) -> Square:
        self.asked = prompts
        return self

    def mask(self, index: int = 0, quick: bool = False) -> Mask:
        return self.found

    quick = mask


def filled(left: int, top: int, right: int, bottom: int) -> Mask:
    mask = np.zeros((100, 120), np.uint8)
    mask[top:bottom, left:right] = 255
    return mask


def test_refine_keeps_the_core_drops_what_is_far_and_lets_the_edge_move() -> None:
    drawn, answered = filled(30, 30, 80, 70), filled(35, 5, 110, 65)
    picture = np.zeros((100, 120, 3), np.uint8)
    segmenter = Square(answered)
    result = refine(segmenter, see(segmenter, picture), drawn, pixels=10)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (21, 21))
    near, core = cv2.dilate(drawn, disc), cv2.erode(drawn, disc)
    expected = (answered & near) | core
    assert np.count_nonzero(result != expected) <= 12  # OpenCV's disc is not quite round
    assert (result[core > 0] == 255).all()
    assert result[5:18].max() == 0  # farther than 10 px above what was drawn
    assert result[50, 85] == 255  # within 10 px, and the segmenter wants it
    assert result[68, 50] == 0  # drawn, but near the edge, and the segmenter does not want it
    assert segmenter.asked.rough is not None
    np.testing.assert_array_equal(segmenter.asked.rough, drawn > 0)


def test_refine_of_nothing_says_so() -> None:
    with pytest.raises(BadRequest, match="The mask is empty"):
        refine(Square(filled(0, 0, 5, 5)), np.zeros((100, 120, 3), np.uint8), filled(0, 0, 0, 0))


NOWHERE = np.zeros((100, 120), bool)
BAD = {
    "nothing": (Prompts(), "Nothing is pointed at"),
    "only what it is not": (Prompts((Click(5, 5, False),)), "Nothing is pointed at"),
    "an empty stroke": (Prompts(belongs=NOWHERE), "Nothing is pointed at"),
    "right of it": (Prompts((Click(120, 5),)), "outside of the picture"),
    "above it": (Prompts((Click(5, -1),)), "outside of the picture"),
    "not a number": (Prompts((Click(float("nan"), 5),)), "outside of the picture"),
    "infinite": (Prompts((Click(5, 5), Click(float("inf"), 5, False))), "outside of the picture"),
    "flat box": (Prompts(box=(5, 5, 0, 10)), "box is empty"),
    "box elsewhere": (Prompts(box=(200, 5, 10, 10)), "box is empty or lies outside"),
    "stroke of another size": (
        Prompts(belongs=np.ones((120, 100), bool)),
        "100 × 120 pixels and the picture 120 × 100",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_prompts_that_make_no_sense_get_a_sentence(name: str) -> None:
    prompts, sentence = BAD[name]
    with pytest.raises(BadRequest, match=sentence):
        check_prompts(prompts, (120, 100))


def test_a_box_may_reach_over_the_edge() -> None:
    check_prompts(Prompts(box=(-5, 90, 500, 500)), (120, 100))


@pytest.mark.parametrize(
    "picture",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8), np.zeros((4, 4, 3))],
)
def test_what_is_no_picture_is_refused(picture: NDArray[np.uint8]) -> None:
    with pytest.raises(BadRequest, match="needs a picture"):
        check_picture(picture)


def test_a_rough_mask_is_clicked_in_the_middle_of_its_thick_parts() -> None:
    mask = np.zeros((100, 200), bool)
    mask[20:61, 10:51] = True
    mask[30:61, 140:171] = True
    mask[90:93, 60:120] = True  # too thin to be clicked on
    clicks = deepest_clicks(mask)
    assert [(click.x, click.y) for click in clicks] == [(30.5, 40.5), (155.5, 45.5)]
    assert all(click.belongs for click in clicks)
    assert deepest_clicks(np.ones((1, 1), bool)) == (Click(0.5, 0.5),)
    assert box_around(mask) == (10, 20, 161, 73)


def test_only_the_last_few_are_remembered() -> None:
    recent: Recent[int] = Recent(2)
    for value in (1, 2):
        recent.keep(str(value), value)
    assert recent.get("1") == 1  # now the newest
    recent.keep("3", 3)
    assert (recent.get("1"), recent.get("2"), recent.get("3")) == (1, None, 3)


def test_pictures_are_known_by_content_and_16_bits_become_8() -> None:
    picture = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    assert fingerprint(picture) == fingerprint(picture.copy(order="F"))
    assert fingerprint(picture) != fingerprint(picture.reshape(5, 4, 3))
    deep = picture.astype(np.uint16) * 257
    assert fingerprint(deep) != fingerprint(picture)
    np.testing.assert_array_equal(eight_bits(deep), picture)


def test_an_unknown_model_is_missing() -> None:
    with pytest.raises(ModelMissing, match="“sam-of-nowhere” is not installed"):
        open_segmenter("sam-of-nowhere")


def test_grabcut_needs_no_torch() -> None:
    code = (
        "import sys; from engine.segmentation import open_segmenter; open_segmenter('grabcut');"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
