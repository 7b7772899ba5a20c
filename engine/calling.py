"""What surrounds a network's call: temporary changes of it, and one sentence where memory runs out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import ParamSpec, Protocol, TypeVar

import torch
from torch import nn

from engine.errors import OutOfMemory

P = ParamSpec("P")
T = TypeVar("T")


class Patch(Protocol):
    """A temporary change of the UNet around one network call: hooks or attention processors, never new weights."""

    def on(self, unet: nn.Module) -> AbstractContextManager[object]:
        """Applied inside, exactly undone outside."""
        ...


def roomy(function: Callable[P, T]) -> Callable[P, T]:
    """Turn every library's way of running out of memory into one sentence."""

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except (RuntimeError, MemoryError) as error:
            text = str(error).lower()
            if isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in text:
                raise OutOfMemory(
                    "There is not enough memory for this edit. Close other programs, or select a smaller part."
                ) from error
            raise

    return guarded
