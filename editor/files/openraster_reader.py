"""Read OpenRaster, our own with all that the sidecar tells, and that of other programs; hostile files are refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from math import isfinite
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np

from editor import limits
from editor.document import Snapshot
from editor.errors import FileProblem
from editor.files import openraster_foreign, png, sidecar
from editor.files.archive import Archive
from editor.files.colour import convert, usable_rgb
from editor.files.openraster_stack import opacity, read_stack, whole
from editor.files.reading import broken
from editor.files.sidecar import LayerExtras, Piece, Sidecar, SidecarError, StoredImage
from editor.foreign import Attributes, Foreign
from editor.geometry import Rect
from editor.layers import BlendMode, GroupLayer, ImageLayer, Layer, LayerId, Role, new_layer_id
from editor.placement import Placed, Placement
from editor.points import PointPair, cut_to
from editor.tiles import UINT8, UINT16, Array, TiledImage, converted

_NOTES = 3  # told one by one

_MODES = {name: mode for mode, name in sidecar.OPERATIONS.items()} | {
    "svg:add": BlendMode.PLUS,  # as Krita calls it
    "krita:add": BlendMode.PLUS,
}

_NAMES = {mode.value for mode in BlendMode}


@dataclass(frozen=True, eq=False)
class Opened:
    """What a .ora holds.

    Attributes:
        title: what it was called; "" where the file does not say.
        note: sentences for the artist about what other programs put in and is not shown; "" for nothing.
    """

    snapshot: Snapshot
    title: str = ""
    note: str = ""


def read_openraster(path: Path) -> Opened:
    """Read a document.

    Raises:
        FileProblem: damaged, a picture of a layer is missing, or it asks for more than a document needs.
    """
    with Archive(path) as archive:
        return _Reader(archive).read()


@dataclass(frozen=True)
class _Wanted:
    """A picture to decode; equal ones are decoded once."""

    stored: StoredImage
    grey: bool


class _Reader:
    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.notes: dict[str, None] = {}  # an ordered set
        self.sidecar = self._sidecar()
        self.images: dict[_Wanted, TiledImage] = {}
        self.ids: set[str] = set()
        self.active: LayerId | None = None
        self.dtype = UINT8
        self.profile: bytes | None = None

    def read(self) -> Opened:
        size, root, stack = read_stack(self.archive)
        self.dtype, self.profile = self._depth_and_profile(stack)
        self._decode(stack)
        layers = self._children(stack)
        selection = None
        if self.sidecar is not None and self.sidecar.selection is not None:
            selection = self._selection(self.images[_Wanted(self.sidecar.selection, grey=True)])
        active = self.active
        if self.sidecar is None and active is None and layers:
            active = layers[-1].id
        placed = self._placed(selection)
        points = () if self.sidecar is None else self._points(self.sidecar.points, size)
        box = None if self.sidecar is None else self._box(self.sidecar.box, size)
        foreign = self._foreign(root)
        snapshot = Snapshot(size, self.dtype, self.profile, layers, active, selection, placed, points, box, foreign)
        return Opened(snapshot, "" if self.sidecar is None else self.sidecar.title, self._note())

    def _note(self) -> str:
        told, more = list(self.notes)[:_NOTES], len(self.notes) - _NOTES
        return " ".join([*told, f"And {more} more."] if more > 0 else told)

    def _foreign(self, root: Element) -> Foreign:
        found, complete = openraster_foreign.of_document(root, self.archive)
        if not complete:
            self.notes["What another program keeps in it is very large and is lost when it is saved."] = None
        return found

    # the parts of the file

    def _sidecar(self) -> Sidecar | None:
        if sidecar.ENTRY not in self.archive:
            return None
        try:
            found = sidecar.parsed(self.archive.read(sidecar.ENTRY, sidecar.LIMIT))
        except SidecarError:
            self.notes["Its masks, recipes, points and selection could not be read; it looks as it did."] = None
            return None
        if found.version > sidecar.VERSION:
            self.notes["It was saved by a newer Pentimento; what this one does not know was left out."] = None
        return found

    def _depth_and_profile(self, stack: Element) -> tuple[np.dtype[Any], bytes | None]:
        if self.sidecar is not None:
            entry, profile = self.sidecar.profile, None
            if entry is not None:
                self._require(entry, "its colour profile")
                profile = self.archive.read(entry, sidecar.PROFILE_LIMIT)
            return (UINT16 if self.sidecar.dtype == "uint16" else UINT8), profile
        depth, profiles = UINT8, []
        for element in self._drawn(stack):
            head = self.archive.picture_head(element.get("src", ""))
            depth = UINT16 if png.header(head).depth == 16 else depth
            profiles.append(png.profile_of(head))
        profile = profiles[-1] if profiles else None  # the bottom layer's: most often the photo
        return depth, (profile if profile is None or usable_rgb(profile) else None)

    # pictures

    def _decode(self, stack: Element) -> None:
        """Read every picture that the layers name, on several threads."""
        wanted: dict[_Wanted, None] = {}
        for element in stack.iter():
            extras = self._extras(element)
            if element.tag == "layer" and self._is_drawn(element):
                wanted[self._pixels_of(element, extras)] = None
            if extras is not None and extras.mask is not None:
                wanted[_Wanted(extras.mask, grey=True)] = None
        if self.sidecar is not None and self.sidecar.selection is not None:
            wanted[_Wanted(self.sidecar.selection, grey=True)] = None
        for job in wanted:
            self._check_place(job)
            for piece in _pieces(job.stored):
                self._require(piece.src, "a picture of a layer")
                found = png.header(self.archive.picture_head(piece.src))
                self.archive.spend_pixels(found.width * found.height)
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            self.images.update(zip(wanted, pool.map(self._load, wanted), strict=True))

    def _load(self, job: _Wanted) -> TiledImage:
        stored = job.stored
        dtype = (UINT16 if stored.dtype == "uint16" else UINT8) if job.grey else self.dtype
        image = TiledImage(1 if job.grey else 4, dtype, stored.default)
        for piece in _pieces(stored):
            array = converted(self._decoded(piece.src, job.grey), dtype)
            image = image.write(Rect(piece.x, piece.y, array.shape[1], array.shape[0]), array)
        return image

    def _decoded(self, src: str, grey: bool) -> Array:
        data = self.archive.read_picture(src)
        try:
            array = png.decode_grey(data) if grey else png.decode(data)
        except png.PngError as error:
            raise FileProblem(
                f"A picture in “{self.archive.name}” ({src}) is damaged. Open an earlier copy of the file."
            ) from error
        return convert(array, png.profile_of(data), self.profile) if self.sidecar is None else array

    def _selection(self, found: TiledImage) -> TiledImage:
        """A selection as a document has it: 8 bits, nothing selected by default."""
        if found.default:
            raise broken(self.archive.name)
        return found.astype(UINT8)

    def _placed(self, selection: TiledImage | None) -> Placed | None:
        """Where the selection goes; numbers that no placement has count as none."""
        stored = self.sidecar.placement if self.sidecar is not None else None
        if stored is None or selection is None or not all(map(isfinite, astuple(stored))):
            return None
        return Placed(selection.identity, Placement((stored.shift_x, stored.shift_y), stored.scale, stored.turn).tidy())

    def _points(self, found: tuple[PointPair, ...], size: tuple[int, int]) -> tuple[PointPair, ...]:
        """Drag points as a document has them: so many, and all on the canvas."""
        points = cut_to(found, Rect(0, 0, *size))[: limits.POINTS]
        if len(points) < len(found):
            self.notes["Some drag points that do not lie on the picture, or are too many, were left out."] = None
        return points

    def _box(self, found: Rect | None, size: tuple[int, int]) -> Rect | None:
        """The box as a document has it: some of it on the canvas."""
        if found is None or limits.box_fits(found, Rect(0, 0, *size)):
            return found
        self.notes["Its box does not lie on the picture and was left out."] = None
        return None

    def _check_place(self, job: _Wanted) -> None:
        stored = job.stored
        highest = 0 if not job.grey else 65535 if stored.dtype == "uint16" else 255
        places = [(stored.x, stored.y), *((piece.x, piece.y) for piece in stored.more)]
        far = any(max(abs(x), abs(y)) > limits.COORDINATE for x, y in places)
        if far or not 0 <= stored.default <= highest:
            raise broken(self.archive.name)

    def _pixels_of(self, element: Element, extras: LayerExtras | None) -> _Wanted:
        if extras is not None and extras.pixels is not None:
            return _Wanted(extras.pixels, grey=False)
        return _Wanted(StoredImage(element.get("src", "")), grey=False)

    def _require(self, entry: str, what: str) -> None:
        if entry not in self.archive:
            raise FileProblem(
                f"“{self.archive.name}” is not complete: {what} ({entry[:80]}) is missing. "
                "Open an earlier copy of the file."
            )

    # layers

    def _children(self, stack: Element) -> tuple[Layer, ...]:
        """Layers of a stack, bottom to top."""
        layers = []
        for element in reversed(stack):
            if element.tag == "stack":
                layers.append(self._group(element))
            elif self._is_drawn(element):
                layers.append(self._picture(element))
        return tuple(layers)

    def _group(self, element: Element) -> Layer:
        extras = self._extras(element)
        if element.get("isolation") == "auto" and any(self._mode(child) is not BlendMode.NORMAL for child in element):
            self.notes["Groups that let their layers blend with what lies below are shown closed in themselves."] = None
        return GroupLayer(
            **self._common(element, extras),
            offset=self._offset(extras, element) if extras else (0, 0),  # 0.0.6: x and y of a stack mean nothing
            children=self._children(element),
            expanded=extras is None or extras.expanded,
        )

    def _picture(self, element: Element) -> Layer:
        extras = self._extras(element)
        recipe = None
        if extras is not None and extras.recipe is not None:
            self._require(extras.recipe, "a recipe")
            recipe = self.archive.read(extras.recipe, sidecar.RECIPE_LIMIT)
        known = extras is not None and extras.role in {role.value for role in Role}
        return ImageLayer(
            **self._common(element, extras),
            offset=self._offset(extras, element),
            pixels=self.images[self._pixels_of(element, extras)],
            alpha_locked=extras is not None and extras.alpha_locked,
            role=Role(extras.role) if extras is not None and known else Role.IMAGE,
            recipe=recipe,
            recipe_title="" if extras is None else extras.recipe_title,
        )

    def _common(self, element: Element, extras: LayerExtras | None) -> dict[str, Any]:
        identity = new_layer_id() if extras is None or extras.id in self.ids else LayerId(extras.id)
        self.ids.add(identity)
        if element.get("selected") == "true" and self.active is None:
            self.active = identity
        mode, visible = self._mode(element), element.get("visibility", "visible") != "hidden"
        name = element.get("name") or Path(element.get("src", "Group")).stem
        if extras is not None:
            name = element.get("name", "") if extras.name is None else extras.name
            visible = visible if extras.visible is None else extras.visible
        mask = None if extras is None or extras.mask is None else self.images[_Wanted(extras.mask, grey=True)]
        return {
            "id": identity,
            "name": name,
            "visible": visible,
            "opacity": opacity(element.get("opacity")),
            "blend": mode,
            "locked": element.get("edit-locked") == "true",
            "mask": mask,
            "mask_enabled": extras is None or extras.mask_enabled,
            "foreign": self._of_layer(element),
        }

    def _of_layer(self, element: Element) -> Attributes:
        """What is not known of a layer; a blend mode that is not goes along."""
        operation = element.get("composite-op")
        unknown = operation is not None and operation not in _MODES and operation not in _NAMES
        return (*openraster_foreign.of_layer(element), *((("composite-op", str(operation)),) if unknown else ()))

    def _mode(self, element: Element) -> BlendMode:
        operation = element.get("composite-op", BlendMode.NORMAL.value)
        if operation in _MODES:
            return _MODES[operation]
        try:
            return BlendMode(operation)
        except ValueError:
            self.notes[f"The blend mode “{operation[:40]}” is not known and is shown as Normal."] = None
            return BlendMode.NORMAL

    def _extras(self, element: Element) -> LayerExtras | None:
        return None if self.sidecar is None else self.sidecar.layers.get(element.get(sidecar.KEY, ""))

    def _drawn(self, stack: Element) -> Iterator[Element]:
        for element in stack.iter():
            if element.tag == "layer" and self._is_drawn(element):
                yield element

    def _is_drawn(self, element: Element) -> bool:
        """Whether an element is a layer of pixels to show; notes what is left out."""
        if element.tag == "stack":
            return False
        if element.get(sidecar.BAKED) == "true" and self.sidecar is not None:
            return False
        src = element.get("src", "")
        if element.tag == "layer" and src.lower().endswith(".png"):
            self._require(src, "a picture of a layer")
            return True
        name = element.get("name") or src or str(element.tag)
        self.notes[f"“{name[:60]}” is no layer of pixels and was left out."] = None
        return False

    def _offset(self, extras: LayerExtras | None, element: Element) -> tuple[int, int]:
        x, y = extras.offset if extras is not None else (whole(element.get("x")), whole(element.get("y")))
        far = limits.OFFSET
        near = max(-far, min(x, far)), max(-far, min(y, far))
        if near != (x, y):
            self.notes["A layer that lay extremely far away was moved closer to the picture."] = None
        return near


def _pieces(stored: StoredImage) -> Iterator[StoredImage | Piece]:
    """The entries that hold a picture; none where it is its default everywhere."""
    if stored.src:
        yield stored
    yield from stored.more
