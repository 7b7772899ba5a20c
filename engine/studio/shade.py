"""Light on what the rays meet: objects, ground and sky, with one bounce of reflection."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.studio.backdrop import (
    ground_albedo,
    ground_table,
    light_table,
    mountain_cover,
    sky_colour,
    sky_gradient,
    water_normal,
)
from engine.studio.scene import GROUNDS, MATERIALS
from engine.studio.stage import SCENERY, Rays, Stage, nearest, normals, openness, per_ray, sunlight

_MATTE, _SHINY, _METAL = (MATERIALS.index(name) for name in ("matte", "shiny", "metal"))
_WATER, _MARBLE = GROUNDS.index("water"), GROUNDS.index("marble")
_BARK = (0.10, 0.055, 0.03)


def _reflect(direction: Tensor, normal: Tensor) -> Tensor:
    return direction - 2 * (direction * normal).sum(0) * normal


def _schlick(cosine: Tensor, straight: float) -> Tensor:
    return straight + (1 - straight) * (1 - cosine.clamp(0.0, 1.0)) ** 5


def _surroundings(stage: Stage, direction: Tensor, scene: Tensor) -> Tensor:
    """What an object mirrors where no other object is: a smooth sky over a plain lit ground."""
    sky = sky_gradient(stage, direction, scene)
    light = light_table(stage, "sun") * stage.sun[1] * 0.8 + light_table(stage, "above")
    ground = per_ray(ground_table(stage) * light, scene)
    ground = ground * (0.45 + 0.55 * (1 + direction[1].clamp_max(0.0)))
    return ground + (sky - ground) * ((direction[1] + 0.07) / 0.14).clamp(0.0, 1.0)


def _bands(direction: Tensor, rate: Tensor) -> Tensor:
    """Soft light and dark bands (R,) around 1, as a photographer's reflectors give: they make polish visible."""
    return 1 + 0.8 * torch.sin(rate * (direction[1] + 0.6 * direction[0] - 0.4 * direction[2]) - 0.9)


def _albedo(stage: Stage, points: Tensor, part: Tensor) -> Tensor:
    return torch.where(points[1] < stage.bark[part], points.new_tensor(_BARK)[:, None], stage.look[:, part])


def _diffuse(stage: Stage, points: Tensor, normal: Tensor, part: Tensor, scene: Tensor) -> tuple[Tensor, Tensor]:
    """Light arriving at object points: of the sun (3, R) and of the surroundings (3, R)."""
    facing = (normal * per_ray(stage.sun, scene)).sum(0).clamp_min(0.0)
    lifted = points + 0.02 * normal
    sun = facing * sunlight(stage, lifted, scene, part, light_table(stage, "softness"))
    above = light_table(stage, "above")
    bounce = 0.75 * ground_table(stage) * (above + 0.5 * light_table(stage, "sun") * stage.sun[1])
    upward = 0.5 + 0.5 * normal[1]
    contact = 1 - 0.65 * torch.exp(-3.2 * points[1] / stage.size[part]) * (1 - upward)
    below = per_ray(bounce, scene)
    ambient = below + (per_ray(above, scene) - below) * upward
    ambient = ambient * contact * openness(stage, points, scene, part)
    return per_ray(light_table(stage, "sun"), scene) * sun, ambient


def shade_objects(stage: Stage, rays: Rays, points: Tensor, part: Tensor, bounce: bool) -> Tensor:
    """Light (3, R) that object points send back along their rays."""
    scene, normal = rays.scene, normals(stage, points, part)
    albedo, material = _albedo(stage, points, part), stage.material[part]
    sun, ambient = _diffuse(stage, points, normal, part, scene)
    metal = material == _METAL
    colour = albedo * (sun + ambient) * torch.where(metal, 0.34, 1.0)
    mirrored = _reflect(rays.direction, normal)
    toward = (mirrored * per_ray(stage.sun, scene)).sum(0).clamp_min(0.0)
    power = torch.where(material == _SHINY, 110.0, torch.where(metal, 34.0, 7.0))
    strength = torch.where(material == _SHINY, 1.3, torch.where(metal, 1.0, 0.05))
    shine = sun.clamp_min(0.0) * (strength * toward**power)
    colour = colour + torch.where(metal, 0.25 + 0.75 * albedo, torch.ones_like(albedo)) * shine
    at = (material != _MATTE).nonzero().squeeze(1)
    if len(at):
        ray = Rays(points[:, at] + 0.01 * normal[:, at], mirrored[:, at], scene[at])
        seen = _mirror(stage, ray, part[at], bounce)
        cosine = -(normal[:, at] * rays.direction[:, at]).sum(0)
        glance, polished = _schlick(cosine, 0.05), metal[at]
        lamp = per_ray(light_table(stage, "above") + 0.25 * light_table(stage, "sun"), scene[at]).mean(0)
        lamp = lamp * _bands(mirrored[:, at], torch.where(polished, 5.0, 2.6))
        tinted = (0.35 * seen + 0.75 * lamp) * (0.06 + 0.94 * albedo[:, at]) + 0.25 * glance * seen
        colour[:, at] += torch.where(polished, tinted, 0.8 * glance * seen + 0.035 * lamp)
    return colour


def _mirror(stage: Stage, rays: Rays, part: Tensor, bounce: bool) -> Tensor:
    """What an object of index `part` (R,) mirrors along rays (3, R)."""
    seen = _surroundings(stage, rays.direction, rays.scene)
    if bounce:
        way, other = nearest(stage, rays, part)
        hit = (other >= 0).nonzero().squeeze(1)
        near = rays.pick(hit)
        seen[:, hit] = shade_objects(stage, near, near.at(way[hit]), other[hit], bounce=False)
    return seen


def shade_ground(stage: Stage, rays: Rays, points: Tensor, way: Tensor, spread: Tensor, bounce: bool) -> Tensor:
    """Light (3, R) from ground points. way (R,): distance; spread: angle of a pixel without zoom, radians."""
    scene = rays.scene
    pixel = way * spread / per_ray(stage.zoom, scene) / (-rays.direction[1]).clamp_min(0.02)
    albedo = ground_albedo(stage, points, pixel, scene)
    sun = sunlight(stage, points, scene, None, light_table(stage, "softness")) * per_ray(stage.sun, scene)[1]
    open_sky = openness(stage, points, scene, None)
    ground = per_ray(torch.tensor(stage.grounds, device=scene.device), scene).expand_as(scene)
    water = ground == _WATER
    sun = torch.where(water, 0.4 + 0.6 * sun, sun)
    lit = per_ray(light_table(stage, "sun"), scene) * sun + per_ray(light_table(stage, "above"), scene) * open_sky
    colour = albedo * lit * torch.where(water, 0.85, 1.0)
    at = (water | (ground == _MARBLE)).nonzero().squeeze(1)
    if bounce and len(at):
        wet = water[at]
        normal = water_normal(stage, points[:, at], pixel[at], scene[at])
        normal = torch.where(wet, normal, torch.tensor([0.0, 1.0, 0.0], device=wet.device)[:, None])
        mirrored = _reflect(rays.direction[:, at], normal)
        mirrored[1] = mirrored[1].abs().clamp_min(0.004)
        ray = Rays(points[:, at] + 0.002 * normal, mirrored / mirrored.norm(dim=0), scene[at])
        glance = _schlick(-(normal * rays.direction[:, at]).sum(0), 0.06)
        weight = torch.where(wet, 0.08 + 0.8 * glance, 0.08 + 0.55 * glance)
        colour[:, at] = torch.lerp(colour[:, at], shade(stage, ray, spread, bounce=False)[0], weight)
    haze = 1 - torch.exp(-way / 240)
    return colour + (per_ray(light_table(stage, "horizon"), scene) - colour) * haze


def _shade_sky(stage: Stage, rays: Rays, full: bool) -> tuple[Tensor, Tensor]:
    """Sky and mountains along rays: light (3, R) and ids (R,). full: with clouds and stars."""
    colour = (sky_colour if full else sky_gradient)(stage, rays.direction, rays.scene)
    covered, ridge = mountain_cover(stage, rays.direction, rays.scene)
    return torch.where(covered, ridge, colour), torch.where(covered, SCENERY, 0).to(torch.uint8)


def shade(stage: Stage, rays: Rays, spread: Tensor, bounce: bool = True) -> tuple[Tensor, Tensor]:
    """Light (3, R) along rays and ids (R,) of what they meet. bounce: whether surfaces mirror objects."""
    way, part = nearest(stage, rays)
    down = -rays.direction[1]
    to_ground = torch.where(down > 1e-4, rays.origin[1] / down.clamp_min(1e-4), torch.inf)
    on_object = (part >= 0) & (way < to_ground)
    on_ground = ~on_object & to_ground.isfinite() & (to_ground < 400)
    colour, ident = torch.empty_like(rays.direction), torch.zeros_like(part, dtype=torch.uint8)
    at = on_object.nonzero().squeeze(1)
    if len(at):
        some = rays.pick(at)
        colour[:, at] = shade_objects(stage, some, some.at(way[at]), part[at], bounce)
        ident[at] = stage.ident[part[at]]
    at = on_ground.nonzero().squeeze(1)
    if len(at):
        some = rays.pick(at)
        colour[:, at] = shade_ground(stage, some, some.at(to_ground[at]), to_ground[at], spread, bounce)
        ident[at] = 1
    at = (~on_object & ~on_ground).nonzero().squeeze(1)
    if len(at):
        colour[:, at], ident[at] = _shade_sky(stage, rays.pick(at), bounce)
    return colour, ident
