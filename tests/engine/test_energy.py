"""Energies: their gradients against finite differences, and what they ask for."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.energy import Energies, Weights, alike, alike_on_average, pull, push, similarity, vacated

WEIGHTS = Weights(4.0, 6.0, 0.2, 0.8, pace=0.04)


def maps(*shape: int, seed: int = 0, count: int = 2) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(1, 5, *shape, generator=generator, dtype=torch.float64) for _ in range(count)]


def parts() -> tuple[Tensor, Tensor]:
    hole, around = torch.zeros(2, 1, 1, 4, 6, dtype=torch.float64)
    hole[..., 1:3, 1:3], around[..., 3, :] = 1.0, 1.0
    hole[..., 1, 1] = 0.4  # half a place counts half
    return hole, around


def test_similarity_is_one_for_equal_directions_and_zero_for_opposite_ones() -> None:
    one, _ = maps(4, 6)
    assert torch.allclose(similarity(one, 3 * one), torch.ones(1, 4, 6))
    assert torch.allclose(similarity(one, -one), torch.zeros(1, 4, 6), atol=1e-6)
    assert pull(4.0, torch.tensor(1.0)) == 4 / 5
    assert pull(4.0, torch.tensor(0.0)) == 4


def test_only_the_area_counts() -> None:
    one, other = maps(4, 6)
    hole, around = parts()
    mixed = torch.where(hole > 0, one, other)
    assert torch.allclose(alike(one, mixed, hole), torch.tensor(1.0, dtype=torch.float64))
    assert alike(one, mixed, around) < 0.9
    wide = one.repeat(1, 1, 2, 1)
    assert torch.allclose(
        alike_on_average(one, torch.ones(1, 1, 4, 6), wide, torch.ones(1, 1, 8, 6)).double(), torch.ones(()).double()
    )


def test_gradients_are_those_of_finite_differences() -> None:
    """In float64; a linear map of the latent stands for the network's features."""
    (z,), (mixing, then) = maps(4, 6, count=1), maps(4, 6, seed=3)
    hole, around = parts()
    inside = (hole > 0).double()
    outside = 1 - inside
    weave = torch.randn(5, 5, generator=torch.Generator().manual_seed(9), dtype=torch.float64)

    def energies(z: Tensor) -> Energies:
        now = torch.einsum("ab,nbhw->nahw", weave, z) + mixing * z.square()
        edit = pull(WEIGHTS.edit, exact(now, then, hole)) + WEIGHTS.contrast * exact(now, then, around)
        return Energies(edit, pull(WEIGHTS.content, exact(now, then, outside)))

    led, total = push(energies, z, inside, torch.ones_like(inside), WEIGHTS)
    found = energies(z)
    assert abs(total - float(found.edit + found.content)) < 1e-9
    scale, small = WEIGHTS.pace * 1000 * 4 * 6 / 4096, 1e-6
    for place in ((0, 0, 1, 1), (0, 2, 2, 2), (0, 4, 3, 5), (0, 1, 0, 0)):
        step = torch.zeros_like(z)
        step[place] = small
        name = "edit" if inside[0, 0, place[2], place[3]] else "content"
        above, below = (getattr(energies(z + sign * step), name) for sign in (1, -1))
        slope = float(above - below) / (2 * small)
        assert abs(float(led[place]) - scale * slope) < 1e-7 + 1e-5 * abs(scale * slope)


def exact(now: Tensor, then: Tensor, where: Tensor) -> Tensor:
    """`alike` in float64, written out."""
    cosine = (now * then).sum(1) / (now.norm(dim=1) * then.norm(dim=1))
    return (((cosine + 1) / 2) * where[:, 0]).sum() / where.sum()


def test_alike_is_its_formula() -> None:
    one, other = maps(4, 6)
    hole, _ = parts()
    assert abs(float(alike(one, other, hole)) - float(exact(one, other, hole))) < 1e-6


def test_a_push_lowers_its_energy_and_leaves_alone_what_is_held() -> None:
    z, then = (each.float() for each in maps(4, 6))
    hole, _ = (each.float() for each in parts())
    inside = (hole > 0).float()
    free = torch.ones_like(inside)
    free[..., 5] = 0

    def energies(z: Tensor) -> Energies:
        return Energies(pull(4.0, alike(z, then, inside)), pull(6.0, alike(z, then, 1 - inside)))

    led, before = push(energies, z, inside, free, WEIGHTS)
    assert not led.requires_grad
    assert led[..., 5].abs().max() == 0
    assert (led[..., 0] != 0).any()
    _, after = push(energies, z - led, inside, free, WEIGHTS)
    assert after < before
    assert not torch.equal(led, torch.zeros_like(led))


def test_a_vacated_place_should_be_like_its_surroundings_and_unlike_before() -> None:
    then, _ = (each.float() for each in maps(4, 6))
    hole, around = (each.float() for each in parts())
    ground = (then * around).sum((2, 3), keepdim=True) / around.sum()
    ground_there = torch.where(hole > 0, ground.expand_as(then), then)
    assert vacated(ground_there, then, hole, around, WEIGHTS) < vacated(then, then, hole, around, WEIGHTS)
    assert float(vacated(then, then, torch.zeros_like(hole), around, WEIGHTS)) == 0
    alone = vacated(then, then, hole, torch.zeros_like(hole), WEIGHTS)
    assert abs(float(alone) - WEIGHTS.contrast) < 1e-5
