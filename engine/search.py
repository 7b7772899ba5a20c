"""The search for the place that other words would change: from afar, then closer around what was found."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from engine import finding, region, sampling
from engine.backbone import Backbone
from engine.cache import cache_of, content
from engine.comparing import Compared, compare
from engine.errors import BadRequest
from engine.finding import Evidence
from engine.region import Picture, Region
from engine.request import Control, EditRequest, Found, Step
from engine.words import Conditioning
from engine.workpiece import followed, to_tensor

# Things show through thin haze. What a picture is all about, its ground and sky, has long been decided there by what is
# seen, whatever the words say: through thick haze the network has only them to go by.
_THICKER, _THICKEST = 0.3, 0.95  # than the thin one, of the training times; and the limit
_FIRST_LOOK = 0.4  # of the noises; the rest looks closer
_WORTH_A_CLOSER_LOOK = 1.2  # how much larger the found part must become
_SURROUNDINGS = 0.35  # of the found part's longer side, seen on each side in the closer look
_GLOW = (255, 80, 60)  # colour in which the search is shown


@dataclass(frozen=True)
class Looking:
    """How a picture is searched.

    Attributes:
        noises: how many are averaged, over both looks.
        haze: share of the training times at which the picture is looked at; half of each look's noises are thicker.
        total: steps of the whole edit, for what is shown.
    """

    noises: int
    haze: float
    total: int

    def times(self, noises: int, length: int) -> list[int]:
        """At which of `length` training times each noise of a look is added: half of them (rounded down) thicker haze.

        Equal ones stand together, so that a network call can take two.
        """
        thick = min(self.haze + _THICKER, _THICKEST)
        half = noises // 2
        return [round(thick * length)] * half + [round(self.haze * length)] * (noises - half)


class Search:
    """Looks for the place where two texts disagree about the request's picture.

    Attributes:
        stopped_at: index of the step at which it was stopped, None = it was not.
    """

    def __init__(
        self,
        backbone: Backbone,
        request: EditRequest,
        words: Conditioning,
        looking: Looking,
        seconds: dict[str, float],
    ) -> None:
        """`words`: the prompt, and the reference in the place of the negative prompt; `seconds` is added to."""
        self._backbone, self._request, self._words, self._looking = backbone, request, words, looking
        self._seconds = seconds
        height, width = request.image.shape[:2]
        self._size = width, height
        self._far = region.whole(self._size, backbone.native, backbone.factor)
        self.stopped_at: int | None = None

    def run(self, threshold: float) -> Generator[Step, Control | None, Found]:
        """The mask, cut at `threshold` (0..1); the map that it is cut from is remembered.

        Raises:
            BadRequest: nothing reaches the threshold.
        """
        request, noises = self._request, self._looking.noises
        cache = cache_of(self._backbone)
        texts = request.prompt, request.reference_prompt
        key = content("difference", request.image, texts, noises, self._looking.haze, request.seed)
        known: tuple[Evidence, Region] | None = cache.get(key)
        if known is None or (request.stop_after is not None and request.stop_after <= noises):
            known = yield from self._looked()
            if self.stopped_at is None:
                cache.keep(key, known, known[0].nbytes)
        found = finding.found(*known, request.image.shape[:2], threshold)
        if not found.mask.any():
            raise BadRequest(
                "No place was found that these words would change. Say what is there now, lower the threshold, "
                "or mark the place yourself."
            )
        return found

    def _looked(self) -> Generator[Step, Control | None, tuple[Evidence, Region]]:
        """The map of differences and the part of the picture that it covers."""
        first = max(1, round(self._looking.noises * _FIRST_LOOK))
        rest = self._looking.noises - first
        coarse, picture = yield from self._look(self._far, first, 0)
        far = self._evidence(coarse, self._far, picture)
        if self.stopped_at is not None or not rest:
            return far, self._far
        near = self._nearer(far)
        fine, picture = yield from self._look(near, rest, first)
        if near is self._far:
            return self._evidence(coarse * first + fine * rest, near, picture), near
        return finding.closer(far, self._far, self._evidence(fine, near, picture), near), near

    def _nearer(self, far: Evidence) -> Region:
        """The surroundings of what was found from afar, where they can be seen larger; else the whole again.

        Sizes that the texts name are wrong there, but alike in both, so they cancel out in the differences.
        """
        box = region.bounds(finding.found(far, self._far, self._size[::-1], finding.AUTOMATIC).mask)
        if box is None:
            return self._far
        native, factor = self._backbone.native, self._backbone.factor
        near = region.around(box, 0, self._size, native, factor, _SURROUNDINGS)
        return near if near.scale >= _WORTH_A_CLOSER_LOOK * self._far.scale else self._far

    def _look(
        self, where: Region, noises: int, before: int
    ) -> Generator[Step, Control | None, tuple[NDArray[np.float32], Picture]]:
        """The differences (h/f, w/f) of one look, and the picture (h, w, 3) that was looked at."""
        start = perf_counter()
        picture = where.to_work(region.as_float(self._request.image[where.slices]))
        z = self._backbone.encode(to_tensor(picture))
        self._seconds["encode"] = self._seconds.get("encode", 0.0) + perf_counter() - start
        # Each look has noises of its own: what one of them took for a difference, the other does not.
        noise = sampling.seeded_noise((before + noises, *z.shape[1:]), self._request.seed)[before:]
        times = self._looking.times(noises, self._backbone.schedule.length)

        def show(seen: Compared) -> Step:
            shown = np.rint(self._evidence(seen.difference, where, picture) * 255).astype(np.uint8)
            glow = np.full((*shown.shape, 3), _GLOW, np.uint8)
            return Step(before + seen.done, self._looking.total, glow, where.box, shown, "find")

        run = compare(self._backbone, z, self._words, noise, times)
        ended = yield from followed(run, show, self._request.stop_after, self._seconds)
        self.stopped_at = ended.step if ended.stopped else None
        return ended.last.difference, picture

    def _evidence(self, difference: NDArray[np.float32], where: Region, picture: Picture) -> Evidence:
        return finding.evidence(difference, where, picture, self._backbone.factor)
