"""The document: size, depth, profile, layers, a selection and where it goes, points, a box. Only commands change it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from editor import limits, tree
from editor.foreign import NOTHING, Foreign
from editor.geometry import EMPTY, Rect
from editor.layers import Layer, LayerId, layer_bounds, seen_change
from editor.placement import Placed, Placement
from editor.points import PointPair, cut_to
from editor.tiles import UINT8, UINT16, Depth, TiledImage

if TYPE_CHECKING:
    from editor.history import History


class What(Enum):
    """Which part of the document a change touched."""

    PIXELS = auto()  # what is seen changed inside `rect`
    LAYERS = auto()  # the tree or a layer's properties (rect = what is seen to change, may be EMPTY)
    SELECTION = auto()
    PLACEMENT = auto()  # where what is selected shall go
    POINTS = auto()
    BOX = auto()  # where a thing shall stand
    ACTIVE = auto()  # another layer is active, or painting goes to the mask / to the pixels
    CANVAS = auto()  # size or profile: everything
    HISTORY = auto()  # steps or the saved mark


@dataclass(frozen=True, slots=True)
class Change:
    """One change, told to every listener after it happened; `rect` in canvas pixels, clipped to the canvas."""

    what: What
    rect: Rect = EMPTY
    layer: LayerId | None = None


Listener = Callable[[Change], None]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A document at one moment, by reference: cheap to take, safe to read from any thread."""

    size: tuple[int, int]  # (width, height)
    dtype: Depth  # uint8 or uint16
    profile: bytes | None  # ICC; None = sRGB
    layers: tuple[Layer, ...]  # bottom to top
    active: LayerId | None
    selection: TiledImage | None  # one channel uint8, 255 = selected; None = nothing selected
    placed: Placed | None = None  # where a selection goes, as far as it is still the one selected; None = it stays
    points: tuple[PointPair, ...] = ()  # in the order they are numbered
    box: Rect | None = None  # where a thing shall stand; it may reach over the canvas' edge
    foreign: Foreign = NOTHING  # what another program put into the file

    @property
    def canvas(self) -> Rect:
        return Rect(0, 0, *self.size)

    @property
    def placement(self) -> Placement:
        """Where what is selected shall go."""
        if self.placed is None or self.selection is None or self.placed.of is not self.selection.identity:
            return Placement()
        return self.placed.placement


class Document:
    """One open picture.

    `history.do(command)` is the only way to change it that can be undone.

    Attributes:
        path: where it was saved to as .ora; None = never.
        title: what the tab shows.
        history: its undo steps.

    Raises:
        DocumentError: the canvas would be larger than `editor.limits` allows.
    """

    def __init__(
        self,
        width: int,
        height: int,
        dtype: DTypeLike = np.uint8,
        profile: bytes | None = None,
        title: str = "Untitled",
    ) -> None:
        from editor.history import History  # the history imports commands, which import this module

        if width < 1 or height < 1 or np.dtype(dtype) not in (UINT8, UINT16):
            raise ValueError(f"a document needs a size and 8 or 16 bits, not {width} x {height} {np.dtype(dtype)}")
        limits.need_canvas(width, height)
        self.path: Path | None = None
        self.title = title
        self._state = Snapshot((width, height), np.dtype(dtype), profile, (), None, None)
        self._paint_on_mask = False
        self._listeners: list[Listener] = []
        self.history: History = History(self)

    @classmethod
    def from_snapshot(cls, snapshot: Snapshot) -> Document:
        """A new document that starts from the snapshot, with an empty history.

        Its selection and points are cut to the canvas; a selection with nothing in it is none, and so is a box that
        lies elsewhere.
        """
        document = cls(*snapshot.size, snapshot.dtype, snapshot.profile)
        document._state, selection = snapshot, snapshot.selection
        if selection is not None:
            if not selection.same_kind(_NO_SELECTION):
                raise ValueError("a selection has one channel of 8 bits, and nothing is selected by default")
            inside = selection.cropped(snapshot.canvas)
            if inside is not selection or not inside.tiles:
                document._set(selection=inside if inside.tiles else None)
        points = cut_to(snapshot.points, snapshot.canvas)[: limits.POINTS]
        if points != snapshot.points:
            document._set(points=points)
        if snapshot.box is not None and not limits.box_fits(snapshot.box, snapshot.canvas):
            document._set(box=None)
        return document

    # reading

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the canvas in pixels."""
        return self._state.size

    @property
    def canvas(self) -> Rect:
        return self._state.canvas

    @property
    def dtype(self) -> Depth:
        """uint8 or uint16: the depth of every colour layer."""
        return self._state.dtype

    @property
    def profile(self) -> bytes | None:
        """The ICC profile of all colours; None = sRGB."""
        return self._state.profile

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The root layers, bottom to top."""
        return self._state.layers

    @property
    def active(self) -> LayerId | None:
        return self._state.active

    @property
    def selection(self) -> TiledImage | None:
        """One channel uint8, 255 = selected; None = nothing selected, which limits nothing."""
        return self._state.selection

    @property
    def placed(self) -> Placed | None:
        """The placement as it was set last, and the selection that it was set for."""
        return self._state.placed

    @property
    def placement(self) -> Placement:
        """Where what is selected now shall go."""
        return self._state.placement

    @property
    def points(self) -> tuple[PointPair, ...]:
        """The drag points, in the order they are numbered, all on the canvas."""
        return self._state.points

    @property
    def box(self) -> Rect | None:
        """Where a thing shall stand; some of it lies on the canvas."""
        return self._state.box

    @property
    def modified(self) -> bool:
        """Whether it differs from what was last saved."""
        return self.history.modified

    @property
    def paint_on_mask(self) -> bool:
        """Whether the brush goes to the active layer's mask."""
        return self._paint_on_mask

    @paint_on_mask.setter
    def paint_on_mask(self, on: bool) -> None:
        if on != self._paint_on_mask:
            self._paint_on_mask = on
            self.notify(Change(What.ACTIVE, layer=self.active))

    @property
    def mask_in_hand(self) -> LayerId | None:
        """Whose mask is painted on and reshaped: the active layer's, or (None) the selection; see `editor.masks`."""
        if not self._paint_on_mask or self.active is None or self[self.active].mask is None:
            return None
        return self.active

    def __getitem__(self, layer: LayerId) -> Layer:
        path = tree.path_to(self.layers, layer)
        if not path:
            raise KeyError(layer)
        return path[-1]

    def __contains__(self, layer: LayerId) -> bool:
        return bool(tree.path_to(self.layers, layer))

    def walk(self) -> Iterator[Layer]:
        """All layers, bottom to top, groups after their children."""
        return tree.walk(self.layers)

    def path_to(self, layer: LayerId) -> tuple[Layer, ...]:
        """The groups around the layer from the outermost in, then the layer itself; () when it is gone."""
        return tree.path_to(self.layers, layer)

    def place_of(self, layer: LayerId) -> tuple[LayerId | None, int]:
        """(parent group or None, index among its siblings); KeyError when gone."""
        return tree.place_of(self.layers, layer)

    def children_of(self, parent: LayerId | None) -> tuple[Layer, ...]:
        """The layers of a group, bottom to top; None stands for the roots. KeyError when there is no such group."""
        return tree.children_of(self.layers, parent)

    def snapshot(self) -> Snapshot:
        """The document as it is now, by reference."""
        return self._state

    # listening

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` after every change; returns what ends that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def notify(self, change: Change) -> None:
        """Tell every listener; called by the document and its history."""
        for listener in tuple(self._listeners):
            listener(change)

    # raw changes: called by commands and by a tool while a gesture is going on

    def replace(self, layer: LayerId, *, dirty: Rect | None = None, **changes: Any) -> None:
        """Change fields of a layer.

        Args:
            dirty: canvas rectangle that is seen to change, where the caller knows it better than whole tiles.
        """
        before = self[layer]
        after = replace(before, **changes)
        self._set(layers=tree.with_layer(self.layers, after))
        rect = seen_change(before, after, changes.keys()) if dirty is None else dirty
        what = What.PIXELS if changes.keys() <= {"pixels", "mask"} else What.LAYERS
        self.notify(Change(what, rect.intersected(self.canvas), layer))

    def insert(self, layer: Layer, parent: LayerId | None, index: int) -> None:
        """Put a layer (with all it holds) at `index` among the parent's children, counted from the bottom."""
        siblings = self.children_of(parent)
        self._set(layers=tree.with_children(self.layers, parent, (*siblings[:index], layer, *siblings[index:])))
        self.notify(Change(What.LAYERS, self._visible_bounds(layer), layer.id))

    def remove(self, layer: LayerId) -> Layer:
        """Take a layer out; when it (or what it holds) was active, a neighbour becomes active."""
        removed, (parent, index) = self[layer], self.place_of(layer)
        inside = {part.id for part in tree.walk((removed,))}
        siblings = tuple(other for other in self.children_of(parent) if other.id != layer)
        active = self.active
        if active in inside:
            active = siblings[max(index - 1, 0)].id if siblings else parent
        moved_on = active != self.active
        self._set(layers=tree.with_children(self.layers, parent, siblings), active=active)
        self._paint_on_mask = self._paint_on_mask and not moved_on
        self.notify(Change(What.LAYERS, self._visible_bounds(removed), layer))
        if moved_on:
            self.notify(Change(What.ACTIVE, layer=active))
        return removed

    def activate(self, layer: LayerId | None) -> None:
        """Make a layer the one that tools work on; not an undo step. KeyError when it is not there."""
        if layer is not None and layer not in self:
            raise KeyError(layer)
        if layer != self.active:
            self._set(active=layer)
            self._paint_on_mask = False
            self.notify(Change(What.ACTIVE, layer=layer))

    def select(self, selection: TiledImage | None, dirty: Rect | None = None) -> None:
        """Set the selection; one with nothing in it is no selection.

        Args:
            dirty: canvas rectangle that changes, where the caller knows it better than whole tiles.
        """
        before = self.selection
        now = selection if selection is not None and selection.tiles else None
        if now is before:
            return
        if dirty is None:
            dirty = (now or _NO_SELECTION).difference(before or _NO_SELECTION)
        self._set(selection=now)
        self.notify(Change(What.SELECTION, dirty.intersected(self.canvas)))

    def place(self, placed: Placed | None) -> None:
        """Set where a selection goes."""
        if placed != self.placed:
            self._set(placed=placed)
            self.notify(Change(What.PLACEMENT))

    def place_points(self, points: tuple[PointPair, ...]) -> None:
        """Set all drag points."""
        if points != self.points:
            self._set(points=points)
            self.notify(Change(What.POINTS))

    def place_box(self, box: Rect | None) -> None:
        """Set where a thing shall stand."""
        if box != self.box:
            self._set(box=box)
            self.notify(Change(What.BOX))

    def resize(self, width: int, height: int) -> None:
        """Set the canvas' size; layers stay where they are."""
        self._set(size=(width, height))
        self.notify(Change(What.CANVAS, self.canvas))

    def restore(self, snapshot: Snapshot) -> None:
        """Become what the snapshot was; the history is left alone."""
        self._state = snapshot
        self._paint_on_mask = False
        restored = (What.CANVAS, What.LAYERS, What.SELECTION, What.PLACEMENT, What.POINTS, What.BOX, What.ACTIVE)
        for what in restored:
            self.notify(Change(what, self.canvas, self.active))

    def _set(self, **changes: Any) -> None:
        self._state = replace(self._state, **changes)

    def _visible_bounds(self, layer: Layer) -> Rect:
        return layer_bounds(layer).intersected(self.canvas) if layer.visible else EMPTY


_NO_SELECTION = TiledImage(channels=1)
