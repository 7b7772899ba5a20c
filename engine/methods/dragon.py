"""Move, resize, paste: a thing is taken elsewhere, and the network makes it belong there.

DragonDiffusion (Mou et al., CVPR 2024, arXiv 2307.02421) with the liberties of DiffEditor (Mou et al., CVPR 2024,
arXiv 2402.02583). The picture is inverted and remembered (`engine.bank`); the thing is carried to its new place in the
picture and in the noise (`engine.arrangement`, `engine.relocating`); on the way down self-attention sees what is
remembered (`engine.references`), and gradients of energies lead the latent (`engine.energy`, `engine.guiding`).
The published run: steps 50, strength 1, guidance 4 (appearance 5, and energy 0.25), repeats 3.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter

import torch

from engine import detail, placing, relocation
from engine.backbone import Backbone
from engine.checking import check_not_everything, checked
from engine.energy import Weights
from engine.guiding import Liberties
from engine.relocating import Relocating, Settings
from engine.relocation import Relocation
from engine.request import EditRequest, EditResult, Input, Method, Parameters, Run, knob
from engine.workpiece import (
    Seam,
    cut_out,
    followed,
    size_note,
    to_picture,
    unpainted,
    words_note,
)

_PUBLISHED = {  # for each: weights of the energies, and the part of the way with shared attention
    "move": (Weights(4.0, 6.0, 0.2, 0.8, pace=0.08 * 0.5), (5 / 50, 1.0)),
    "appearance": (Weights(3.5, 5.0, pace=0.04 * 2.0), (0.0, 35 / 50)),
    "paste": (Weights(4.0, 6.0, pace=0.04 * 1.5), (0.0, 35 / 50)),
}
# A thing that takes other looks must be led and freed more, or nothing of them is seen.
_MORE_ENERGY = {"appearance": 4.0}
_MORE_STRENGTH = {"appearance": 1 / 3}  # an exponent: 0.3 becomes 0.67, 1 stays 1


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
        choices=tuple(_PUBLISHED),
    )
    shift_x: float = knob(0.0, -10000.0, 10000.0, "How far to the right.", title="Right", unit="px")
    shift_y: float = knob(0.0, -10000.0, 10000.0, "How far down.", title="Down", unit="px")
    scale: float = knob(1.0, *placing.SCALES, "How many times as large.", title="Size")
    turn: float = knob(0.0, -180.0, 180.0, "How far to turn it, clockwise.", unit="°")
    strength: float = knob(
        0.3, 0.05, 1.0, "How freely the thing is painted anew: less keeps its looks, more fits it to its place."
    )
    detail: float = knob(
        1.0, 0.0, 1.0, "How much of its own fine detail a thing keeps that is carried; its tones are painted."
    )
    steps: int = knob(25, 1, 150, "Denoising steps of a full run, there and back.")
    guidance: float = knob(
        2.0, 0.0, 20.0, "How closely the thing follows the words that name what the picture shows; 0 = not at all."
    )
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
    def settings(self) -> Settings:
        """How it is run."""
        usual, shared = _PUBLISHED[self.task]
        weights = Weights(
            usual.edit * self.edit_weight,
            usual.content * self.content_weight,
            usual.contrast * self.contrast,
            usual.inpaint * self.inpaint,
            usual.pace * self.energy * _MORE_ENERGY.get(self.task, 1.0),
        )
        liberties = Liberties(self.eta, self.repeats)
        strength = self.strength ** _MORE_STRENGTH.get(self.task, 1.0)
        return Settings(self.task, self.steps, strength, self.guidance, weights, liberties, shared)


@torch.no_grad()
def dragon(backbone: Backbone, request: EditRequest) -> Run:
    """Move, resize or turn what is selected, give it other looks, or put something into the picture.

    Yields:
        a Step after each network call of the inversions and of the painting; a picture that is remembered is not
        inverted again. With a drag point each Step says where the handles are: at once where they come to when the
        painting begins. `Control.STOP` ends with the picture predicted so far, or in an inversion with no picture.

    Raises:
        BadRequest: arrays that do not fit, nothing selected, everything selected, nothing asked, no example.
    """
    options, place = _checked(request)
    seconds: dict[str, float] = {}
    start = perf_counter()
    seam = Seam(options.grow, options.feather, options.context)
    piece = cut_out(request, place.changing, seam, backbone)
    edit = Relocating(backbone, request, options.settings, piece, place)
    seconds["text"] = perf_counter() - start
    notes = (*place.notes, *size_note(piece), *words_note(backbone, edit.words))
    stopped = yield from edit.remembered(seconds)
    if stopped is not None:
        notes += ("Stopped before anything was painted: the picture was not changed.",)
        return unpainted(replace(request, stop_after=stopped), stopped, seconds, notes)

    ended = yield from followed(edit.painted(), edit.show_painted, request.stop_after, seconds)
    start = perf_counter()
    latent = edit.stopped(ended.last) if ended.stopped else ended.last.latent
    picture = piece.finished(to_picture(backbone.decode(latent)))
    if options.detail > 0 and options.task != "appearance":
        example = request.exemplar if options.task == "paste" else None
        picture = detail.given_back(picture, detail.carried(piece, place, example), options.detail, piece.region.scale)
    seconds["decode"] = perf_counter() - start
    patch = piece.patch(picture, edit.alpha)
    marks = None if request.points is None else place.marks(request.points)
    request = replace(request, stop_after=ended.step if ended.stopped else None)
    return EditResult(*patch, request, ended.step, piece.region.scale, seconds, notes, marks=marks)


def _checked(request: EditRequest) -> tuple[DragonParameters, Relocation]:
    """The request's options and what they ask for, after everything was looked at."""
    options = checked(request, DragonParameters)
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
