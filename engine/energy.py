"""Energies over a network's features, whose gradients lead an edit (DragonDiffusion, Mou et al., CVPR 2024).

What shall look like something else has a low energy where its features point the same way. The gradient of an energy by
the noisy latent says how to change the latent; added to the predicted noise it leads the sampler there, and the network
itself is not trained.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

_STRENGTH = 1000.0  # section 4.2: k · 1000 · energy
_PUBLISHED_CELLS = 64 * 64  # of the latents that the published weights were found on
_NOTHING = 1e-6  # cells; a smaller area says nothing


class Energies(NamedTuple):
    """Scalars that are differentiable by the latent."""

    edit: Tensor  # of what is edited
    content: Tensor  # of what shall stay as it is


@dataclass(frozen=True)
class Weights:
    """How much each wish counts (section 4.3 and the published settings; DiffEditor uses the same).

    Attributes:
        edit: that the thing looks like its reference.
        content: that the rest looks as before.
        contrast: that a vacated place does not look as before.
        inpaint: that a vacated place looks like what surrounds it.
        pace: k · energy, how far the gradients lead.
    """

    edit: float
    content: float
    contrast: float = 0.0
    inpaint: float = 0.0
    pace: float = 0.02


def similarity(one: Tensor, other: Tensor) -> Tensor:
    """(cos + 1) / 2 of the features at each place: (N, channels, h, w) twice -> (N, h, w), 0..1."""
    return (functional.cosine_similarity(one.float(), other.float(), dim=1) + 1) / 2


def alike(one: Tensor, other: Tensor, where: Tensor) -> Tensor:
    """Mean similarity, place by place.

    Args:
        one, other: features (1, channels, h, w).
        where: (1, 1, h, w), 0..1, how much each place counts.
    """
    return (similarity(one, other) * where[:, 0]).sum() / where.sum().clamp_min(_NOTHING)


def alike_on_average(one: Tensor, where: Tensor, other: Tensor, there: Tensor) -> Tensor:
    """Similarity of the mean features of two areas, which need not have the same size.

    Args:
        one, other: features (1, channels, …) of their own sizes.
        where, there: (1, 1, …), how much each place of them counts.
    """
    return similarity(_mean(one, where), _mean(other, there)).squeeze()


def pull(weight: float, alike: Tensor) -> Tensor:
    """weight / (1 + 4 s): the lower, the more alike (section 4.2, eq. 6)."""
    return weight / (1 + 4 * alike)


def vacated(now: Tensor, then: Tensor, hole: Tensor, around: Tensor, weights: Weights) -> Tensor:
    """Energy of a place that a thing has left: away from what was there, towards what surrounds it (section 4.3).

    Args:
        now, then: features of the edited and of the old picture, (1, channels, h, w).
        hole, around: (1, 1, h, w), the place and its surroundings.
    """
    if hole.sum() < _NOTHING:
        return now.new_zeros((), dtype=torch.float32)
    away = weights.contrast * alike(now, then, hole)
    if around.sum() < _NOTHING:
        return away
    return away + pull(weights.inpaint, alike_on_average(now, hole, then, around))


def push(
    energies: Callable[[Tensor], Energies], z: Tensor, inside: Tensor, free: Tensor, weights: Weights
) -> tuple[Tensor, float]:
    """What to add to the predicted noise, and the energy there was.

    g = k · 1000 · energy · (∇E_edit · m + ∇E_content · (1 − m)). An energy is a mean over an area, so its gradient in
    one cell is the smaller, the more cells there are; the published pace is for 64 × 64 of them, and is made to hold
    for other sizes, too.

    Args:
        energies: of a latent (1, C, h, w).
        z: the latent, (1, C, h, w).
        inside: (1, 1, h, w), m: where the edit happens.
        free: (1, 1, h, w), where anything may change; elsewhere the result is 0.

    Returns:
        (1, C, h, w) in z's dtype, without a gradient of its own.
    """
    with torch.enable_grad():
        asked = z.detach().clone().requires_grad_(True)
        found = energies(asked)
        beside = bool(((1 - inside) * free).any())
        edit = torch.autograd.grad(found.edit, asked, retain_graph=beside)[0]
        content = torch.autograd.grad(found.content, asked)[0] if beside else torch.zeros_like(edit)
    scale = weights.pace * _STRENGTH * z.shape[2] * z.shape[3] / _PUBLISHED_CELLS
    led = scale * (edit * inside + content * (1 - inside)) * (free > 0)
    return led.detach(), float(found.edit.detach() + found.content.detach())


def _mean(features: Tensor, where: Tensor) -> Tensor:
    """(1, channels, h, w) -> (1, channels, 1, 1)."""
    total = where.sum().clamp_min(_NOTHING)
    return (features.float() * where).sum((2, 3), keepdim=True) / total
