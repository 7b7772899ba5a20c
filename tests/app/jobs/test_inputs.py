"""Two snapshots show the same picture, or may not."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

import numpy as np
import pytest

from app.jobs.inputs import look_of
from editor.commands import AddLayer, Rename, SetOpacity, SetVisible
from editor.document import Document
from editor.geometry import Rect
from editor.layers import ImageLayer
from editor.masks import rectangle
from editor.tiles import TiledImage
from tests.app.conftest import photo


def blot() -> ImageLayer:
    return ImageLayer(name="Blot", pixels=TiledImage.from_array(np.full((8, 8, 4), 255, np.uint8)))


UNSEEN: list[Callable[[Document], object]] = [
    lambda d: d.select(rectangle(Rect(0, 0, 4, 4), d.canvas)),
    lambda d: d.history.do(Rename(d.layers[0].id, "Other")),
    lambda d: d.history.do(AddLayer(ImageLayer(name="Empty"))),
    lambda d: (d.history.do(SetOpacity(d.layers[0].id, 0.5)), d.history.undo()),
]
SEEN: list[Callable[[Document], object]] = [
    lambda d: d.history.do(SetOpacity(d.layers[0].id, 0.5)),
    lambda d: d.history.do(SetVisible(d.layers[0].id, False)),
    lambda d: d.history.do(AddLayer(blot())),
    lambda d: d.resize(50, 50),
]


@pytest.mark.parametrize(("change", "same"), [*((c, True) for c in UNSEEN), *((c, False) for c in SEEN)])
def test_only_what_is_seen_counts(change: Callable[[Document], object], same: bool) -> None:
    document = photo()
    before = look_of(document.snapshot())
    change(document)
    assert (look_of(document.snapshot()) == before) is same


def test_what_is_seen_is_kept_without_its_pixels() -> None:
    document = photo()
    seen, pixels = look_of(document.snapshot()), weakref.ref(document.layers[0].pixels)  # type: ignore[attr-defined]
    del document
    gc.collect()
    assert seen
    assert pixels() is None
