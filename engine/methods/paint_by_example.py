"""Paint by Example: the thing in a picture appears in a box, in the light of the scene (Yang et al., CVPR 2023).

arXiv 2211.13227, section 3. The network is shown the picture with a hole and reads one token of the example; what it
paints is held at the picture's own latent around the hole, so that both meet. A model that reads words does the same
with an IP-Adapter (engine/ip_adapter.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine import sampling
from engine.backbone import Backbone
from engine.cache import cache_of, content
from engine.calling import Patch
from engine.checking import checked
from engine.errors import BadRequest
from engine.exemplars import Framing, framed
from engine.filling import Filling, Start
from engine.keeping import standing_out
from engine.masking import Mask
from engine.place import hole_of
from engine.request import EditRequest, EditResult, Input, Method, Parameters, Pixels, Run, Step, knob
from engine.sampling import Sampled
from engine.words import Conditioning
from engine.workpiece import Previews, Seam, Workpiece, cut_out, followed, size_note, to_picture

MODEL = "studio-exemplar"
_GUIDED = 0.5  # of the steps: after that the thing is there, and guidance would only cost
_CLOSEST = 1.0  # the network knows things in their surroundings: small boxes are not magnified


@dataclass(frozen=True)
class PaintByExampleParameters(Parameters):
    """The artist's knobs."""

    guidance: float = knob(3.0, 1.0, 20.0, "How closely to follow the example; 1 is twice as fast.")
    steps: int = knob(25, 1, 150, "Denoising steps.")
    mirror: bool = knob(False, None, None, "Turn the example left to right.")
    rotate: float = knob(0.0, -180.0, 180.0, "Turn the example clockwise.", unit="°")
    margin: float = knob(
        0.2, 0.0, 1.0, "Room left around what is marked of the example, in parts of its size.", advanced=True
    )
    keep: float = knob(
        0.5,
        0.0,
        1.0,
        "How readily the old picture stays around the thing, where old and new look about the same; 0: nothing stays.",
        advanced=True,
    )
    sampler: str = knob(
        "fast",
        None,
        None,
        "ddim: the classic; fast: a second-order solver, good from about 8 steps.",
        choices=sampling.SAMPLERS,
        advanced=True,
    )
    grow: int = knob(2, 0, 256, "How far beyond the place the picture may change.", unit="px", advanced=True)
    feather: int = knob(6, 0, 256, "How softly the new picture melts into the old one.", unit="px", advanced=True)
    context: float = knob(
        1.0, 0.0, 4.0, "Surroundings that the model sees on each side, in parts of the place's size.", advanced=True
    )


@torch.no_grad()
def paint_by_example(backbone: Backbone, request: EditRequest) -> Run:
    """Paint the example's thing into the box or the mask.

    The example, the picture with its hole and the picture itself are encoded once; another seed needs none of it.

    Yields:
        A Step after each network call; `Control.STOP` sent back ends with the picture predicted so far.

    Raises:
        BadRequest: arrays that do not fit, no example, no place for it, a model that cannot read examples.
        ModelBroken, ModelMissing, OutOfMemory: the IP-Adapter beside a model of words cannot be used.
    """
    options, hole, exemplar = _checked(request)
    piece = cut_out(request, hole, Seam(options.grow, options.feather, options.context), backbone, _CLOSEST)
    plan = sampling.plan(options.sampler, backbone.schedule, options.steps, 1.0)
    seconds: dict[str, float] = {}
    start = perf_counter()
    words, patches = _told(backbone, framed(exemplar, Framing(options.margin, options.rotate, options.mirror)))
    seconds["example"], start = perf_counter() - start, perf_counter()
    filling = Filling(backbone, piece, plan, request.seed, start=Start.NOISE, gap=_gap(piece))
    previews = Previews(backbone, piece, filling.alpha, filling.total)
    seconds["encode"] = perf_counter() - start

    def show(step: Sampled) -> Step:
        return previews.step(step.done, step.clean)

    run = filling.run(words, options.guidance, patches, _GUIDED)
    ended = yield from followed(run, show, request.stop_after, seconds)
    start = perf_counter()
    latent = filling.stopped(ended.last) if ended.stopped else ended.last.latent
    picture = piece.finished(to_picture(backbone.decode(latent)))
    seconds["decode"] = perf_counter() - start
    request = replace(request, stop_after=ended.step if ended.stopped else None)
    alpha, notes = filling.alpha * standing_out(picture, piece.source, options.keep), size_note(piece)
    if not alpha.any():
        alpha, notes = filling.alpha, (*notes, "What was painted looks much like what was there: all of it is shown.")
    patch = piece.patch(picture, alpha)
    return EditResult(*patch, request, ended.step, piece.region.scale, seconds, notes)


def _told(backbone: Backbone, picture: NDArray[np.uint8]) -> tuple[Conditioning, tuple[Patch, ...]]:
    """The example as the network reads it; the same one is read once.

    A network of words is told it by its IP-Adapter, beside no words.
    """
    cache, key = cache_of(backbone), content("example", picture)
    adapter = None if backbone.reads_examples else backbone.adapter
    if adapter is None:
        told: Conditioning | None = cache.get(key)
        if told is None:
            told = backbone.embed_example(picture)
            cache.keep(key, told, told.both.numel() * told.both.element_size())
        return told, ()
    tokens: Tensor | None = cache.get(key)
    if tokens is None:
        tokens = adapter.embed(picture)
        cache.keep(key, tokens, tokens.numel() * tokens.element_size())
    return backbone.embed(""), (adapter.patch(tokens),)


def _gap(piece: Workpiece) -> Mask:
    """(h, w) working pixels, 1 = what the network is to paint: the place as it was drawn."""
    assert piece.mask is not None
    return (piece.region.mask_to_work(piece.mask) >= 0.5).astype(np.float32)


def _checked(request: EditRequest) -> tuple[PaintByExampleParameters, NDArray[np.uint8], Pixels]:
    """Options, the place (H, W), and the example, after everything was looked at."""
    options = checked(request, PaintByExampleParameters)
    if request.exemplar is None:
        raise BadRequest("There is no example. Drop a picture of what should appear into the example box.")
    hole = hole_of(request.image.shape[:2], request.box, request.mask)
    # The network fills a place or keeps it: a place that is only half meant it does not know.
    least = 128 if (hole >= 128).any() else 1
    return options, np.where(hole >= least, np.uint8(255), np.uint8(0)), request.exemplar


METHOD = Method(
    id="paint_by_example",
    title="Paint by example",
    parameters=PaintByExampleParameters,
    run=paint_by_example,
    inputs=frozenset({Input.MASK, Input.BOX, Input.EXEMPLAR}),
    help="Draw a box and drop in a picture: the thing in it appears there, in the light of the scene.",
    model=MODEL,
)
