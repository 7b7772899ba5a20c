"""Exemplars of the studio world: each drawn from its own wish, other views and plain grounds among them."""

from __future__ import annotations

import numpy as np
import pytest

from engine.studio import exemplars
from engine.studio.exemplars import exemplar_pictures, pictures_without
from engine.studio.world import render, sample_scene


def test_an_exemplar_hangs_on_its_wish_alone() -> None:
    wanted = [(seed, 0, draw) for seed, draw in ((1, 2), (1, 3), (6, 12), (9, 18))]
    together = exemplar_pictures(wanted, 24)
    assert together.shape == (4, 24, 24, 3)
    np.testing.assert_array_equal(exemplar_pictures(wanted[2:3], 24)[0], together[2])
    assert len({picture.tobytes() for picture in together}) == 4


def test_a_hidden_object_is_shown_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exemplars, "_OTHER_VIEWS", 1.0)
    cut = exemplar_pictures([(1, 0, 2)], 24)
    monkeypatch.setattr(exemplars, "_SMALLEST", 256 * 256)  # no object is large enough to be cut out
    alone = exemplar_pictures([(1, 0, 2)], 24)
    monkeypatch.setattr(exemplars, "_OTHER_VIEWS", 0.0)
    np.testing.assert_array_equal(exemplar_pictures([(1, 0, 2)], 24), alone)
    assert not np.array_equal(cut, alone)


def test_a_picture_without_an_object_differs_where_it_was() -> None:
    scene = sample_scene(1)
    whole = render([scene], 64)
    bare = pictures_without([(1, 0)], 64)[0]
    differs = np.abs(whole.images[0].astype(int) - bare).max(-1) > 6
    silhouette = whole.ids[0] == 2
    assert differs[silhouette].mean() > 0.9
    assert differs.mean() < 0.5
    assert pictures_without([], 64).shape == (0, 64, 64, 3)
