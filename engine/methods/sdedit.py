"""SDEdit: colour strokes become a picture (Meng et al., ICLR 2022, arXiv 2108.01073).

One implementation serves whole pictures, masks, and per-pixel strength: a mask value m lets a pixel join when the
noise has fallen to m times where it began (Differential Diffusion, arXiv 2306.00950). Until then it is held at the
guide, and outside the mask at the source, noised to the level that the latent now has with the same ε.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine import sampling
from engine.backbone import Backbone
from engine.checking import checked
from engine.errors import BadRequest
from engine.holding import Holding
from engine.request import (
    EditRequest,
    EditResult,
    Input,
    Method,
    Parameters,
    Run,
    knob,
)
from engine.sampling import Sampled
from engine.schedule import Level, noised
from engine.words import Conditioning
from engine.workpiece import Previews, Seam, Workpiece, cut_out, encoded, followed, size_note, to_picture, words_note


@dataclass(frozen=True)
class SDEditParameters(Parameters):
    """The artist's knobs."""

    strength: float = knob(0.6, 0.0, 1.0, "How much to repaint: 0 keeps the strokes as they are, 1 ignores them.")
    steps: int = knob(30, 1, 150, "Denoising steps of a full run; strength × steps are really done.")
    guidance: float = knob(5.0, 1.0, 20.0, "How closely to follow the words; 1 is twice as fast.")
    area: str = knob(
        "picture",
        None,
        None,
        "Without a mask: repaint the whole picture, or only around the strokes.",
        choices=("picture", "around strokes"),
    )
    sampler: str = knob(
        "ddim",
        None,
        None,
        "ddim: the classic; fast: a second-order solver, good from about 8 steps.",
        choices=sampling.SAMPLERS,
        advanced=True,
    )
    grow: int = knob(8, 0, 256, "How far beyond the mask the picture may change.", unit="px", advanced=True)
    feather: int = knob(8, 0, 256, "How softly the new picture melts into the old one.", unit="px", advanced=True)
    context: float = knob(
        0.2, 0.0, 2.0, "Surroundings that the model sees on each side, in parts of the marked size.", advanced=True
    )


@torch.no_grad()
def sdedit(backbone: Backbone, request: EditRequest) -> Run:
    """Turn strokes into a picture (Meng et al., ICLR 2022, Alg. 1).

    Yields:
        A Step after each network call; `Control.STOP` sent back ends with the picture predicted so far.

    Raises:
        BadRequest: arrays that do not fit, an empty mask, nothing to go by.
    """
    options, mask = _checked(request)
    piece = cut_out(request, mask, Seam(options.grow, options.feather, options.context), backbone)
    notes = _notes(piece)
    if options.strength == 0:
        alpha = piece.alpha(0.0)
        note = "At strength 0 nothing is repainted: the strokes are kept as they are."
        return EditResult(*piece.patch(piece.guide, alpha), request, 0, piece.region.scale, {}, (*notes, note))

    times = sampling.plan(options.sampler, backbone.schedule, options.steps, options.strength)
    seconds: dict[str, float] = {}
    start = perf_counter()
    words = backbone.embed(request.prompt, request.negative_prompt)
    seconds["text"], start = perf_counter() - start, perf_counter()
    painting = _Painting(backbone, piece, len(times.times), request.seed)
    previews = Previews(backbone, piece, painting.alpha, painting.total)
    seconds["encode"], start = perf_counter() - start, perf_counter()

    run = painting.run(words, options.guidance, times)
    ended = yield from followed(run, lambda s: previews.step(s.done, s.clean), request.stop_after, seconds)
    done, latent, clean = ended.last
    start = perf_counter()
    if ended.stopped:
        latent = painting.stopped(clean, done)
    request = replace(request, stop_after=done if ended.stopped else None)
    picture = piece.finished(to_picture(backbone.decode(latent)))
    seconds["decode"] = perf_counter() - start
    notes += words_note(backbone, words)
    return EditResult(*piece.patch(picture, painting.alpha), request, done, piece.region.scale, seconds, notes)


class _Painting:
    """The latents of one edit: what is painted, what is held and when it joins."""

    def __init__(self, backbone: Backbone, piece: Workpiece, count: int, seed: int) -> None:
        self._backbone = backbone
        cells = piece.cells(backbone.factor)
        pictures = [piece.guide] if cells is None or not piece.painted else [piece.guide, piece.source]
        latents = [encoded(backbone, piece.region.to_work(picture)) for picture in pictures]
        self._holding = Holding(cells, count)
        self.total = self._holding.total
        self.reference = self._holding.changing(latents[0], latents[-1])
        self.alpha = piece.alpha(self._holding.faintest)
        self._noise = sampling.seeded_noise(self.reference.shape, seed).to(self.reference.device)

    def run(self, words: Conditioning, guidance: float, plan: sampling.Plan) -> Iterator[Sampled]:
        """One step per network call."""
        schedule, times = self._backbone.schedule, plan.times[self._holding.skipped :]
        z = noised(self.reference, self._noise, schedule.level(times[0]))

        def predict(z: Tensor, t: int) -> Tensor:
            return self._backbone.predict(z, t, words, guidance)

        return plan.sampler(predict, schedule, z, times, self._hold)

    def stopped(self, clean: Tensor, done: int) -> Tensor:
        """The best there is after `done` steps: the predicted latent where it was free, the reference elsewhere."""
        return self._holding.mixed(clean, self.reference, done - 1)

    def _hold(self, z: Tensor, index: int, level: Level) -> Tensor:
        """Put back what this step may not change; after the last one, exactly what was never free."""
        last = index == self.total - 1
        held = self.reference if last else noised(self.reference, self._noise, level)
        return self._holding.mixed(z, held, index)


def _checked(request: EditRequest) -> tuple[SDEditParameters, NDArray[np.uint8] | None]:
    """The request's options and the mask to work with, after everything was looked at."""
    options, mask, strokes = checked(request, SDEditParameters), request.mask, request.strokes
    painted = strokes is not None and strokes[..., 3].any()
    if not painted and not request.prompt.strip():
        raise BadRequest("There is nothing to go by. Paint some strokes, or write what the picture should show.")
    if mask is None and strokes is not None and painted and options.area == "around strokes":
        mask = np.where(strokes[..., 3] > 0, np.uint8(255), np.uint8(0))
    return options, mask


def _notes(piece: Workpiece) -> tuple[str, ...]:
    """What the artist should know about how the request was understood."""
    left_out = ("Strokes outside the mask were left out.",) if piece.left_out else ()
    return (*left_out, *size_note(piece))


METHOD = Method(
    id="sdedit",
    title="Paint with strokes",
    parameters=SDEditParameters,
    run=sdedit,
    inputs=frozenset({Input.STROKES, Input.PROMPT, Input.MASK}),
    help="Paint colours where things should be and say what they are: the strokes become a picture.",
)
