"""Fill and remove: a mask and words, or a mask alone, and the part is painted anew from what lies around it.

Blended latents (Avrahami et al., SIGGRAPH 2023, arXiv 2206.02779): at each step the outside is the picture's own
latent, noised to the level that z now has. Resampling (RePaint, Lugmayr et al., CVPR 2022, Alg. 1): a step is taken,
noised back and taken again, so that the inside learns what the outside is. A network made for inpainting (9 channels in
Stable Diffusion's order: z, mask with 1 = fill, latent of the picture without the part) is also shown what is around.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from time import perf_counter

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engine import sampling
from engine.backbone import Backbone, Conditioning
from engine.errors import BadRequest
from engine.holding import Holding
from engine.masking import Mask
from engine.region import Picture
from engine.request import EditRequest, EditResult, Input, Method, Parameters, Run, Step, check_request, knob
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

_FLOW_RADIUS = 3  # working pixels from which the surroundings flow into the gap


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
    times = backbone.schedule.ddim_times(options.steps, options.strength)
    seconds: dict[str, float] = {}
    start = perf_counter()
    words = backbone.embed(request.prompt, request.negative_prompt)
    seconds["text"], start = perf_counter() - start, perf_counter()
    filling = _Filling(backbone, piece, times, options.resampling, request.seed)
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


class _Filling:
    """The latents of one edit: the gap, what it starts from, and what is held around it."""

    def __init__(self, backbone: Backbone, piece: Workpiece, times: list[int], repeats: int, seed: int) -> None:
        self._backbone, self._times, self._repeats, self._seed = backbone, times, repeats, seed
        cells = piece.cells(backbone.factor)
        assert cells is not None  # `_checked` has seen to it that there is a mask
        self._holding = Holding(cells, len(times))
        self.alpha = piece.alpha(self._holding.faintest)
        self._times = times[self._holding.skipped :]
        # The last step leads to the clean picture, and nothing is left to be noised back.
        self.total = (len(self._times) - 1) * repeats + 1
        source = piece.region.to_work(piece.source)
        gap = _pixels(cells > 0, backbone.factor)
        self._source, start = backbone.encode(torch.cat([to_tensor(source), to_tensor(_flowed_in(source, gap))])).split(
            1
        )  # type: ignore[no-untyped-call]
        self._start = self._holding.changing(start, self._source)
        self._noise = sampling.seeded_noise(self._source.shape, seed).to(self._source.device)
        self._gap = _gap(backbone, source, gap) if backbone.fills else None

    def run(self, words: Conditioning, guidance: float) -> Iterator[Sampled]:
        """One step per network call."""
        schedule = self._backbone.schedule
        z = noised(self._start, self._noise, schedule.level(self._times[0]))

        def predict(z: Tensor, t: int) -> Tensor:
            return self._backbone.predict(z, t, words, guidance, gap=self._gap)

        return sampling.resampled_ddim(predict, schedule, z, self._times, self._repeats, self._seed, self._hold)

    def stopped(self, last: Sampled) -> Tensor:
        """The best there is: the predicted latent where it was free, the source elsewhere."""
        return self._holding.mixed(last.clean, self._source, (last.done - 1) // self._repeats)

    def _hold(self, z: Tensor, index: int, level: Level) -> Tensor:
        """Outside, the source noised to the level that z now has; after the last step exactly the source."""
        last = index == len(self._times) - 1
        held = self._source if last else noised(self._source, self._noise, level)
        return self._holding.mixed(z, held, index)


def _pixels(cells: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], factor: int) -> Mask:
    """Latent cells as working pixels, 0 or 1."""
    return np.kron(cells, np.ones((factor, factor), np.float32)).astype(np.float32)


def _flowed_in(picture: Picture, gap: Mask) -> Picture:
    """The picture with its surroundings flowed into the gap (Telea, 2004): the right colours to begin from."""
    eight_bit = np.rint(picture * 255).astype(np.uint8)
    flowed = cv2.inpaint(eight_bit, (gap > 0).astype(np.uint8), _FLOW_RADIUS, cv2.INPAINT_TELEA)
    return np.where(gap[..., None] > 0, flowed.astype(np.float32) / np.float32(255), picture)


def _gap(backbone: Backbone, source: Picture, gap: Mask) -> Tensor:
    """What an inpainting network sees: (1, 1 + C, h, w), 1 = fill, and the latent of the picture with a grey gap."""
    around = backbone.encode(to_tensor(source * (1 - gap[..., None]) + gap[..., None] * np.float32(0.5)))
    cells = functional.interpolate(torch.from_numpy(gap)[None, None], size=around.shape[2:], mode="nearest")
    return torch.cat([cells.to(around), around], dim=1)


def _checked(request: EditRequest) -> InpaintParameters:
    """The request's options, after everything was looked at."""
    check_request(request)
    options = request.parameters
    if not isinstance(options, InpaintParameters):
        raise BadRequest("The parameters of this edit belong to another method.")
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
