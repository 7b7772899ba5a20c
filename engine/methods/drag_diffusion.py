"""DragDiffusion: handles are led to their targets and the thing under them follows (Shi et al., CVPR 2024).

The picture's own look is learnt into a small LoRA, the picture inverted, its noisy latent pulled until the handles have
arrived, and the way down taken with the original's keys and values (arXiv 2306.14435); `engine.leading` does it. Three
things differ:

- The thing is put at the targets in the picture, and that is inverted, too, for the latent to start from
  (`engine.carrying`, `engine.legs`): pulling has only to mend what is not at its target yet. "still" starts as the
  paper does.
- Where the thing stood, nothing may look at what it looked like (`engine.lending`).
- Outside of the thing's old and new place every latent is the inverted one of the same level, in the end the source.

What does not depend on the targets is kept: identity, inversion, keys and values. A drag may be led on: each of its
legs starts from the latent at which the last one ended.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from engine.backbone import Backbone
from engine.checking import checked_drag
from engine.dragging import Pull
from engine.identity import IdentityParameters
from engine.leading import Leading, Settings
from engine.points import Retarget
from engine.request import EditRequest, Input, Method, Run, knob
from engine.workpiece import Seam

_SURER = 0.2  # a thing that was carried is where it was put, unless another place is clearly more like it


@dataclass(frozen=True)
class DragDiffusionParameters(IdentityParameters):
    """The artist's knobs."""

    pulls: int = knob(80, 1, 400, "Most steps of pulling; it ends when every handle has arrived.")
    strength: float = knob(
        0.7, 0.1, 1.0, "How freely the thing is drawn anew where it comes to lie: less keeps more of its old pixels."
    )
    steps: int = knob(50, 1, 150, "Denoising steps of a full run; strength × steps are really done, there and back.")
    start: str = knob(
        "carried",
        None,
        None,
        "carried: what is selected is taken to the targets at once and then pulled into place; "
        "still: it is pulled all the way.",
        choices=("carried", "still"),
        advanced=True,
    )
    rate: float = knob(0.01, 0.001, 0.1, "How strongly each step pulls.", advanced=True)
    hold: float = knob(
        0.1, 0.0, 1.0, "How much the surroundings hold while it is pulled; 0 is a little faster.", advanced=True
    )
    detail: float = knob(
        1.0,
        0.0,
        1.0,
        "How much of its own fine detail a thing keeps that is carried; its tones are painted.",
        advanced=True,
    )
    grow: int = knob(8, 0, 256, "How far beyond the thing the picture may change.", unit="px", advanced=True)
    feather: int = knob(8, 0, 256, "How softly the new picture melts into the old one.", unit="px", advanced=True)
    context: float = knob(
        0.35, 0.0, 2.0, "Surroundings that the model sees on each side, in parts of the marked size.", advanced=True
    )

    @property
    def settings(self) -> Settings:
        """How it is run."""
        carried = self.start == "carried"
        return Settings(
            self.steps,
            self.strength,
            self.pulls,
            carried,
            Pull(self.rate, self.hold, surer=_SURER if carried else 0.0),
            self.detail,
            self.checkpoints,
            Seam(self.grow, self.feather, self.context),
        )


@torch.no_grad()
def drag_diffusion(backbone: Backbone, request: EditRequest) -> Run:
    """Lead the handles to their targets, the thing with them (Shi et al., CVPR 2024, section 3).

    Yields:
        a Step after each step of learning, inverting, pulling ("drag") and painting; what is remembered is passed over.
        `Control.STOP` during "drag" ends the pulling there and paints; during "paint" it ends with the picture
        predicted so far; before, nothing is painted. `Retarget` leads the drag on from the present latent.

    Raises:
        BadRequest: arrays that do not fit, no points, everything selected.
        OutOfMemory: pulling would not fit.
    """
    options, _ = checked_drag(request, DragDiffusionParameters)
    seconds: dict[str, float] = {}
    while True:
        drag = Leading(backbone, request, options.settings, seconds)
        ended = yield from drag.prepared()
        if isinstance(ended, Retarget):  # nothing has been pulled yet: as if it had been asked for from the start
            request = drag.course.led(request, request.legs, ended.targets, anywhere=not request.legs)
        elif ended is not None:
            return drag.unpainted(ended)
        else:
            break
    while True:
        while (yield from drag.pulled()):
            pass  # led elsewhere meanwhile: on from there
        result = yield from drag.painted()
        if result is not None:
            return result


METHOD = Method(
    id="drag_diffusion",
    title="Drag: faithful",
    parameters=DragDiffusionParameters,
    run=drag_diffusion,
    inputs=frozenset({Input.POINTS, Input.MASK, Input.PROMPT}),
    help=(
        "Select a thing and drag points of it to where they should go; say what the picture shows. Slow, and the "
        "truest: the picture's own look is learnt first, once. Without a selection everything may move."
    ),
)
