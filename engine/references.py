"""What an edited thing shall look like, and where: in the same picture, in another one, there or only on the whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.energy import Energies, Weights, alike, alike_on_average, pull, vacated
from engine.lending import Lent, hidden, joined
from engine.original import Original
from engine.placing import Matrix, back

_MOSTLY = 0.5  # of a token: what it belongs to
_TOUCHED = 0.1  # of a token: what it shows something of
_RING = 2  # cells around a place that are its surroundings


@dataclass(frozen=True, eq=False)
class Cells:
    """Areas of an edit, as parts of each latent cell: (1, 1, h, w) float32, 0..1.

    Attributes:
        old: what the thing leaves.
        new: where it will be.
        free: what may change at all, 0 or 1.
    """

    old: Tensor
    new: Tensor
    free: Tensor

    @property
    def hole(self) -> Tensor:
        """What is left without the thing."""
        return self.old * (1 - self.new)

    @property
    def inside(self) -> Tensor:
        """Where the edit happens."""
        return torch.maximum(self.old, self.new)

    @property
    def around(self) -> Tensor:
        """What surrounds it closely."""
        wide = functional.max_pool2d(self.inside, 2 * _RING + 1, stride=1, padding=_RING)
        return (wide > 0) * (1 - self.inside) * (self.inside < _TOUCHED)

    def sized(self, like: Tensor) -> Cells:
        """The same areas on the places of a feature map (1, channels, h, w)."""
        return Cells(*(_sized(each, like.shape[2:]).to(like.device) for each in (self.old, self.new, self.free)))


class Reference(Protocol):
    """What the thing shall look like."""

    def alike(self, now: Tensor, name: str, index: int, cells: Cells) -> Tensor:
        """How alike it is: features (1, channels, h, w) of the block `name` at step `index` -> a scalar, 0..1."""
        ...

    def lent(self, name: str, index: int, divisor: int) -> Lent:
        """What the self-attention layer `name` sees at step `index`; its side is the latent's by `divisor`."""
        ...


def energies(
    features: dict[str, Tensor], index: int, base: Original, reference: Reference, cells: Cells, weights: Weights
) -> Energies:
    """What is asked of the picture, from its features at step `index` (DragonDiffusion, section 4.3)."""
    edit, content = [], []
    for name, now in features.items():
        then, here = base.moments[index].features[name], cells.sized(now)
        edit.append(pull(weights.edit, reference.alike(now, name, index, here)))
        edit.append(vacated(now, then, here.hole, here.around, weights))
        content.append(pull(weights.content, alike(now, then, 1 - here.inside)))
    return Energies(torch.stack(edit).sum(), torch.stack(content).sum())


@dataclass(frozen=True, eq=False)
class Moved:
    """The same thing of the same picture, carried elsewhere. What it leaves does not see it any more.

    Attributes:
        base: of the picture.
        matrix: where it goes, over working pixels.
        cells: areas of the edit.
        factor: working pixels per latent cell.
    """

    base: Original
    matrix: Matrix
    cells: Cells
    factor: int

    def alike(self, now: Tensor, name: str, index: int, cells: Cells) -> Tensor:
        """Place by place, with the old features carried along."""
        then = self.base.moments[index].features[name]
        return alike(now, carry(then.float(), self.matrix, self.extent, "bilinear"), cells.new)

    def lent(self, name: str, index: int, divisor: int) -> Lent:
        """Everything of the old picture; vacated places do not see the thing."""
        old, new = (tokens(each, divisor) for each in (self.cells.old, self.cells.new))
        wide = functional.max_pool2d(self.cells.old, 2 * _RING + 1, stride=1, padding=_RING)
        empty = (tokens(wide, divisor) > 0) & (new < _TOUCHED)
        return hidden(Lent(*self.base.moments[index].keys_values[name]), empty, old > _TOUCHED)

    @property
    def extent(self) -> tuple[int, int]:
        """(width, height) of the latents, working pixels."""
        height, width = self.cells.new.shape[2:]
        return width * self.factor, height * self.factor


@dataclass(frozen=True, eq=False)
class Laid:
    """A thing of another picture, remembered as it lies over this one.

    Attributes:
        base: of the picture without it.
        pasted: of the picture with it.
        cells: areas of the edit.
    """

    base: Original
    pasted: Original
    cells: Cells

    def alike(self, now: Tensor, name: str, index: int, cells: Cells) -> Tensor:
        """Place by place."""
        return alike(now, self.pasted.moments[index].features[name], cells.new)

    def lent(self, name: str, index: int, divisor: int) -> Lent:
        """The picture's outside, and the thing."""
        new = tokens(self.cells.new, divisor)
        base, pasted = (Lent(*each.moments[index].keys_values[name]) for each in (self.base, self.pasted))
        return joined(base, new < _TOUCHED, pasted, _some(new), new > _TOUCHED)


@dataclass(frozen=True, eq=False)
class Looks:
    """The looks of a part of another picture, whatever its shape.

    Attributes:
        base: of the picture.
        other: of the picture with the looks.
        cells: areas of the edit.
        there: (1, 1, h, w), the part, in latent cells of the other picture.
    """

    base: Original
    other: Original
    cells: Cells
    there: Tensor

    def alike(self, now: Tensor, name: str, index: int, cells: Cells) -> Tensor:
        """On average."""
        then = self.other.moments[index].features[name]
        return alike_on_average(now, cells.new, then, _sized(self.there, then.shape[2:]).to(then.device))

    def lent(self, name: str, index: int, divisor: int) -> Lent:
        """The picture's outside, and the part with the looks."""
        new, there = tokens(self.cells.new, divisor), tokens(self.there, divisor)
        base, other = (Lent(*each.moments[index].keys_values[name]) for each in (self.base, self.other))
        return joined(base, new < _TOUCHED, other, _some(there), new > _TOUCHED)


def carry(values: Tensor, matrix: Matrix, extent: tuple[int, int], mode: str) -> Tensor:
    """Latents or features as the matrix takes them; what would come from beyond the border repeats the border.

    Args:
        values: (1, channels, h, w) over the whole extent.
        matrix: over working pixels.
        extent: (width, height), working pixels.
        mode: "nearest" (keeps noise as noisy as it is) or "bilinear".
    """
    height, width = values.shape[2:]
    columns, rows = ((np.arange(count) + 0.5) / count for count in (width, height))
    x, y = np.meshgrid(columns * extent[0], rows * extent[1])
    origin = np.stack([x, y, np.ones_like(x)], axis=2) @ back(matrix).T
    places = torch.from_numpy((origin / np.array(extent) * 2 - 1).astype(np.float32))[None].to(values.device)
    return functional.grid_sample(values, places, mode=mode, padding_mode="border", align_corners=False)


def cells_of(mask: NDArray[np.float32], factor: int) -> Tensor:
    """(h, w) of working pixels, 0..1 -> (1, 1, h/f, w/f), the part of each latent cell."""
    return functional.avg_pool2d(torch.from_numpy(np.ascontiguousarray(mask))[None, None], factor)


def tokens(cells: Tensor, divisor: int) -> Tensor:
    """(1, 1, h, w) -> (tokens,), the part of each token of a layer whose side is the latent's by `divisor`."""
    size = [-(-side // divisor) for side in cells.shape[2:]]
    return _sized(cells, size).flatten()


def _sized(cells: Tensor, size: list[int] | torch.Size) -> Tensor:
    return functional.adaptive_avg_pool2d(cells, (size[0], size[1]))


def _some(part: Tensor) -> Tensor:
    """Tokens that mostly belong to a part; of a small one those that do most."""
    return part >= min(_MOSTLY, float(part.max()))
