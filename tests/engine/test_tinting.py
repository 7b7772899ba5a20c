"""A thing takes the colours of another, and keeps its light and shade."""

from __future__ import annotations

import numpy as np

from engine.tinting import tinted


def test_the_colour_is_the_others_and_light_and_shade_are_the_things_own() -> None:
    shade = np.linspace(0.3, 0.7, 32, dtype=np.float32)[:, None, None] * np.ones((32, 32, 1), np.float32)
    red, blue = (np.float32(colour) * shade for colour in ([1.0, 0.2, 0.2], [0.2, 0.2, 1.0]))
    thing = np.zeros((32, 32), np.float32)
    thing[8:24, 8:24] = 1
    result = tinted(red, thing, blue, np.ones((32, 32), np.float32))
    inside = result[thing > 0]
    assert (inside[:, 2] > 1.3 * inside[:, 0]).all()
    assert (np.diff(result[8:24, 16].sum(1)) > 0).all(), "what was brighter is brighter"
    assert np.array_equal(result[thing == 0], red[thing == 0])
