"""Grounds and skies: colours in linear light by place and direction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.studio.noise import cloudy_noise, hashed, value_noise, visible
from engine.studio.scene import GROUNDS, SKIES
from engine.studio.stage import Stage, per_ray, rays_of


@dataclass(frozen=True)
class Light:
    """What a sky gives: colours in linear light."""

    sun: tuple[float, float, float]
    above: tuple[float, float, float]  # ambient light on upward faces
    horizon: tuple[float, float, float]
    middle: tuple[float, float, float]  # sky 8 degrees up
    zenith: tuple[float, float, float]
    softness: float  # tangent of the light's apparent radius


LIGHTS: dict[str, Light] = {
    "clear": Light(
        sun=(1.30, 1.22, 1.08),
        above=(0.38, 0.44, 0.54),
        horizon=(0.62, 0.80, 0.95),
        middle=(0.22, 0.48, 0.88),
        zenith=(0.10, 0.27, 0.70),
        softness=0.05,
    ),
    "sunset": Light(
        sun=(1.75, 1.12, 0.66),
        above=(0.55, 0.44, 0.52),
        horizon=(1.00, 0.52, 0.14),
        middle=(0.86, 0.27, 0.24),
        zenith=(0.22, 0.14, 0.42),
        softness=0.07,
    ),
    "cloudy": Light(
        sun=(0.62, 0.62, 0.62),
        above=(0.82, 0.85, 0.90),
        horizon=(0.72, 0.76, 0.80),
        middle=(0.55, 0.59, 0.64),
        zenith=(0.46, 0.50, 0.56),
        softness=0.22,
    ),
    "night": Light(
        sun=(0.62, 0.65, 0.80),
        above=(0.20, 0.225, 0.33),
        horizon=(0.060, 0.085, 0.20),
        middle=(0.020, 0.030, 0.095),
        zenith=(0.006, 0.010, 0.045),
        softness=0.06,
    ),
}
MEAN: dict[str, tuple[float, float, float]] = {  # average albedo of each ground
    "grass": (0.13, 0.26, 0.055),
    "sand": (0.62, 0.46, 0.24),
    "snow": (0.58, 0.63, 0.73),
    "wood": (0.27, 0.125, 0.052),
    "marble": (0.45, 0.40, 0.355),
    "water": (0.02, 0.11, 0.19),
}


def light_table(stage: Stage, name: str) -> Tensor:
    """One field of each scene's light: (3, N), or (N,) for softness."""
    values = torch.tensor([getattr(LIGHTS[SKIES[sky]], name) for sky in stage.skies], device=stage.sun.device)
    return values.movedim(0, -1).contiguous()


def ground_table(stage: Stage) -> Tensor:
    """Mean albedo of each scene's ground (3, N)."""
    return torch.tensor([MEAN[GROUNDS[g]] for g in stage.grounds], device=stage.sun.device).T.contiguous()


def _mix(a: tuple[float, float, float], b: tuple[float, float, float], weight: Tensor) -> Tensor:
    first = torch.tensor(a, device=weight.device)[:, None]
    return first + (torch.tensor(b, device=weight.device)[:, None] - first) * weight


def _grass(x: Tensor, z: Tensor, pixel: Tensor) -> Tensor:
    patches = cloudy_noise(x * 0.7, z * 0.7, pixel * 0.7, 2)
    blades = cloudy_noise(x * 6, z * 2.2, pixel * 6, 2)
    return _mix((0.075, 0.19, 0.025), (0.15, 0.31, 0.05), (0.5 + 0.7 * patches + 0.5 * blades).clamp(0, 1))


def _sand(x: Tensor, z: Tensor, pixel: Tensor) -> Tensor:
    bend = cloudy_noise(x * 0.4, z * 0.4, pixel * 0.4, 2)
    ripples = torch.sin(z * 5.0 + x * 0.9 + bend * 7) * visible(pixel * 1.7)
    return _mix((0.54, 0.39, 0.19), (0.70, 0.53, 0.29), (0.5 + 0.22 * ripples + 0.5 * bend).clamp(0, 1))


def _snow(x: Tensor, z: Tensor, pixel: Tensor) -> Tensor:
    bumps = cloudy_noise(x * 0.6, z * 0.9, pixel * 0.9, 2)
    return _mix((0.40, 0.49, 0.66), (0.70, 0.73, 0.77), (0.58 + 0.85 * bumps).clamp(0, 1))


def _wood(x: Tensor, z: Tensor, pixel: Tensor) -> Tensor:
    across = x / 0.95
    plank = across.floor()
    tone = hashed(plank, plank * 0)
    grain = cloudy_noise(x * 5 + tone * 50, z * 0.5 + tone * 90, pixel * 5, 2)
    wood = _mix((0.19, 0.08, 0.03), (0.37, 0.185, 0.085), (0.5 + 0.5 * (tone - 0.5) + 0.45 * grain).clamp(0, 1))
    edge = (across - plank - 0.5).abs() * 0.95  # 0.475 at the gap
    width = 0.012 + 0.5 * pixel
    gap = ((edge - (0.475 - width)) / width).clamp(0, 1) * (0.024 / (0.012 + width)).clamp(0, 1)
    return wood * (1 - 0.7 * gap)


def _marble(x: Tensor, z: Tensor, pixel: Tensor) -> Tensor:
    bend = cloudy_noise(x * 0.35, z * 0.35, pixel * 0.35, 3)
    wave = torch.sin(x * 1.3 + z * 0.75 + bend * 4.5).abs()
    vein = (1 - wave / (0.15 + 1.2 * pixel)).clamp_min(0.0) * visible(pixel * 0.8)
    return _mix((0.50, 0.445, 0.39), (0.13, 0.12, 0.13), (0.55 * vein + 0.12 - 0.4 * bend).clamp(0, 1))


def _water(x: Tensor, z: Tensor, pixel: Tensor) -> Tensor:
    depth = cloudy_noise(x * 0.25, z * 0.25, pixel * 0.25, 2)
    return _mix((0.012, 0.085, 0.155), (0.03, 0.15, 0.24), (0.5 + 0.7 * depth).clamp(0, 1))


_GROUNDS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "grass": _grass,
    "sand": _sand,
    "snow": _snow,
    "wood": _wood,
    "marble": _marble,
    "water": _water,
}


def ground_albedo(stage: Stage, points: Tensor, pixel: Tensor, scene: Tensor) -> Tensor:
    """Albedo (3, R) at ground points (3, R). pixel (R,): world units that one pixel covers along its longer side."""
    result = torch.empty_like(points)
    for index, at in rays_of(stage.grounds, scene):
        drift = per_ray(stage.drift, scene[at])
        result[:, at] = _GROUNDS[GROUNDS[index]](points[0, at] + drift[0], points[2, at] + drift[1], pixel[at])
    return result


def water_normal(stage: Stage, points: Tensor, pixel: Tensor, scene: Tensor) -> Tensor:
    """Normals (3, R) of gentle waves at points of water."""
    drift = per_ray(stage.drift, scene)
    x, z = points[0] + drift[0], points[2] + drift[1]
    tilt_x, tilt_z = torch.zeros_like(x), torch.zeros_like(x)
    for kx, kz, height in ((0.9, 2.6, 0.010), (-1.7, 3.9, 0.005), (-0.6, 1.3, 0.012)):
        slope = height * torch.cos(kx * x + kz * z + 2 * kx) * visible(pixel * kz / 3)
        tilt_x, tilt_z = tilt_x + kx * slope, tilt_z + kz * slope
    normal = torch.stack([-tilt_x, torch.ones_like(x), -tilt_z])
    unit: Tensor = normal / normal.norm(dim=0)
    return unit


def sky_gradient(stage: Stage, direction: Tensor, scene: Tensor) -> Tensor:
    """The plain sky (3, R) in directions (3, R); the horizon's colour below it."""
    up = direction[1].clamp_min(0.0)
    low = (up / 0.13).clamp_max(1.0)
    high = ((up - 0.08) / 0.5).clamp(0.0, 1.0)
    horizon, middle = per_ray(light_table(stage, "horizon"), scene), per_ray(light_table(stage, "middle"), scene)
    zenith = per_ray(light_table(stage, "zenith"), scene)
    colour = horizon + (middle - horizon) * low
    return colour + (zenith - colour) * high


def _add_clouds(colour: Tensor, direction: Tensor, drift: Tensor) -> Tensor:
    lift = 1 / (direction[1].clamp_min(0.0) + 0.22)
    u, v = direction[0] * lift * 1.5 + drift[0], lift * 1.9 + drift[1]
    puffs = cloudy_noise(u, v, torch.zeros_like(u), 3)
    cover = ((puffs + 0.28) * 1.7).clamp(0, 1)
    cover = cover * cover * (3 - 2 * cover)
    clouds = _mix((0.36, 0.40, 0.46), (0.92, 0.93, 0.95), cover)
    return colour + (clouds - colour) * (direction[1] / 0.05).clamp(0.35, 0.9)


def _add_stars(colour: Tensor, direction: Tensor, drift: Tensor) -> Tensor:
    azimuth = torch.atan2(direction[0], direction[2]) * 34 + drift[0].floor()
    height = direction[1] * 34
    cell_u, cell_v = azimuth.floor(), height.floor()
    chance = hashed(cell_u, cell_v)
    du = azimuth - cell_u - 0.25 - 0.5 * hashed(cell_u + 31, cell_v + 7)
    dv = height - cell_v - 0.25 - 0.5 * hashed(cell_u + 3, cell_v + 71)
    glow = torch.exp(-(du * du + dv * dv) * 130) * (chance > 0.68) * (0.35 + 1.1 * (chance - 0.68) / 0.32)
    return colour + glow * torch.tensor([1.0, 1.0, 1.1], device=colour.device)[:, None]


def sky_colour(stage: Stage, direction: Tensor, scene: Tensor) -> Tensor:
    """The whole sky (3, R): gradient, clouds, stars."""
    colour = sky_gradient(stage, direction, scene)
    for kind, at in rays_of(stage.skies, scene):
        paint = {"night": _add_stars, "cloudy": _add_clouds}.get(SKIES[kind])
        if paint is not None:
            colour[:, at] = paint(colour[:, at], direction[:, at], per_ray(stage.drift, scene[at]))
    return colour


def mountain_cover(stage: Stage, direction: Tensor, scene: Tensor) -> tuple[Tensor, Tensor]:
    """Ridges on the horizon: which directions (R,) they cover, and their colour (3, R)."""
    azimuth = torch.atan2(direction[0], direction[2])
    drift, up = per_ray(stage.drift, scene)[0], direction[1]
    horizon, zenith = per_ray(light_table(stage, "horizon"), scene), per_ray(light_table(stage, "above"), scene)
    colour = torch.zeros_like(direction)
    covered = torch.zeros_like(up, dtype=torch.bool)
    for rate, base, rise, haze in ((7.0, 0.035, 0.10, 0.62), (10.0, 0.012, 0.065, 0.34)):
        u = azimuth * rate + drift
        crest = base + rise * (value_noise(u, u * 0 + rate) * 0.75 + 0.25 * value_noise(u * 3.1, u * 0 + rate + 5))
        rock = up.new_tensor((0.16, 0.19, 0.30))[:, None] * zenith * (0.75 + 1.6 * up / crest.clamp_min(0.01))
        layer = rock + (horizon - rock) * haze
        inside = (up < crest) & (up > -0.02) & (per_ray(stage.mountains, scene) > 0)
        colour = torch.where(inside, layer, colour)
        covered |= inside
    return covered, colour
