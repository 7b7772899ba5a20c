"""The loop every network of the bundled model is trained with: slices of minutes that resume exactly.

Step `n` draws everything it needs (scenes, crops, noise) from a generator seeded with `n`, so a resumed run
repeats the run that was never interrupted.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import torch
from PIL import Image
from torch import Tensor, nn

from engine.studio.checkpoints import load_state, save_state
from engine.studio.crew import Crew
from engine.studio.curves import draw_curve

CHECKPOINT_SECONDS = 120.0
REPORT_SECONDS = 600.0
LINE_SECONDS = 20.0


@dataclass(frozen=True)
class Recipe:
    """How the weights move."""

    rate: float = 5e-4
    warmup: int = 300  # steps of rising learning rate
    batch: int = 16
    average: float = 0.999  # of the running average (EMA) of the weights
    weight_decay: float = 0.01
    clip: float = 1.0  # largest norm of a step's gradient


@dataclass(frozen=True)
class Report:
    """What a stage shows of itself from time to time."""

    picture: Image.Image
    figures: dict[str, float]


class Stage(Protocol):
    """One thing to train: its networks, the loss of step n, and a look at what it has learned."""

    name: str

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """The networks, in training order; frozen parameters have requires_grad False."""

    def loss(self, step: int, batch: int, share: slice) -> Tensor:
        """The loss of one step over a share of its batch, with gradients."""

    def report(self) -> Report:
        """A picture and figures of the networks as they are (called with averaged weights)."""

    def notes(self) -> dict[str, Any]:
        """What the weights depend on, kept in the checkpoint."""


def step_generator(step: int, seed: int = 0) -> torch.Generator:
    """The source of everything random in one step."""
    return torch.Generator().manual_seed((seed << 40) + step)


def precision(device: torch.device) -> AbstractContextManager[Any]:
    """Mixed precision where the processor is built for it."""
    if device.type == "cuda" or (device.type == "cpu" and torch.ops.mkldnn._is_mkldnn_bf16_supported()):
        return torch.autocast(device.type, torch.bfloat16)
    return nullcontext()


class Training:
    """Trains a stage, keeps the running average of its weights, saves and resumes."""

    def __init__(self, stage: Stage, recipe: Recipe, folder: Path, helpers: int = 0) -> None:
        self.stage, self.recipe, self.folder = stage, recipe, folder
        named = [(f"{key}.{n}", p) for key, net in stage.networks.items() for n, p in net.named_parameters()]
        self.parameters = dict(named)
        self.average = {name: p.detach().clone() for name, p in named}
        self.crew = Crew(self._share, list(self.parameters.values()), helpers)
        learning = self.crew.parameters
        fused = all(p.is_floating_point() for p in learning)
        self.optimizer = torch.optim.AdamW(
            learning, lr=recipe.rate, betas=(0.9, 0.99), weight_decay=recipe.weight_decay, fused=fused
        )
        self.steps, self.samples, self.seconds = 0, 0, 0.0
        self.warm_from = 0  # step at which the optimizer was new
        self.curve: list[tuple[int, float]] = []
        self.figures: dict[str, float] = {}
        self._stop = False

    @property
    def checkpoint(self) -> Path:
        """Where the state is kept."""
        return self.folder / f"{self.stage.name}.pt"

    def save(self) -> None:
        """Write everything a later slice needs."""
        save_state(
            self.checkpoint,
            {
                "networks": {key: net.state_dict() for key, net in self.stage.networks.items()},
                "average": self.average,
                "optimizer": self.optimizer.state_dict(),
                "steps": self.steps,
                "warm_from": self.warm_from,
                "seconds": self.seconds,
                "samples": self.samples,
                "curve": self.curve,
                "figures": self.figures,
                "notes": self.stage.notes(),
            },
        )

    def resume(self, fresh_optimizer: bool = False) -> None:
        """Go on from the checkpoint.

        Args:
            fresh_optimizer: start the optimizer anew, as when other parameters learn than before. So it is, too, where
                the checkpoint has none (published weights are gone on with, engine/studio/published.py), or lacks one
                of the networks.
        """
        state = load_state(self.checkpoint)
        known = {key: net for key, net in self.stage.networks.items() if key in state["networks"]}
        for key, net in known.items():
            net.load_state_dict(state["networks"][key])
        for name, value in state["average"].items():
            self.average[name].copy_(value)
        self.steps, self.samples, self.seconds = state["steps"], state["samples"], state["seconds"]
        if fresh_optimizer or state["optimizer"] is None or len(known) < len(self.stage.networks):
            self.warm_from = self.steps
        else:
            self.optimizer.load_state_dict(state["optimizer"])
            self.warm_from = state["warm_from"]
        self.curve, self.figures = [tuple(point) for point in state["curve"]], state["figures"]

    def settle(self) -> None:
        """Make the averaged weights the networks' own, as when a part of them is to stay as it is exported."""
        self._load(self.average)

    def step(self, fraction_left: float = 1.0) -> float:
        """One step of the optimizer; returns its loss.

        Args:
            fraction_left: factor on the learning rate, for a slice that ends the training.
        """
        rate = self.recipe.rate * min(1.0, (self.steps + 1 - self.warm_from) / self.recipe.warmup) * fraction_left
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.crew.begin(self.steps)
        loss = self._share(self.steps, self.crew.share(0))
        torch.autograd.backward(loss)
        mean = self.crew.finish(float(loss.detach()))
        torch.nn.utils.clip_grad_norm_(self.crew.parameters, self.recipe.clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.steps += 1
        self.samples += self.recipe.batch
        self._follow()
        return mean

    def _share(self, step: int, share: slice) -> Tensor:
        return self.stage.loss(step, self.recipe.batch, share)

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the average; it starts fast, so that short trainings profit too."""
        keep = min(self.recipe.average, (1 + self.steps) / (10 + self.steps))
        torch._foreach_lerp_(list(self.average.values()), list(self.parameters.values()), 1.0 - keep)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """The networks with their averaged weights, for a while."""
        learned = {name: p.detach().clone() for name, p in self.parameters.items()}
        self._load(self.average)
        try:
            yield
        finally:
            self._load(learned)

    @torch.no_grad()
    def _load(self, weights: Mapping[str, Tensor]) -> None:
        for name, p in self.parameters.items():
            p.copy_(weights[name])

    def run(self, minutes: float, decay: bool = False) -> None:
        """Train for some minutes of work (a paused process does not count), or until SIGTERM or Ctrl-C.

        Args:
            decay: let the learning rate fall to zero over this slice: the end of a training.
        """
        before = {number: signal.signal(number, self._ask_to_stop) for number in (signal.SIGTERM, signal.SIGINT)}
        self._stop = False
        try:
            self._run(minutes * 60, decay)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _run(self, seconds: float, decay: bool) -> None:
        worked, typical = 0.0, 0.0
        losses: list[float] = []
        last = {"line": 0.0, "checkpoint": 0.0, "report": 0.0}
        while worked < seconds and not self._stop:
            began = time.monotonic()
            losses.append(self.step(1.0 - worked / seconds if decay else 1.0))
            took = time.monotonic() - began
            # A stopped process wakes up to one very long step: it was not work.
            took = min(took, 5 * typical + 1.0) if typical else took
            typical = took if not typical else 0.9 * typical + 0.1 * took
            worked += took
            self.seconds += took
            if worked - last["line"] >= LINE_SECONDS:
                self._say(losses, worked - last["line"], seconds - worked)
                last["line"], losses = worked, []
            if worked - last["checkpoint"] >= CHECKPOINT_SECONDS:
                self.save()
                last["checkpoint"] = worked
            if worked - last["report"] >= REPORT_SECONDS:
                self.look()
                last["report"] = worked
        self.look()
        self.save()

    def look(self) -> None:
        """Draw the loss curve and what the averaged weights make, and note their figures."""
        if self.curve:
            draw_curve(self.curve, f"loss of {self.stage.name}").save(self.folder / f"{self.stage.name}-loss.png")
        with self.averaged(), torch.no_grad():
            report = self.stage.report()
        report.picture.save(self.folder / f"{self.stage.name}.png")
        self.figures = report.figures
        print(f"{self.stage.name}: " + ", ".join(f"{k} {v:.4g}" for k, v in report.figures.items()), flush=True)

    def _say(self, losses: list[float], spent: float, left: float) -> None:
        mean = sum(losses) / len(losses)
        self.curve.append((self.steps, mean))
        pace = len(losses) * self.recipe.batch / spent
        print(
            f"{self.stage.name}: step {self.steps}, loss {mean:.4f}, {pace:.1f} pictures/s, "
            f"{self.seconds / 60:.1f} min trained, {left / 60:.1f} min left",
            flush=True,
        )

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stop = True
