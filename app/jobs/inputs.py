"""The arrays that an edit works on, from a document: the picture without its strokes, and the strokes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeGuard

from editor.composite import composite
from editor.document import Snapshot
from editor.files import to_srgb
from editor.files.export import on_white
from editor.identity import Identity
from editor.layers import BlendMode, GroupLayer, ImageLayer, Layer, Role
from editor.tiles import Array, full_value
from engine.request import Pixels

Look = tuple[object, ...]


def image_and_strokes(snapshot: Snapshot, separate: bool) -> tuple[Pixels, Pixels | None]:
    """The picture (H, W, 3) without its strokes and the strokes (H, W, 4), sRGB; unless `separate`, all in one."""
    used = [layer for layer in shown_layers(snapshot.layers) if is_strokes(layer)] if separate else []
    ids = frozenset(layer.id for layer in used)
    image = on_white(to_srgb(composite(snapshot, without=ids), snapshot.profile))
    if not used:
        return image, None
    strokes = composite(snapshot, only=ids)
    if not strokes[..., 3].any():
        return image, None
    if not _lie_plainly_on_top(snapshot.layers):
        _show_as_seen(strokes, composite(snapshot))
    return image, to_srgb(strokes, snapshot.profile)


def _show_as_seen(strokes: Array, picture: Array) -> None:
    """Make the strokes, both (H, W, 4), opaque with the colours of the picture, wherever anything is painted."""
    painted = strokes[..., 3] > 0
    strokes[painted, :3] = on_white(picture)[painted]
    strokes[painted, 3] = full_value(strokes.dtype)


def look_of(snapshot: Snapshot) -> Look:
    """What is seen of a document: equal for two snapshots that show the same, as far as that can be told without
    looking at pixels. It holds none, so it may be kept for long.
    """
    return snapshot.size, snapshot.profile, _look(snapshot.layers)


def _look(layers: Iterable[Layer]) -> Look:
    return tuple(
        (
            layer.opacity, layer.blend, layer.offset,
            layer.mask.identity if layer.mask is not None and layer.mask_enabled else None,
            _look(layer.children) if isinstance(layer, GroupLayer) else _identity(layer),
        )
        for layer in layers
        if layer.visible and not (isinstance(layer, ImageLayer) and not layer.pixels.tiles)
    )  # fmt: skip


def _identity(layer: Layer) -> Identity | None:
    return layer.pixels.identity if isinstance(layer, ImageLayer) else None


def shown_layers(layers: Iterable[Layer]) -> Iterator[Layer]:
    """All layers that are visible, with every group around them, bottom to top."""
    for layer in layers:
        if layer.visible and layer.opacity > 0:
            if isinstance(layer, GroupLayer):
                yield from shown_layers(layer.children)
            yield layer


def is_strokes(layer: Layer) -> TypeGuard[ImageLayer]:
    """Whether a layer is a guide for the next edit."""
    return isinstance(layer, ImageLayer) and layer.role is Role.STROKES


def _lie_plainly_on_top(layers: tuple[Layer, ...]) -> bool:
    """Whether the strokes, painted over the rest, give the picture as shown: nothing above them, no blend modes."""
    shown = [layer for layer in layers if layer.visible and layer.opacity > 0]
    first = next(i for i, layer in enumerate(shown) if any(is_strokes(part) for part in shown_layers((layer,))))
    return all(
        part.blend is BlendMode.NORMAL and (is_strokes(part) or isinstance(part, GroupLayer))
        for part in shown_layers(shown[first:])
    )
