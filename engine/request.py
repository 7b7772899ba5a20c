"""An edit as a value: what to do, with what, and what came back. Importing this imports no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Generator
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadRecipe
from engine.points import Leg, Points, Retarget

if TYPE_CHECKING:
    from engine.backbone import Backbone

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


class Input(Enum):
    """What a method takes besides the picture; the window shows the matching tools."""

    STROKES = "strokes"
    PROMPT = "prompt"
    REFERENCE = "reference"
    MASK = "mask"
    BOX = "box"
    POINTS = "points"
    EXEMPLAR = "exemplar"


class Control(Enum):
    """What the caller may send back into a running method."""

    STOP = "stop"  # finish now with what there is


def knob(
    default: Any,
    low: float | None,
    high: float | None,
    help: str,
    *,
    title: str = "",
    advanced: bool = False,
    unit: str = "",
    choices: tuple[str, ...] = (),
) -> Any:
    """One adjustable parameter: a dataclass field that carries its range and help for forms and the command line.

    Args:
        default: value and type (bool, int, float or str).
        low, high: inclusive limits; None for bool and str.
        help: one sentence for the artist.
        choices: the allowed strings, for str only.
    """
    metadata = {
        "low": low,
        "high": high,
        "help": help,
        "title": title,
        "advanced": advanced,
        "unit": unit,
        "choices": choices,
    }
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Parameters:
    """Base of every method's options; each field is a `knob`."""

    def __post_init__(self) -> None:
        for spec in fields(self):
            check_knob(spec, getattr(self, spec.name))

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Parameters:
        """Build from plain values; unknown names, wrong types and values out of range raise BadRecipe with a field."""
        known = {spec.name: spec for spec in fields(cls)}
        for name in values:
            if name not in known:
                shown = name if is_text(name) else ascii(name)  # so that the refusal itself can be printed
                raise BadRecipe(f"parameters.{shown}", f"is unknown; known are {', '.join(known)}")
        cleaned = {
            name: _fraction(name, value) if isinstance(known[name].default, float) and type(value) is int else value
            for name, value in values.items()
        }
        return cls(**cleaned)


def is_text(value: str) -> bool:
    """Whether a string can be written down: lone surrogates, which JSON lets through, cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _fraction(name: str, value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        raise BadRecipe(f"parameters.{name}", "is too large a number") from None


def check_knob(spec: Field[Any], value: Any) -> None:
    """Raise BadRecipe unless `value` has the type of the knob's default and lies in its range."""
    where, wanted = f"parameters.{spec.name}", type(spec.default)
    if spec.default is MISSING or type(value) is not wanted:
        raise BadRecipe(where, f"must be of type {wanted.__name__}, not {type(value).__name__}")
    if isinstance(value, str) and not is_text(value):
        raise BadRecipe(where, "holds characters that are not text")
    low, high, choices = (spec.metadata.get(key) for key in ("low", "high", "choices"))
    if low is not None and high is not None and not low <= value <= high:  # also catches NaN
        raise BadRecipe(where, f"must lie between {low} and {high}, not {value}")
    if choices and value not in choices:
        raise BadRecipe(where, f"must be one of {', '.join(choices)}, not {value!r}")


@dataclass(frozen=True, eq=False)
class EditRequest:
    """Everything an edit depends on; frozen, it is the recipe.

    Attributes:
        method: id of the method, e.g. "sdedit".
        image: (H, W, 3) uint8 or uint16, sRGB: the picture before the strokes.
        parameters: the method's own options.
        strokes: (H, W, 4) of the image's dtype, straight alpha, painted over the image; None without.
        mask: (H, W) uint8, 255 = may change, 0 = must stay; values between are a strength map. None = everything.
        seed: noise comes from a CPU generator with this seed.
        model: id of the model in the catalogue or a folder's path.
        stop_after: network steps after which to finish (a replay of an edit that was stopped early); None = all.
        reference_prompt: what the picture shows now, for methods that compare; "" = not said.
        points: (n, 2, 2) float64, pairs handle → target, (x, y) in image pixels; the mask then says what shall move.
        legs: earlier parts of a drag that was led on, in their order.
        exemplar: (h, w, 4) uint8 or uint16, straight alpha, of its own size: a thing to be brought in, 0 = not of it.
        box: (x, y, width, height) in image pixels, where a thing shall stand; it may reach over the picture's edge.
            With a mask the place is what both cover, see `engine.place`.
    """

    method: str
    image: Pixels
    parameters: Parameters
    prompt: str = ""
    negative_prompt: str = ""
    seed: int = 0
    model: str = "studio"
    strokes: Pixels | None = None
    mask: NDArray[np.uint8] | None = None
    stop_after: int | None = None
    reference_prompt: str = ""
    points: Points | None = None
    legs: tuple[Leg, ...] = ()
    exemplar: Pixels | None = None
    box: tuple[int, int, int, int] | None = None

    def digest(self) -> str:
        """SHA-256 over every value and array: equal digests mean the same edit."""
        plain = {
            "method": self.method,
            "parameters": asdict(self.parameters),
            "prompt": self.prompt,
            "negative_prompt": self.negative_prompt,
            "seed": self.seed,
            "model": self.model,
            "stop_after": self.stop_after,
        }
        if self.reference_prompt:  # an edit without one keeps the digest that it always had
            plain["reference_prompt"] = self.reference_prompt
        if self.legs:
            plain["legs"] = [asdict(leg) for leg in self.legs]
        if self.box is not None:
            plain["box"] = self.box
        sha = hashlib.sha256(json.dumps(plain, sort_keys=True).encode())
        for name in ("image", "strokes", "mask", "points", "exemplar"):
            array = getattr(self, name)
            if array is not None:
                sha.update(f"{name}{array.shape}{array.dtype}".encode())
                sha.update(np.ascontiguousarray(array).data)
        return sha.hexdigest()


@dataclass(frozen=True, eq=False)
class Found:
    """Where other words would change a picture. `engine.finding.mask_at` cuts it anew without any network.

    Attributes:
        mask: (H, W) uint8, 255 = would change: an ordinary mask of the whole picture.
        difference: (h, w) uint8, 255 = the words disagree most; stretch it over `area`.
        area: (x, y, width, height) in image pixels; outside it nothing was found.
    """

    mask: NDArray[np.uint8]
    difference: NDArray[np.uint8]
    area: tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Step:
    """One network step is done.

    Attributes:
        index: steps done so far, 1..total.
        preview: (h, w, 3) uint8 sRGB, small; covers `area`. None where there is nothing to show.
        area: (x, y, width, height) in image pixels.
        preview_alpha: (h, w) uint8 soft mask of the preview, None = opaque.
        part: what the method is doing, e.g. "find"; "" where it does one thing only.
        found: the mask that the method found by itself, from when it is complete.
        marks: (n, 2) float64, where the handles of a drag are now, (x, y) in image pixels.
        left: mean distance of the handles to their targets, image pixels.
    """

    index: int
    total: int
    preview: NDArray[np.uint8] | None = None
    area: tuple[int, int, int, int] = (0, 0, 0, 0)
    preview_alpha: NDArray[np.uint8] | None = None
    part: str = ""
    found: Found | None = None
    marks: NDArray[np.float64] | None = None
    left: float | None = None


@dataclass(frozen=True, eq=False)
class EditResult:
    """A patch for a new layer, a mask, or both.

    Where only a mask was asked for, or the edit was stopped before anything was painted, patch and alpha have no
    pixels; `painted` tells.

    Attributes:
        patch: (h, w, 3), dtype of the request's image, sRGB.
        alpha: (h, w) same dtype, soft mask: 0 leaves the picture as it was, bit for bit.
        origin: (x, y) of the patch's first pixel in the image.
        recipe: the request that replays this result exactly (with `stop_after` set when it was stopped early).
        steps: network steps really run.
        scale: working pixels per image pixel of the region (1 = native).
        seconds: wall time of the parts, e.g. {"text": …, "encode": …, "network": …, "decode": …}.
        notes: sentences for the artist (e.g. that the region was scaled down).
        found: the mask that the method found by itself.
        marks: (n, 2) float64, where the handles of a drag came to, (x, y) in image pixels.
    """

    patch: Pixels
    alpha: Pixels
    origin: tuple[int, int]
    recipe: EditRequest
    steps: int
    scale: float = 1.0
    seconds: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    found: Found | None = None
    marks: NDArray[np.float64] | None = None

    @property
    def painted(self) -> bool:
        """Whether there is a patch."""
        return self.alpha.size > 0


Sent = Control | Retarget | None
"""What the caller may answer to a step; a method takes no notice of what it has no use for."""

Run = Generator[Step, Sent, EditResult]


@dataclass(frozen=True)
class Method:
    """One way to edit: found by listing engine/methods, shown as a form, run as a generator.

    Attributes:
        model: id of the model that it runs on where nobody asks for another.
    """

    id: str
    title: str
    parameters: type[Parameters]
    run: Callable[[Backbone, EditRequest], Run]
    inputs: frozenset[Input]
    help: str = ""
    model: str = "studio"
