"""The values of the studio world: what a scene is, and how a seed becomes one.

World axes: x to the right, y up, z away from the camera; the ground is y = 0; one unit is about 41 px of a
256 px picture at the origin. Angles are radians.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

SHAPES = ("ball", "cube", "cylinder", "cone", "pyramid", "ring", "pill", "egg", "star", "heart")
MATERIALS = ("matte", "shiny", "metal")
GROUNDS = ("grass", "sand", "snow", "wood", "marble", "water")
SKIES = ("clear", "sunset", "cloudy", "night")
COLOURS: dict[str, tuple[int, int, int]] = {  # sRGB under white light
    "red": (212, 20, 28),
    "orange": (250, 118, 6),
    "yellow": (250, 212, 24),
    "green": (24, 158, 48),
    "cyan": (22, 196, 208),
    "blue": (24, 62, 214),
    "purple": (118, 36, 178),
    "pink": (250, 116, 180),
    "white": (242, 242, 240),
    "black": (22, 22, 26),
}
SIZES: dict[str, float] = {"small": 0.44, "medium": 0.74, "large": 1.16}  # world units per local unit

TRAINING_SEEDS = range(0, 1_000_000)
VALIDATION_SEEDS = range(1_000_000, 2_000_000)
PUBLISHED_SEEDS = range(2_000_000, 3_000_000)

FOCAL = 1.6  # focal length / picture width
_FACING_SHAPES = ("ring", "pill", "star", "heart")  # recognisable only when seen roughly from the front
MOST_OBJECTS = 3
TREE_GROUNDS = ("grass", "snow")
_MARGIN = 5.0  # px of a 256 px picture between an object and the border


@dataclass(frozen=True)
class SceneObject:
    """One object standing on the ground at (x, 0, z), turned about the vertical axis by `turn` radians."""

    shape: str  # one of SHAPES
    colour: str  # a key of COLOURS
    material: str  # one of MATERIALS
    size: str  # a key of SIZES
    x: float
    z: float
    turn: float

    @property
    def scale(self) -> float:
        """World units per local unit; most shapes are about two local units high."""
        return SIZES[self.size]


@dataclass(frozen=True)
class Camera:
    """A camera in front of the origin, looking at a point above it."""

    height: float = 2.0  # world units above the ground
    side: float = 0.0  # world units to the right of the middle
    distance: float = 10.0
    aim: float = 1.25  # height of the point that is in the middle of the picture
    zoom: float = 1.0  # times FOCAL

    def frame(self) -> tuple[np.ndarray, np.ndarray]:
        """Position (3,) and the rows right, up, forward (3, 3) as float64."""
        position = np.array([self.side, self.height, -self.distance])
        forward = np.array([0.2 * self.side, self.aim, 0.0]) - position
        forward /= np.linalg.norm(forward)
        right = np.array([forward[2], 0.0, -forward[0]])
        right /= np.linalg.norm(right)
        return position, np.stack([right, np.cross(forward, right), forward])

    def project(self, points: ArrayLike, size: int = 256) -> np.ndarray:
        """World points (N, 3) to picture points (N, 2), (x, y) in px of a size x size picture.

        Pixel (column, row) spans column..column + 1, row..row + 1.
        """
        position, axes = self.frame()
        local = (np.asarray(points, np.float64) - position) @ axes.T
        scale = FOCAL * self.zoom * size / local[:, 2]
        return np.stack([size / 2 + local[:, 0] * scale, size / 2 - local[:, 1] * scale], axis=1)


@dataclass(frozen=True)
class Sun:
    """Where the light comes from. Azimuth 0 is from behind the camera, positive from the right."""

    azimuth: float = 0.6
    elevation: float = 0.8

    def direction(self) -> tuple[float, float, float]:
        """Unit vector towards the light."""
        across = math.cos(self.elevation)
        return across * math.sin(self.azimuth), math.sin(self.elevation), -across * math.cos(self.azimuth)


@dataclass(frozen=True)
class Scene:
    """Everything a picture shows. Equal scenes render to equal pictures."""

    seed: int  # places the ground's texture, clouds, stars, ridges and trees
    objects: tuple[SceneObject, ...]
    ground: str  # one of GROUNDS
    sky: str  # one of SKIES
    camera: Camera = Camera()
    sun: Sun = Sun()
    mountains: bool = False
    trees: bool = False

    def with_object(self, index: int, changed: SceneObject) -> Scene:
        """The same scene with object `index` replaced."""
        return replace(self, objects=(*self.objects[:index], changed, *self.objects[index + 1 :]))


def extent(item: SceneObject, camera: Camera, size: int = 256) -> tuple[float, float, float]:
    """The picture disc around an object: centre x, centre y and radius in px."""
    reach = 0.98 * item.scale
    middle = (0.5 if item.shape == "pill" else 0.95) * item.scale
    centre, side = camera.project(np.array([[item.x, middle, item.z], [item.x + reach, middle, item.z]]), size)
    return float(centre[0]), float(centre[1]), float(abs(side[0] - centre[0]))


def fits(item: SceneObject, others: Sequence[SceneObject], camera: Camera) -> bool:
    """Whether an object stays inside the picture, apart from the others and mostly visible beside them."""
    cx, cy, radius = extent(item, camera)
    low, high = _MARGIN + radius, 256 - _MARGIN - radius
    if not (low <= cx <= high and cy <= 256 - _MARGIN - 0.9 * radius):
        return False
    for other in others:
        ox, _, other_radius = extent(other, camera)
        if abs(cx - ox) < 0.82 * (radius + other_radius):
            return False
        if math.hypot(item.x - other.x, item.z - other.z) < item.scale + other.scale:
            return False
    return True


def _choice(rng: np.random.Generator, names: Sequence[str], weights: Sequence[float] | None = None) -> str:
    return names[int(rng.choice(len(names), p=weights))]


def sample_turn(shape: str, rng: np.random.Generator) -> float:
    """A turn that shows the shape well: any for round ones, near the front for flat ones."""
    if shape in _FACING_SHAPES:
        return float(rng.uniform(-0.7, 0.7))
    return float(rng.uniform(-math.pi / 4, math.pi / 4))


def sample_object(rng: np.random.Generator) -> SceneObject:
    """One object of any look at any place; whether it fits is for the caller to ask."""
    shape = _choice(rng, SHAPES)
    return SceneObject(
        shape=shape,
        colour=_choice(rng, tuple(COLOURS)),
        material=_choice(rng, MATERIALS, (0.36, 0.36, 0.28)),
        size=_choice(rng, tuple(SIZES), (0.26, 0.37, 0.37)),
        x=float(rng.uniform(-2.7, 2.7)),
        z=float(rng.uniform(-1.3, 1.8)),
        turn=sample_turn(shape, rng),
    )


def place(rng: np.random.Generator, others: Sequence[SceneObject], camera: Camera) -> SceneObject | None:
    """An object that fits beside the others and differs from each in shape or colour; None if none was found."""
    for _ in range(60):
        item = sample_object(rng)
        looks = {(other.shape, other.colour) for other in others}
        if (item.shape, item.colour) not in looks and fits(item, others, camera):
            return item
    return None


def sun_heights(sky: str) -> tuple[float, float]:
    """Lowest and highest elevation of the light under a sky, radians."""
    return (0.42, 0.6) if sky == "sunset" else (0.6, 1.05)


def _sample_sun(sky: str, rng: np.random.Generator) -> Sun:
    azimuth = float(rng.uniform(0.35, 1.75) * rng.choice((-1.0, 1.0)))
    return Sun(azimuth, float(rng.uniform(*sun_heights(sky))))


def sample_scene(seed: int) -> Scene:
    """The scene of a seed: one to three objects, mostly one or two. The same seed gives an equal scene."""
    rng = np.random.default_rng(seed)
    sky, ground = _choice(rng, SKIES), _choice(rng, GROUNDS)
    camera = Camera(height=float(rng.uniform(1.6, 2.7)), side=float(rng.uniform(-1.4, 1.4)))
    sun = _sample_sun(sky, rng)
    mountains = bool(rng.random() < 0.25)
    trees = bool(rng.random() < 0.4) and ground in TREE_GROUNDS
    wanted = 1 + int(rng.choice(MOST_OBJECTS, p=(0.45, 0.42, 0.13)))
    objects: list[SceneObject] = []
    while len(objects) < wanted:
        item = place(rng, objects, camera)
        if item is None:
            break
        objects.append(item)
    return Scene(seed, tuple(objects), ground, sky, camera, sun, mountains, trees)
