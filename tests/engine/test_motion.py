"""Motion supervision and tracking on features that are known."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from engine.motion import features_at, supervision, tracked, ways_to

GRID = 48, 32


def smooth(seed: int = 1) -> torch.Tensor:
    """(1, 5, 16, 24) features without two places alike."""
    coarse = torch.randn(1, 5, 4, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return functional.interpolate(coarse, size=(16, 24), mode="bicubic", align_corners=False)


def test_features_at_cells_are_those_of_the_enlarged_map() -> None:
    features = smooth()
    large = functional.interpolate(features, size=GRID[::-1], mode="bilinear", align_corners=False)
    places = torch.tensor([[[7.5, 3.5], [20.5, 30.5]], [[47.5, 0.5], [0.5, 31.5]]], dtype=torch.float64)
    found = features_at(features, places, GRID)
    columns, rows = (places - 0.5).long().unbind(-1)
    assert torch.allclose(found, large[0][:, rows, columns].permute(1, 2, 0))


def test_the_gradient_is_that_of_finite_differences() -> None:
    features = smooth().requires_grad_(True)
    places = torch.tensor([[10.3, 8.9], [30.2, 20.7]], dtype=torch.float64)
    ways = torch.tensor([[0.6, 0.8], [-1.0, 0.0]], dtype=torch.float64)
    frozen = features.detach()

    def loss(moved: torch.Tensor) -> torch.Tensor:
        """What is here now stays what is wanted: its gradient is stopped."""
        offsets = torch.cartesian_prod(torch.arange(-1.0, 2), torch.arange(-1.0, 2)).double()
        around = places[:, None] + offsets
        here, there = features_at(frozen, around, GRID), features_at(moved, around + ways[:, None], GRID)
        return 9 * (here - there).abs().mean((1, 2)).sum()

    value = supervision(features, places, ways, 1, GRID)
    assert value.item() == pytest.approx(loss(frozen).item())
    (gradient,) = torch.autograd.grad(value, features)
    flat = gradient.flatten()
    touched = flat.nonzero().flatten()
    assert 0 < len(touched) < len(flat)
    for index in (*touched[::7].tolist(), 0):
        step = torch.zeros_like(frozen).flatten()
        step[index] = 1e-6
        step = step.view_as(frozen)
        slope = (loss(frozen + step) - loss(frozen - step)) / 2e-6
        assert slope.item() == pytest.approx(flat[index].item(), abs=1e-6)


@pytest.mark.parametrize("shift", [(3, 0), (-2, 2), (0, -3), (0, 0)])
def test_tracking_finds_a_known_shift(shift: tuple[int, int]) -> None:
    """The map is twice as fine here as the grid's features usually are, so that a shift is a whole number of cells."""
    features = functional.interpolate(smooth(), size=GRID[::-1], mode="bicubic", align_corners=False)
    places = torch.tensor([[20.5, 12.5], [30.5, 18.5]], dtype=torch.float64)
    wanted = features_at(features, places[:, None], GRID)[:, 0]
    moved = torch.roll(features, shift[::-1], dims=(2, 3))
    found = tracked(moved, wanted, places, 3, GRID)
    assert torch.equal(found, places + torch.tensor(shift, dtype=torch.float64))


def test_where_all_is_alike_a_handle_stays() -> None:
    places = torch.tensor([[0.7, 31.9], [20.2, 10.0]], dtype=torch.float64)
    found = tracked(torch.ones(1, 3, 8, 12), torch.ones(2, 3), places, 3, GRID)
    assert torch.allclose(found, places.clamp(max=31.5))


def test_a_handle_that_should_be_there_is_not_given_up_for_little() -> None:
    features = torch.zeros(1, 1, 32, 48)
    features[..., 20] = 0.9  # wanted is 1: everywhere else 1 away, here 0.1; beside it 0.95
    features[..., 22] = 0.95
    places, wanted = torch.tensor([[20.5, 10.5]], dtype=torch.float64), torch.ones(1, 1)
    assert tracked(features, wanted, places, 3, GRID)[0, 0] == 22.5
    assert tracked(features, wanted, places, 3, GRID, surer=0.6)[0, 0] == 20.5


def test_ways_are_unit_vectors_and_none_at_the_goal() -> None:
    ways, left = ways_to(torch.tensor([[0.0, 0.0], [5.0, 5.0]]), torch.tensor([[3.0, 4.0], [5.0, 5.0]]))
    assert torch.allclose(ways, torch.tensor([[0.6, 0.8], [0.0, 0.0]]))
    assert left.tolist() == [5.0, 0.0]
