"""Which latent cells an edit may change, and from which step on: hard masks and soft ones (Differential Diffusion)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.masking import Mask

_HALF_A_GREY = 0.5 / 255


class Holding:
    """When each latent cell is set free: at once where the mask is 1, later where it is weaker, never where it is 0.

    A mask value m lets a cell join when m of the steps are left (arXiv 2306.00950).

    Attributes:
        faintest: mask values below this never change anything.
        skipped: steps at the start in which everything would be held; they need not be run.
        total: steps that are run.
    """

    def __init__(self, cells: Mask | None, count: int) -> None:
        """`cells` (h, w) says how free each latent cell is (None = all are), `count` how many steps there are."""
        self.faintest, self.skipped, self.total = 1 / count, 0, count
        self._joins: Tensor | None = None
        if cells is not None:
            self.faintest = min(self.faintest, float(cells.max()))  # however faint it is, its strongest part changes
            joins = _joining_steps(cells, count, self.faintest)
            self.skipped = int(joins.min())
            self.total = count - self.skipped
            self._joins = torch.from_numpy(joins - self.skipped)[None, None]

    def mixed(self, free: Tensor, held: Tensor, step: int) -> Tensor:
        """`free` where a cell has joined by `step` (from 0), `held` elsewhere; both (1, C, h, w)."""
        return free if self._joins is None else torch.where(self._joins.to(free.device) <= step, free, held)

    def changing(self, free: Tensor, held: Tensor) -> Tensor:
        """`free` where a cell joins at all, `held` elsewhere."""
        return self.mixed(free, held, self.total - 1)


def _joining_steps(cells: NDArray[np.float32], count: int, faintest: float) -> NDArray[np.int64]:
    """The step (0..count) from which each latent cell is free: early where the mask is strong, `count` = never."""
    joins: NDArray[np.int64] = np.clip(np.ceil(count * (1.0 - cells - _HALF_A_GREY)), 0, count).astype(np.int64)
    return np.where(cells >= faintest, np.minimum(joins, count - 1), count)
