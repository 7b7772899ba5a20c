from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.canvas.changed import GRAIN, changed_areas
from editor.composite import composite
from editor.document import Change, Document, Snapshot, What
from editor.geometry import Rect
from editor.layers import ImageLayer
from editor.tiles import TiledImage

boxes = st.lists(
    st.tuples(st.integers(-50, 950), st.integers(-50, 750), st.integers(1, 300), st.integers(1, 40)), max_size=6
)


def observed(document: Document) -> list[tuple[Change, Snapshot, Snapshot]]:
    seen = [document.snapshot()]
    changes: list[tuple[Change, Snapshot, Snapshot]] = []

    def listen(change: Change) -> None:
        changes.append((change, seen[-1], document.snapshot()))
        seen.append(document.snapshot())

    document.subscribe(listen)
    return changes


@settings(max_examples=40, deadline=None)
@given(boxes=boxes, offset=st.tuples(st.integers(-300, 300), st.integers(-300, 300)), on_mask=st.booleans())
def test_every_changed_pixel_lies_in_an_area_and_few_others_do(
    boxes: list[tuple[int, int, int, int]], offset: tuple[int, int], on_mask: bool
) -> None:
    random = np.random.default_rng(5)
    document = Document(900, 700)
    pixels = TiledImage.from_array(random.integers(1, 256, (700, 900, 4), np.uint8), (-offset[0], -offset[1]))
    layer = ImageLayer(pixels=pixels, offset=offset, mask=TiledImage(channels=1, default=255) if on_mask else None)
    document.insert(layer, None, 0)
    now = layer.mask if layer.mask is not None else pixels
    changes = observed(document)
    before = composite(document.snapshot())
    touched = np.zeros((700, 900), bool)
    for box in boxes:
        rect = Rect(*box)
        now = now.write(
            rect.translated(-offset[0], -offset[1]),
            random.integers(0, 256, (rect.height, rect.width, now.channels), np.uint8),
        )
        inside = rect.intersected(document.canvas).slices()
        touched[inside] = True
    plane: dict[str, Any] = {"mask" if on_mask else "pixels": now}
    document.replace(layer.id, **plane)
    changed = (composite(document.snapshot()) != before).any(axis=2)
    covered = np.zeros((700, 900), int)
    for rect in changed_areas(*changes[0]):
        assert rect.intersected(document.canvas) == rect
        covered[rect.slices()] += 1
    assert covered.max() <= 1
    assert not (changed & (covered == 0)).any()
    limit = sum((box[2] + 2 * GRAIN) * (box[3] + 2 * GRAIN) for box in boxes)
    assert covered.sum() <= limit


def test_a_thin_diagonal_costs_a_fraction_of_its_rectangle() -> None:
    document = Document(2048, 2048)
    layer = ImageLayer()
    document.insert(layer, None, 0)
    changes = observed(document)
    pixels = layer.pixels
    for at in range(0, 2000, 8):
        pixels = pixels.write(Rect(at, at, 16, 16), np.full((16, 16, 4), 255, np.uint8))
    document.replace(layer.id, pixels=pixels)
    change, before, after = changes[0]
    assert change.rect.area == 2048 * 2048
    assert sum(rect.area for rect in changed_areas(change, before, after)) < 0.1 * change.rect.area


@pytest.mark.parametrize("changes", [{"opacity": 0.5}, {"mask": TiledImage(channels=1)}])
def test_other_changes_are_taken_as_they_are(changes: dict[str, Any]) -> None:
    document = Document(600, 400)
    layer = ImageLayer(pixels=TiledImage.from_array(np.full((400, 600, 4), 255, np.uint8)))
    document.insert(layer, None, 0)
    seen = observed(document)
    document.replace(layer.id, **changes)
    assert seen[0][0].what in (What.LAYERS, What.PIXELS)
    assert changed_areas(*seen[0]) == [document.canvas]
