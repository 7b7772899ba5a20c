"""What of an old picture stays around a new thing."""

from __future__ import annotations

import numpy as np

from engine.keeping import standing_out

SIDE = 128


def ground(seed: int = 0) -> np.ndarray:
    """A grainy ground, (SIDE, SIDE, 3)."""
    grain = np.random.default_rng(seed).normal(0, 0.012, (SIDE, SIDE, 1))
    return np.clip(np.array([0.7, 0.6, 0.4]) + grain, 0, 1).astype(np.float32)


def with_a_thing() -> np.ndarray:
    picture = ground(1)  # of another grain
    picture[40:80, 50:90] = (0.1, 0.5, 0.6)
    return picture


def test_the_thing_is_shown_and_the_ground_stays() -> None:
    shown = standing_out(with_a_thing(), ground(), 0.5)
    assert shown.min() == 0.0
    assert shown[42:78, 52:88].min() == 1.0
    far = np.ones((SIDE, SIDE), bool)
    far[35:85, 45:95] = False
    assert shown[far].max() == 0.0


def test_a_faint_shadow_is_shown_the_more_the_less_may_stay() -> None:
    picture = with_a_thing()
    picture[80:90, 50:110] *= 0.88
    faint = [float(standing_out(picture, ground(), share)[83:87, 60:100].mean()) for share in (0.25, 0.5, 1.0)]
    assert faint[0] > 0.95
    assert faint[0] > faint[1] > faint[2]


def test_what_a_thing_has_of_the_ground_s_colour_is_its_own() -> None:
    picture = with_a_thing()
    picture[58:61, 68:71] = (0.7, 0.6, 0.4)  # 2 % of the picture
    assert standing_out(picture, ground(), 0.5)[42:78, 52:88].min() == 1.0
    picture[46:74, 56:84] = ground()[46:74, 56:84]  # as through a ring
    assert standing_out(picture, ground(), 0.5)[58:62, 68:72].max() == 0.0


def test_nothing_stays_where_nothing_shall() -> None:
    assert standing_out(ground(), ground(), 0.0).min() == 1.0
    assert standing_out(ground(), ground(), 0.5).max() == 0.0
