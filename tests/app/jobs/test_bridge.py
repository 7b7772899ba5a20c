"""What an edit is given by a document, and what its result does to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ImageCms

from app.jobs import bridge, method_info
from app.jobs.bridge import ResultDropped, apply_result, prepare, request_from, request_of, result_layer
from app.jobs.method_info import describe
from app.jobs.placement import edit_title, pack
from editor import limits
from editor.commands import MoveLayer, RemoveLayer, ReplacePixels, ResizeCanvas
from editor.composite import composite
from editor.document import Document
from editor.errors import LayerLocked
from editor.geometry import Rect
from editor.layers import BlendMode, GroupLayer, ImageLayer, LayerId, Role
from editor.points import PointPair
from editor.tiles import TiledImage
from engine import recipe
from engine.errors import BadRecipe, BadRequest
from engine.points import Leg
from engine.request import EditRequest, EditResult, Input, Method
from tests.app.jobs.conftest import DaubParameters
from tests.app.tugs import Tugs

WIDTH, HEIGHT = 300, 280  # more than one tile each way
METHOD = Method("daub", "Daub", DaubParameters, lambda *_: None, frozenset({Input.STROKES, Input.MASK, Input.PROMPT}))  # type: ignore[arg-type, return-value]
WHOLE = Method("glaze", "Glaze", DaubParameters, lambda *_: None, frozenset({Input.PROMPT}))  # type: ignore[arg-type, return-value]


@pytest.fixture(autouse=True)
def known_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    infos = [describe(METHOD), describe(WHOLE)]
    monkeypatch.setattr(method_info, "cached_methods", lambda: infos)


def pixels(seed: int, dtype: Any = np.uint8, alpha: int | None = None) -> NDArray[Any]:
    full = np.iinfo(dtype).max
    rng = np.random.default_rng(seed)
    array = rng.integers(0, full + 1, (HEIGHT, WIDTH, 4)).astype(dtype)
    array[..., 3] = full if alpha is None else alpha
    return array


def photo_document(dtype: Any = np.uint8, profile: bytes | None = None) -> Document:
    """A noise photo, so that any change of any pixel is seen."""
    document = Document(WIDTH, HEIGHT, dtype, profile)
    document.insert(ImageLayer(name="Photo", pixels=TiledImage.from_array(pixels(0, dtype))), None, 0)
    return document


def add_strokes(document: Document, rect: Rect, colour: tuple[int, int, int] = (200, 30, 40), **fields: Any) -> LayerId:
    """A strokes layer with one even patch, moved by (7, -5) so that its own coordinates are not the canvas'."""
    full = np.iinfo(document.dtype).max
    scale = full // 255
    patch = np.empty((rect.height, rect.width, 4), document.dtype)
    patch[:] = (*(scale * part for part in colour), full)
    image = TiledImage.from_array(patch, (rect.x - 7, rect.y + 5))
    layer = ImageLayer(name="Strokes", role=Role.STROKES, pixels=image, offset=(7, -5), **fields)
    document.insert(layer, None, len(document.layers))
    return layer.id


def select(document: Document, rect: Rect) -> NDArray[np.uint8]:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[rect.slices()] = 255
    document.select(TiledImage.from_array(mask))
    return mask


def result_of(request: EditRequest, rect: Rect, soft: int = 4) -> EditResult:
    """A black patch on `rect` with an edge that softens over `soft` pixels."""
    full = np.iinfo(request.image.dtype).max
    patch = np.zeros((rect.height, rect.width, 3), request.image.dtype)
    y, x = np.mgrid[: rect.height, : rect.width]
    edge = np.minimum.reduce([x, y, rect.width - 1 - x, rect.height - 1 - y])
    alpha = np.clip(edge * (full / soft), 0, full).astype(request.image.dtype)
    return EditResult(patch, alpha, (rect.x, rect.y), request, 5)


def whole_result(request: EditRequest, patch: NDArray[Any]) -> EditResult:
    alpha = np.full(patch.shape[:2], np.iinfo(patch.dtype).max, patch.dtype)
    return EditResult(patch, alpha, (0, 0), request, 5)


def flat(document: Document) -> NDArray[Any]:
    return composite(document.snapshot())


# document to request


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


def test_a_result_without_a_patch_leaves_the_document_alone() -> None:
    document = photo_document()
    request = request_from(document, "daub", {})
    nothing = np.zeros((0, 0, 3), np.uint8)
    result = EditResult(nothing, nothing[..., 0], (0, 0), request, 3)
    layers = list(document.layers)
    pack(result, document.snapshot())
    with pytest.raises(ResultDropped, match="Nothing was painted"):
        apply_result(document, result)
    assert list(document.layers) == layers


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


# result to document


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_result_is_one_undo_step_and_leaves_the_rest_identical(dtype: Any) -> None:
    document = photo_document(dtype)
    strokes = add_strokes(document, Rect(60, 70, 30, 20))
    select(document, Rect(50, 60, 60, 50))
    before, steps = flat(document), len(document.history.steps)
    region = Rect(44, 54, 72, 62)
    layer = apply_result(document, result_of(request_from(document, "daub", {}, "a red ball", seed=7), region))
    after = flat(document)
    outside = np.ones((HEIGHT, WIDTH), bool)
    outside[region.slices()] = False
    assert np.array_equal(after[outside], before[outside])
    assert (after[80, 75, :3] == 0).all(), "inside it is the result"
    assert not document[strokes].visible, "they lie inside the mask, so they are hidden"
    assert document.active == layer
    made = document[layer]
    assert isinstance(made, ImageLayer)
    assert (made.role, made.recipe_title) == (Role.RESULT, "Daub · a red ball · seed 7")
    assert len(document.history.steps) == steps + 1
    document.history.undo()
    assert np.array_equal(flat(document), before)
    assert document[strokes].visible
    assert layer not in document
    document.history.redo()
    assert np.array_equal(flat(document), after)


def test_strokes_that_reach_beyond_the_mask_stay_as_they_were_shown() -> None:
    document = photo_document()
    strokes = add_strokes(document, Rect(60, 70, 150, 20))
    inside = add_strokes(document, Rect(70, 72, 10, 10))
    select(document, Rect(50, 60, 60, 50))
    before = flat(document)
    region = Rect(44, 54, 72, 62)
    apply_result(document, result_of(request_from(document, "daub", {}), region))
    outside = np.ones((HEIGHT, WIDTH), bool)
    outside[region.slices()] = False
    assert np.array_equal(flat(document)[outside], before[outside])
    assert document[strokes].visible
    assert not document[inside].visible


@pytest.mark.parametrize("seed", range(8))
def test_outside_the_edited_area_nothing_changes_whatever_the_layers(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def some_rect() -> Rect:
        x, y = int(rng.integers(10, 180)), int(rng.integers(10, 160))
        return Rect(x, y, int(rng.integers(20, 110)), int(rng.integers(20, 110)))

    document = photo_document()
    for _ in range(3):
        blend = rng.choice(np.array([BlendMode.NORMAL, BlendMode.MULTIPLY, BlendMode.SCREEN], dtype=object))
        opacity = float(rng.choice([1.0, 0.6]))
        add_strokes(document, some_rect(), tuple(rng.integers(0, 256, 3).tolist()), blend=blend, opacity=opacity)
    haze = TiledImage.from_array(pixels(seed, alpha=60))
    document.insert(ImageLayer(name="Haze", pixels=haze, blend=BlendMode.OVERLAY), None, int(rng.integers(1, 5)))
    chosen = some_rect()
    mask = select(document, chosen)
    before = flat(document)
    request = request_from(document, "daub", {})
    assert request.mask is not None
    result = result_of(request, chosen.grown(6))
    apply_result(document, result)
    outside = mask == 0
    outside[chosen.grown(6).slices()] = False
    assert outside.sum() > 10_000
    assert np.array_equal(flat(document)[outside], before[outside])


def test_without_a_mask_the_result_covers_all_and_the_strokes_are_hidden() -> None:
    document = photo_document()
    strokes = add_strokes(document, Rect(60, 70, 150, 20))
    patch = pixels(9)[..., :3]
    apply_result(document, whole_result(request_from(document, "daub", {}), patch))
    assert np.array_equal(flat(document)[..., :3], patch)
    assert not document[strokes].visible


def test_the_result_lies_above_the_topmost_visible_layer() -> None:
    document = photo_document()
    add_strokes(document, Rect(60, 70, 20, 20))
    tint = ImageLayer(name="Tint", pixels=TiledImage.from_array(pixels(4)), blend=BlendMode.MULTIPLY)
    hidden = ImageLayer(name="Hidden", pixels=TiledImage.from_array(pixels(5)), visible=False)
    document.insert(tint, None, 2)
    document.insert(hidden, None, 3)
    layer = apply_result(document, whole_result(request_from(document, "daub", {}), pixels(9)[..., :3]))
    assert [root.id for root in document.layers][2:] == [tint.id, layer, hidden.id]


def test_the_same_result_twice_makes_two_layers() -> None:
    document = photo_document()
    result = whole_result(request_from(document, "daub", {}), pixels(9)[..., :3])
    first, second = (apply_result(document, result) for _ in range(2))
    assert first != second
    assert len(document.layers) == 3


def test_strokes_changed_while_the_edit_ran_are_not_hidden() -> None:
    document = photo_document()
    kept, changed = (add_strokes(document, Rect(60, 70, 20, 20)) for _ in range(2))
    prepared = prepare(document, "daub", {})
    result = whole_result(prepared.build(), pixels(9)[..., :3])
    pack(result, prepared.snapshot)
    document.history.do(ReplacePixels(changed, TiledImage.from_array(pixels(6))))
    new = add_strokes(document, Rect(10, 10, 20, 20))
    apply_result(document, result)
    assert [document[layer].visible for layer in (kept, changed, new)] == [False, True, True]


def test_packed_and_unpacked_results_give_equal_layers() -> None:
    document = photo_document()
    prepared = prepare(document, "daub", {})
    result = result_of(prepared.build(), Rect(30, 40, 90, 70))
    plain = result_layer(document, replace(result))
    pack(result, prepared.snapshot)
    packed = result_layer(document, result)
    assert packed.pixels.equals(plain.pixels)
    assert packed.mask is not None
    assert plain.mask is not None
    assert packed.mask.equals(plain.mask)
    assert packed.recipe == plain.recipe
    assert result_layer(document, result) is packed, "the slow part was done once"


def test_running_again_replaces_the_layer_and_keeps_its_place_and_offset() -> None:
    document = photo_document()
    first = apply_result(document, whole_result(request_from(document, "daub", {}, seed=1), pixels(9)[..., :3]))
    document.history.do(MoveLayer(first, (20, 10)))
    steps = len(document.history.steps)
    again = whole_result(request_from(document, "daub", {}, "a cube", seed=2), pixels(11)[..., :3])
    assert apply_result(document, again, replaces=first) == first
    assert len(document.history.steps) == steps + 1
    assert document[first].offset == (20, 10)
    assert np.array_equal(flat(document)[10:, 20:, :3], pixels(11)[: HEIGHT - 10, : WIDTH - 20, :3])
    layer = document[first]
    assert isinstance(layer, ImageLayer)
    assert layer.recipe_title == "Daub · a cube · seed 2"


def test_one_of_several_is_named_by_its_seed_too() -> None:
    document = photo_document()
    names = []
    for words, seed_shown in (("", False), ("", True), ("a cube", True)):
        request = request_from(document, "daub", {}, words, seed=3)
        layer = apply_result(document, whole_result(request, pixels(9)[..., :3]), seed_shown=seed_shown)
        names.append(document[layer].name)
    assert names == ["Daub", "Daub · seed 3", "a cube · seed 3"]
    again = whole_result(request_from(document, "daub", {}, seed=4), pixels(11)[..., :3])
    assert document[apply_result(document, again, layer, seed_shown=True)].name == "a cube · seed 3"  # it keeps its own


def test_a_result_for_a_layer_that_is_gone_is_dropped() -> None:
    document = photo_document()
    first = apply_result(document, whole_result(request_from(document, "daub", {}), pixels(9)[..., :3]))
    again = whole_result(request_from(document, "daub", {}), pixels(11)[..., :3])
    document.history.do(RemoveLayer(first))
    before, steps = flat(document), len(document.history.steps)
    with pytest.raises(ResultDropped, match="gone"):
        apply_result(document, again, replaces=first)
    assert np.array_equal(flat(document), before)
    assert len(document.history.steps) == steps


def test_a_result_for_a_locked_layer_is_refused() -> None:
    document = photo_document()
    first = apply_result(document, whole_result(request_from(document, "daub", {}), pixels(9)[..., :3]))
    again = whole_result(request_from(document, "daub", {}), pixels(11)[..., :3])
    document.replace(first, locked=True)
    with pytest.raises(LayerLocked):
        apply_result(document, again, replaces=first)


def test_a_result_for_another_canvas_size_is_dropped() -> None:
    document = photo_document()
    result = whole_result(request_from(document, "daub", {}), pixels(9)[..., :3])
    document.history.do(ResizeCanvas(WIDTH + 10, HEIGHT))
    with pytest.raises(ResultDropped, match="size"):
        apply_result(document, result)


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


# drags


@pytest.fixture
def tug(monkeypatch: pytest.MonkeyPatch) -> Document:
    """A document with two drag points and something selected, and the methods of `tugs`."""
    infos = [describe(method) for method in Tugs().methods().values()]
    monkeypatch.setattr(method_info, "cached_methods", lambda: infos)
    document = photo_document()
    select(document, Rect(40, 40, 60, 60))
    document.place_points((PointPair((50.0, 50.0), (150.5, 60.0)), PointPair((70.0, 70.0), (170.0, 80.0))))
    return document


def test_a_drag_gets_points_and_selection_and_a_document_of_it_has_them_again(tug: Document) -> None:
    request = request_from(tug, "tug", {}, "a cube", seed=4)
    assert request.points is not None
    np.testing.assert_array_equal(request.points, [[[50, 50], [150.5, 60]], [[70, 70], [170, 80]]])
    assert request.points.dtype == np.float64
    assert request.mask is not None
    assert request.mask[60, 60] == 255
    assert request.mask[20, 20] == 0
    again = bridge.document_of(request)
    assert again.points == tug.points
    assert request_from(again, "tug", {}, "a cube", seed=4).digest() == request.digest()


def test_without_points_or_a_use_for_them_there_are_none(tug: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    tug.place_points(())
    assert request_from(tug, "tug", {}).points is None
    tug.place_points((PointPair((50.0, 50.0), (90.0, 60.0)),))
    monkeypatch.setattr(method_info, "cached_methods", lambda: [describe(METHOD)])
    assert request_from(tug, "daub", {}).points is None


def test_points_on_the_outermost_border_come_back_onto_the_canvas(tug: Document) -> None:
    points = np.array([[[50.0, 50.0], [float(WIDTH), float(HEIGHT)]]])
    document = bridge.document_of(replace(request_from(tug, "tug", {}), points=points))
    assert len(document.points) == 1
    assert document.canvas.contains(*document.points[0].target)


def test_other_targets_lead_a_drag_on_and_other_handles_start_anew(tug: Document) -> None:
    request = request_from(tug, "tug", {"pulls": 9})
    layer = apply_result(tug, whole_result(request, pixels(9)[..., :3]))
    assert bridge.prepare_again(tug, layer).build().digest() == request.digest()
    first = tug.points
    tug.place_points((first[0], PointPair(first[1].handle, (100.0, 100.0))))
    on = bridge.prepare_again(tug, layer).build()
    assert on.legs == (Leg(((150.5, 60.0), (170.0, 80.0)), 9),)
    assert on.points is not None
    assert tuple(on.points[1, 1]) == (100, 100)
    assert bridge.prepare_again(tug, layer, lead_on=False).build().legs == ()
    other = bridge.prepare_again(tug, layer, method="push", parameters={"strength": 0.25}).build()
    assert (other.method, other.legs, other.parameters.strength) == ("push", (), 0.25)  # type: ignore[attr-defined]
    tug.place_points((PointPair((55.0, 50.0), first[0].target), first[1]))
    assert bridge.prepare_again(tug, layer).build().legs == ()


def test_a_drag_that_was_stopped_has_closed_its_last_part_itself(tug: Document) -> None:
    targets = ((150.5, 60.0), (170.0, 80.0))
    stopped = replace(request_from(tug, "tug", {"pulls": 9}), legs=(Leg(targets, 4),), stop_after=4)
    layer = apply_result(tug, whole_result(stopped, pixels(9)[..., :3]))
    on = bridge.prepare_to_go_on(tug, layer).build()
    assert (on.legs, on.stop_after) == (stopped.legs, None)
    tug.place_points((tug.points[0], PointPair(tug.points[1].handle, (100.0, 100.0))))
    elsewhere = bridge.prepare_again(tug, layer).build()
    assert (elsewhere.legs, elsewhere.stop_after) == (stopped.legs, None)
    tug.place_points(())
    on = bridge.prepare_to_go_on(tug, layer).build()
    assert on.points is not None
    np.testing.assert_array_equal(on.points[:, 1], targets)
    tug.place_points((PointPair((50.0, 50.0), targets[0]), PointPair((70.0, 70.0), targets[1])))
    anew = bridge.prepare_again(tug, layer, lead_on=False)
    assert (anew.build().legs, anew.build().stop_after) == ((), None)
