"""What a scene is called, in several wordings."""

from __future__ import annotations

import random
from collections.abc import Sequence

from engine.studio.scene import Scene, SceneObject

SHAPE_WORDS: dict[str, tuple[str, ...]] = {
    "ball": ("ball", "sphere"),
    "cube": ("cube", "box", "block"),
    "cylinder": ("cylinder", "drum"),
    "cone": ("cone",),
    "pyramid": ("pyramid",),
    "ring": ("ring", "torus", "donut"),
    "pill": ("pill", "capsule"),
    "egg": ("egg",),
    "star": ("star",),
    "heart": ("heart",),
}
COLOUR_WORDS: dict[str, tuple[str, ...]] = {
    "red": ("red", "scarlet"),
    "orange": ("orange",),
    "yellow": ("yellow",),
    "green": ("green",),
    "cyan": ("cyan", "turquoise"),
    "blue": ("blue",),
    "purple": ("purple", "violet"),
    "pink": ("pink",),
    "white": ("white",),
    "black": ("black",),
}
MATERIAL_WORDS: dict[str, tuple[str, ...]] = {
    "matte": ("matte", "rubber", "dull"),
    "shiny": ("shiny", "glossy", "polished"),
    "metal": ("metal", "metallic", "chrome"),
}
SIZE_WORDS: dict[str, tuple[str, ...]] = {
    "small": ("small", "little", "tiny"),
    "medium": ("medium", "mid-sized"),
    "large": ("large", "big", "huge"),
}
GROUND_WORDS: dict[str, tuple[str, ...]] = {
    "grass": ("on grass", "on a meadow", "on a green lawn"),
    "sand": ("on sand", "on a beach", "in the desert"),
    "snow": ("on snow", "in the snow"),
    "wood": ("on wood", "on a wooden floor", "on planks"),
    "marble": ("on marble", "on a marble floor"),
    "water": ("on water", "on a lake", "on the sea"),
}
SKY_WORDS: dict[str, tuple[str, ...]] = {
    "clear": ("clear sky", "blue sky", "sunny day"),
    "sunset": ("sunset", "at sunset", "evening sky"),
    "cloudy": ("cloudy sky", "overcast", "clouds"),
    "night": ("night", "starry night", "at night with stars"),
}
EXTRA_WORDS: dict[str, tuple[str, ...]] = {
    "mountains": ("mountains", "mountains behind", "mountains in the distance"),
    "trees": ("trees", "trees behind", "trees in the background"),
}


def described(item: SceneObject, words: Sequence[str]) -> str:
    """A noun phrase of the given words, with the right article: "a large shiny red ball"."""
    phrase = " ".join(words)
    return f"{'an' if phrase[0] in 'aeio' else 'a'} {phrase}" if words else f"a {item.shape}"


def object_phrase(item: SceneObject) -> str:
    """The canonical name of an object, every attribute named."""
    return described(item, (item.size, item.material, item.colour, item.shape))


def listed(phrases: Sequence[str]) -> str:
    """ "a, b and c"."""
    return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} and {phrases[-1]}"


def _extras(scene: Scene) -> list[str]:
    return [name for name in ("mountains", "trees") if getattr(scene, name)]


def _canonical(scene: Scene) -> str:
    things = listed([object_phrase(item) for item in scene.objects])
    return ", ".join([f"{things} on {scene.ground}", SKY_WORDS[scene.sky][0], *_extras(scene)])


def _varied(item: SceneObject, rng: random.Random, keep: float) -> str:
    """An object in other words; size and material are each named with probability `keep`."""
    size = [rng.choice(SIZE_WORDS[item.size])] if rng.random() < keep else []
    material = [rng.choice(MATERIAL_WORDS[item.material])] if rng.random() < keep else []
    looks = [*material, rng.choice(COLOUR_WORDS[item.colour])]
    if rng.random() < 0.15:
        looks.reverse()
    return described(item, [*size, *looks, rng.choice(SHAPE_WORDS[item.shape])])


def _backdrop(scene: Scene, rng: random.Random) -> list[str]:
    extras = [rng.choice(EXTRA_WORDS[name]) for name in _extras(scene)]
    return [rng.choice(SKY_WORDS[scene.sky]), *extras]


def _full_other_words(scene: Scene, rng: random.Random) -> str:
    items = rng.sample(scene.objects, len(scene.objects))
    things = listed([_varied(item, rng, 1.0) for item in items])
    return ", ".join([f"{things} {rng.choice(GROUND_WORDS[scene.ground])}", *_backdrop(scene, rng)])


def _backdrop_first(scene: Scene, rng: random.Random) -> str:
    items = rng.sample(scene.objects, len(scene.objects))
    things = listed([_varied(item, rng, 0.7) for item in items])
    sky, *extras = _backdrop(scene, rng)
    return ", ".join([sky, *extras, f"{things} {rng.choice(GROUND_WORDS[scene.ground])}"])


def _plain(scene: Scene, rng: random.Random) -> str:
    """Colours, shapes and the ground; the sky half of the time."""
    things = listed([described(item, (item.colour, item.shape)) for item in scene.objects])
    sky = [SKY_WORDS[scene.sky][0]] if rng.random() < 0.5 else []
    return ", ".join([f"{things} on {scene.ground}", *sky])


def _left_and_right(scene: Scene, rng: random.Random) -> str:
    """Two neighbours by their places in the picture."""
    across = sorted(scene.objects, key=lambda o: float(scene.camera.project([[o.x, 0.5, o.z]])[0, 0]))
    first, second = (_varied(item, rng, 0.5) for item in across[:2])
    link = rng.choice(("to the left of", "left of"))
    return ", ".join([f"{first} {link} {second} {rng.choice(GROUND_WORDS[scene.ground])}", *_backdrop(scene, rng)])


def captions(scene: Scene) -> list[str]:
    """Several wordings, the same for the same scene. [0] is canonical and names everything; the others use
    synonyms, other orders, or leave things out."""
    rng = random.Random(scene.seed)
    words = [
        _canonical(scene),
        _full_other_words(scene, rng),
        _full_other_words(scene, rng),
        _backdrop_first(scene, rng),
        _plain(scene, rng),
        listed([_varied(item, rng, 0.4) for item in scene.objects]),
    ]
    if len(scene.objects) > 1:
        words.append(_left_and_right(scene, rng))
    return list(dict.fromkeys(words))
