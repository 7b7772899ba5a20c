"""Hostile and broken .ora files: a sentence each, nothing written, little memory spent."""

from __future__ import annotations

import json
import tracemalloc
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from editor.errors import FileProblem
from editor.files import archive as archive_module
from editor.files import open_document, open_with_note, save_snapshot
from editor.files.sidecar import ENTRY
from editor.placement import Placement
from editor.points import PointPair
from tests.editor.files.samples import bomb_png, photo, rich_snapshot

STACK = '<image w="60" h="50"><stack><layer name="a" src="data/a.png"/></stack></image>'


def picture() -> bytes:
    data = BytesIO()
    Image.fromarray(photo(50, 60)).save(data, "PNG")
    return data.getvalue()


def book(path: Path, entries: Mapping[str, bytes | str], packed: bool = True) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), "image/openraster")
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(FileProblem) as caught:
        open_document(path)
    assert path.name in str(caught.value)
    assert len(str(caught.value)) < 300
    return str(caught.value)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "x.ora"


def test_the_sample_of_these_tests_opens(place: Path) -> None:
    assert open_document(book(place, {"stack.xml": STACK, "data/a.png": picture()})).size == (60, 50)


@pytest.mark.parametrize("name", ["../evil", "data/../../evil", "/etc/evil", "..\\evil", "C:\\evil", "C:evil"])
def test_names_that_leave_the_folder(place: Path, name: str) -> None:
    sentence = refusal(book(place, {"stack.xml": STACK, "data/a.png": picture(), name: b"evil"}))
    assert "holds entries that no OpenRaster document has" in sentence
    stack = STACK.replace("data/a.png", name + ".png")
    assert "holds entries" in refusal(book(place, {"stack.xml": stack, name + ".png": picture()}))
    assert [path.name for path in place.parent.iterdir()] == ["x.ora"]


def test_missing_pictures(place: Path) -> None:
    sentence = refusal(book(place, {"stack.xml": STACK}))
    assert sentence == (
        "“x.ora” is not complete: a picture of a layer (data/a.png) is missing. Open an earlier copy of the file."
    )


def test_missing_list_of_layers(place: Path) -> None:
    assert "has no list of layers" in refusal(book(place, {"data/a.png": picture()}))


@pytest.mark.parametrize(
    "stack",
    [
        "",
        "<image",
        "<html/>",
        '<image w="60" h="50"/>',
        '<image w="60" h="50"><layer/></image>',
        '<image w="0" h="50"><stack/></image>',
        '<image w="-5" h="50"><stack/></image>',
        "<image><stack/></image>",
        '<image w="1e999" h="nan"><stack/></image>',
        "\ufeff\0\0\0",
    ],
)
def test_lists_that_make_no_sense(place: Path, stack: str) -> None:
    assert "damaged" in refusal(book(place, {"stack.xml": stack, "data/a.png": picture()}))


@pytest.mark.parametrize(
    "trap",
    [
        '<!DOCTYPE image [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE image [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE image SYSTEM "http://127.0.0.1/evil.dtd">',
    ],
)
def test_entities(place: Path, trap: str) -> None:
    stack = '<?xml version="1.0"?>' + trap + STACK.replace('name="a"', 'name="&a;"' if "ENTITY" in trap else 'name="a"')
    assert "not safe to read" in refusal(book(place, {"stack.xml": stack, "data/a.png": picture()}))


def test_groups_without_end(place: Path) -> None:
    stack = '<image w="60" h="50">' + "<stack>" * 50_000 + "</stack>" * 50_000 + "</image>"
    assert "damaged" in refusal(book(place, {"stack.xml": stack}))


def spent(path: Path) -> tuple[str, int]:
    """What is said, and the peak of memory on the way there."""
    tracemalloc.start()
    sentence = refusal(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return sentence, peak


def test_list_that_unpacks_without_end(place: Path) -> None:
    sentence, peak = spent(book(place, {"stack.xml": b" " * (200 << 20)}))
    assert "unpack to far more than a document needs" in sentence
    assert peak < 5_000_000


def test_picture_that_unpacks_without_end(place: Path) -> None:
    sentence, peak = spent(book(place, {"stack.xml": STACK, "data/a.png": picture() + bytes(300 << 20)}))
    assert "unpack to far more than a document needs" in sentence
    assert peak < 20_000_000


@pytest.mark.parametrize("size", [(50_000, 50_000), (2**31 - 1, 1)])
def test_picture_that_claims_too_much(place: Path, size: tuple[int, int]) -> None:
    sentence, peak = spent(book(place, {"stack.xml": STACK, "data/a.png": bomb_png(*size)}))
    assert f"{size[0]} × {size[1]} pixels" in sentence
    assert peak < 20_000_000


def test_canvas_that_claims_too_much(place: Path) -> None:
    stack = STACK.replace('w="60" h="50"', 'w="100000" h="100000"')
    assert "100000 × 100000 pixels" in refusal(book(place, {"stack.xml": stack, "data/a.png": picture()}))


def test_many_pictures_that_claim_too_much_together(place: Path) -> None:
    layers = "".join(f'<layer src="data/{i}.png"/>' for i in range(6))
    entries = {f"data/{i}.png": bomb_png(20_000, 20_000) for i in range(6)}
    stack = f'<image w="60" h="50"><stack>{layers}</stack></image>'
    sentence, peak = spent(book(place, {"stack.xml": stack, **entries}))
    assert "unpack to far more" in sentence
    assert peak < 20_000_000


def test_one_picture_in_very_many_layers_is_decoded_once(place: Path) -> None:
    layers = '<layer src="data/a.png"/>' * 5000
    stack = f'<image w="60" h="50"><stack>{layers}</stack></image>'
    document = open_document(book(place, {"stack.xml": stack, "data/a.png": picture()}))
    assert len(document.layers) == 5000
    assert len({id(layer.pixels) for layer in document.layers}) == 1  # type: ignore[attr-defined]


def test_more_entries_than_a_document_has(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "ENTRIES", 3)
    entries = {f"data/{i}.png": b"" for i in range(9)}
    assert "holds entries" in refusal(book(place, {"stack.xml": STACK, **entries}))


def test_total_of_what_is_unpacked(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "TOTAL", 500)
    assert "unpack to far more" in refusal(book(place, {"stack.xml": STACK, "data/a.png": picture()}))


@pytest.mark.parametrize("content", [b"", b"no picture", picture()[:100], picture()[:-200]])
def test_damaged_pictures(place: Path, content: bytes) -> None:
    sentence = refusal(book(place, {"stack.xml": STACK, "data/a.png": content}))
    assert "damaged" in sentence


@pytest.mark.parametrize("part", [0.01, 0.3, 0.7, 0.99])
def test_truncated(place: Path, part: float) -> None:
    save_snapshot(rich_snapshot(), place)
    data = place.read_bytes()
    place.write_bytes(data[: int(len(data) * part)])
    assert "damaged or not complete" in refusal(place)


def test_encrypted(place: Path) -> None:
    data = bytearray(book(place, {"stack.xml": STACK, "data/a.png": picture()}, packed=False).read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.find(signature)
        while start >= 0:
            data[start + flags] |= 1
            start = data.find(signature, start + 4)
    place.write_bytes(data)
    assert "damaged" in refusal(place)


def test_a_size_that_lies(place: Path) -> None:
    """The header says 10 bytes, the stream holds more: what is read does not match its checksum."""
    data = bytearray(book(place, {"stack.xml": STACK, "data/a.png": picture()}).read_bytes())
    for signature, name_at, size_at in ((b"PK\x03\x04", 30, 22), (b"PK\x01\x02", 46, 24)):
        start = data.find(signature)
        while start >= 0:
            if data[start + name_at : start + name_at + 9] == b"stack.xml":
                data[start + size_at : start + size_at + 4] = (10).to_bytes(4, "little")
            start = data.find(signature, start + 4)
    place.write_bytes(data)
    assert "damaged" in refusal(place)


# Our own part of the file


def changed_sidecar(place: Path, change: Any) -> Path:
    """A saved document whose sidecar was tampered with."""
    save_snapshot(rich_snapshot(), place)
    with zipfile.ZipFile(place) as archive:
        entries = {name: archive.read(name) for name in archive.namelist() if name != "mimetype"}
    values = json.loads(entries[ENTRY])
    entries[ENTRY] = change if isinstance(change, bytes) else json.dumps(change(values) or values).encode()
    return book(place, entries)


def layer_of(values: dict[str, Any], name: str) -> dict[str, Any]:
    return next(layer for layer in values["layers"].values() if layer[name] is not None)


@pytest.mark.parametrize(
    "change",
    [
        b"not json",
        b"[]",
        b"[" * 100_000,
        lambda values: values.update(layers=[]),
        lambda values: values.update(dtype=8),
        lambda values: values.update(title=["0"]),
        lambda values: layer_of(values, "mask").update(mask="data/0.png"),
        lambda values: layer_of(values, "offset").update(offset=[1]),
        lambda values: layer_of(values, "offset").update(offset=[1.5, 2]),
        lambda values: layer_of(values, "offset").pop("id"),
        lambda values: layer_of(values, "mask").update(mask_enabled=1),
        lambda values: layer_of(values, "mask")["mask"].update(more=[1]),
        lambda values: values.update(placement=[1.0, 2.0]),
        lambda values: values["placement"].update(scale=True),
        lambda values: values["placement"].update(shift_x=10**400),
        lambda values: values.update(points=5),
        lambda values: values.update(points=[[1, 2]]),
        lambda values: values["points"][0].pop("target"),
        lambda values: values["points"][0].update(handle=[1]),
        lambda values: values["points"][0].update(handle=[1, "2"]),
        lambda values: values["points"][0].update(handle=[True, 2]),
        lambda values: values["points"][0].update(target=[float("nan"), 2]),
        lambda values: values["points"][0].update(target=[1, 10**400]),
        lambda values: values.update(box=[1, 2, 3, 4]),
        lambda values: values.update(box={"x": 1, "y": 2, "width": 3}),
        lambda values: values["box"].update(x=1.5),
        lambda values: values["box"].update(width=True),
        lambda values: values["box"].update(y="2"),
    ],
)
def test_unreadable_extras_leave_what_other_programs_see(place: Path, change: Any) -> None:
    opened = open_with_note(changed_sidecar(place, change))
    assert "masks, recipes, points and selection could not be read" in opened.note
    assert len(opened.document.layers) == 4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda values: layer_of(values, "mask")["mask"].update(src="pentimento/none.png"), "is missing"),
        (lambda values: layer_of(values, "recipe").update(recipe="pentimento/none.zip"), "a recipe .* is missing"),
        (lambda values: layer_of(values, "mask")["mask"].update(x=10**12), "damaged"),
        (lambda values: layer_of(values, "mask")["mask"].update(default=300), "damaged"),
        (lambda values: layer_of(values, "pixels")["pixels"].update(default=9), "damaged"),
        (lambda values: layer_of(values, "mask")["mask"].update(src="stack.xml"), "damaged"),
        (lambda values: values.update(profile="pentimento/none.icc"), "colour profile .* is missing"),
    ],
)
def test_extras_that_lead_nowhere(place: Path, change: Any, said: str) -> None:
    with pytest.raises(FileProblem, match=said):
        open_document(changed_sidecar(place, change))


def test_a_later_version_opens_with_a_note(place: Path) -> None:
    def later(values: dict[str, Any]) -> None:
        values.update(version=2, paths=[1, 2])
        layer_of(values, "offset").update(clip=True)

    opened = open_with_note(changed_sidecar(place, later))
    assert "saved by a newer Pentimento" in opened.note


def test_flipped_bytes_open_or_are_refused(place: Path) -> None:
    """Damage that does not matter may pass; anything but a document or a sentence may not."""
    save_snapshot(rich_snapshot(), place)
    good, random = place.read_bytes(), np.random.default_rng(7)
    for _ in range(150):
        bad = bytearray(good)
        for at in random.integers(0, len(good), 4):
            bad[at] = int(random.integers(0, 256))
        place.write_bytes(bad)
        with suppress(FileProblem):
            assert open_document(place).size == (300, 200)


def test_more_layers_than_a_document_holds(place: Path) -> None:
    for layers in ('<layer src="data/a.png"/>' * 10_001, "<stack/>" * 10_001):
        stack = f'<image w="60" h="50"><stack>{layers}</stack></image>'
        assert "more than the 10000 layers" in refusal(book(place, {"stack.xml": stack, "data/a.png": picture()}))


def test_three_notes_are_enough(place: Path) -> None:
    layers = "".join(f'<layer src="data/a.png" composite-op="mode{i}"/>' for i in range(9))
    stack = f'<image w="60" h="50"><stack>{layers}</stack></image>'
    note = open_with_note(book(place, {"stack.xml": stack, "data/a.png": picture()})).note
    assert note.count("is shown as Normal.") == 3
    assert note.endswith(" And 6 more.")


def test_a_layer_beyond_the_limits_is_moved_closer_with_a_note(place: Path) -> None:
    stack = STACK.replace('name="a"', 'name="a" x="-5000000" y="900000"')
    opened = open_with_note(book(place, {"stack.xml": stack, "data/a.png": picture()}))
    assert opened.document.layers[0].offset == (-1_000_000, 900_000)
    assert "moved closer" in opened.note


def test_selections_that_no_document_has(place: Path) -> None:
    deep = changed_sidecar(place, lambda values: values["selection"].update(dtype="uint16", x=-30))
    selection = open_document(deep).selection
    assert selection is not None
    assert selection.dtype == np.uint8
    assert selection.content().x >= 0
    empty = changed_sidecar(place, lambda values: values["selection"].update(src=""))
    assert open_document(empty).selection is None
    for default in (1, 255):
        with pytest.raises(FileProblem, match="damaged"):
            open_document(changed_sidecar(place, lambda values, d=default: values["selection"].update(default=d)))


def test_placements_that_no_selection_has(place: Path) -> None:
    far = open_document(changed_sidecar(place, lambda values: values["placement"].update(shift_x=1e30, scale=-3.0)))
    assert far.placement == Placement((10_000.0, -7.0), 0.1, 30.0)
    for value in (float("nan"), float("inf")):
        odd = changed_sidecar(place, lambda values, value=value: values["placement"].update(turn=value))
        assert open_document(odd).placement.rests
    alone = changed_sidecar(place, lambda values: values.update(selection=None))
    assert open_document(alone).placement.rests


def test_placements_in_whole_numbers(place: Path) -> None:
    whole = {"shift_x": 12, "shift_y": -7, "scale": 2, "turn": 30}
    opened = open_document(changed_sidecar(place, lambda values: values["placement"].update(whole)))
    assert opened.placement == Placement((12.0, -7.0), 2.0, 30.0)
    assert all(type(part) is float for part in (*opened.placement.shift, opened.placement.scale, opened.placement.turn))


def test_points_that_no_document_has(place: Path) -> None:
    """Handles off the canvas and the 31st pair are left out, a target off the canvas is drawn in along its arrow."""

    def strange(values: dict[str, Any]) -> None:
        inside = {"handle": [100, 50], "target": [900, 50]}
        values.update(points=[{"handle": [-1, 5], "target": [5, 5]}, *[inside] * 31])

    opened = open_with_note(changed_sidecar(place, strange))
    assert opened.document.points == (PointPair((100.0, 50.0), (299.5, 50.0)),) * 30
    assert "Some drag points" in opened.note


@pytest.mark.parametrize(
    "changes",
    [{"x": 300}, {"x": -100}, {"y": 200}, {"width": 0}, {"height": -5}, {"width": 10**400}, {"x": -(10**400)}],
)
def test_boxes_that_no_document_has_are_left_out(place: Path, changes: dict[str, int]) -> None:
    opened = open_with_note(changed_sidecar(place, lambda values: values["box"].update(changes)))
    assert opened.document.box is None
    assert "box does not lie on the picture" in opened.note
    assert opened.document.points, "the rest is there"


def test_files_from_before_there_were_boxes(place: Path) -> None:
    assert open_document(changed_sidecar(place, lambda values: values.pop("box"))).box is None
