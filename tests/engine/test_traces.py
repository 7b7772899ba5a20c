"""Shadows and mirror images are found, and neighbours are not taken for them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine import traces
from engine.region import Picture


def ground(noise: float = 0.01) -> Picture:
    rng = np.random.default_rng(2)
    rows = np.linspace(0.8, 0.6, 160, dtype=np.float32)[:, None, None]
    return np.clip(np.full((160, 200, 3), rows) + rng.normal(0, noise, (160, 200, 3)), 0, 1).astype(np.float32)


def thing() -> NDArray[np.bool_]:
    mask = np.zeros((160, 200), bool)
    mask[50:90, 60:90] = True
    return mask


def test_a_shadow_beside_its_foot_is_its_own() -> None:
    picture = ground()
    picture[82:90, 90:120] -= np.float32(0.15)
    picture[thing()] = (0.8, 0.1, 0.1)
    found = traces.find(picture, thing())
    assert found.there[84:88, 93:117].min() > 0.9
    assert found.change[84:88, 95:115].mean() == pytest.approx(-0.15, rel=0.2)
    assert found.there[:, 130:].max() == 0
    assert found.there[:60].max() == 0
    assert np.abs(found.change[found.there == 0]).max() == 0


def test_a_mirror_image_below_its_foot_is_its_own() -> None:
    picture, it = ground(), thing()
    foot, columns = int(np.flatnonzero(it.any(1))[-1]) + 1, np.flatnonzero(it.any(0))
    picture[foot : foot + 14, columns[4] : columns[-4]] += np.float32([0.2, -0.1, -0.1])
    picture[it] = (0.8, 0.1, 0.1)
    found = traces.find(picture, it)
    assert found.there[foot + 3 : foot + 11, columns[8] : columns[-8]].min() > 0.9
    assert found.there[:, columns[-1] + 12 :].max() == 0


@pytest.mark.parametrize("colour", [(0.95, 0.95, 0.95), (0.95, 0.9, 0.1), (0.05, 0.5, 0.1), (0.02, 0.02, 0.02)])
def test_another_thing_beside_it_is_not_its_shadow(colour: tuple[float, float, float]) -> None:
    picture = ground()
    picture[60:90, 90:120] = np.float32(colour)
    picture[thing()] = (0.8, 0.1, 0.1)
    assert traces.find(picture, thing()).there[64:86, 96:116].max() < 0.5


def test_plain_ground_holds_none() -> None:
    picture = ground()
    picture[thing()] = (0.1, 0.1, 0.8)
    assert traces.find(picture, thing()).there.max() == 0


def test_coarse_ground_is_not_taken_for_shadow() -> None:
    picture = ground(noise=0.08)
    picture[thing()] = (0.1, 0.1, 0.8)
    assert traces.find(picture, thing()).there.mean() < 0.01


def test_what_does_not_touch_the_thing_is_not_its_own() -> None:
    picture = ground()
    picture[80:90, 110:130] = 0.1
    picture[thing()] = (0.8, 0.1, 0.1)
    assert traces.find(picture, thing()).there.max() == 0


def test_nothing_has_no_traces() -> None:
    assert traces.find(ground(), np.zeros((160, 200), bool)).there.max() == 0
