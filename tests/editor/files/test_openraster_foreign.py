"""What another program's .ora holds and we do not know: there again after it was opened, changed and saved."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from editor.commands import Rename, SetBlend
from editor.files import open_document, open_with_note, save_document
from editor.files import openraster_foreign as foreign_module
from editor.layers import BlendMode
from tests.editor.files.samples import entry
from tests.editor.files.test_openraster_refusals import book, picture

STACK = (
    '<image w="60" h="50" xres="300" yres="300" version="0.0.6" xmlns:other="urn:other" other:grid="8">'
    '<stack><stack name="g" other:colour="red"><layer name="a" src="data/a.png" other:label="7" flag="x"'
    ' composite-op="krita:grain_merge"/></stack></stack></image>'
)
ENTRIES = {"stack.xml": STACK, "data/a.png": picture(), "other/brushes.bin": b"\0\1\2", "notes.txt": "hello"}


def saved_again(source: Path, target: Path, blend: BlendMode | None = None) -> ET.Element:
    document = open_document(source)
    (layer,) = document.layers[0].children  # type: ignore[attr-defined]
    document.history.do(Rename(layer.id, "b"))
    if blend is not None:
        document.history.do(SetBlend(layer.id, blend))
    save_document(document, target)
    return ET.fromstring(entry(target, "stack.xml"))


def test_attributes_and_entries_come_back(tmp_path: Path) -> None:
    """Twice: a file of ours keeps what the other program left in it."""
    source = book(tmp_path / "0.ora", ENTRIES)
    for number in (1, 2):
        target = tmp_path / f"{number}.ora"
        image = saved_again(source, target)
        assert (image.get("xres"), image.get("yres"), image.get("{urn:other}grid")) == ("300", "300", "8")
        group = image.find("stack/stack")
        layer = image.find("stack/stack/layer")
        assert group is not None
        assert layer is not None
        assert group.get("{urn:other}colour") == "red"
        assert (layer.get("name"), layer.get("{urn:other}label"), layer.get("flag")) == ("b", "7", "x")
        assert layer.get("composite-op") == "krita:grain_merge"
        assert (entry(target, "other/brushes.bin"), entry(target, "notes.txt")) == (b"\0\1\2", b"hello")
        with zipfile.ZipFile(target) as archive:
            names = archive.namelist()
        assert len(set(names)) == len(names)
        assert not any(name.startswith("data/a") for name in names)
        source = target


def test_a_mode_that_is_chosen_replaces_the_unknown_one(tmp_path: Path) -> None:
    image = saved_again(book(tmp_path / "x.ora", ENTRIES), tmp_path / "y.ora", BlendMode.SCREEN)
    layer = image.find("stack/stack/layer")
    assert layer is not None
    assert layer.get("composite-op") == "svg:screen"


def test_entries_that_are_very_large_are_left_out_with_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_module, "LIMIT", 1000)
    path = book(tmp_path / "x.ora", {**ENTRIES, "bomb.bin": bytes(1 << 20)})
    opened = open_with_note(path)
    assert "very large" in opened.note
    assert [name for name, _ in opened.document.snapshot().foreign.entries] == ["other/brushes.bin", "notes.txt"]


def test_our_own_files_hold_nothing_foreign(tmp_path: Path) -> None:
    document = open_document(book(tmp_path / "x.ora", {key: ENTRIES[key] for key in ("stack.xml", "data/a.png")}))
    assert document.snapshot().foreign.entries == ()
