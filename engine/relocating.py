"""The network's part of a relocation: the ways up, which are remembered, and the way down, which is led.

What is carried differs from DragonDiffusion in three ways. A thing goes anywhere and not only by whole cells: it is
carried in pixels, and its noise in cells. It is held at its new place until a share of the way is left (`strength`; at
1 it is free from the start, as published), while what it leaves begins from the colours around it and is free sooner.
And a vacated place does not hear the words: they would draw anew there what they name.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from engine import arrangement, guiding, references, sampling, tinting
from engine.arrangement import Arrangement
from engine.backbone import Backbone
from engine.energy import Energies, Weights, push
from engine.guiding import Liberties
from engine.holding import Holding
from engine.lending import LendParts
from engine.original import Inverting, Original, Wanted
from engine.references import Cells, Laid, Looks, Moved, Reference
from engine.relocation import Relocation
from engine.request import EditRequest, Sent, Step
from engine.sampling import Sampled
from engine.schedule import Level, noised
from engine.workpiece import Previews, Workpiece, to_tensor

_TOUCHED = 0.1  # of a cell: it shows something of the thing
_FILLED = 0.55  # of the way on which a vacated place is free: it begins from the colours around it


@dataclass(frozen=True)
class Settings:
    """How a relocation is run.

    Attributes:
        task: "move", "appearance" or "paste".
        steps: of the whole way.
        strength: the share of it on which the thing is free, above 0, at most 1.
        guidance: of the words, at the thing.
        weights: of the energies.
        liberties: DiffEditor's.
        shared: the part of the way, 0..1 twice, on which self-attention sees what is remembered.
    """

    task: str
    steps: int
    strength: float
    guidance: float
    weights: Weights
    liberties: Liberties
    shared: tuple[float, float]


class Relocating:
    """The latents of one relocation.

    Attributes:
        words: as the network reads them.
        alpha: (h, w) of the crop, how much of the new picture is seen.
    """

    def __init__(
        self, backbone: Backbone, request: EditRequest, settings: Settings, piece: Workpiece, place: Relocation
    ) -> None:
        self._backbone, self._request, self._settings = backbone, request, settings
        self._place, self._plan = place, _arranged(backbone, request, settings.task, piece, place)
        self.words = backbone.embed(request.prompt, request.negative_prompt)
        self._times = backbone.schedule.ddim_times(settings.steps, 1.0)
        changing = piece.cells(backbone.factor)
        assert changing is not None  # `relocation` has seen to it that there is a mask
        old, new = (references.cells_of(each, backbone.factor) for each in (self._plan.old, self._plan.new))
        self._cells = Cells(old, new, torch.from_numpy((changing > 0).astype(np.float32))[None, None])
        free = torch.where(new > _TOUCHED, settings.strength, max(_FILLED, settings.strength))
        self._holding = Holding(changing * free[0, 0].numpy(), settings.steps)
        self._first = self._holding.skipped
        # Without words on either side both halves of a guided call are the same.
        guided = request.prompt.strip() or request.negative_prompt.strip()
        self._guidance = settings.guidance * (1 - self._cells.hole) if guided else 1.0
        self.alpha = piece.alpha(self._holding.faintest)
        self._turns = guiding.turns(settings.steps, settings.liberties.repeats)[self._first :]
        pictures = [self._plan.source] + ([] if self._plan.other is None else [self._plan.other])
        wanted = Wanted(backbone.layout.shared_attention, backbone.layout.energy_features)
        times = self._times[self._first :]
        self._invertings = [Inverting(backbone, picture, request.prompt, times, wanted) for picture in pictures]
        self._climb = len(pictures) * self._holding.total
        self._total = self._climb + sum(self._turns)
        self._previews = Previews(backbone, piece, self.alpha, self._total)

    def remembered(self, seconds: dict[str, float]) -> Generator[Step, Sent, int | None]:
        """The inversions, or what is known of them; a number is the step at which they were stopped."""
        originals: list[Original] = []
        for count, inverting in enumerate(self._invertings):
            before = count * self._holding.total

            def show(step: Sampled, before: int = before) -> Step:
                return self._shown(before + step.done, step, "invert")

            found = yield from inverting.remembered(show, self._request.stop_after, seconds, before)
            if isinstance(found, int):
                return found
            originals.append(found)
        self._prepare(originals)
        return None

    def _prepare(self, originals: list[Original]) -> None:
        """What the way down needs, from what is remembered."""
        plan, factor, self._base = self._plan, self._backbone.factor, originals[0]
        self._followed, self._goal = self._base.risen, self._base.risen.source
        self._reference: Reference
        if self._settings.task == "appearance":
            assert plan.other is not None
            assert plan.there is not None
            begun = tinting.tinted(plan.source, plan.new, plan.other, plan.there)
            self._goal = self._backbone.encode(to_tensor(begun))
            self._reference = Looks(self._base, originals[1], self._cells, references.cells_of(plan.there, factor))
        elif self._settings.task == "paste":
            self._reference = Laid(self._base, originals[1], self._cells)
            self._followed, self._goal = originals[1].risen, originals[1].risen.source
        else:
            self._reference = Moved(self._base, plan.matrix, self._cells, factor)
            self._goal = self._backbone.encode(to_tensor(plan.guide))

    def painted(self) -> Iterator[Sampled]:
        """Down again, one step per network call that predicts noise."""
        schedule = self._backbone.schedule
        z = self._held(schedule.level(self._times[self._first]), 0)
        inside = self._cells.inside.to(z.device)
        return guiding.led_ddim(
            self._predicted,
            self._pushed,
            schedule,
            z,
            self._times,
            self._settings.liberties,
            inside,
            self._request.seed,
            self._hold,
            self._first,
        )

    def show_painted(self, step: Sampled) -> Step:
        """The step of a network call of `painted`."""
        return self._shown(self._climb + step.done, step, "paint")

    def stopped(self, last: Sampled) -> Tensor:
        """The best there is: the predicted latent where it was free, what was aimed at elsewhere."""
        index = int(np.searchsorted(np.cumsum(self._turns), last.done))
        return self._holding.mixed(last.clean, self._aimed(self._goal, self._base.risen.source), index)

    def _shown(self, index: int, step: Sampled, part: str) -> Step:
        shown, points = self._previews.step(index, step.clean, part), self._request.points
        if points is None:
            return shown
        marks = points[:, 0] if part == "invert" else self._place.marks(points)
        left = float(np.hypot(*(points[:, 1] - marks).T).mean())
        return replace(shown, marks=marks.copy(), left=left)

    def _predicted(self, z: Tensor, t: int, index: int) -> Tensor:
        begin, end = (share * self._settings.steps for share in self._settings.shared)
        lent = {}
        if begin <= index < end:
            names = self._backbone.layout.shared_attention
            layers = [layer for layer in self._backbone.layout.attention if layer.name in names]
            lent = {
                layer.name: self._reference.lent(layer.name, index - self._first, layer.divisor) for layer in layers
            }
        guidance = self._guidance if isinstance(self._guidance, float) else self._guidance.to(z.device)
        return self._backbone.predict(z, t, self.words, guidance, patches=[LendParts(lent)] if lent else [])

    def _pushed(self, z: Tensor, t: int, index: int) -> Tensor:
        weights, backbone = self._settings.weights, self._backbone
        if not weights.pace:
            return torch.zeros_like(z)

        def energies(z: Tensor) -> Energies:
            features = backbone.features(z, t, self.words, backbone.layout.energy_features)
            return references.energies(features, index - self._first, self._base, self._reference, self._cells, weights)

        led, _ = push(energies, z, self._cells.inside.to(z.device), self._cells.free.to(z.device), weights)
        return led

    def _hold(self, z: Tensor, index: int, level: Level) -> Tensor:
        """Outside, the picture's own latent of the level that z now has; the thing as it is aimed at; then free."""
        done = index - self._first + 1
        return self._holding.mixed(z, self._held(level, done), max(done - 1, 0))

    def _held(self, level: Level, steps: int) -> Tensor:
        """The latent after `steps` steps if nothing were free."""
        if self._settings.task == "paste":
            inside = self._followed.at(steps)
        elif steps == self._holding.total:
            inside = self._goal
        else:
            inside = noised(self._goal, self._carried_noise(level, steps), level)
        return self._aimed(inside, self._base.risen.at(steps))

    def _carried_noise(self, level: Level, steps: int) -> Tensor:
        """The picture's own noise after `steps` steps, the thing's carried along, and fresh noise in what it leaves."""
        risen = self._base.risen
        noise = (risen.at(steps) - level.signal * risen.source) / level.noise
        extent = self._plan.source.shape[1], self._plan.source.shape[0]
        carried = references.carry(noise, self._plan.matrix, extent, "nearest")
        fresh = sampling.seeded_noise(noise.shape, self._request.seed).to(noise.device)
        left = torch.where(self._cells.old.to(noise.device) > 0, fresh, noise)
        return torch.where(self._cells.new.to(noise.device) > _TOUCHED, carried, left)

    def _aimed(self, inside: Tensor, outside: Tensor) -> Tensor:
        return torch.where(self._cells.inside.to(inside.device) > 0, inside, outside)


def _arranged(backbone: Backbone, request: EditRequest, task: str, piece: Workpiece, place: Relocation) -> Arrangement:
    """The working pictures of the operation."""
    if task == "move":
        return arrangement.moved(piece, place)
    if task == "paste":
        return arrangement.pasted(piece, place, request)
    return arrangement.relooked(piece, place, request, backbone.native, backbone.factor)
