"""A drag under way: the picture's look learnt, the picture inverted, its latent led to the targets, and painted.

What it is asked for while it runs makes another request of the one that it began with: the recipe that replays it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from engine import detail, identity, memory
from engine.backbone import Backbone
from engine.cache import content
from engine.calling import Patch
from engine.clock import Clock
from engine.course import Course, Spots, spots_of
from engine.dragging import Pull, Pulling
from engine.holding import Holding
from engine.legs import Legs, State, calls_to_carry
from engine.original import Inverting, Wanted
from engine.points import Leg, Retarget
from engine.points import Spots as Places
from engine.request import Control, EditRequest, EditResult, Sent, Step
from engine.workpiece import Previews, Seam, Workpiece, size_note, to_picture, to_tensor, unpainted, words_note

_EDGE = (
    "A target lies beyond the part that this drag works on: it was led to its edge. To go farther, run the drag anew."
)


@dataclass(frozen=True)
class Settings:
    """How a drag is led.

    Attributes:
        steps: of the whole way down.
        strength: the share of it that is really taken, there and back, above 0, at most 1.
        pulls: most steps of pulling, for each leg.
        carried: the thing is put at its targets at once, and pulled only into place.
        pull: how the latent is pulled.
        detail: how much of its own fine detail a carried thing is given back, 0..1.
        checkpoints: "on", "off" or "auto", see `memory.patches_for`.
        seam: how the new picture melts into the old one.
    """

    steps: int
    strength: float
    pulls: int
    carried: bool
    pull: Pull
    detail: float
    checkpoints: str
    seam: Seam


class Leading:
    """One drag under way.

    Attributes:
        request: the recipe of what was done so far.
        course: where it takes place.
    """

    def __init__(self, backbone: Backbone, request: EditRequest, settings: Settings, seconds: dict[str, float]) -> None:
        self._settings, self._backbone, self._clock = settings, backbone, Clock(seconds)
        self.course = Course(request, settings.seam, backbone)
        assert request.points is not None
        targets = spots_of(request.points[:, 1])
        self._at_edge = self.course.leave(targets)  # of the part that an earlier leg has settled
        self.request = self.course.led(request, request.legs, targets) if self._at_edge else request
        area = self.course.region
        self._around: list[Patch] = [*memory.patches_for(backbone, area.padded, settings.checkpoints)]
        self._times = backbone.schedule.ddim_times(settings.steps, settings.strength)
        self._words = backbone.embed(request.prompt)
        self._picture = area.to_work(self.course.piece.source)
        self._lessons = identity.steps_of(request)
        looks = identity.key_of(backbone, request) if self._lessons else ""
        layout = backbone.layout
        wanted = Wanted(layout.shared_attention, pointed=(layout.drag_features,))
        self._inverting = Inverting(backbone, self._picture, request.prompt, self._times, wanted, looks)
        mask = None if request.mask is None else request.mask[area.slices]
        seam = settings.seam.grow, settings.seam.feather
        self._pull_key = content(self._inverting.key, mask, settings.carried, settings.pull, seam)
        self._lift = calls_to_carry(self._times) if settings.carried else 0  # steps before each leg's pulling
        self._identity = identity.identity_of(backbone, request) if self._lessons else None
        self._patches: list[Patch] = [self._identity] if self._identity is not None else []
        self._state: State  # where the pulling is
        self._marks = self.course.handles
        self._present: Leg | None = None  # what leads to the targets, if it was not closed
        self._look(self.course.handles, self.course.handles)
        self._clock.passed("encode")

    def prepared(self) -> Generator[Step, Sent, Retarget | int | None]:
        """Learn the picture's look and invert it; says at which step it was stopped, or where it is led instead."""
        stop, learnt = self.request.stop_after, 0 if self._identity is None else self._identity.steps
        if stop is not None and stop <= learnt:
            return stop  # that far it has been already
        for step in chain(self._learnt(), self._inverted()):
            self._clock.passed("prepare")
            sent = yield step
            self._clock.start()
            if isinstance(sent, Retarget):
                return sent
            if sent is Control.STOP or step.index == stop:
                return step.index
        # A recipe that ends in here ends the same, whatever is remembered and was passed over.
        return stop if stop is not None and stop <= self._done(()) else None

    def _learnt(self) -> Iterator[Step]:
        if self._identity is not None:
            for done, *_ in identity.training(self._backbone, self.request, self._identity):
                yield self._shown(done, self._source, "identity")

    @cached_property
    def _source(self) -> Tensor:
        """(1, C, h, w): what is shown while the look is learnt; nobody asks for it where nothing is left to learn."""
        return self._backbone.encode(to_tensor(self._picture))

    def _inverted(self) -> Iterator[Step]:
        for step in self._inverting.run(self._patches):
            yield self._shown(self._lessons + step.done, step.clean, "invert")

    def pulled(self) -> Generator[Step, Sent, bool]:
        """Go through the legs that are not remembered, then to the targets; whether it was led elsewhere meanwhile."""
        original = self._inverting.original
        assert original is not None
        assert self.request.points is not None
        self._original = original
        self._legs = Legs(
            self._backbone, self.course, original, self._words, self._patches, self._pull_key, self.request.seed
        )
        legs, stop, self._present = self.request.legs, self.request.stop_after, None
        done = self._done(legs)
        if stop is None or stop > done:
            most = self._settings.pulls if stop is None else min(self._settings.pulls, max(stop - done - self._lift, 1))
            self._present = Leg(spots_of(self.request.points[:, 1]), most)
        route = legs if self._present is None else (*legs, self._present)
        known, self._state = self._legs.farthest(route)
        for count in range(known, len(route)):
            if (yield from self._leg(route[:count], route[count])):
                return self.request.stop_after is None
        return False

    def _leg(self, earlier: tuple[Leg, ...], leg: Leg) -> Generator[Step, Sent, bool]:
        """One leg, until the handles have arrived or its steps are done; whether it was interrupted."""
        goals, carry = self.course.to_work(leg.targets), self._settings.carried
        asked = (yield from self._carried(goals, self._done(earlier))) if carry else None
        self._marks = self._state.marks
        self._look(self._marks, goals)
        pulling, done = self._pulling(), 0
        run = pulling.run(self._state.z, self._state.marks, goals, leg.steps, carry)
        for done, z, marks, _ in run:
            self._state, self._marks = replace(self._state, z=z, marks=marks), marks
            self._clock.passed("pull")
            index = self._done(earlier) + self._lift + done
            sent = yield self._shown(index, self._legs.clean(self._state), "drag")
            sent = asked if asked is Control.STOP else sent or asked
            self._clock.start()
            if sent is not None:
                self._close(earlier, Leg(leg.targets, done), sent)
                return True
        self._legs.remember((*earlier, Leg(leg.targets, done)), self._state)
        self._legs.remember((*earlier, leg), self._state)  # more steps than it took to arrive are the same leg
        return False

    def _carried(self, goals: Spots, before: int) -> Generator[Step, Sent, Sent]:
        """The thing put where it is led; what was sent meanwhile is for the first step of pulling."""
        asked, arrived = None, self._state
        for step, state in self._legs.carried(self._state, goals):
            self._look(state.marks, goals)
            self._marks = state.marks
            self._clock.passed("carry")
            sent = yield self._shown(before + step.done, step.clean, "carry")
            asked = asked if asked is Control.STOP else sent or asked  # once stopped it stays so
            self._clock.start()
            arrived = state
        self._state = arrived
        return asked

    def _close(self, earlier: tuple[Leg, ...], leg: Leg, sent: Control | Retarget) -> None:
        """A leg ends here: the request becomes one that goes on from it, or that stops there."""
        legs = (*earlier, leg)
        self._legs.remember(legs, self._state)
        targets = sent.targets if isinstance(sent, Retarget) else leg.targets
        stop = None if isinstance(sent, Retarget) else self._done(legs)
        self._lead(legs, targets, stop)

    def _lead(self, legs: tuple[Leg, ...], targets: Places, stop: int | None) -> None:
        """The request becomes one that has these legs behind it."""
        self._at_edge = self._at_edge or self.course.leave(targets)
        self.request = replace(self.course.led(self.request, legs, targets), stop_after=stop)

    def painted(self) -> Generator[Step, Sent, EditResult | None]:
        """The way down from the pulled latent; None where the drag is to be led on instead."""
        legs = self.request.legs
        before = self._done(legs) + self._lift + self._settings.pulls
        assert self.request.points is not None
        self._marks = self._state.marks
        self._look(self._marks, self.course.to_work(self.request.points[:, 1]))
        piece = self._piece
        holding = Holding(piece.cells(self._backbone.factor), len(self._times))
        stop = self.request.stop_after
        stoppable = stop is None or stop > before  # a pulling that was stopped is painted to its end
        hole = self._legs.hole(self._state.marks)
        start = holding.changing(self._state.z, self._original.risen.at(0))
        run = self._original.drawn(self._backbone, start, self._words, holding, patches=self._patches, hole=hole)
        for step in run:
            self._clock.passed("paint")
            sent = yield self._shown(before + step.done, step.clean, "paint")
            self._clock.start()
            if isinstance(sent, Retarget):
                done = legs if self._present is None else (*legs, self._present)
                self._lead(done, sent.targets, None)
                return None
            last = step.done == len(self._times)
            if not last and stoppable and (sent is Control.STOP or before + step.done == stop):
                self.request = replace(self.request, stop_after=before + step.done)
                latent = holding.mixed(step.clean, self._original.risen.source, step.done - 1)
                return self._result(piece, holding, latent, before + step.done)
        return self._result(piece, holding, step.latent, before + step.done)

    def _result(self, piece: Workpiece, holding: Holding, latent: Tensor, steps: int) -> EditResult:
        picture = piece.finished(to_picture(self._backbone.decode(latent)))
        alpha = piece.alpha(holding.faintest)
        marks = self.course.to_picture(self._state.marks)
        if self.request.mask is not None and self.request.points is not None and self._settings.detail > 0:
            points = np.stack([self.request.points[:, 0], marks], axis=1)
            sharp = detail.dragged(piece, self.request.mask, points)
            picture = detail.given_back(picture, sharp, self._settings.detail, piece.region.scale, sure=True)
        self._clock.passed("decode")
        notes = self._notes
        patch = piece.patch(picture, alpha)
        return EditResult(*patch, self.request, steps, piece.region.scale, self._clock.seconds, notes, marks=marks)

    @property
    def _notes(self) -> tuple[str, ...]:
        """What the artist should know about this drag."""
        everything = "Nothing is selected, so everything may move. Select the thing to keep the rest as it is."
        notes: tuple[str, ...] = (everything,) if self.request.mask is None else ()
        if self._at_edge:
            notes += (_EDGE,)
        return (*notes, *size_note(self.course.piece), *words_note(self._backbone, self._words))

    def unpainted(self, step: int) -> EditResult:
        """Stopped while it was still being prepared."""
        note = "Stopped before anything was moved: the picture was not changed."
        recipe = replace(self.request, stop_after=step)
        return unpainted(recipe, step, self._clock.seconds, (*self._notes, note))

    def _pulling(self) -> Pulling:
        cells = self._piece.cells(self._backbone.factor)
        free = None if cells is None else torch.from_numpy(cells)
        times = self._times[0], self._times[1] if len(self._times) > 1 else None
        patches = [*self._patches, *self._around]
        pull = self._settings.pull
        return Pulling(self._backbone, self._words, patches, self._original, times, self.course.handles, free, pull)

    def _look(self, marks: Spots, goals: Spots) -> None:
        """What is worked on while the handles go from marks to goals, (n, 2) working pixels each."""
        self._goals = goals
        self._piece = self.course.workpiece(marks, goals)
        self._previews = Previews(self._backbone, self._piece, self._piece.alpha(1 / len(self._times)), 1)

    def _shown(self, index: int, clean: Tensor, part: str) -> Step:
        """A step with its picture, where the handles are, and how far they have to go."""
        here, there = self.course.to_picture(self._marks), self.course.to_picture(self._goals)
        left = float(np.hypot(*(there - here).T).mean())
        total = self._done(self.request.legs) + self._lift + self._settings.pulls + len(self._times)
        return replace(self._previews.step(index, clean, part), total=total, marks=here, left=left)

    def _done(self, legs: tuple[Leg, ...]) -> int:
        """Steps that are done when these legs are over."""
        return self._lessons + len(self._times) + sum(self._lift + leg.steps for leg in legs)
