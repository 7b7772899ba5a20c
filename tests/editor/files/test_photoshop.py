"""Our documents as PSD and back, and what psd-tools and ImageMagick see in them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from psd_tools import PSDImage
from psd_tools.composite import composite as composite_elsewhere

from editor.composite import composite
from editor.document import Snapshot
from editor.errors import FileProblem
from editor.files import export_picture, open_pixels, open_with_note
from editor.files.photoshop_modes import KEYS
from editor.geometry import Rect
from editor.layers import BlendMode, GroupLayer, ImageLayer, Layer
from editor.tiles import TiledImage, converted, full_value
from tests.editor.files.samples import noise, photo, rich_snapshot, wide_profile
from tests.images import assert_identical

LAYERED = Path("/work/shared/data/layered")
MAGICK = shutil.which("convert")
HALF_LEVEL = 0.5 / 255
DEPTHS = [np.uint8, np.uint16]
SHARED_MODES = [mode for mode in BlendMode if mode is not BlendMode.PLUS]
# ImageMagick has formulas of its own, on another idea of lightness, for the four modes that mix channels.
OWN_FORMULAS = {BlendMode.HUE, BlendMode.SATURATION, BlendMode.COLOR, BlendMode.LUMINOSITY}
AROUND = Rect(-400, -400, 1100, 1000)  # canvas pixels around all that the documents here hold


def scene(dtype: Any = np.uint8, *, opaque: bool = True, profile: bytes | None = None, **changes: Any) -> Snapshot:
    """A ground, and over it a layer with soft edges, mask and opacity that is changed as asked; 90 x 70."""
    ground = photo(70, 90, dtype)
    if not opaque:
        ground[..., 3] = noise((70, 90), dtype, 5)
    soft = noise((40, 50, 4), dtype, 6)
    mask = TiledImage.from_array(noise((30, 60), dtype, 7), (-4, 3))
    top = ImageLayer(**{"name": "Top", "opacity": 0.8, "pixels": TiledImage.from_array(soft), "mask": mask, **changes})
    layers = (ImageLayer(name="Ground", pixels=TiledImage.from_array(ground)), replace(top, offset=(20, 15)))
    return Snapshot((90, 70), np.dtype(dtype), profile, layers, layers[-1].id, None)


def exported(snapshot: Snapshot, folder: Path, name: str = "x.psd") -> Path:
    export_picture(snapshot, folder / name)
    return folder / name


def premultiplied(pixels: NDArray[Any]) -> NDArray[np.float64]:
    """(h, w, 4) 0..1, so that colours count as much as they are seen; opaque where there are three channels."""
    real = pixels / full_value(pixels.dtype) if pixels.dtype.kind == "u" else pixels.astype(np.float64)
    alpha = real[..., 3:] if real.shape[2] == 4 else np.ones_like(real[..., :1])
    return np.concatenate([real[..., :3] * alpha, alpha], axis=2)


def distance(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Root mean square difference, 0..1."""
    return float(np.sqrt(np.mean((premultiplied(one) - premultiplied(other)) ** 2)))


def at_canvas(image: TiledImage, layer: Layer, dtype: Any) -> NDArray[Any]:
    return converted(image.read(AROUND.translated(-layer.offset[0], -layer.offset[1])), dtype)


def assert_same_as_psd_holds(actual: tuple[Layer, ...], expected: tuple[Layer, ...], dtype: Any) -> None:
    """Equal in all that a PSD has a place for; opacities to the next of its 255 levels."""
    assert [layer.name for layer in actual] == [layer.name.replace("\ud800", "\ufffd") for layer in expected]
    for one, other in zip(actual, expected, strict=True):
        assert type(one) is type(other)
        for name in ("visible", "blend", "locked", "mask_enabled"):
            assert getattr(one, name) == getattr(other, name), f"{name} of {other.name!r}"
        assert abs(one.opacity - other.opacity) <= 0.5 / 255 + 1e-9
        assert (one.mask is None) == (other.mask is None)
        if one.mask is not None and other.mask is not None:
            assert_identical(at_canvas(one.mask, one, dtype), at_canvas(other.mask, other, dtype))
        if isinstance(one, GroupLayer) and isinstance(other, GroupLayer):
            assert one.expanded == other.expanded
            assert_same_as_psd_holds(one.children, other.children, dtype)
        if isinstance(one, ImageLayer) and isinstance(other, ImageLayer):
            assert one.alpha_locked == other.alpha_locked
            assert_identical(at_canvas(one.pixels, one, dtype), at_canvas(other.pixels, other, dtype))


# There and back


@pytest.mark.parametrize("suffix", [".psd", ".psb", ".PSD"])
@pytest.mark.parametrize("dtype", DEPTHS)
def test_everything_that_a_psd_holds_comes_back(tmp_path: Path, suffix: str, dtype: Any) -> None:
    snapshot = rich_snapshot(dtype, wide_profile())
    opened = open_with_note(exported(snapshot, tmp_path, f"x{suffix}"))
    found = opened.document.snapshot()
    assert opened.note == ""
    assert (found.size, found.dtype, found.profile) == ((300, 200), np.dtype(dtype), wide_profile())
    assert_same_as_psd_holds(found.layers, snapshot.layers, dtype)
    assert (opened.document.title, opened.document.path) == ("x", None)


CASES: dict[str, dict[str, Any]] = {
    "hidden": {"visible": False},
    "nothing of it seen": {"opacity": 0.0},
    "locked": {"locked": True},
    "alpha locked": {"alpha_locked": True},
    "no mask": {"mask": None},
    "mask that hides all": {"mask": TiledImage(1, np.dtype(np.uint8), 0)},
    "mask that hides nothing": {"mask": TiledImage(1, np.dtype(np.uint8), 255)},
    "mask off": {"mask_enabled": False},
    "mask open outside": {"mask": TiledImage.from_array(noise((20, 20)), (5, 5), default=255)},
    "empty": {"pixels": TiledImage()},
    "empty, with mask": {"pixels": TiledImage(), "mask": TiledImage.from_array(noise((20, 20)))},
    "colour under no alpha": {"pixels": TiledImage.from_array(noise((9, 9, 4)) * np.uint8([1, 1, 1, 0]))},
    "far outside": {"pixels": TiledImage.from_array(noise((50, 60, 4)), (-300, 300))},
    "no name": {"name": ""},
    "long name": {"name": "ö" * 300},
    "scripts": {"name": "日本語 עברית ∞ \N{CAT} e\u0301"},
    "not text": {"name": "a\0b\nc\ud800\uffff"},
    **{mode.name: {"blend": mode} for mode in BlendMode},
}


@pytest.mark.parametrize("case", CASES)
def test_cases_come_back(tmp_path: Path, case: str) -> None:
    snapshot = scene(**CASES[case])
    found = open_with_note(exported(snapshot, tmp_path)).document.snapshot()
    assert_same_as_psd_holds(found.layers, snapshot.layers, np.uint8)
    assert distance(composite(found), composite(snapshot)) < HALF_LEVEL


def test_a_mask_that_is_grey_outside_looks_the_same(tmp_path: Path) -> None:
    snapshot = scene(mask=TiledImage.from_array(noise((9, 9)), (3, 3), default=100))
    found = open_with_note(exported(snapshot, tmp_path)).document.snapshot()
    assert_identical(composite(found), composite(snapshot))


def test_groups_come_back_in_each_other(tmp_path: Path) -> None:
    layers: tuple[Layer, ...] = scene().layers
    for depth in range(30):
        layers = (GroupLayer(name=f"Group {depth}", children=layers, expanded=bool(depth % 2)), layers[-1])
    snapshot = replace(scene(), layers=layers)
    found = open_with_note(exported(snapshot, tmp_path)).document.snapshot()
    assert_same_as_psd_holds(found.layers, layers, np.uint8)


def test_a_document_without_layers_is_transparent(tmp_path: Path) -> None:
    found = open_with_note(exported(replace(scene(), layers=(), active=None), tmp_path)).document.snapshot()
    assert not composite(found).any()


def test_what_a_psd_cannot_hold_is_told(tmp_path: Path) -> None:
    note = export_picture(rich_snapshot(), tmp_path / "x.psd")
    assert note == (
        "Recipes are kept in an .ora only. "
        "“Plus” was written as Linear Dodge (Add), which differs where sums are cut off at white."
    )
    assert export_picture(scene(), tmp_path / "x.psd") == ""


def test_of_a_layer_with_parts_far_apart_what_lies_on_the_canvas_is_written(tmp_path: Path) -> None:
    dots = TiledImage.from_array(noise((40, 40, 4))).write(Rect(90_000, 0, 2, 2), noise((2, 2, 4)))
    snapshot = scene(pixels=dots, mask=None)
    assert export_picture(snapshot, tmp_path / "x.psd") == "Of “Top” only what lies on the canvas was written."
    found = open_with_note(tmp_path / "x.psd").document.snapshot()
    assert distance(composite(found), composite(snapshot)) < HALF_LEVEL


def test_a_psd_has_a_largest_side_and_a_psb_takes_more(tmp_path: Path) -> None:
    wide = replace(scene(), size=(30_001, 1))
    with pytest.raises(FileProblem, match=r"up to 30000 pixels to a side, not 30001\. End the name in \.psb\."):
        export_picture(wide, tmp_path / "x.psd")
    assert not list(tmp_path.iterdir())
    found = open_with_note(exported(wide, tmp_path, "x.psb")).document.snapshot()
    assert_identical(composite(found), composite(wide))


def test_a_full_disk_leaves_the_old_file(small_disk: Path) -> None:
    path = exported(scene(), small_disk)
    before = path.read_bytes()
    large = replace(scene(pixels=TiledImage.from_array(noise((900, 900, 4)))), size=(900, 900))
    with pytest.raises(FileProblem, match="not enough room on the disk"):
        export_picture(large, path)
    assert path.read_bytes() == before
    assert [found.name for found in small_disk.iterdir()] == ["x.psd"]


def test_as_a_flat_picture_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match=r"“x\.psd” is a Photoshop document with layers\. Open it as a document\."):
        open_pixels(exported(scene(), tmp_path))


def test_psd_tools_is_not_imported_with_the_other_formats() -> None:
    code = "import sys, editor.files; print([name for name in sys.modules if name.startswith('psd_tools')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# What other programs see


@pytest.mark.parametrize("dtype", DEPTHS)
def test_psd_tools_reads_the_same_tree(tmp_path: Path, dtype: Any) -> None:
    snapshot = rich_snapshot(dtype, wide_profile())
    seen = PSDImage.open(exported(snapshot, tmp_path))
    assert (seen.depth, seen.size) == (8 * np.dtype(dtype).itemsize, (300, 200))

    def compare(theirs: Any, ours: tuple[Layer, ...]) -> None:
        assert [found.name for found in theirs] == [layer.name.replace("\ud800", "\ufffd") for layer in ours]
        for found, layer in zip(theirs, ours, strict=True):
            assert (found.visible, found.blend_mode.value) == (layer.visible, KEYS[layer.blend])
            assert found.opacity == round(layer.opacity * 255)
            assert found.is_group() == isinstance(layer, GroupLayer)
            assert found.has_mask() == (layer.mask is not None)
            if layer.mask is not None:
                assert found.mask.disabled is not layer.mask_enabled
                assert found.mask.background_color == layer.mask.default
                part = Rect(*found.mask.bbox[:2], *found.mask.size).translated(-layer.offset[0], -layer.offset[1])
                wanted = converted(layer.mask.read(part), dtype)
                assert_identical(np.rint(found.numpy("mask") * full_value(np.dtype(dtype))).astype(dtype), wanted)
            if isinstance(layer, GroupLayer):
                assert found.open_folder == layer.expanded
                compare(found, layer.children)

    compare(seen, snapshot.layers)


@pytest.mark.parametrize("mode", SHARED_MODES)
@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("opaque", [True, False])
def test_psd_tools_composites_the_layers_to_our_picture(
    tmp_path: Path, mode: BlendMode, dtype: Any, opaque: bool
) -> None:
    snapshot = scene(dtype, opaque=opaque, blend=mode)
    colour, _, alpha = composite_elsewhere(PSDImage.open(exported(snapshot, tmp_path)), force=True)
    assert distance(np.concatenate([colour, alpha], axis=2), composite(snapshot)) < HALF_LEVEL


@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("opaque", [True, False])
def test_the_merged_picture_is_ours(tmp_path: Path, dtype: Any, opaque: bool) -> None:
    snapshot = scene(dtype, opaque=opaque)
    merged = PSDImage.open(exported(snapshot, tmp_path)).numpy()
    assert merged.shape[2] == (3 if opaque else 4)
    assert distance(merged, composite(snapshot)) < HALF_LEVEL


@pytest.mark.skipif(MAGICK is None, reason="ImageMagick is not installed here")
@pytest.mark.parametrize("suffix", [".psd", ".psb"])
@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("opaque", [True, False])
def test_imagemagick_reads_our_picture(tmp_path: Path, suffix: str, dtype: Any, opaque: bool) -> None:
    snapshot = scene(dtype, opaque=opaque, profile=wide_profile())
    path = exported(snapshot, tmp_path, f"x{suffix}")
    assert distance(magick(path, "[0]", dtype), composite(snapshot)) < HALF_LEVEL
    assert MAGICK is not None
    profile = subprocess.run([MAGICK, f"{path}[0]", "icc:-"], capture_output=True, check=True).stdout
    assert profile == wide_profile()


@pytest.mark.skipif(MAGICK is None, reason="ImageMagick is not installed here")
@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("mode", [mode for mode in SHARED_MODES if mode not in OWN_FORMULAS])
def test_imagemagick_flattens_the_layers_to_our_picture(tmp_path: Path, dtype: Any, mode: BlendMode) -> None:
    path = exported(snapshot := scene(dtype, blend=mode, opacity=1.0, mask=None), tmp_path)
    flat = magick(path, "", dtype, "-delete", "0", "-background", "none", "-flatten")
    assert distance(flat, composite(snapshot)) < HALF_LEVEL


def magick(path: Path, which: str, dtype: Any, *steps: str) -> NDArray[Any]:
    """(70, 90, 4) as ImageMagick reads it."""
    assert MAGICK is not None
    bits = str(8 * np.dtype(dtype).itemsize)
    command = [MAGICK, f"{path}{which}", *steps, "-depth", bits, "-endian", "LSB", "rgba:-"]
    done = subprocess.run(command, capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.dtype(dtype).newbyteorder("<")).astype(dtype).reshape(70, 90, 4)


# The picture that exists in both formats


@pytest.mark.skipif(not LAYERED.is_dir(), reason="../shared/data/layered is not here")
def test_the_psd_opens_like_the_ora_of_the_same_picture() -> None:
    psd = open_with_note(LAYERED / "layered_image.psd")
    ora = open_with_note(LAYERED / "layered_image.ora")
    assert psd.note == ""
    assert_same_as_psd_holds(psd.document.layers, ora.document.layers, np.uint8)
    assert [layer.name for layer in psd.document.layers][:2] == ["Background", "Layer Group"]
    seen = composite(psd.document.snapshot())
    merged = np.rint(PSDImage.open(LAYERED / "layered_image.psd").numpy() * 255).astype(np.uint8)
    assert_identical(seen[..., :3], merged)
    assert (seen[..., 3] == 255).all()
    with zipfile.ZipFile(LAYERED / "layered_image.ora") as archive:
        stored = np.array(Image.open(BytesIO(archive.read("mergedimage.png"))).convert("RGBA"))
    difference = composite(ora.document.snapshot()).astype(float) - stored
    assert np.sqrt(np.mean(difference**2)) <= 3


@pytest.mark.skipif(not LAYERED.is_dir(), reason="../shared/data/layered is not here")
def test_it_comes_back_from_our_own_psd(tmp_path: Path) -> None:
    snapshot = open_with_note(LAYERED / "layered_image.psd").document.snapshot()
    found = open_with_note(exported(snapshot, tmp_path)).document.snapshot()
    assert found.profile == snapshot.profile is not None
    assert_same_as_psd_holds(found.layers, snapshot.layers, np.uint8)
    assert_identical(composite(found), composite(snapshot))
