"""Fill and remove: a mask and words, or a mask alone, and the part is painted anew from what lies around it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter

import torch

from engine import sampling
from engine.backbone import Backbone
from engine.checking import check_not_everything, checked
from engine.errors import BadRequest
from engine.filling import Filling
from engine.request import EditRequest, EditResult, Input, Method, Parameters, Run, Step, knob
from engine.sampling import Sampled
from engine.workpiece import (
    Previews,
    Seam,
    cut_out,
    followed,
    size_note,
    to_picture,
    words_note,
)


@dataclass(frozen=True)
class InpaintParameters(Parameters):
    """The artist's knobs."""

    strength: float = knob(
        0.95, 0.05, 1.0, "How freely to fill: 1 starts from nothing, less from the surroundings flowed together."
    )
    steps: int = knob(30, 1, 150, "Denoising steps of a full run; strength × steps are really done.")
    guidance: float = knob(5.0, 1.0, 20.0, "How closely to follow the words; without words it has no effect.")
    resampling: int = knob(
        2, 1, 10, "How often each step is repeated so that inside and outside fit together; costs as many times more."
    )
    grow: int = knob(8, 0, 256, "How far beyond the mask the picture may change.", unit="px", advanced=True)
    feather: int = knob(8, 0, 256, "How softly the new picture melts into the old one.", unit="px", advanced=True)
    context: float = knob(
        0.7, 0.0, 2.0, "Surroundings that the model sees on each side, in parts of the marked size.", advanced=True
    )


@torch.no_grad()
def inpaint(backbone: Backbone, request: EditRequest) -> Run:
    """Fill the masked part with what the words say, or without words with what could be there instead.

    Yields:
        A Step after each network call; `Control.STOP` sent back ends with the picture predicted so far.

    Raises:
        BadRequest: arrays that do not fit, no mask, everything masked.
    """
    options = _checked(request)
    piece = cut_out(request, request.mask, Seam(options.grow, options.feather, options.context), backbone)
    plan = sampling.plan("ddim", backbone.schedule, options.steps, options.strength)
    seconds: dict[str, float] = {}
    start = perf_counter()
    words = backbone.embed(request.prompt, request.negative_prompt)
    seconds["text"], start = perf_counter() - start, perf_counter()
    filling = Filling(backbone, piece, plan, request.seed, options.resampling)
    previews = Previews(backbone, piece, filling.alpha, filling.total)
    seconds["encode"] = perf_counter() - start

    def show(step: Sampled) -> Step:
        return previews.step(step.done, step.clean)

    # Without words on either side both halves of a guided call are the same.
    guided = request.prompt.strip() or request.negative_prompt.strip()
    run = filling.run(words, options.guidance if guided else 1.0)
    ended = yield from followed(run, show, request.stop_after, seconds)
    start = perf_counter()
    latent = filling.stopped(ended.last) if ended.stopped else ended.last.latent
    picture = piece.finished(to_picture(backbone.decode(latent)))
    seconds["decode"] = perf_counter() - start
    notes = (*size_note(piece), *words_note(backbone, words))
    request = replace(request, stop_after=ended.step if ended.stopped else None)
    patch = piece.patch(picture, filling.alpha)
    return EditResult(*patch, request, ended.step, piece.region.scale, seconds, notes)


def _checked(request: EditRequest) -> InpaintParameters:
    """The request's options, after everything was looked at."""
    options = checked(request, InpaintParameters)
    if request.mask is None:
        raise BadRequest("There is no mask. Select or paint the part to fill or to remove.")
    check_not_everything(request.mask)
    return options


METHOD = Method(
    id="inpaint",
    title="Fill and remove",
    parameters=InpaintParameters,
    run=inpaint,
    inputs=frozenset({Input.PROMPT, Input.MASK}),
    help="Mark a part and say what should be there, or say nothing to have it removed.",
)
