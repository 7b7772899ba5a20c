"""The studio world: what its pictures, words and ground truths promise, in numbers."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.errors import BadRequest
from engine.studio import world
from engine.studio.captions import COLOUR_WORDS, GROUND_WORDS, MATERIAL_WORDS, SHAPE_WORDS, SIZE_WORDS
from engine.studio.noise import value_noise
from engine.studio.render import render_batch
from engine.studio.scene import extent
from engine.studio.world import Camera, Rendered, Scene, SceneObject, Sun

COUNT = 40
FIRST = world.VALIDATION_SEEDS.start


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [world.sample_scene(FIRST + i) for i in range(COUNT)]


@pytest.fixture(scope="module")
def rendered(scenes: list[Scene]) -> Rendered:
    return world.render(scenes)


def one_object(shape: str = "cube", ground: str = "grass", **look: str) -> Scene:
    item = SceneObject(shape, look.get("colour", "red"), look.get("material", "matte"), "large", 0.0, 0.0, 0.3)
    return Scene(3, (item,), ground, "clear", sun=Sun(1.3, 0.7))


def edits_of(kind: str, count: int) -> list[tuple[Scene, Scene, str]]:
    """Scenes that allow an edit, with the edited scene and the instruction."""
    found = []
    for seed in range(FIRST, FIRST + 20 * count):
        scene = world.sample_scene(seed)
        try:
            found.append((scene, *world.edit(scene, kind, seed=1)))
        except BadRequest:
            continue
        if len(found) == count:
            break
    assert len(found) == count
    return found


def test_seed_ranges_are_disjoint_and_split_at_the_millions() -> None:
    ranges = (world.TRAINING_SEEDS, world.VALIDATION_SEEDS, world.PUBLISHED_SEEDS)
    assert [(r.start, r.stop) for r in ranges] == [(0, 10**6), (10**6, 2 * 10**6), (2 * 10**6, 3 * 10**6)]


def test_a_seed_gives_an_equal_scene_an_identical_picture_and_equal_words(
    scenes: list[Scene], rendered: Rendered
) -> None:
    again = [world.sample_scene(FIRST + i) for i in range(4)]
    assert again == scenes[:4]
    second = world.render(again)
    assert np.array_equal(second.images, rendered.images[:4])
    assert np.array_equal(second.ids, rendered.ids[:4])
    assert [world.captions(s) for s in again] == [world.captions(s) for s in scenes[:4]]


def test_different_seeds_give_different_scenes(scenes: list[Scene]) -> None:
    assert len(set(scenes)) == COUNT
    for axis in ("ground", "sky"):
        assert len({getattr(s, axis) for s in scenes}) >= 4


def test_sampled_scenes_cover_the_world() -> None:
    many = [world.sample_scene(seed) for seed in range(FIRST, FIRST + 1500)]
    items = [item for scene in many for item in scene.objects]
    names: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("shape", world.SHAPES),
        ("colour", tuple(world.COLOURS)),
        ("material", world.MATERIALS),
        ("size", tuple(world.SIZES)),
    )
    for attribute, values in names:
        share = [sum(getattr(item, attribute) == value for item in items) / len(items) for value in values]
        assert min(share) > 0.6 / len(values), attribute
    counts = np.bincount([len(s.objects) for s in many], minlength=4) / len(many)
    assert counts[0] == 0
    assert counts[1] + counts[2] > 0.8
    assert counts[3] > 0.05


def test_picture_and_ids_have_the_promised_form(scenes: list[Scene], rendered: Rendered) -> None:
    assert rendered.images.shape == (COUNT, 256, 256, 3)
    assert rendered.images.dtype == np.uint8
    assert rendered.ids.shape == (COUNT, 256, 256)
    assert rendered.ids.dtype == np.uint8
    for scene, ids in zip(scenes, rendered.ids, strict=True):
        allowed = {0, 1, *(2 + i for i in range(len(scene.objects)))}
        scenery = {255} if scene.mountains or scene.trees else set()
        assert set(np.unique(ids).tolist()) <= allowed | scenery
        assert {0, 1} <= set(np.unique(ids).tolist()) | scenery


def test_every_object_is_visible_and_inside_the_picture(scenes: list[Scene], rendered: Rendered) -> None:
    for scene, ids in zip(scenes, rendered.ids, strict=True):
        for i, item in enumerate(scene.objects):
            rows, columns = np.nonzero(ids == 2 + i)
            assert len(rows) >= 200, (scene.seed, item)
            assert columns.min() > 0
            assert columns.max() < 255
            assert rows.max() < 255


def test_objects_are_where_the_camera_projects_them(scenes: list[Scene], rendered: Rendered) -> None:
    for scene, ids in zip(scenes, rendered.ids, strict=True):
        for i, item in enumerate(scene.objects):
            rows, columns = np.nonzero(ids == 2 + i)
            x, y, radius = extent(item, scene.camera)
            away = np.hypot(columns + 0.5 - x, rows + 0.5 - y)
            assert away.max() < 1.6 * radius + 2, (scene.seed, item)  # the corners of a cube stand out


def test_sizes_are_told_apart_by_their_pixels() -> None:
    def height(size: str, z: float) -> int:
        item = SceneObject("cylinder", "red", "matte", size, 0.0, z, 0.0)
        rows, _ = np.nonzero(world.render([Scene(1, (item,), "sand", "clear")]).ids[0] == 2)
        return int(np.ptp(rows)) + 1

    near_small, far_medium, near_medium, far_large = (
        height(size, z) for size, z in (("small", -1.3), ("medium", 1.8), ("medium", -1.3), ("large", 1.8))
    )
    assert near_small < far_medium < near_medium < far_large


def test_colours_of_matte_balls_come_out_in_the_right_order_of_channels() -> None:
    balls = [one_object("ball", colour=colour) for colour in world.COLOURS]
    pictures = world.render(balls)
    mean = {
        colour: image[ids == 2].mean(0)
        for colour, image, ids in zip(world.COLOURS, pictures.images, pictures.ids, strict=True)
    }
    assert mean["red"][0] > 3 * mean["red"][1]
    assert mean["green"][1] > 2 * mean["green"][0]
    assert mean["blue"][2] > 2 * mean["blue"][0]
    assert mean["white"].min() > 150
    assert mean["black"].max() < 60
    pairs = [(a, b) for a in mean for b in mean if a < b]
    assert min(np.linalg.norm(mean[a] - mean[b]) for a, b in pairs) > 35


@pytest.mark.parametrize("shape", world.SHAPES)
def test_a_shape_casts_a_shadow_and_stands_on_the_ground(shape: str) -> None:
    scene = one_object(shape)
    empty = replace(scene, objects=())
    both = world.render([scene, empty])
    ground = both.ids[0] == 1
    darker = both.images[1].astype(int).sum(-1) - both.images[0].astype(int).sum(-1)
    assert (darker[ground] > 40).sum() > 200
    assert (darker[ground] < -6).sum() == 0
    feet = scene.camera.project([[0.0, 0.0, 0.0]])[0]
    rows, _ = np.nonzero(both.ids[0] == 2)
    assert abs(rows.max() - feet[1]) < 16


def test_water_mirrors_what_stands_on_it() -> None:
    red, blue = (one_object("ball", "water", colour=colour) for colour in ("red", "blue"))
    both = world.render([red, blue])
    on_water = (both.ids == 1).all(0)
    redder = both.images[0].astype(int) - both.images[1].astype(int)
    assert (redder[on_water][:, 0] > 30).sum() > 400


def test_edges_are_antialiased() -> None:
    scene = one_object("ball", colour="white")
    image = world.render([replace(scene, ground="water", sky="night")]).images[0].astype(float).mean(-1)
    small = world.render([replace(scene, ground="water", sky="night")], size=512)
    halved = small.images[0].astype(float).mean(-1).reshape(256, 2, 256, 2).mean((1, 3))
    assert np.abs(image - halved)[:240].mean() < 1.5


def test_scenes_traced_together_look_as_they_do_alone(scenes: list[Scene], rendered: Rendered) -> None:
    images, ids = render_batch(scenes[:6], 256, torch.device("cpu"))
    assert (ids != rendered.ids[:6]).mean() < 1e-3
    difference = np.abs(images.astype(int) - rendered.images[:6])
    assert (difference > 2).mean() < 2e-3


def test_a_scene_without_objects_renders(scenes: list[Scene]) -> None:
    empty = world.render([replace(scenes[0], objects=(), trees=False, mountains=False)], size=64)
    assert set(np.unique(empty.ids).tolist()) == {0, 1}


def test_two_cores_render_ten_scenes_a_second(scenes: list[Scene]) -> None:
    began = time.process_time()
    world.render(scenes[:8])
    assert (time.process_time() - began) / 8 < 2 / 10  # CPU seconds a scene; about 0.08 measured


def test_the_noise_has_no_seam_where_its_table_repeats() -> None:
    across = torch.linspace(0.0, 512.0, 4001)
    for edge in (0.0, 256.0):
        before, after = torch.full_like(across, edge - 1e-3), torch.full_like(across, edge + 1e-3)
        assert (value_noise(before, across) - value_noise(after, across)).abs().max() < 1e-4
        assert (value_noise(across, before) - value_noise(across, after)).abs().max() < 1e-4


def test_the_canonical_caption_names_every_attribute(scenes: list[Scene]) -> None:
    for scene in scenes:
        first = world.captions(scene)[0]
        for item in scene.objects:
            assert f"{item.size} {item.material} {item.colour} {item.shape}" in first
        assert f" on {scene.ground}, " in first
        assert ("mountains" in first) == scene.mountains
        assert ("trees" in first) == scene.trees


def test_a_caption_reads_as_the_design_says() -> None:
    items = (
        SceneObject("ball", "red", "shiny", "large", -1.0, 0.0, 0.0),
        SceneObject("cube", "blue", "matte", "small", 1.0, 0.0, 0.0),
    )
    scene = Scene(1, items, "wood", "sunset")
    assert world.captions(scene)[0] == "a large shiny red ball and a small matte blue cube on wood, sunset"


def test_other_wordings_are_several_and_true(scenes: list[Scene]) -> None:
    tables = (("colour", COLOUR_WORDS), ("shape", SHAPE_WORDS), ("material", MATERIAL_WORDS), ("size", SIZE_WORDS))
    for scene in scenes:
        words = world.captions(scene)
        assert len(words) >= 4
        assert len(set(words)) == len(words)
        for caption in words:
            said = set(caption.replace(",", " ").replace("a green lawn", "").replace("blue sky", "").split())
            for attribute, table in tables:
                true = {word for item in scene.objects for word in table[getattr(item, attribute)]}
                false = {word for synonyms in table.values() for word in synonyms} - true
                assert not said & false, (caption, said & false)
        assert any(word in words[1] for word in GROUND_WORDS[scene.ground])


@pytest.mark.parametrize("kind", world.EDIT_KINDS)
def test_an_edit_changes_what_it_says_and_nothing_else(kind: str) -> None:
    for before, after, instruction in edits_of(kind, 6):
        assert before != after
        assert instruction.split()[0] in {"make", "turn", "move", "add", "remove", "change"}
        assert world.edit(before, kind, seed=1) == (after, instruction)
        assert after.camera == before.camera
        if kind in ("ground", "sky"):
            assert after.objects == before.objects
            assert getattr(after, kind) != getattr(before, kind)
        elif kind in ("add", "remove"):
            assert len(after.objects) - len(before.objects) == (1 if kind == "add" else -1)
            assert set(after.objects) ^ set(before.objects) in (
                {after.objects[-1]},
                set(before.objects) - set(after.objects),
            )
        else:
            index = world.changed_object(before, after)
            assert index is not None
            assert after.with_object(index, before.objects[index]) == before


def test_edits_that_a_scene_does_not_allow_are_refused_in_a_sentence() -> None:
    with pytest.raises(BadRequest, match="does not allow"):
        world.edit(one_object("ball"), "turn", seed=0)
    with pytest.raises(BadRequest, match="Choose one of recolour"):
        world.edit(one_object("ball"), "melt", seed=0)


@pytest.mark.parametrize("kind", ["move", "remove", "add", "reshape"])
def test_the_change_mask_contains_both_silhouettes(kind: str) -> None:
    for before, after, _ in edits_of(kind, 4):
        mask = world.change_mask(before, after)
        both = world.render([before, after])
        for scene, other, ids in ((before, after, both.ids[0]), (after, before, both.ids[1])):
            for i, item in enumerate(scene.objects):
                if item not in other.objects:
                    assert mask[ids == 2 + i].all()
        same = np.abs(both.images[0].astype(int) - both.images[1]).max(-1) <= 6
        assert same[~mask].all()
        assert 0.005 < mask.mean() < 0.5


def union_of_traces(before: Scene, after: Scene, index: int) -> tuple[np.ndarray, np.ndarray]:
    """Of a moved object, before and after: silhouettes with shadows and reflections (H, W), and what each of the two
    pictures owes it, as the largest difference of a channel to the scene without it (2, H, W)."""
    without = replace(before, objects=tuple(o for i, o in enumerate(before.objects) if i != index))
    drawn = world.render([before, after, without])
    traces = np.abs(drawn.images[:2].astype(int) - drawn.images[2]).max(-1)
    return ((drawn.ids[:2] == 2 + index) | (traces > 6)).any(0), traces


@pytest.mark.parametrize("ground", ["grass", "sand", "snow", "wood"])
def test_the_change_mask_of_a_move_equals_both_silhouettes_and_shadows(ground: str) -> None:
    item = SceneObject("cube", "red", "matte", "small", -1.8, 0.0, 0.3)
    before = Scene(3, (item,), ground, "clear", sun=Sun(1.3, 0.9))
    after = before.with_object(0, replace(item, x=1.5, z=0.5))
    union, _ = union_of_traces(before, after, 0)
    assert np.array_equal(world.change_mask(before, after), union)


def test_sampled_moves_change_both_silhouettes_and_shadows_but_where_the_shadows_overlap() -> None:
    likeness = []
    for before, after, _ in edits_of("move", 10):
        index = world.changed_object(before, after)
        assert index is not None
        mask = world.change_mask(before, after)
        union, traces = union_of_traces(before, after, index)
        likeness.append((mask & union).sum() / (mask | union).sum())
        assert (traces[:, union & ~mask] > 0).all()  # in the shade before and after: nothing changes there
        assert (mask & ~union).sum() <= 0.01 * mask.sum()
    assert min(likeness) > 0.9
    assert np.median(likeness) > 0.98


def test_a_recoloured_object_changes_itself_and_its_reflection_only() -> None:
    for ground in ("grass", "marble", "water"):
        before = one_object("cube", ground)
        after = before.with_object(0, replace(before.objects[0], colour="blue"))
        mask = world.change_mask(before, after)
        own = world.render([before]).ids[0] == 2
        rows, columns = np.nonzero(own)
        tall, wide = int(np.ptp(rows)), int(np.ptp(columns))
        around = np.zeros_like(mask)
        left, right = max(0, columns.min() - wide // 3), columns.max() + wide // 3
        around[rows.min() - 2 : rows.max() + int(1.2 * tall), left:right] = True
        assert mask[own].all()
        assert not mask[~around].any()
        if ground == "grass":
            assert (mask & ~own).sum() < 0.1 * own.sum()
        else:
            assert (mask & ~own).sum() > 0.2 * own.sum()


@pytest.mark.parametrize("kind", ["move", "turn", "resize"])
def test_correspondences_land_on_the_same_surface(kind: str) -> None:
    gaps = []
    for before, after, _ in edits_of(kind, 6):
        index = world.changed_object(before, after)
        assert index is not None
        item, changed = before.objects[index], after.objects[index]
        plain = replace(item, material="matte"), replace(changed, material="matte")
        before, after = before.with_object(index, plain[0]), after.with_object(index, plain[1])
        start, end = world.correspondences(before, after, index, count=60)
        assert start.shape == end.shape
        assert 12 <= len(start) <= 60
        both = world.render([before, after])
        at, to = (np.floor(points).astype(int).clip(0, 255) for points in (start, end))
        assert (both.ids[0][at[:, 1], at[:, 0]] == 2 + index).all()
        assert (both.ids[1][to[:, 1], to[:, 0]] == 2 + index).mean() > 0.9  # the rest are silhouette pixels
        old, new = both.images[0][at[:, 1], at[:, 0]], both.images[1][to[:, 1], to[:, 0]]
        gaps.append(np.median(np.abs(old.astype(int) - new)))
    assert np.median(gaps) < 12
    assert max(gaps) < 60  # a face that turned towards the light


def test_correspondences_of_a_sideways_move_are_nearly_a_shift() -> None:
    before = one_object("cube")
    after = before.with_object(0, replace(before.objects[0], x=1.2))
    start, end = world.correspondences(before, after, 0, count=100)
    shift = end - start
    expected = np.diff(before.camera.project([[0.0, 1.0, -0.8], [1.2, 1.0, -0.8]]), axis=0)[0]
    assert np.abs(shift.mean(0) - expected).max() < 4
    assert shift.std(0).max() < 5


def test_correspondences_of_a_turn_leave_out_what_turned_away() -> None:
    before = one_object("cube")
    away = before.with_object(0, replace(before.objects[0], turn=0.3 + math.pi))
    start, _ = world.correspondences(before, away, 0, count=10_000)
    own = world.render([before]).ids[0] == 2
    assert 0 < len(start) < 0.45 * own.sum()  # the top stays visible, the sides do not


def test_an_exemplar_shows_the_object_large_and_elsewhere(scenes: list[Scene]) -> None:
    for scene in scenes[:6]:
        alone = world.exemplar_scene(scene, 0, seed=4)
        item, shown = scene.objects[0], alone.objects[0]
        assert (shown.shape, shown.colour, shown.material) == (item.shape, item.colour, item.material)
        assert alone.ground != scene.ground
        assert alone.sky != scene.sky
        rendered = world.render([alone])
        own = rendered.ids[0] == 2
        rows, columns = np.nonzero(own)
        assert 0.1 < own.mean() < 0.5
        assert abs(columns.mean() - 128) < 20
        assert min(rows.min(), columns.min()) > 8
        assert max(rows.max(), columns.max()) < 247
        assert np.array_equal(world.render_exemplar(scene, 0, 256, seed=4), rendered.images[0])


def test_a_zoomed_camera_projects_as_it_renders() -> None:
    scene = replace(one_object("ball"), camera=Camera(zoom=1.6, aim=1.0))
    rows, columns = np.nonzero(world.render([scene]).ids[0] == 2)
    item = scene.objects[0]
    centre = scene.camera.project([[item.x, 0.98 * item.scale, item.z]])[0]
    assert abs((columns.min() + columns.max() + 1) / 2 - centre[0]) < 2
    assert abs((rows.min() + rows.max() + 1) / 2 - centre[1]) < 4


def test_a_stroke_guide_has_few_colours_and_keeps_the_objects(scenes: list[Scene], rendered: Rendered) -> None:
    for image, ids in zip(rendered.images[:8], rendered.ids[:8], strict=True):
        guide = world.stroke_guide(image, colours=8, seed=0)
        assert guide.shape == image.shape
        assert guide.dtype == np.uint8
        assert len(np.unique(guide.reshape(-1, 3), axis=0)) <= 8
        assert np.abs(guide.astype(int) - image).mean() < 16
        own = ids == 2
        assert np.abs(guide[own].mean(0) - image[own].mean(0)).max() < 45
    assert np.array_equal(world.stroke_guide(image, 8, 3), world.stroke_guide(image, 8, 3))


def test_a_guide_of_one_flat_colour_is_that_colour() -> None:
    flat = np.full((64, 48, 3), (10, 200, 90), np.uint8)
    assert np.array_equal(world.stroke_guide(flat), flat)
