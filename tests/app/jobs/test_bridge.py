"""What an edit is given by a document, and how it is asked for again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import ImageCms

from app.jobs import bridge, method_info
from app.jobs.bridge import prepare, request_from, request_of
from app.jobs.placement import edit_title
from app.jobs.results import apply_result
from editor import limits
from editor.document import Document
from editor.geometry import Rect
from editor.layers import BlendMode, GroupLayer, ImageLayer
from editor.tiles import TiledImage
from engine import recipe
from engine.errors import BadRecipe, BadRequest
from engine.request import Input
from tests.app.jobs.documents import (
    HEIGHT,
    WIDTH,
    add_strokes,
    flat,
    photo_document,
    pixels,
    select,
    whole_result,
)

pytestmark = pytest.mark.usefixtures("daub_and_glaze")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_request_separates_picture_strokes_and_mask(dtype: Any) -> None:
    document = photo_document(dtype)
    add_strokes(document, Rect(50, 60, 40, 30))
    mask = select(document, Rect(40, 50, 80, 70))
    request = request_from(document, "daub", {"steps": 9}, "a red ball", "blur", 7, "studio")
    assert np.array_equal(request.image, pixels(0, dtype)[..., :3])
    assert request.strokes is not None
    assert request.strokes.dtype == dtype
    painted = np.zeros((HEIGHT, WIDTH), bool)
    painted[60:90, 50:90] = True
    assert np.array_equal(request.strokes[..., 3] > 0, painted), "in canvas pixels, the layer's offset counted in"
    assert (request.strokes[painted, 0] == 200 * (np.iinfo(dtype).max // 255)).all()
    assert request.mask is not None
    assert np.array_equal(request.mask, mask)
    assert request.parameters.steps == 9  # type: ignore[attr-defined]
    assert (request.prompt, request.negative_prompt, request.seed, request.model) == ("a red ball", "blur", 7, "studio")


def test_hidden_strokes_are_no_strokes_and_nothing_selected_is_no_mask() -> None:
    document = photo_document()
    document.replace(add_strokes(document, Rect(50, 60, 40, 30)), visible=False)
    request = request_from(document, "daub", {})
    assert request.strokes is None
    assert request.mask is None


def test_strokes_in_a_hidden_group_are_no_strokes() -> None:
    document = photo_document()
    strokes = document[add_strokes(document, Rect(50, 60, 40, 30))]
    document.remove(strokes.id)
    document.insert(GroupLayer(children=(strokes,), visible=False), None, 1)
    assert request_from(document, "daub", {}).strokes is None


def test_a_method_without_strokes_gets_the_picture_as_shown() -> None:
    document = photo_document()
    add_strokes(document, Rect(50, 60, 40, 30))
    select(document, Rect(40, 50, 80, 70))
    request = request_from(document, "glaze", {})
    assert np.array_equal(request.image, flat(document)[..., :3])
    assert request.strokes is None
    assert request.mask is None


@pytest.mark.parametrize("case", ["multiply", "beneath", "group", "plain"])
def test_strokes_over_the_picture_give_what_is_shown(case: str) -> None:
    document = photo_document()
    blend = BlendMode.MULTIPLY if case == "multiply" else BlendMode.NORMAL
    strokes = add_strokes(document, Rect(50, 60, 40, 30), blend=blend, opacity=0.5)
    if case == "beneath":
        document.insert(ImageLayer(name="Haze", pixels=TiledImage.from_array(pixels(3, alpha=90))), None, 2)
    if case == "group":
        inner = document.remove(strokes)
        document.insert(GroupLayer(children=(inner,), opacity=0.7), None, 1)
    request = request_from(document, "daub", {})
    assert request.strokes is not None
    share = request.strokes[..., 3:].astype(float) / 255
    guide = request.strokes[..., :3] * share + request.image * (1 - share)
    assert np.abs(guide - flat(document)[..., :3]).max() <= 1.0


def test_transparency_is_laid_on_white_and_opaque_pixels_stay_exact() -> None:
    document = Document(WIDTH, HEIGHT)
    array = pixels(1)
    array[:, :100, 3] = 0
    array[:, 100:150, 3] = 128
    document.insert(ImageLayer(pixels=TiledImage.from_array(array)), None, 0)
    image = request_from(document, "daub", {}).image
    assert (image[:, :100] == 255).all()
    expected = array[:, 100:150, :3] * (128 / 255) + 255 * (1 - 128 / 255)
    assert np.abs(image[:, 100:150] - expected).max() <= 1.0
    assert np.array_equal(image[:, 150:], array[:, 150:, :3])


def test_a_reference_text_reaches_only_methods_that_compare(monkeypatch: pytest.MonkeyPatch) -> None:
    infos = method_info.cached_methods()
    compares = replace(infos[0], inputs=(*infos[0].inputs, Input.REFERENCE.value))
    for info, expected in ((infos[0], ""), (compares, "a blue ball")):
        monkeypatch.setattr(method_info, "cached_methods", lambda info=info: [info])
        request = request_from(photo_document(), info.id, {}, "a red ball", reference_prompt="a blue ball")
        assert request.reference_prompt == expected


def test_wrong_parameters_are_refused_before_anything_runs() -> None:
    document = photo_document()
    with pytest.raises(BadRecipe, match=r"parameters\.steps"):
        prepare(document, "daub", {"steps": 0})
    with pytest.raises(BadRecipe, match=r"parameters\.colour"):
        prepare(document, "daub", {"colour": 1})
    with pytest.raises(BadRequest, match="sorcery"):
        prepare(document, "sorcery", {})


def test_a_prepared_edit_is_of_the_moment_it_was_asked_for() -> None:
    document = photo_document()
    prepared = prepare(document, "daub", {})
    add_strokes(document, Rect(50, 60, 40, 30))
    assert prepared.build().strokes is None


def wide_profile() -> bytes:
    """A made-up RGB profile: LittleCMS' sRGB with its gamma read as linear."""
    from editor.files import colour

    plain = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    place = plain.find(b"para")
    while place != -1:  # gamma 2.4 -> 1.8 in every curve
        plain[place + 12 : place + 16] = int(1.8 * 65536).to_bytes(4, "big")
        place = plain.find(b"para", place + 1)
    profile = bytes(plain)
    assert colour.usable_rgb(profile)
    return profile


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_other_profiles_are_converted_there_and_back(dtype: Any) -> None:
    document = photo_document(dtype, wide_profile())
    add_strokes(document, Rect(60, 70, 20, 20), (120, 120, 120))
    shown = flat(document)[..., :3]
    request = request_from(document, "daub", {})
    level = np.iinfo(dtype).max // 255
    assert np.abs(request.image.astype(int) - shown)[:50].max() > 10 * level, "the engine gets sRGB"
    assert request.strokes is not None
    assert abs(int(request.strokes[80, 70, 0]) - 120 * level) > 3 * level
    apply_result(document, whole_result(request, request.image))
    back = np.abs(flat(document)[..., :3].astype(int) - pixels(0, dtype)[..., :3])
    dark = pixels(0, dtype)[..., :3] < 8 * level  # a curve's flat foot loses levels on the way
    assert back[~dark].max() <= 3 * level


def test_document_of_a_request_asks_for_the_same_edit() -> None:
    document = photo_document(np.uint16)
    add_strokes(document, Rect(60, 70, 20, 20))
    select(document, Rect(50, 60, 60, 50))
    request = request_from(document, "daub", {"steps": 3}, "a cube", seed=4)
    again = request_from(bridge.document_of(request), "daub", {"steps": 3}, "a cube", seed=4)
    assert again.digest() == request.digest()


def test_a_layer_gives_its_recipe_back() -> None:
    document = photo_document()
    add_strokes(document, Rect(60, 70, 20, 20))
    request = request_from(document, "daub", {"steps": 3}, "a cube", seed=4)
    layer = apply_result(document, whole_result(request, pixels(9)[..., :3]))
    assert request_of(document[layer]).digest() == request.digest()
    repeated = bridge.prepare_again(document, layer)
    assert repeated.title == "Daub · a cube · seed 4"
    assert repeated.build().digest() == request.digest()
    changed = bridge.prepare_again(document, layer, prompt="a ball", seed=5)
    assert changed.title == "Daub · a ball · seed 5"
    again = bridge.prepare_again(document, layer, seed=5, parameters={"steps": 8}).build()
    assert (again.seed, again.prompt, again.parameters.steps) == (5, "a cube", 8)  # type: ignore[attr-defined]
    assert np.array_equal(again.image, request.image)


def test_a_stopped_edit_run_again_unchanged_stops_there_again() -> None:
    document = photo_document()
    add_strokes(document, Rect(60, 70, 20, 20))
    request = replace(request_from(document, "daub", {"steps": 9}, "a cube", seed=4), stop_after=2)
    layer = apply_result(document, whole_result(request, pixels(9)[..., :3]))
    own: dict[str, Any] = {"prompt": "a cube", "negative_prompt": "", "seed": 4, "parameters": {"steps": 9}}
    again = bridge.prepare_again(document, layer, **own).build()
    assert again.stop_after == 2
    assert again.digest() == request.digest()
    for change in ({"seed": 5}, {"prompt": "a ball"}, {"parameters": {"steps": 8}}, {"mask": None, "image": pixels(3)}):
        assert bridge.prepare_again(document, layer, **{**own, **change}).build().stop_after is None
    assert bridge.prepare_again(document, layer, **{**own, "seed": 5, "stop_after": 2}).build().stop_after == 2


def test_recipes_may_be_as_large_as_documents() -> None:
    assert recipe.LARGEST_CANVAS == limits.PIXELS == 400_000_000


def test_a_layer_without_a_recipe_says_so() -> None:
    document = photo_document()
    with pytest.raises(BadRequest, match="“Photo” was not made by an edit"):
        request_of(document.layers[0])
    with pytest.raises(BadRequest, match="“Photo” was not made by an edit"):
        bridge.prepare_again(document, document.layers[0].id)


def test_titles_are_one_short_line() -> None:
    assert edit_title("Daub", "", 3) == "Daub · seed 3"
    title = edit_title("Daub", "a\nred  ball " * 30, 3)
    assert "\n" not in title
    assert len(title) < 60
