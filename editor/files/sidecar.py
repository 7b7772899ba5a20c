"""What OpenRaster has no words for, kept as JSON in the entry pentimento/document.json, which other programs ignore."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar, get_args, get_type_hints

from editor import limits
from editor.geometry import Point, Rect
from editor.layers import BlendMode
from editor.points import PointPair

VERSION = 1
LIMIT = 32 << 20  # bytes of the entry
RECIPE_LIMIT = 1 << 30  # bytes
PROFILE_LIMIT = 64 << 20  # bytes
ENTRY = "pentimento/document.json"
NAMESPACE = "urn:pentimento:openraster"
KEY = f"{{{NAMESPACE}}}key"  # attribute of a layer in stack.xml: its entry in `Sidecar.layers`
BAKED = f"{{{NAMESPACE}}}baked"  # attribute of a layer that only stands in for a masked group elsewhere

# Modes that the specification has no name for, by the name of the one other program that reads them from a file.
OPERATIONS = {BlendMode.EXCLUSION: "krita:exclusion"}

_T = TypeVar("_T")


class SidecarError(ValueError):
    """The entry is not what this program writes."""


@dataclass(frozen=True)
class Piece:
    """Part of a tiled image in a PNG entry `src`; x, y: where its first pixel lies in the layer's own coordinates."""

    src: str
    x: int
    y: int


@dataclass(frozen=True)
class StoredImage:
    """A tiled image in PNG entries.

    Attributes:
        src: entry; "" when nothing but `default` is in it.
        x, y: where its first pixel lies in the layer's own coordinates.
        default: the value everywhere else.
        dtype: of a mask, which has a depth of its own; layers have the document's.
        more: further parts, of a picture whose filled places lie far apart.
    """

    src: str
    x: int = 0
    y: int = 0
    default: int = 0
    dtype: str = "uint8"
    more: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class LayerExtras:
    """One layer; `name` and `visible` only where stack.xml had to say something else."""

    id: str
    offset: list[int]
    name: str | None = None
    visible: bool | None = None
    mask: StoredImage | None = None
    mask_enabled: bool = True
    expanded: bool = True
    pixels: StoredImage | None = None
    alpha_locked: bool = False
    role: str = "image"
    recipe: str | None = None  # entry
    recipe_title: str = ""


@dataclass(frozen=True)
class StoredPlacement:
    """Where what is selected shall go, see `editor.placement.Placement`."""

    shift_x: float
    shift_y: float
    scale: float
    turn: float


@dataclass(frozen=True)
class Sidecar:
    """The document; `profile` names an entry."""

    dtype: str
    version: int = VERSION
    title: str = ""
    profile: str | None = None
    selection: StoredImage | None = None
    placement: StoredPlacement | None = None
    points: tuple[PointPair, ...] = ()
    box: Rect | None = None
    layers: dict[str, LayerExtras] = field(default_factory=dict)


def dumped(sidecar: Sidecar) -> bytes:
    """As JSON in plain ASCII, so that any name survives."""
    return json.dumps(asdict(sidecar), indent=1).encode("ascii")


def parsed(data: bytes) -> Sidecar:
    """Back from JSON; unknown fields of later versions are passed over.

    Raises:
        SidecarError: not JSON, or a field is missing or of the wrong type.
    """
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SidecarError(str(error)) from error
    return _built(Sidecar, values)


def _built(kind: type[_T], values: Any) -> _T:
    if not isinstance(values, dict):
        raise SidecarError(f"{kind.__name__} expected")
    hints = get_type_hints(kind)
    try:
        return kind(**{name: _checked(hints[name], value) for name, value in values.items() if name in hints})
    except TypeError as error:  # a field without default is missing
        raise SidecarError(str(error)) from error


def _checked(hint: Any, value: Any) -> Any:
    options = get_args(hint)
    if type(None) in options:
        return None if value is None else _checked(options[0], value)
    if hint in (tuple[Piece, ...], tuple[PointPair, ...]) and isinstance(value, list):
        return tuple(_built(options[0], part) for part in value)
    if hint == Point and isinstance(value, list) and len(value) == 2 and all(map(_is_place, value)):
        return (float(value[0]), float(value[1]))
    if hint in (StoredImage, StoredPlacement, LayerExtras, Rect):
        return _built(hint, value)
    if hint == dict[str, LayerExtras] and isinstance(value, dict):
        return {key: _built(LayerExtras, layer) for key, layer in value.items()}
    if hint == list[int] and isinstance(value, list) and len(value) == 2 and all(type(part) is int for part in value):
        return value
    if hint is float and type(value) is int and abs(value) <= limits.COORDINATE:  # other programs write 1.0 as 1
        return float(value)
    if type(value) is not hint:
        raise SidecarError(f"{hint} expected, not {type(value).__name__}")
    return value


def _is_place(value: Any) -> bool:
    """Whether it is a number that a coordinate can be; NaN is none."""
    return type(value) in (int, float) and abs(value) <= limits.COORDINATE
