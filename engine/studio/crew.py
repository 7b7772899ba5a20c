"""Gradients by several one-thread processes over the same weights.

On a CPU shared with other programs this is faster than threads inside the operators: those meet after every operator,
and each time wait for the one whose core is taken; processes meet once a step.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection

import torch
from torch import Tensor, multiprocessing

Loss = Callable[[int, slice], Tensor]
"""The loss of a step over a share of its batch, with gradients."""


class Crew:
    """Helper processes that compute the gradients of their shares of a batch.

    The parameters move to shared memory: whoever steps the optimizer steps it for all. Made by fork, so before any
    CUDA or backward call.
    """

    def __init__(self, loss: Loss, parameters: Sequence[Tensor], helpers: int) -> None:
        self.parameters = [p for p in parameters if p.requires_grad]
        self.size = helpers + 1
        self._lines: list[Connection] = []
        self._gradients: list[list[Tensor]] = []
        if not helpers:
            return
        torch.set_num_threads(1)
        for p in parameters:
            _shared(p.data)
        context = multiprocessing.get_context("fork")
        for rank in range(1, self.size):
            gradients = [_shared(torch.zeros_like(p.data)) for p in self.parameters]
            ours, theirs = context.Pipe()
            arguments = (loss, self.share(rank), self.parameters, gradients, theirs, [*self._lines, ours])
            context.Process(target=_help, args=arguments, daemon=True).start()
            theirs.close()
            self._lines.append(ours)
            self._gradients.append(gradients)

    def share(self, rank: int) -> slice:
        """Which rows of a batch a member computes; rank 0 is the caller itself."""
        return slice(rank, None, self.size)

    def begin(self, step: int) -> None:
        """Let the helpers work on a step."""
        for line in self._lines:
            line.send(step)

    def finish(self, loss: float) -> float:
        """Turn the caller's loss and gradients into the whole batch's mean loss and gradients."""
        losses = [loss, *(float(line.recv()) for line in self._lines)]
        own = [p.grad for p in self.parameters if p.grad is not None]
        for gradients in self._gradients:
            torch._foreach_add_(own, gradients)
        if self._lines:
            torch._foreach_mul_(own, 1.0 / self.size)
        return sum(losses) / self.size


def _shared(values: Tensor) -> Tensor:
    """The same tensor, its memory now seen by forked processes too."""
    shared: Tensor = values.share_memory_()  # type: ignore[no-untyped-call]
    return shared


def _help(
    loss: Loss,
    share: slice,
    parameters: Sequence[Tensor],
    gradients: Sequence[Tensor],
    line: Connection,
    others: Sequence[Connection],
) -> None:
    """Compute shares until the line closes; the caller decides when to stop."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    for other in others:
        other.close()
    for p, gradient in zip(parameters, gradients, strict=True):
        p.grad = gradient
    while True:
        try:
            step = line.recv()
        except EOFError:
            return
        torch._foreach_zero_(list(gradients))
        value = loss(step, share)
        torch.autograd.backward(value)
        line.send(float(value.detach()))
