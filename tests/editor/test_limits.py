"""What can be made can be saved and opened again; what cannot is refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from editor import commands, limits
from editor.document import Document
from editor.errors import DocumentError, FileProblem
from editor.files import open_document, save_snapshot
from editor.geometry import Rect
from editor.layers import GroupLayer, ImageLayer, Layer
from editor.tiles import TiledImage
from tests.editor.builders import photo_document, same_state


def nested(depth: int) -> Layer:
    layer: Layer = ImageLayer()
    for _ in range(depth):
        layer = GroupLayer(children=(layer,))
    return layer


def reopened(document: Document, folder: Path) -> Document:
    save_snapshot(document.snapshot(), folder / "x.ora")
    return open_document(folder / "x.ora")


@pytest.mark.parametrize(
    ("size", "possible"),
    [
        ((1, 1), True),
        ((200_000, 2000), True),
        ((20_000, 20_000), True),
        ((0, 5), False),
        ((200_001, 1), False),
        ((65_536, 65_536), False),
        ((20_001, 20_000), False),
    ],
)
def test_sizes_of_the_canvas(size: tuple[int, int], possible: bool) -> None:
    document = photo_document()
    assert limits.fits(*size) is possible
    for command in (commands.ResizeCanvas(*size), commands.Crop(Rect(-3, 4, *size))):
        if possible:
            document.history.do(command)
            assert document.size == size == Document(*size).size
        else:
            with pytest.raises(DocumentError, match="Choose a size between"):
                document.history.do(command)
    if not possible and min(size) > 0:
        with pytest.raises(DocumentError, match="million pixels"):
            Document(*size)


def test_a_far_layer_comes_back_where_it_was_or_cannot_be_moved_there(tmp_path: Path) -> None:
    document = photo_document()
    layer = document.layers[0].id
    document.history.do(commands.MoveLayer(layer, (250_000, -limits.OFFSET)))
    assert reopened(document, tmp_path).layers[0].offset == (250_000, -1_000_000)
    for command in (commands.MoveLayer(layer, (0, limits.OFFSET + 1)), commands.Crop(Rect(0, 1, 9, 9))):
        with pytest.raises(DocumentError, match="too far from the canvas"):
            document.history.do(command)


def test_deep_groups_can_be_made_as_deep_as_they_can_be_opened(tmp_path: Path) -> None:
    document = photo_document()
    document.history.do(commands.AddLayer(nested(limits.DEPTH)))
    assert same_state(reopened(document, tmp_path).snapshot(), document.snapshot())
    with pytest.raises(DocumentError, match="100 deep"):
        document.history.do(commands.GroupLayers((document.layers[1].id,)))
    with pytest.raises(DocumentError, match="100 deep"):
        document.history.do(commands.AddLayer(nested(limits.DEPTH + 1)))
    document.history.do(commands.AddLayer(GroupLayer()))
    with pytest.raises(DocumentError, match="100 deep"):
        document.history.do(commands.ReorderLayer(document.layers[1].id, document.layers[2].id, 0))


def test_too_many_layers_cannot_be_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LAYERS", 3)
    document = photo_document()
    document.history.do(commands.AddLayer(nested(1)))
    for command in (commands.AddLayer(ImageLayer()), commands.DuplicateLayer(document.layers[0].id)):
        with pytest.raises(DocumentError, match="up to 3 layers"):
            document.history.do(command)
    document.history.do(commands.ReorderLayer(document.layers[0].id, None, 1))


@pytest.mark.parametrize("what", ["depth", "offset", "pixels", "mask", "total", "size"])
def test_what_could_not_be_opened_is_not_saved(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = photo_document()
    far = Rect(limits.COORDINATE, 0, 3, 3)
    if what == "total":
        monkeypatch.setattr(limits, "TOTAL_PIXELS", 300 * 280 - 1)
    elif what == "size":
        monkeypatch.setattr(limits, "PIXELS", 300 * 280 - 1)
    else:
        layer: Layer = {
            "depth": lambda: nested(110),
            "offset": lambda: GroupLayer(children=(ImageLayer(offset=(0, 1_000_001)),)),
            "pixels": lambda: ImageLayer(pixels=TiledImage().fill(far, 9)),
            "mask": lambda: ImageLayer(mask=TiledImage(channels=1).fill(far, 9)),
        }[what]()
        document.insert(layer, None, 1)
    path = tmp_path / "x.ora"
    path.write_bytes(b"as it was")
    with pytest.raises(FileProblem, match=r"\. [A-Z].+\.$"):
        save_snapshot(document.snapshot(), path)
    assert path.read_bytes() == b"as it was"
    assert [file.name for file in tmp_path.iterdir()] == ["x.ora"]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pixels_far_apart_are_saved_and_opened(dtype: type, tmp_path: Path) -> None:
    document = photo_document(dtype=dtype)
    spots = [Rect(5, 6, 4, 4), Rect(20_300, 20_300, 4, 4), Rect(-999_000, 7, 300, 1)]
    pixels, mask = TiledImage(dtype=np.dtype(dtype)), TiledImage(channels=1, default=255)
    for value, spot in enumerate(spots, 77):
        pixels, mask = pixels.fill(spot, value), mask.fill(spot.translated(1, 1), value)
    document.insert(ImageLayer(pixels=pixels, mask=mask, offset=(2, 3)), None, 1)
    document.insert(ImageLayer(pixels=pixels, offset=(9000, 0)), None, 2)
    assert same_state(reopened(document, tmp_path).snapshot(), document.snapshot())
    assert (tmp_path / "x.ora").stat().st_size < 2_000_000
