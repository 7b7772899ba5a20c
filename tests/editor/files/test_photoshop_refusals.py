"""Photoshop documents that are broken or mean harm: one sentence each, and no memory spent."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from psd_tools.constants import SectionDivider, Tag
from psd_tools.psd import PSD
from psd_tools.psd.header import FileHeader
from psd_tools.psd.image_data import ImageData
from psd_tools.psd.layer_and_mask import (
    ChannelDataList,
    ChannelImageData,
    LayerAndMaskInformation,
    LayerInfo,
    LayerRecord,
    LayerRecords,
)

from editor import limits
from editor.composite import composite
from editor.errors import FileProblem
from editor.files import open_document
from tests.editor.files import photoshop_samples as samples
from tests.editor.files.photoshop_samples import flat, head, layered
from tests.editor.files.samples import noise, rich_snapshot
from tests.editor.files.test_photoshop import exported
from tests.editor.files.test_refusals import refusal

BROKEN = "“x.psd” is damaged or not complete and cannot be opened. Copy or download it again."
FULL = {number: bytes(600) for number in (-1, 0, 1, 2)}  # 30 x 20


def refused(tmp_path: Path, content: bytes) -> str:
    (tmp_path / "x.psd").write_bytes(content)
    return refusal(tmp_path / "x.psd")


def test_the_samples_of_this_file_are_sound(tmp_path: Path) -> None:
    (tmp_path / "x.psd").write_bytes(layered(FULL, (0, 0, 30, 20)))
    assert [layer.name for layer in open_document(tmp_path / "x.psd").layers] == ["Layer"]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("part", [0.0005, 0.01, 0.1, 0.25])
def test_truncated(tmp_path: Path, dtype: Any, part: float) -> None:
    data = exported(rich_snapshot(dtype), tmp_path).read_bytes()
    assert refused(tmp_path, data[: int(len(data) * part)]) == BROKEN


@pytest.mark.parametrize("compressed", [False, True])
def test_truncated_without_layers(tmp_path: Path, compressed: bool) -> None:
    data = flat(samples.RGB, noise((3, 40, 50)))
    if compressed:
        rows = noise((120, 51))
        rows[:, 0] = 49  # a run of fifty values as they are
        counts = np.full(120, 51, ">u2").tobytes()
        data = data[: -(6000 + 2)] + struct.pack(">H", samples.PACKED) + counts + rows.tobytes()
        (tmp_path / "x.psd").write_bytes(data)
        assert (composite(open_document(tmp_path / "x.psd").snapshot())[3, :, 0] == rows[3, 1:]).all()
    for part in (0.1, 0.5, 0.99):
        assert refused(tmp_path, data[: int(len(data) * part)]) == BROKEN


def test_layers_open_when_only_the_merged_picture_is_short(tmp_path: Path) -> None:
    data = exported(rich_snapshot(), tmp_path).read_bytes()
    (tmp_path / "x.psd").write_bytes(data[:-5000])
    assert open_document(tmp_path / "x.psd").layers[0].name == "Photo"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_flipped_bytes_open_or_are_refused(tmp_path: Path, dtype: Any) -> None:
    good, random = exported(rich_snapshot(dtype), tmp_path).read_bytes(), np.random.default_rng(7)
    opened = 0
    for turn in range(80):
        bad = bytearray(good)
        reach = 400 if turn % 2 else len(good)
        for place in random.integers(4, reach, 4):
            bad[place] = int(random.integers(0, 256))
        (tmp_path / "x.psd").write_bytes(bad)
        with suppress(FileProblem):
            composite(open_document(tmp_path / "x.psd").snapshot())
            opened += 1
    assert 0 < opened < 80  # the others were refused in a sentence; anything else would have been raised here


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"8BPS\0\1" + bytes(50), "is damaged or not complete"),
        (b"8BPS", "is damaged or not complete"),
        (head(samples.RGB, 8, 3, (10, 10)), "is damaged or not complete"),
        (head(samples.RGB, 8, 3, (300_000, 300_000), 2), "would be 300000 × 300000 pixels; Pentimento opens up to 400"),
        (head(samples.RGB, 8, 3, (0, 10)), "is damaged or not complete"),
        (head(samples.RGB, 12, 3, (10, 10)), "is damaged or not complete"),
        (head(samples.RGB, 8, 2, (10, 10)), "is damaged or not complete"),
        (head(samples.RGB, 8, 3, (10, 10), 3), "is damaged or not complete"),
        (head(5, 8, 3, (10, 10)), "is damaged or not complete"),
        (flat(samples.MULTICHANNEL, noise((3, 4, 5))), "is a multichannel Photoshop document, whose inks cannot be"),
        (flat(samples.INDEXED, noise((1, 4, 5))), "is damaged or not complete"),
    ],
)
def test_heads_that_promise_too_much(tmp_path: Path, content: bytes, said: str) -> None:
    assert said in refused(tmp_path, content)


@pytest.mark.parametrize(
    ("channels", "rect", "compression"),
    [
        ({-1: bytes(600), 0: bytes(600), 1: bytes(600)}, (0, 0, 30, 20), samples.RAW),  # no blue
        ({**FULL, 2: bytes(599)}, (0, 0, 30, 20), samples.RAW),
        (dict.fromkeys(FULL, zlib.compress(bytes(599))), (0, 0, 30, 20), samples.ZIPPED),
        (dict.fromkeys(FULL, zlib.compress(bytes(601))), (0, 0, 30, 20), samples.ZIPPED),
        (dict.fromkeys(FULL, b"no deflate"), (0, 0, 30, 20), samples.PREDICTED),
        (dict.fromkeys(FULL, bytes(39)), (0, 0, 30, 20), samples.PACKED),
        (dict.fromkeys(FULL, b"\0\xff" * 20 + bytes(10)), (0, 0, 30, 20), samples.PACKED),
        (FULL, (2_000_000_000, 0, 2_000_000_030, 20), samples.RAW),
    ],
)
def test_layers_that_are_not_what_they_say(
    tmp_path: Path, channels: dict[int, bytes], rect: tuple[int, int, int, int], compression: int
) -> None:
    assert refused(tmp_path, layered(channels, rect, compression=compression)) == BROKEN


def test_a_layer_beyond_all_sizes(tmp_path: Path) -> None:
    content = layered(FULL, (-(2**31), -(2**31), 2**31 - 1, 2**31 - 1))
    assert "would be 4294967295 × 4294967295 pixels" in refused(tmp_path, content)


def test_bombs_cost_nothing(tmp_path: Path) -> None:
    open_document(exported(rich_snapshot(), tmp_path))  # what is imported does not count
    tracemalloc.start()
    assert refused(tmp_path, samples.bomb()) == BROKEN
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8e6


def test_all_layers_together_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = exported(rich_snapshot(), tmp_path)
    monkeypatch.setattr(limits, "TOTAL_PIXELS", 70_000)
    assert "would unpack to far more than a document needs and was not opened." in refusal(path)


def test_too_many_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LAYERS", 40)
    assert len(open_document(many(tmp_path, [LayerRecord(name="x") for _ in range(40)])).layers) == 40
    path = many(tmp_path, [LayerRecord(name="x") for _ in range(41)])
    assert "holds more than the 40 layers that Pentimento opens." in refusal(path)


@pytest.mark.parametrize("depth", [limits.DEPTH + 1, 500])
def test_groups_too_deep_in_each_other(tmp_path: Path, depth: int) -> None:
    records = []
    for kind in [SectionDivider.BOUNDING_SECTION_DIVIDER] * depth + [SectionDivider.OPEN_FOLDER] * depth:
        records.append(LayerRecord(name="x"))
        records[-1].tagged_blocks.set_data(Tag.SECTION_DIVIDER_SETTING, kind)
    assert "holds groups more than 100 deep in each other and was not opened." in refusal(many(tmp_path, records))


def many(tmp_path: Path, records: list[Any]) -> Path:
    """A document of these layers, none of which has a pixel."""
    header = FileHeader(channels=3, width=3, height=2)
    channels = ChannelImageData([ChannelDataList([]) for _ in records])
    layers = LayerInfo(len(records), LayerRecords(records), channels)
    document = PSD(
        header=header, layer_and_mask_information=LayerAndMaskInformation(layers), image_data=ImageData.new(header)
    )
    with (tmp_path / "x.psd").open("wb") as file:
        document.write(file)
    return tmp_path / "x.psd"
