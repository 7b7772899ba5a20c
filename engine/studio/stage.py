"""A batch of scenes as tables, and rays through it: what they hit, what shades them.

Ray lists are always sorted by scene, so that one part only looks at one slice of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from engine.studio.scene import COLOURS, GROUNDS, MATERIALS, SKIES, Scene
from engine.studio.solids import SOLIDS, Distance, Solid, normal

SCENERY = 255  # id of trees and mountains
_TREES = 4


@dataclass(frozen=True)
class Rays:
    """Rays of any of the batch's scenes, sorted by scene."""

    origin: Tensor  # (3, R) world
    direction: Tensor  # (3, R) unit
    scene: Tensor  # (R,) int64, index in the batch

    def at(self, distance: Tensor) -> Tensor:
        """The points (3, R) at `distance` (R,) along the rays."""
        return self.origin + self.direction * distance

    def pick(self, index: Tensor) -> Rays:
        """The rays of an index list."""
        return Rays(self.origin[:, index], self.direction[:, index], self.scene[index])


@dataclass(frozen=True)
class Part:
    """An object or a tree where it stands."""

    scene: int  # index in the batch
    shape: str
    x: float
    z: float
    scale: float
    turn: float
    look: tuple[float, float, float]  # linear albedo
    material: int  # index in MATERIALS
    ident: int  # in the picture

    @property
    def solid(self) -> Solid:
        return SOLIDS[self.shape]

    @property
    def middle(self) -> float:
        """Height of the bounding sphere's centre, world units."""
        return self.scale * (self.solid.stand + self.solid.middle)

    def local(self, points: Tensor) -> Tensor:
        """World points (3, n) in the part's frame."""
        x, y, z = (points[0] - self.x) / self.scale, points[1] / self.scale, (points[2] - self.z) / self.scale
        cosine, sine = math.cos(self.turn), math.sin(self.turn)
        return torch.stack([cosine * x - sine * z, y - self.solid.stand, sine * x + cosine * z])

    def turned(self, direction: Tensor, sign: float = 1.0) -> Tensor:
        """World directions (3, n) in the part's frame; back again with sign -1."""
        x, y, z = direction
        cosine, sine = math.cos(self.turn), sign * math.sin(self.turn)
        return torch.stack([cosine * x - sine * z, y, sine * x + cosine * z])


@dataclass(frozen=True)
class Stage:
    """Tables of a batch: P parts (objects and trees) and N scenes."""

    parts: tuple[Part, ...]
    look: Tensor  # (3, P) linear albedo
    material: Tensor  # (P,) index in MATERIALS
    ident: Tensor  # (P,) uint8 id in the picture
    bark: Tensor  # (P,) height up to which the part is a trunk, world units
    size: Tensor  # (P,) scale
    eye: Tensor  # (3, N)
    axes: Tensor  # (3, 3, N) rows right, up, forward
    zoom: Tensor  # (N,)
    sun: Tensor  # (3, N) unit, towards the light
    grounds: tuple[int, ...]  # N indices in GROUNDS
    skies: tuple[int, ...]  # N indices in SKIES
    mountains: Tensor  # (N,) 0 or 1
    drift: Tensor  # (2, N) offset of all noise


def per_ray(table: Tensor, scene: Tensor) -> Tensor:
    """A table (..., N) by each ray's scene: (..., R), or (..., 1) when there is only one scene."""
    return table if table.shape[-1] == 1 else table[..., scene]


def rays_of(kinds: Sequence[int], scene: Tensor) -> Iterator[tuple[int, Tensor | slice]]:
    """For each kind among the N scenes: the rays (R,) whose scene has it."""
    if len(set(kinds)) == 1:
        yield kinds[0], slice(None)
        return
    table = torch.tensor(kinds, device=scene.device)[scene]
    for kind in sorted(set(kinds)):
        yield kind, (table == kind).nonzero().squeeze(1)


def linear(rgb: Sequence[int]) -> tuple[float, float, float]:
    """sRGB 0..255 to linear light 0..1."""
    red, green, blue = (float((c / 255) ** 2.2) for c in rgb)
    return red, green, blue


def _scenery(index: int, scene: Scene) -> Iterator[Part]:
    if not scene.trees:
        return
    rng = np.random.default_rng((scene.seed, 77))
    kind = "pine" if scene.ground == "snow" or rng.random() < 0.4 else "tree"
    for spot in rng.permutation(7)[:_TREES]:
        z = float(rng.uniform(13, 26))
        x = (float(spot) - 3 + float(rng.uniform(-0.3, 0.3))) * 0.085 * (z + 10) + 0.5 * scene.camera.side
        look = linear((38, 84 + int(rng.integers(0, 24)), 40))
        yield Part(index, kind, x, z, float(rng.uniform(1.3, 1.9)), 0.0, look, 0, SCENERY)


def _parts(scenes: Sequence[Scene]) -> tuple[Part, ...]:
    parts = []
    for n, scene in enumerate(scenes):
        for i, o in enumerate(scene.objects):
            look, material = linear(COLOURS[o.colour]), MATERIALS.index(o.material)
            parts.append(Part(n, o.shape, o.x, o.z, o.scale, o.turn, look, material, 2 + i))
        parts.extend(_scenery(n, scene))
    return tuple(parts)


def build(scenes: Sequence[Scene], device: torch.device) -> Stage:
    """The tables of a batch of scenes."""
    parts = _parts(scenes)
    frames = [scene.camera.frame() for scene in scenes]

    def floats(values: object) -> Tensor:
        return torch.tensor(np.asarray(values, np.float32), device=device)

    return Stage(
        parts=parts,
        look=floats([p.look for p in parts]).reshape(-1, 3).T.contiguous(),
        material=torch.tensor([p.material for p in parts], dtype=torch.int64, device=device),
        ident=torch.tensor([p.ident for p in parts], dtype=torch.uint8, device=device),
        bark=floats([0.42 * p.scale if p.ident == SCENERY else 0.0 for p in parts]),
        size=floats([p.scale for p in parts]),
        eye=floats([f[0] for f in frames]).T.contiguous(),
        axes=floats([f[1] for f in frames]).permute(1, 2, 0).contiguous(),
        zoom=floats([scene.camera.zoom for scene in scenes]),
        sun=floats([s.sun.direction() for s in scenes]).T.contiguous(),
        grounds=tuple(GROUNDS.index(s.ground) for s in scenes),
        skies=tuple(SKIES.index(s.sky) for s in scenes),
        mountains=floats([float(s.mountains) for s in scenes]),
        drift=floats([np.random.default_rng((s.seed, 5)).uniform(0, 200, 2) for s in scenes]).T.contiguous(),
    )


def _slices(stage: Stage, scene: Tensor) -> list[slice]:
    """The slice of a sorted ray list that each scene has."""
    count = stage.sun.shape[1]
    if count == 1:
        return [slice(0, len(scene))]
    bounds = torch.searchsorted(scene, torch.arange(count + 1, device=scene.device)).tolist()
    return [slice(a, b) for a, b in pairwise(bounds)]


@dataclass(frozen=True)
class _Meeting:
    """Rays that cross a part's bounding sphere, in the part's local units and frame."""

    index: int  # of the part
    ray: Tensor  # (n,)
    origin: Tensor  # (3, n)
    direction: Tensor  # (3, n)
    near: Tensor  # (n,)
    far: Tensor  # (n,)


def _meetings(stage: Stage, rays: Rays, skip: Tensor | None, grow: float) -> Iterator[_Meeting]:
    slices = _slices(stage, rays.scene)
    for index, part in enumerate(stage.parts):
        own = slices[part.scene]
        origin, direction = rays.origin[:, own], rays.direction[:, own]
        x, y, z = part.x - origin[0], part.middle - origin[1], part.z - origin[2]
        along = x * direction[0] + y * direction[1] + z * direction[2]
        inside = along * along + ((part.scale * part.solid.radius * grow) ** 2 - x * x - y * y - z * z)
        meets = (inside > 0) & ((along > 0) | (inside > along * along))
        if skip is not None:
            meets &= skip[own] != index
        keep = meets.nonzero().squeeze(1)
        if len(keep) == 0:
            continue
        half, along = inside[keep].sqrt(), along[keep]
        near, far = (along - half).clamp_min(0.0) / part.scale, (along + half) / part.scale
        local = part.local(origin[:, keep])
        yield _Meeting(index, keep + own.start, local, part.turned(direction[:, keep]), near, far)


def _march(distance: Distance, meeting: _Meeting) -> Tensor:
    """Sphere tracing in local units; distances (n,), infinite where nothing is hit."""
    origin, direction, t, far = meeting.origin, meeting.direction, meeting.near, meeting.far
    result = torch.full_like(t, torch.inf)
    alive = torch.arange(len(t), device=t.device)
    for step in range(1, 61):
        gap = distance(*(origin + direction * t))
        t = t + gap
        if step % 5 == 0:
            hit = gap < 0.003
            result[alive[hit]] = t[hit]
            going = (~hit & (t < far)).nonzero().squeeze(1)
            if len(going) == 0:
                break
            alive, t, far = alive[going], t[going], far[going]
            origin, direction = origin[:, going], direction[:, going]
    return result


def nearest(stage: Stage, rays: Rays, skip: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The first part along each ray: distance (R,), infinite for none, and part (R,), -1 for none."""
    best = torch.full_like(rays.direction[0], torch.inf)
    winner = torch.full_like(rays.scene, -1)
    for meeting in _meetings(stage, rays, skip, 1.0):
        part = stage.parts[meeting.index]
        reach = _march(part.solid.distance, meeting) * part.scale
        closer = (reach < best[meeting.ray]).nonzero().squeeze(1)
        ray = meeting.ray[closer]
        best[ray] = reach[closer]
        winner[ray] = meeting.index
    return best, winner


def normals(stage: Stage, points: Tensor, part: Tensor) -> Tensor:
    """World unit normals (3, n) at surface points of parts."""
    result = torch.empty_like(points)
    for index, one in enumerate(stage.parts):
        at = (part == index).nonzero().squeeze(1)
        if len(at):
            result[:, at] = one.turned(normal(one.solid.distance, *one.local(points[:, at])), -1.0)
    return result


def _clearance(distance: Distance, meeting: _Meeting) -> Tensor:
    """Least distance / way along each ray: seven samples, then a golden section around the best."""

    def ratio(t: Tensor) -> Tensor:
        return distance(*(meeting.origin + meeting.direction * t)) / (t + 0.15)

    count, golden = 7, 0.618034
    width = (meeting.far - meeting.near) / count
    samples = torch.stack([ratio(meeting.near + (i + 0.5) * width) for i in range(count)])
    least, index = samples.min(0)
    low = meeting.near + (index - 0.5) * width
    high = low + 2 * width
    a, b = high - golden * (high - low), low + golden * (high - low)
    fa, fb = ratio(a), ratio(b)
    for _ in range(4):
        left = fa < fb
        high, low = torch.where(left, b, high), torch.where(left, low, a)
        fresh = torch.where(left, high - golden * (high - low), low + golden * (high - low))
        value = ratio(fresh)
        a, b = torch.where(left, fresh, b), torch.where(left, a, fresh)
        fa, fb = torch.where(left, value, fb), torch.where(left, fa, value)
    return torch.minimum(least, torch.minimum(fa, fb))


def sunlight(stage: Stage, points: Tensor, scene: Tensor, skip: Tensor | None, softness: Tensor) -> Tensor:
    """How much of the sun each point (3, R) sees, 0..1. softness (N,): tangent of the sun's apparent radius."""
    rays = Rays(points, per_ray(stage.sun, scene).expand_as(points), scene)
    result = torch.ones_like(points[0])
    for meeting in _meetings(stage, rays, skip, 1.35):
        part = stage.parts[meeting.index]
        edge = (_clearance(part.solid.distance, meeting) / softness[part.scene]).clamp(-1.0, 1.0)
        seen = 0.25 * (1 + edge) ** 2 * (2 - edge)
        result[meeting.ray] = torch.minimum(result[meeting.ray], seen)
    return result


def openness(stage: Stage, points: Tensor, scene: Tensor, skip: Tensor | None) -> Tensor:
    """Contact shade: 1 in the open, towards 0.25 where an object is close to the point (3, R)."""
    result = torch.ones_like(points[0])
    slices = _slices(stage, scene)
    for index, part in enumerate(stage.parts):
        own = slices[part.scene]
        x, y, z = points[:, own]
        away = (x - part.x) ** 2 + (y - part.middle) ** 2 + (z - part.z) ** 2
        near = away < (part.scale * (part.solid.radius + 1.2)) ** 2
        if skip is not None:
            near &= skip[own] != index
        ray = near.nonzero().squeeze(1) + own.start
        if len(ray) == 0:
            continue
        gap = part.solid.distance(*part.local(points[:, ray])).clamp_min(0.0)
        fade = (1 - gap / 1.2).clamp_min(0.0)
        result[ray] *= 1 - fade * fade * (0.3 + 0.45 * torch.exp(-gap * 9))
    return result
