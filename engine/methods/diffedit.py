"""DiffEdit: other words for a picture find the place that must change, and change it (Couairon et al., ICLR 2023).

Three parts. Find: where the network's predictions with the two texts disagree (`engine.comparing`), looked at from afar
and then again closely around what was found. Repaint: the mask is an ordinary one, so the artist may change it; a
request that has a mask starts here. Apply: the picture is inverted, then denoised with the new words inside the mask,
while outside each latent is the inverted one of the same level, and in the end exactly the source.

What does not depend on a change is not computed again: the map of differences goes by picture and texts, the inversion
by picture and reference text, the mask's threshold by neither.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine import sampling
from engine.backbone import Backbone
from engine.checking import check_not_everything, checked
from engine.errors import BadRequest
from engine.holding import Holding
from engine.inversion import Trajectory
from engine.original import Inverting, Wanted
from engine.request import (
    EditRequest,
    EditResult,
    Found,
    Input,
    Method,
    Parameters,
    Run,
    Sent,
    Step,
    knob,
)
from engine.sampling import Sampled
from engine.schedule import Level
from engine.search import Looking, Search
from engine.words import Conditioning
from engine.workpiece import (
    Previews,
    Seam,
    Workpiece,
    cut_out,
    followed,
    size_note,
    to_picture,
    unpainted,
    words_note,
)


@dataclass(frozen=True)
class DiffEditParameters(Parameters):
    """The artist's knobs."""

    task: str = knob(
        "edit",
        None,
        None,
        "edit: find the place and change it at once; find: only show the mask, to be changed by hand.",
        title="Do",
        choices=("edit", "find"),
    )
    threshold: float = knob(
        0.5, 0.0, 1.0, "How sure a place must be to be changed: 0.5 decides by itself, less takes in more."
    )
    strength: float = knob(
        0.75, 0.05, 1.0, "How much of the picture is given up inside the mask: less keeps more of the old shapes."
    )
    guidance: float = knob(7.0, 1.0, 20.0, "How closely to follow the new words; 1 is twice as fast.")
    steps: int = knob(50, 1, 150, "Denoising steps of a full run; strength × steps are really done, there and back.")
    noises: int = knob(
        10, 2, 64, "How often the picture is looked at to find the place: more is steadier.", advanced=True
    )
    haze: float = knob(
        0.5, 0.1, 0.9, "How much noise the place is looked for through; half of the looks take more.", advanced=True
    )
    grow: int = knob(8, 0, 256, "How far beyond the mask the picture may change.", unit="px", advanced=True)
    feather: int = knob(8, 0, 256, "How softly the new picture melts into the old one.", unit="px", advanced=True)
    context: float = knob(
        0.35, 0.0, 2.0, "Surroundings that the model sees on each side, in parts of the marked size.", advanced=True
    )


@torch.no_grad()
def diffedit(backbone: Backbone, request: EditRequest) -> Run:
    """Change what the words ask for and nothing else (Couairon et al., ICLR 2023, section 3.2).

    Yields:
        a Step after each noise that was looked at and each network call of the inversion and the painting; parts that
        are remembered from an earlier run are passed over. `Control.STOP` ends with what there is: the mask as far as
        it was found, or the picture predicted so far.

    Raises:
        BadRequest: arrays that do not fit, no words, words that change nothing, nothing found, everything masked.
    """
    options = _checked(request)
    seconds: dict[str, float] = {}
    start = perf_counter()
    words = backbone.embed(request.prompt, request.reference_prompt)
    if torch.equal(words.both[0], words.both[1]):
        raise BadRequest("This model reads both texts alike, so there is nothing to change. Use words that it knows.")
    seconds["text"] = perf_counter() - start
    notes = words_note(backbone, words)

    place = _Place(request.mask, None, 0)
    if request.mask is None or options.task == "find":
        climb = len(backbone.schedule.ddim_times(options.steps, options.strength))
        total = options.noises + (2 * climb if options.task == "edit" else 0)
        search = Search(backbone, request, words, Looking(options.noises, options.haze, total), seconds)
        found = yield from search.run(options.threshold)
        place = _Place(found.mask, found, options.noises)
        if options.task == "find" or search.stopped_at is not None:
            request = replace(request, stop_after=search.stopped_at)
            return unpainted(request, search.stopped_at or place.looks, seconds, notes, found=found)
    return (yield from _applied(backbone, request, options, place, seconds, notes))


@dataclass(frozen=True, eq=False)
class _Place:
    """Where to change the picture.

    Attributes:
        mask: (H, W), given or found.
        found: what the search found, None where the mask was given.
        looks: steps that the search took.
    """

    mask: NDArray[np.uint8] | None
    found: Found | None
    looks: int


def _applied(
    backbone: Backbone,
    request: EditRequest,
    options: DiffEditParameters,
    place: _Place,
    seconds: dict[str, float],
    notes: tuple[str, ...],
) -> Run:
    """Inversion and painting; `seconds` and `notes` are those of the search."""
    # Both texts tell of the whole picture; a part that is seen larger has other sizes than they say ("a small ball").
    # So it is not enlarged beyond its own pixels. Large pictures are still seen in parts, for their detail.
    seam = Seam(options.grow, options.feather, options.context)
    piece = cut_out(request, place.mask, seam, backbone, closest=1.0)
    change = _Change(backbone, request, options, piece, place)
    notes += size_note(piece)
    risen = yield from change.inverted(seconds)
    if isinstance(risen, int):
        notes += ("Stopped before anything was painted: the picture was not changed.",)
        return unpainted(replace(request, stop_after=risen), risen, seconds, notes, found=place.found)

    words = backbone.embed(request.prompt, request.negative_prompt)
    ended = yield from followed(change.painted(words, risen), change.show_painted, request.stop_after, seconds)
    start = perf_counter()
    latent = change.stopped(risen, ended.last) if ended.stopped else ended.last.latent
    picture = piece.finished(to_picture(backbone.decode(latent)))
    seconds["decode"] = perf_counter() - start
    request = replace(request, stop_after=ended.step if ended.stopped else None)
    patch = piece.patch(picture, change.alpha)
    return EditResult(*patch, request, ended.step, piece.region.scale, seconds, notes, place.found)


class _Change:
    """The latents of one edit: the way up, and the way down with the new words."""

    def __init__(
        self, backbone: Backbone, request: EditRequest, options: DiffEditParameters, piece: Workpiece, place: _Place
    ) -> None:
        self._backbone, self._request, self._options = backbone, request, options
        self._piece, self._place = piece, place
        self._times = backbone.schedule.ddim_times(options.steps, options.strength)
        self.holding = Holding(piece.cells(backbone.factor), len(self._times))
        self.alpha = piece.alpha(self.holding.faintest)
        self._total = place.looks + len(self._times) + self.holding.total
        self._previews = Previews(backbone, piece, self.alpha, self._total)

    def inverted(self, seconds: dict[str, float]) -> Generator[Step, Sent, Trajectory | int]:
        """The inversion, remembered or made now; a number is the step at which it was stopped."""

        def show(step: Sampled) -> Step:
            return self._shown(self._place.looks + step.done, step, "invert")

        picture, words = self._piece.region.to_work(self._piece.source), self._request.reference_prompt
        inverting = Inverting(self._backbone, picture, words, self._times, Wanted())
        found = yield from inverting.remembered(show, self._request.stop_after, seconds, self._place.looks)
        return found if isinstance(found, int) else found.risen

    def painted(self, words: Conditioning, risen: Trajectory) -> Iterator[Sampled]:
        """Down again with the new words, one step per network call."""
        skipped, backbone = self.holding.skipped, self._backbone

        def predict(z: Tensor, t: int) -> Tensor:
            return backbone.predict(z, t, words, self._options.guidance)

        def hold(z: Tensor, index: int, level: Level) -> Tensor:
            """Outside, the picture's own latent of the level that z now has; in the end exactly the source."""
            return self.holding.mixed(z, risen.at(skipped + index + 1), index)

        return sampling.ddim(predict, backbone.schedule, risen.at(skipped), self._times[skipped:], hold)

    def show_painted(self, step: Sampled) -> Step:
        """The step of a network call of `painted`."""
        return self._shown(self._total - self.holding.total + step.done, step, "paint")

    def _shown(self, index: int, step: Sampled, part: str) -> Step:
        return replace(self._previews.step(index, step.clean, part), found=self._place.found)

    def stopped(self, risen: Trajectory, last: Sampled) -> Tensor:
        """The best there is: the predicted latent where it was free, the source elsewhere."""
        return self.holding.mixed(last.clean, risen.source, last.done - 1)


def _checked(request: EditRequest) -> DiffEditParameters:
    """The request's options, after everything was looked at."""
    options = checked(request, DiffEditParameters)
    query, reference = (" ".join(text.lower().split()) for text in (request.prompt, request.reference_prompt))
    if not query:
        raise BadRequest("There are no words to go by. Write what the picture should show.")
    if query == reference:
        raise BadRequest("Both texts are the same, so there is nothing to change. Write what should be different.")
    if options.task == "edit":
        check_not_everything(request.mask)
    return options


METHOD = Method(
    id="diffedit",
    title="Change by words",
    parameters=DiffEditParameters,
    run=diffedit,
    inputs=frozenset({Input.PROMPT, Input.REFERENCE, Input.MASK}),
    help=(
        "Say what the picture should show, and best also what it shows now: the place is found by itself. "
        "To add something where nothing is yet, use “Fill and remove” with a mask."
    ),
)
