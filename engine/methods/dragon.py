"""Move, resize, paste: a thing is taken elsewhere, and the network makes it belong there.

DragonDiffusion (Mou et al., CVPR 2024, arXiv 2307.02421) with the liberties of DiffEditor (Mou et al., CVPR 2024,
arXiv 2402.02583). The picture is inverted and remembered (`engine.bank`); the thing is carried to its new place in the
picture and in the noise; on the way down self-attention sees what is remembered (`engine.references`) and gradients of
energies lead the latent (`engine.energy`). Two things differ from the papers: the thing is carried in pixels, so it may
go anywhere and not only by whole cells, and it is set free later than the ground that it leaves (`strength`; at 1
both are free from the start, as published).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
import torch
from torch import Tensor

from engine import arrangement, guiding, references, relocation, sampling
from engine.arrangement import Arrangement
from engine.backbone import Backbone
from engine.bank import Bank, Recording
from engine.energy import Energies, Weights, push
from engine.errors import BadRequest
from engine.guiding import Liberties
from engine.holding import Holding
from engine.lending import LendParts
from engine.references import Carried, Cells, Laid, Looks, Reference
from engine.relocation import Relocation
from engine.request import (
    EditRequest,
    EditResult,
    Input,
    Method,
    Parameters,
    Run,
    Sent,
    Step,
    check_request,
    knob,
)
from engine.sampling import Sampled
from engine.schedule import Level, noised
from engine.workpiece import (
    Previews,
    Seam,
    Workpiece,
    check_not_everything,
    cut_out,
    followed,
    size_note,
    to_picture,
    to_tensor,
    words_note,
)

_MOSTLY = 0.5  # of a cell: what its noise belongs to


@dataclass(frozen=True)
class _Task:
    """What suits one operation (methods.md's table; k · energy is the pace).

    Attributes:
        weights: of the energies.
        shared: the part of the way on which self-attention sees what is remembered.
    """

    weights: Weights
    shared: tuple[float, float]


_TASKS = {
    "move": _Task(Weights(4.0, 6.0, 0.2, 0.8, pace=0.08 * 0.5), (5 / 50, 1.0)),
    "appearance": _Task(Weights(3.5, 5.0, pace=0.04 * 2.0), (0.0, 35 / 50)),
    "paste": _Task(Weights(4.0, 6.0, pace=0.04 * 1.5), (0.0, 35 / 50)),
}


@dataclass(frozen=True)
class DragonParameters(Parameters):
    """The artist's knobs."""

    task: str = knob(
        "move",
        None,
        None,
        "move: take the selected thing elsewhere, resize or turn it; appearance: give it the looks of the example; "
        "paste: put the example into the selection.",
        title="Do",
        choices=tuple(_TASKS),
    )
    shift_x: float = knob(0.0, -10000.0, 10000.0, "How far to the right.", title="Right", unit="px")
    shift_y: float = knob(0.0, -10000.0, 10000.0, "How far down.", title="Down", unit="px")
    scale: float = knob(1.0, 0.1, 10.0, "How many times as large.", title="Size")
    turn: float = knob(0.0, -180.0, 180.0, "How far to turn it, clockwise.", unit="°")
    strength: float = knob(
        0.5, 0.05, 1.0, "How freely the thing is painted anew: less keeps its looks, more fits it to its place."
    )
    steps: int = knob(25, 1, 150, "Denoising steps of a full run, there and back.")
    guidance: float = knob(4.0, 1.0, 20.0, "How closely to follow the words; without words it has no effect.")
    energy: float = knob(
        1.0, 0.0, 10.0, "How strongly gradients lead; 1 is what suits the operation, 0 is much faster.", advanced=True
    )
    edit_weight: float = knob(
        1.0, 0.0, 10.0, "How much it counts that the thing keeps its looks; 1 is usual.", advanced=True
    )
    content_weight: float = knob(1.0, 0.0, 10.0, "How much it counts that the rest stays; 1 is usual.", advanced=True)
    contrast: float = knob(
        1.0, 0.0, 10.0, "How much a place that was left must differ from before; 1 is usual.", advanced=True
    )
    inpaint: float = knob(
        1.0, 0.0, 10.0, "How much a place that was left must be like what is around it; 1 is usual.", advanced=True
    )
    eta: float = knob(0.4, 0.0, 1.0, "Fresh noise inside the selection on the middle of the way.", advanced=True)
    repeats: int = knob(
        1, 1, 10, "How often some steps are taken anew, so that everything fits; the paper takes 3.", advanced=True
    )
    grow: int = knob(8, 0, 256, "How far beyond the places the picture may change.", unit="px", advanced=True)
    feather: int = knob(8, 0, 256, "How softly the new picture melts into the old one.", unit="px", advanced=True)
    context: float = knob(
        0.35, 0.0, 2.0, "Surroundings that the model sees on each side, in parts of the marked size.", advanced=True
    )

    @property
    def weights(self) -> Weights:
        """Of the energies."""
        usual = _TASKS[self.task].weights
        return Weights(
            usual.edit * self.edit_weight,
            usual.content * self.content_weight,
            usual.contrast * self.contrast,
            usual.inpaint * self.inpaint,
            usual.pace * self.energy,
        )


@torch.no_grad()
def dragon(backbone: Backbone, request: EditRequest) -> Run:
    """Move, resize or turn what is selected, give it other looks, or put something into the picture.

    Yields:
        a Step after each network call of the inversions and of the painting; a picture that is remembered is not
        inverted again. With a drag point each Step says where the handle is: at once at its target when the painting
        begins. `Control.STOP` ends with the picture predicted so far, or in an inversion with no picture.

    Raises:
        BadRequest: arrays that do not fit, nothing selected, everything selected, nothing asked, no example.
    """
    options, place = _checked(request)
    seconds: dict[str, float] = {}
    start = perf_counter()
    seam = Seam(options.grow, options.feather, options.context)
    # Things are not enlarged beyond their own pixels, so that what is far looks far to the network, too.
    piece = cut_out(request, place.changing, seam, backbone, closest=1.0)
    edit = _Edit(backbone, request, options, piece, place)
    seconds["text"] = perf_counter() - start
    notes = (*place.notes, *size_note(piece), *words_note(backbone, edit.words))
    stopped = yield from edit.remembered(seconds)
    if stopped is not None:
        notes += ("Stopped before anything was painted: the picture was not changed.",)
        nothing = np.zeros((0, 0, 3), request.image.dtype)
        request = replace(request, stop_after=stopped)
        return EditResult(nothing, nothing[..., 0], (0, 0), request, stopped, 1.0, seconds, notes)

    ended = yield from followed(edit.painted(), edit.show_painted, request.stop_after, seconds)
    start = perf_counter()
    latent = edit.stopped(ended.last) if ended.stopped else ended.last.latent
    picture = piece.finished(to_picture(backbone.decode(latent)))
    seconds["decode"] = perf_counter() - start
    patch = piece.patch(picture, edit.alpha)
    marks = None if request.points is None else request.points[:, 1]
    request = replace(request, stop_after=ended.step if ended.stopped else None)
    return EditResult(*patch, request, ended.step, piece.region.scale, seconds, notes, marks=marks)


class _Edit:
    """The latents of one edit: the ways up, and the way down."""

    def __init__(
        self, backbone: Backbone, request: EditRequest, options: DragonParameters, piece: Workpiece, place: Relocation
    ) -> None:
        self._backbone, self._request, self._options = backbone, request, options
        self._task, self._plan = _TASKS[options.task], _arranged(backbone, request, options, piece, place)
        self.words = backbone.embed(request.prompt, request.negative_prompt)
        # Without words on either side both halves of a guided call are the same.
        guided = request.prompt.strip() or request.negative_prompt.strip()
        self._guidance = options.guidance if guided else 1.0
        self._times = backbone.schedule.ddim_times(options.steps, 1.0)
        changing = piece.cells(backbone.factor)
        assert changing is not None  # `relocation` has seen to it that there is a mask
        old, new = (references.cells_of(each, backbone.factor) for each in (self._plan.old, self._plan.new))
        self._cells = Cells(old, new, torch.from_numpy((changing > 0).astype(np.float32))[None, None])
        later = new[0, 0].numpy() * np.float32(1 - options.strength)
        self._holding = Holding(changing * (1 - later), options.steps)
        self.alpha = piece.alpha(self._holding.faintest)
        self._turns = guiding.turns(options.steps, options.repeats)[self._holding.skipped :]
        pictures = [self._plan.source] + ([] if self._plan.other is None else [self._plan.other])
        self._recordings = [Recording(backbone, picture, request.prompt, self._times) for picture in pictures]
        self._climb = len(pictures) * options.steps
        self._total = self._climb + sum(self._turns)
        self._previews = Previews(backbone, piece, self.alpha, self._total)

    def remembered(self, seconds: dict[str, float]) -> Generator[Step, Sent, int | None]:
        """The inversions, or what is known of them; a number is the step at which they were stopped."""
        until, banks = self._request.stop_after, []
        for count, recording in enumerate(self._recordings):
            before = count * self._options.steps
            if recording.known is not None and (until is None or until > before + self._options.steps):
                banks.append(recording.known)
                continue

            def show(step: Sampled, before: int = before) -> Step:
                return self._shown(before + step.done, step, "invert")

            ended = yield from followed(recording.run(), show, until, seconds)
            if ended.stopped:
                return ended.step
            banks.append(recording.finished())
        self._prepare(banks)
        return None

    def _prepare(self, banks: list[Bank]) -> None:
        """What the way down needs, from what is remembered."""
        backbone, plan, self._base = self._backbone, self._plan, banks[0]
        high, risen = backbone.schedule.level(self._times[0]), self._base.risen
        self._noise = (risen.at(0) - high.signal * risen.source) / high.noise
        self._goal = risen.source
        self._reference: Reference
        if self._options.task == "appearance":
            assert plan.there is not None
            there = references.cells_of(plan.there, backbone.factor)
            self._reference = Looks(self._base, banks[1], self._cells, there)
        elif self._options.task == "paste":
            other = banks[1].risen
            self._reference, self._goal = Laid(self._base, banks[1], self._cells), other.source
            self._noise = (other.at(0) - high.signal * other.source) / high.noise
        else:
            self._reference = Carried(self._base, plan.matrix, self._cells, backbone.factor)
            self._goal = backbone.encode(to_tensor(plan.guide))
            self._noise = self._moved_noise()

    def _moved_noise(self) -> Tensor:
        """The picture's own noise, the thing's carried along, and fresh noise in what it leaves."""
        extent = self._plan.source.shape[1], self._plan.source.shape[0]
        carried = references.carry(self._noise, self._plan.matrix, extent, "nearest")
        fresh = sampling.seeded_noise(self._noise.shape, self._request.seed).to(self._noise.device)
        left = torch.where(self._cells.old.to(fresh.device) > 0, fresh, self._noise)
        return torch.where(self._cells.new.to(fresh.device) > _MOSTLY, carried, left)

    def painted(self) -> Iterator[Sampled]:
        """Down again, one step per network call that predicts noise."""
        schedule, skipped = self._backbone.schedule, self._holding.skipped
        z = self._held(schedule.level(self._times[skipped]), skipped)
        liberties = Liberties(self._options.eta, self._options.repeats)
        inside = self._cells.inside.to(z.device)
        return guiding.led_ddim(
            self._predicted,
            self._pushed,
            schedule,
            z,
            self._times,
            liberties,
            inside,
            self._request.seed,
            self._hold,
            skipped,
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
        marks = points[:, 0 if part == "invert" else 1]
        left = float(np.hypot(*(points[:, 1] - marks).T).mean())
        return replace(shown, marks=marks.copy(), left=left)

    def _predicted(self, z: Tensor, t: int, index: int) -> Tensor:
        begin, end = (share * self._options.steps for share in self._task.shared)
        lent = {}
        if begin <= index < end:
            layers = [layer for layer in self._backbone.layout.attention if layer.name in self._layers]
            lent = {layer.name: self._reference.lent(layer.name, index, layer.divisor) for layer in layers}
        return self._backbone.predict(z, t, self.words, self._guidance, patches=[LendParts(lent)])

    @property
    def _layers(self) -> tuple[str, ...]:
        return self._backbone.layout.shared_attention

    def _pushed(self, z: Tensor, t: int, index: int) -> Tensor:
        weights, backbone = self._options.weights, self._backbone
        if not weights.pace:
            return torch.zeros_like(z)

        def energies(z: Tensor) -> Energies:
            features = backbone.features(z, t, self.words, backbone.layout.energy_features)
            return references.energies(features, index, self._base, self._reference, self._cells, weights)

        led, _ = push(energies, z, self._cells.inside.to(z.device), self._cells.free.to(z.device), weights)
        return led

    def _hold(self, z: Tensor, index: int, level: Level) -> Tensor:
        """Outside, the picture's own latent of the level that z now has; the thing as it is aimed at; then free."""
        return self._holding.mixed(z, self._held(level, index + 1), index - self._holding.skipped)

    def _held(self, level: Level, steps: int) -> Tensor:
        """The latent after `steps` steps if nothing were free."""
        return self._aimed(noised(self._goal, self._noise, level), self._base.risen.at(steps))

    def _aimed(self, inside: Tensor, outside: Tensor) -> Tensor:
        return torch.where(self._cells.inside.to(inside.device) > 0, inside, outside)


def _arranged(
    backbone: Backbone, request: EditRequest, options: DragonParameters, piece: Workpiece, place: Relocation
) -> Arrangement:
    """The working pictures of the operation."""
    if options.task == "move":
        return arrangement.moved(piece, place)
    if options.task == "paste":
        return arrangement.pasted(piece, place, request)
    return arrangement.relooked(piece, place, request, backbone.native, backbone.factor)


def _checked(request: EditRequest) -> tuple[DragonParameters, Relocation]:
    """The request's options and what they ask for, after everything was looked at."""
    check_request(request)
    options = request.parameters
    if not isinstance(options, DragonParameters):
        raise BadRequest("The parameters of this edit belong to another method.")
    if options.task == "appearance":
        place = relocation.looks(request)
    else:
        way = relocation.way(request, (options.shift_x, options.shift_y), options.scale, options.turn)
        place = (relocation.move if options.task == "move" else relocation.paste)(request, way)
    check_not_everything(place.changing)
    return options, place


METHOD = Method(
    id="dragon",
    title="Move, resize, paste",
    parameters=DragonParameters,
    run=dragon,
    inputs=frozenset({Input.MASK, Input.PROMPT, Input.POINTS, Input.EXEMPLAR}),
    help=(
        "Select a thing, with its shadow if that should come along, and say where it should go, how large or how "
        "turned. An example gives it other looks, or is itself put into the selection."
    ),
)
