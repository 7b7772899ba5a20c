"""FastDrag: a thing is taken to where it is dragged in one step, and painted in (Zhao et al., NeurIPS 2024).

The picture is inverted part of the way, the cells of its noisy latent are carried along by the points at once, the
holes are filled, and a short way down with the picture's own keys and values makes one picture of it
(arXiv 2405.15769). No training and no optimisation. Five things differ from the paper; the figures are of 24 scenes of
the bundled model's world, a thing's distance to its true place as a part of the way, and the things still themselves:

- What is selected is the thing, and goes as it is ("whole": 0.05 and 100 % with words). The paper's map ("stretch")
  moves a handle all the way and the rim not at all, so that a thing which goes farther than its own size is smeared
  (0.62 and 31 % on 16 of them).
- The way up is half of all levels, not 0.7: 0.05 and 100 % (0.06 and 100 %) with words, 0.13 and 92 % (0.26 and 79 %)
  without.
- Holes are filled with the mean of their nearest cells as the paper does, but clean; then they get noise of their own:
  the mean of noisy cells has lost its noise, and without it the network paints fog.
- The ground that is painted anew reaches beyond the thing (`grow`), which takes in most of its shadow.
- Outside, every latent is the inverted one of the same level and in the end exactly the source.

The inversion and its keys and values are remembered, so that another target takes only the way down.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
import torch
from torch import Tensor

from engine import detail, sampling
from engine.backbone import Backbone
from engine.checking import checked_drag
from engine.haul import Haul
from engine.holding import Holding
from engine.latent_warp import MAPS, Fill
from engine.original import Inverting, Original, Wanted
from engine.region import Picture
from engine.request import (
    EditRequest,
    EditResult,
    Input,
    Method,
    Parameters,
    Run,
    Sent,
    Step,
    knob,
)
from engine.sampling import Sampled
from engine.schedule import noised
from engine.words import Conditioning
from engine.workpiece import (
    Previews,
    Seam,
    followed,
    size_note,
    to_picture,
    unpainted,
    words_note,
)

_EVERYTHING = (
    "Nothing is selected, so everything may move: what is near a handle most. Select a thing to move it alone."
)


@dataclass(frozen=True)
class FastDragParameters(Parameters):
    """The artist's knobs."""

    map: str = knob(
        "whole",
        None,
        None,
        "whole: what is selected goes as it is; stretch: only what is near a handle goes all the way.",
        title="Move",
        choices=MAPS,
    )
    strength: float = knob(
        0.5, 0.1, 1.0, "How freely the picture is drawn anew around the thing: less keeps more of its old pixels."
    )
    guidance: float = knob(1.0, 1.0, 20.0, "How closely to follow the words; 1 is twice as fast.")
    steps: int = knob(10, 1, 150, "Denoising steps of a full run; strength × steps are really done, there and back.")
    detail: float = knob(
        1.0,
        0.0,
        1.0,
        "How much of its own fine detail a thing keeps that is carried; its tones are painted.",
        advanced=True,
    )
    grow: int = knob(
        16, 0, 256, "How far beyond the thing the picture may change: take in its shadow.", unit="px", advanced=True
    )
    feather: int = knob(8, 0, 256, "How softly the new picture melts into the old one.", unit="px", advanced=True)
    context: float = knob(
        0.1, 0.0, 2.0, "Surroundings that the model sees on each side, in parts of the way's size.", advanced=True
    )


@torch.no_grad()
def fast_drag(backbone: Backbone, request: EditRequest) -> Run:
    """Take what is under the handles to the targets, at once (Zhao et al., NeurIPS 2024, Alg. 1).

    The words, if any, say what the picture shows.

    Yields:
        a Step after each network call, "invert" and then "paint"; an inversion that is remembered is passed over.
        `Control.STOP` ends with the picture predicted so far; during the inversion, with nothing painted.

    Raises:
        BadRequest: arrays that do not fit, no points, points that cannot be followed, everything selected.
    """
    options, _ = checked_drag(request, FastDragParameters)
    seconds: dict[str, float] = {}
    start = perf_counter()
    words = backbone.embed(request.prompt, request.negative_prompt)
    seconds["text"] = perf_counter() - start
    drag = _Drag(backbone, request, options, words)
    notes = (*size_note(drag.haul.piece), *words_note(backbone, words))
    if request.mask is None:
        notes += (_EVERYTHING,)
    known = yield from drag.inverted(seconds)
    if isinstance(known, int):
        notes += ("Stopped before anything was painted: the picture was not changed.",)
        recipe = replace(request, stop_after=known)
        return unpainted(recipe, known, seconds, notes, marks=drag.haul.before.marks)

    ended = yield from followed(drag.painted(known), drag.show_painted, request.stop_after, seconds)
    start = perf_counter()
    latent = drag.stopped(known, ended.last) if ended.stopped else ended.last.latent
    piece = drag.haul.piece
    picture = drag.with_detail(piece.finished(to_picture(backbone.decode(latent))))
    seconds["decode"] = perf_counter() - start
    patch = piece.patch(picture, drag.alpha)
    request = replace(request, stop_after=ended.step if ended.stopped else None)
    marks = drag.haul.after.marks
    return EditResult(*patch, request, ended.step, piece.region.scale, seconds, notes, marks=marks)


class _Drag:
    """The latents of one drag: up, carried along, and down again.

    Attributes:
        haul: what goes where.
        alpha: (H, W) of the crop, how much of the new picture is seen.
    """

    def __init__(
        self, backbone: Backbone, request: EditRequest, options: FastDragParameters, words: Conditioning
    ) -> None:
        self._backbone, self._request, self._words = backbone, request, words
        # Without words on either side both halves of a guided call are the same.
        guided = request.prompt.strip() or request.negative_prompt.strip()
        self._guidance = options.guidance if guided else 1.0
        self._map, self._detail = options.map, options.detail
        seam = Seam(options.grow, options.feather, options.context)
        self.haul = Haul(request, options.map, seam, backbone)
        self._times = backbone.schedule.ddim_times(options.steps, options.strength)
        self._holding = Holding(self.haul.piece.cells(backbone.factor), len(self._times))
        self.alpha = self.haul.piece.alpha(self._holding.faintest)
        self._total = len(self._times) + self._holding.total
        self._previews = Previews(backbone, self.haul.piece, self.alpha, self._total)

    def inverted(self, seconds: dict[str, float]) -> Generator[Step, Sent, Original | int]:
        """The inversion, remembered or made now; a number is the step at which it was stopped."""

        def show(step: Sampled) -> Step:
            before = self.haul.before
            return replace(self._previews.step(step.done, step.clean, "invert"), marks=before.marks, left=before.left)

        picture = self.haul.piece.region.to_work(self.haul.piece.source)
        wanted = Wanted(self._backbone.layout.shared_attention)
        inverting = Inverting(self._backbone, picture, self._request.prompt, self._times, wanted)
        return (yield from inverting.remembered(show, self._request.stop_after, seconds))

    def painted(self, known: Original) -> Iterator[Sampled]:
        """Down again from the carried latent, one step per network call."""
        skipped = self._holding.skipped
        start = self._holding.mixed(self._carried(known, self._times[skipped], skipped), known.risen.at(skipped), 0)
        return known.drawn(self._backbone, start, self._words, self._holding, guidance=self._guidance, skipped=skipped)

    def show_painted(self, step: Sampled) -> Step:
        """The step of a network call of `painted`."""
        index, after = self._total - self._holding.total + step.done, self.haul.after
        return replace(self._previews.step(index, step.clean, "paint"), marks=after.marks, left=after.left)

    def stopped(self, known: Original, last: Sampled) -> Tensor:
        """The best there is: the predicted latent where it was free, the source elsewhere."""
        return self._holding.mixed(last.clean, known.risen.source, last.done - 1)

    def with_detail(self, picture: Picture) -> Picture:
        """The crop (H, W, 3) as it was painted, with the thing's own detail where the thing went as it was."""
        request, piece = self._request, self.haul.piece
        if request.mask is None or request.points is None or self._map == "stretch" or not self._detail:
            return picture
        points = np.stack([request.points[:, 0], self.haul.after.marks], axis=1)
        return detail.given_back(
            picture, detail.dragged(piece, request.mask, points), self._detail, piece.region.scale, sure=True
        )

    def _carried(self, known: Original, t: int, steps: int) -> Tensor:
        """The inverted latent at t with the thing at its new place: clean picture and noise are carried alike."""
        level = self._backbone.schedule.level(t)
        clean = known.risen.source
        noise = (known.risen.at(steps) - level.signal * clean) / level.noise
        source = torch.from_numpy(self.haul.warp.source).to(clean.device)
        clean, noise = (part.flatten(2)[..., source] for part in (clean, noise))
        fresh = sampling.seeded_noise(clean.shape, self._request.seed).to(clean.device)
        for cells, fill in self.haul.fills:
            holes = torch.from_numpy(cells & fill.filled).to(clean.device)
            clean = torch.where(holes, _mixed(clean, fill), clean)
            noise = torch.where(holes, fresh, noise)
        return noised(clean, noise, level)


def _mixed(latent: Tensor, fill: Fill) -> Tensor:
    """(1, C, h, w): for each cell the weighted mean of the cells it is filled from."""
    index, weight = (torch.from_numpy(part).to(latent.device) for part in (fill.index, fill.weight))
    return (latent.flatten(2)[..., index] * weight).sum(2)


METHOD = Method(
    id="fast_drag",
    title="Drag: fast",
    parameters=FastDragParameters,
    run=fast_drag,
    inputs=frozenset({Input.POINTS, Input.MASK, Input.PROMPT}),
    help=(
        "Select a thing, press on it and drag it to where it should go: it is taken there at once and painted in. "
        "Words that say what the picture shows help it to stay itself."
    ),
)
