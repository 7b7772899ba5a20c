"""Drag, quick: the thing is warped to where it was dragged, and what it leaves behind is filled in a few steps.

After Inpaint4Drag (Lu and Han, ICCV 2025): the warp alone carries the thing, so that it reaches its targets exactly and
keeps the photo's own pixels; the network only paints where nothing is known. Any Stable Diffusion model serves: one
made for inpainting is shown the gap, others blend latents.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter

import cv2
import numpy as np
import torch

from engine import sampling
from engine.backbone import Backbone
from engine.carried import Carried, carry
from engine.checking import checked_drag
from engine.filling import Filling, Start
from engine.masking import Mask
from engine.points import Points
from engine.preview import enlarged, latent_colours
from engine.region import as_pixels, bounds
from engine.request import EditRequest, EditResult, Input, Method, Parameters, Pixels, Run, Step, knob
from engine.sampling import Sampled
from engine.warp import Warp, sources, warp, warped
from engine.workpiece import Seam, followed, size_note, to_picture, words_note

_ELASTIC = (
    "Everything may move, because nothing is selected: the picture was stretched around the drag points. "
    "Select a thing to move it as a whole and have its old place filled."
)
_GONE = "The thing was dragged out of the picture altogether: only its old place was filled."


@dataclass(frozen=True)
class WarpDragParameters(Parameters):
    """The artist's knobs."""

    strength: float = knob(
        0.8, 0.05, 1.0, "How freely the old place is filled: 1 starts from nothing, less from the ground around it."
    )
    steps: int = knob(10, 1, 150, "Denoising steps of a full run; strength × steps are really done.")
    guidance: float = knob(5.0, 1.0, 20.0, "How closely to follow the words; without words it has no effect.")
    shadow: bool = knob(
        True,
        None,
        None,
        "Take along the shadow or mirror image on the ground; off when something else stands close by.",
    )
    edge: int = knob(
        1, 0, 64, "How far around its outline the thing is joined to its new place.", unit="px", advanced=True
    )
    grow: int = knob(8, 0, 256, "How far beyond the old place the picture may change.", unit="px", advanced=True)
    feather: int = knob(8, 0, 256, "How softly the new picture melts into the old one.", unit="px", advanced=True)
    context: float = knob(
        0.7, 0.0, 2.0, "Surroundings that the model sees on each side, in parts of the marked size.", advanced=True
    )


@torch.no_grad()
def warp_drag(backbone: Backbone, request: EditRequest) -> Run:
    """Carry what is selected (without a mask: everything, elastically) to where the points lead, and fill the rest.

    Yields:
        A Step after each network call; `Control.STOP` sent back ends with the picture predicted so far. Nothing needs a
        network without a mask: there are no steps then.

    Raises:
        BadRequest: arrays that do not fit, no drag points, an empty mask, everything masked.
    """
    options, points = checked_drag(request, WarpDragParameters)
    found = warp(points, request.mask, (request.image.shape[1], request.image.shape[0]))
    if request.mask is None:
        return _stretched(request, found, points)
    seam = Seam(options.grow, options.feather, options.context)
    seconds: dict[str, float] = {}
    start = perf_counter()
    carried = carry(request, found, lambda box: sources(points, box), seam, options.edge, options.shadow, backbone)
    seconds["warp"], start = perf_counter() - start, perf_counter()
    words = backbone.embed(request.prompt, request.negative_prompt)
    seconds["text"], start = perf_counter() - start, perf_counter()
    plan = sampling.plan("fast", backbone.schedule, options.steps, options.strength)
    filling = Filling(backbone, carried.piece, plan, request.seed, start=Start.OWN)
    watching = _Watching(backbone, carried, carried.painted(filling.alpha), points, filling.total)
    seconds["encode"] = perf_counter() - start

    # Without words on either side both halves of a guided call are the same.
    guided = request.prompt.strip() or request.negative_prompt.strip()
    run = filling.run(words, options.guidance if guided else 1.0)
    ended = yield from followed(run, watching.step, request.stop_after, seconds)
    start = perf_counter()
    latent = filling.stopped(ended.last) if ended.stopped else ended.last.latent
    picture = carried.joined(carried.piece.finished(to_picture(backbone.decode(latent))), watching.painted)
    patch = carried.piece.patch(picture, carried.seen(watching.painted))
    seconds["decode"] = perf_counter() - start
    gone = () if found.moved.any() else (_GONE,)
    notes = (*gone, *size_note(carried.piece), *words_note(backbone, words))
    request = replace(request, stop_after=ended.step if ended.stopped else None)
    scale = carried.piece.region.scale
    return EditResult(*patch, request, ended.step, scale, seconds, notes, marks=points[:, 1].copy())


class _Watching:
    """Steps that show the carried picture with what the network has painted so far."""

    def __init__(self, backbone: Backbone, carried: Carried, painted: Mask, points: Points, total: int) -> None:
        self.painted = painted
        self._colours, self._factor, self._total = latent_colours(backbone), backbone.factor, total
        self._area, (width, height) = carried.piece.region.box, carried.piece.region.size
        self._marks = points[:, 1].copy()
        shares = (carried.seen(painted), np.where(carried.known, painted, np.float32(1)), carried.piece.source)
        alpha, self._share, self._source = (
            cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA) for part in shares
        )
        self._alpha = np.rint(alpha * 255).astype(np.uint8)

    def step(self, sampled: Sampled) -> Step:
        """The step of a network call, with its predicted clean latent as picture."""
        height, width = self._share.shape
        cells = enlarged(self._colours.picture(sampled.clean), self._factor)[:height, :width]
        preview = self._source * 255 + self._share[..., None] * (cells - self._source * 255)
        shown = np.rint(preview).astype(np.uint8)
        return Step(sampled.done, self._total, shown, self._area, self._alpha, marks=self._marks, left=0.0)


def _stretched(request: EditRequest, found: Warp, points: Points) -> EditResult:
    """Without a mask nothing is torn, and nothing is left to be filled: the warp is the result."""
    box = bounds(found.moved) or (0, 0, 1, 1)
    part = slice(box[1], box[1] + box[3]), slice(box[0], box[0] + box[2])
    alpha = as_pixels(found.moved[part].astype(np.float32), request.image)
    patch: Pixels = warped(request.image, found)[part]
    return EditResult(patch, alpha, box[:2], request, 0, notes=(_ELASTIC,), marks=points[:, 1].copy())


METHOD = Method(
    id="warp_drag",
    title="Drag: quick",
    parameters=WarpDragParameters,
    run=warp_drag,
    inputs=frozenset({Input.POINTS, Input.MASK, Input.PROMPT}),
    help="Drag a thing to another place: it goes there at once, and what it leaves behind is filled.",
)
