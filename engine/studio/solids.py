"""Signed distances of the studio shapes in local units (about two high), and what is known about each.

Every distance takes three equally shaped tensors x, y, z and is positive outside. Edges are rounded, as on toys.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.studio.scene import SHAPES

Distance = Callable[[Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Solid:
    """A shape around its local origin."""

    distance: Distance
    stand: float  # height of the local origin above the ground, local units
    middle: float  # height of the bounding sphere's centre above the local origin, local units
    radius: float  # of the bounding sphere, local units


def _smooth_max(a: Tensor, b: Tensor, width: float) -> Tensor:
    blend = (width - (a - b).abs()).clamp_min(0.0)
    return torch.maximum(a, b) + blend * blend / (4 * width)


def _corner(a: Tensor, b: Tensor, rounding: float) -> Tensor:
    """Intersection of two half spaces at a right angle (given as distances), its corner rounded."""
    a, b = a + rounding, b + rounding
    return torch.hypot(a.clamp_min(0.0), b.clamp_min(0.0)) + torch.maximum(a, b).clamp_max(0.0) - rounding


def ball(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    return torch.sqrt(x * x + y * y + z * z) - 0.98


def cube(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    rounding, half = 0.09, 0.78
    qx, qy, qz = (c.abs() - (half - rounding) for c in (x, y, z))
    outer = torch.sqrt(qx.clamp_min(0.0) ** 2 + qy.clamp_min(0.0) ** 2 + qz.clamp_min(0.0) ** 2)
    return outer + torch.maximum(qx, torch.maximum(qy, qz)).clamp_max(0.0) - rounding


def cylinder(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    return _corner(torch.hypot(x, z) - 0.70, y.abs() - 0.90, 0.08)


def cone(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    across = torch.sqrt(x * x + z * z + 0.004)
    slope = math.atan2(0.92, 1.95)  # half angle: base radius over height
    side = across * math.cos(slope) + (y - 0.98) * math.sin(slope)
    return _smooth_max(side, -0.95 - y, 0.1)


def pyramid(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    across = _smooth_max(x.abs(), z.abs(), 0.1)
    slope = math.atan2(0.86, 1.55)
    side = across * math.cos(slope) + (y - 0.78) * math.sin(slope)
    return _smooth_max(side, -0.75 - y, 0.08)


def ring(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    return torch.hypot(torch.hypot(x, y) - 0.69, z) - 0.29


def pill(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    along = x - x.clamp(-0.53, 0.53)
    return torch.sqrt(along * along + y * y + z * z) - 0.45


def egg(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    low, high, rise = 0.74, 0.50, 0.66  # radii at the bottom and the top, distance of their centres
    lean = (low - high) / rise
    upright = math.sqrt(1 - lean * lean)
    across = torch.hypot(x, z)
    along = y * upright - across * lean
    side = across * upright + y * lean - low
    tip = torch.hypot(across, y - rise) - high
    bottom = torch.hypot(across, y) - low
    return torch.where(along < 0, bottom, torch.where(along > upright * rise, tip, side))


def star(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """A five-pointed star, 0.6 thick (its outline after I. Quilez' folded star)."""
    kx, ky = math.cos(math.pi / 5), math.sin(math.pi / 5)
    px, py = x.abs(), y
    fold = 2 * (px * kx - py * ky).clamp_min(0.0)
    px, py = px - fold * kx, py + fold * ky
    fold = 2 * (-px * kx - py * ky).clamp_min(0.0)
    px, py = px + fold * kx, py + fold * ky
    px, py = px.abs(), py - 0.98
    bx, by = 0.52 * ky, 0.52 * kx - 1.0  # towards the inner corner
    along = ((px * bx + py * by) / (bx * bx + by * by)).clamp(0.0, 1.0)
    outline = torch.hypot(px - bx * along, py - by * along) * torch.sign(py * bx - px * by)
    return _corner(outline - 0.04, z.abs() - 0.3, 0.1)


def heart(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """A heart on its tip, 0.6 thick (its outline after I. Quilez)."""
    scale = 1.62
    px, py = x.abs() / scale, y / scale + 0.55
    lobe = torch.hypot(px - 0.25, py - 0.75) - math.sqrt(2) / 4
    notch = torch.hypot(px, py - 1.0)
    half = 0.5 * (px + py).clamp_min(0.0)
    flank = torch.hypot(px - half, py - half)
    outline = torch.where(py + px > 1.0, lobe, torch.minimum(notch, flank) * torch.sign(px - py))
    return _corner(outline * scale - 0.05, z.abs() - 0.32, 0.14)


def tree(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    crown = torch.sqrt(x * x + 0.8 * (y - 0.3) ** 2 + z * z) - 0.72
    trunk = _corner(torch.hypot(x, z) - 0.12, y.abs() - 1.0, 0.02)
    return torch.minimum(crown, trunk)


def pine(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    across = torch.sqrt(x * x + z * z + 0.002)
    slope = math.atan2(0.62, 1.7)
    crown = _smooth_max(across * math.cos(slope) + (y - 1.05) * math.sin(slope), -0.6 - y, 0.08)
    trunk = _corner(torch.hypot(x, z) - 0.12, y.abs() - 1.0, 0.02)
    return torch.minimum(crown, trunk)


SOLIDS: dict[str, Solid] = {
    "ball": Solid(ball, 0.98, 0.0, 1.0),
    "cube": Solid(cube, 0.78, 0.0, 1.30),
    "cylinder": Solid(cylinder, 0.90, 0.0, 1.14),
    "cone": Solid(cone, 0.95, -0.32, 1.26),
    "pyramid": Solid(pyramid, 0.75, -0.25, 1.34),
    "ring": Solid(ring, 0.98, 0.0, 1.0),
    "pill": Solid(pill, 0.45, 0.0, 1.0),
    "egg": Solid(egg, 0.74, 0.21, 0.97),
    "star": Solid(star, 0.82, 0.0, 1.08),
    "heart": Solid(heart, 0.86, 0.1, 1.08),
    "tree": Solid(tree, 1.0, 0.05, 1.08),
    "pine": Solid(pine, 1.0, 0.0, 1.18),
}
NAMES = tuple(SOLIDS)
assert NAMES[: len(SHAPES)] == SHAPES


def normal(distance: Distance, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """Outward unit normals (3, n) at surface points, by the four-point difference."""
    step = 0.004
    total = torch.zeros((3, *x.shape), dtype=x.dtype, device=x.device)
    for sx, sy, sz in ((1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1)):
        value = distance(x + sx * step, y + sy * step, z + sz * step)
        total[0] += sx * value
        total[1] += sy * value
        total[2] += sz * value
    unit: Tensor = total / total.norm(dim=0).clamp_min(1e-9)
    return unit
