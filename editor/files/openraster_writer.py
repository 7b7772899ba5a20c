"""Write OpenRaster (https://www.openraster.org, baseline 0.0.6) so that other programs show the same picture.

They do not know our masks: the standard entry of a masked layer holds its pixels with the
mask multiplied into the alpha, and a masked group starts with its own flattened picture while its layers are hidden.
What is needed to get the document back exactly stands in entries under pentimento/ (see `sidecar`).

(The library pyora 0.3 knows 8 bits only and no longer imports on Python 3.9 and later.)
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast
from xml.etree import ElementTree as ET

import cv2
import numpy as np

from editor import limits
from editor.composite import composite, composite_layers
from editor.document import Snapshot
from editor.errors import FileProblem
from editor.files import png, sidecar, thumbnails
from editor.files.colour import srgb_profile, to_srgb
from editor.files.guard import guarded
from editor.files.openraster_foreign import MYPAINT_EOTF
from editor.files.sidecar import LayerExtras, Piece, Sidecar, StoredImage, StoredPlacement
from editor.files.writing import atomic_write
from editor.geometry import Rect
from editor.layers import BlendMode, GroupLayer, ImageLayer, Layer
from editor.tiles import TILE, UINT8, Array, Key, TiledImage, converted, full_value
from editor.tree import walk

_Encode = Callable[[str, Callable[[], Array]], None]
_Parts = Sequence[bytes | memoryview]  # of an entry, to be written one after the other
_SMALL = 1 << 24  # pixels that are stored as one picture however little is in it
_BLOCK = 8  # tiles to a side of the parts of a larger one
THUMBNAIL = 256  # pixels of its longer side
_SPEC_VERSION = "0.0.6"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


ET.register_namespace("pentimento", sidecar.NAMESPACE)
ET.register_namespace("mypaint", MYPAINT_EOTF[1:].split("}")[0])


def save_snapshot(snapshot: Snapshot, path: Path, title: str = "") -> None:
    """Write a document as .ora, whole or not at all. Safe on any thread.

    Args:
        title: what to call the document when it is opened again; "" = the file's name.

    Raises:
        FileProblem: the place cannot be written, the disk is full, or the document is beyond `editor.limits` and could
            not be opened again; the old file is untouched.
    """
    with guarded(path, "save"):
        _save(snapshot, path, title)


def _save(snapshot: Snapshot, path: Path, title: str) -> None:
    _need_readable(snapshot)
    book = _Book(snapshot)
    stack = ET.Element("stack", {"isolation": "isolate"})
    stack.extend([book.layer(layer) for layer in reversed(snapshot.layers)])  # OpenRaster lists the topmost first
    width, height = snapshot.size
    size = {"w": str(width), "h": str(height)}
    # MyPaint 2 blends in linear light unless a file tells it that its values are to be blended as they are
    image = ET.Element("image", {"version": _SPEC_VERSION, **size, MYPAINT_EOTF: "1.0"})
    image.attrib = dict(snapshot.foreign.attributes) | image.attrib
    image.append(stack)
    listed = ET.tostring(image, "UTF-8", xml_declaration=True)
    document = sidecar.dumped(book.document(title))
    if book.pixels > limits.TOTAL_PIXELS or max(len(listed), len(document)) > sidecar.LIMIT:
        raise FileProblem(
            f"“{path.name}” would be larger than what can be opened again and was not saved. Merge or delete layers."
        )
    with atomic_write(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        _put(archive, "mimetype", b"image/openraster")
        _put(archive, "stack.xml", listed, packed=True)
        _put(archive, sidecar.ENTRY, document, packed=True)
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            flat = pool.submit(_merged, snapshot)  # first, because it takes longest
            for name, parts in zip(book.entries, pool.map(lambda make: make(), book.entries.values()), strict=True):
                _put(archive, name, *parts)
            for name, parts in flat.result().items():
                _put(archive, name, *parts)
        for name, content in snapshot.foreign.entries:
            if name not in archive.NameToInfo:
                _put(archive, name, content, packed=True)


def _need_readable(snapshot: Snapshot) -> None:
    """Refuse what `read_openraster` would refuse.

    Raises:
        DocumentError: which limit, and what to do.
    """
    limits.need_canvas(*snapshot.size)
    limits.need_count(sum(map(limits.count_of, snapshot.layers)))
    for root in snapshot.layers:
        limits.need_depth(limits.depth_of(root))
        limits.need_place(root)
    for layer in walk(snapshot.layers):
        limits.need_pixels(layer)
        if isinstance(layer, ImageLayer) and layer.recipe is not None and len(layer.recipe) > sidecar.RECIPE_LIMIT:
            raise FileProblem(f"The recipe of “{layer.name}” is too large to be saved. Merge the layer down.")


def _merged(snapshot: Snapshot) -> dict[str, _Parts]:
    merged = converted(to_srgb(composite(snapshot), snapshot.profile), UINT8)
    small = thumbnail(merged)
    return {"mergedimage.png": png.encoded_parts(merged), thumbnails.ENTRY: png.encoded_parts(small)}


def thumbnail(pixels: Array) -> Array:
    """(h, w, 4) at most 256 to a side from (H, W, 4) uint8 straight alpha; never larger than the picture."""
    height, width = pixels.shape[:2]
    scale = THUMBNAIL / max(width, height)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    alpha = pixels[..., 3:].astype(np.float32)
    weighted = np.concatenate([pixels[..., :3] * (alpha / 255), alpha], axis=2)
    small = np.asarray(cv2.resize(weighted, size, interpolation=cv2.INTER_AREA), np.float32)
    small[..., :3] /= np.maximum(small[..., 3:], 1e-3) / 255
    return cast(Array, np.clip(np.rint(small), 0, 255).astype(np.uint8))


class _Book:
    """Collects the entries of one document while its stack is described."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.entries: dict[str, Callable[[], _Parts]] = {}
        self._layers: dict[str, LayerExtras] = {}
        self._count = 0
        self.pixels = 0  # that the reader will decode

    def document(self, title: str) -> Sidecar:
        """Everything that stack.xml does not say; call it when all layers are described."""
        snapshot = self.snapshot
        profile = None
        if snapshot.profile is not None:
            profile = "pentimento/profile.icc"
            content = snapshot.profile
            self.entries[profile] = lambda: (content,)
        selection = None if snapshot.selection is None else self._mask(snapshot.selection, "selection")
        placement = snapshot.placement
        return Sidecar(
            snapshot.dtype.name,
            title=title,
            profile=profile,
            selection=selection,
            placement=None if placement.rests else StoredPlacement(*placement.shift, placement.scale, placement.turn),
            points=snapshot.points,
            box=snapshot.box,
            layers=self._layers,
        )

    def layer(self, layer: Layer, hidden: bool = False) -> ET.Element:
        """The element of a layer with all it holds; `hidden` where a flattened picture stands in for it."""
        key = str(self._count)
        self._count += 1
        name = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", layer.name)
        attributes = {
            "name": name,
            "opacity": repr(float(layer.opacity)),
            "visibility": "visible" if layer.visible and not hidden else "hidden",
            "composite-op": sidecar.OPERATIONS.get(layer.blend, layer.blend.value),
            sidecar.KEY: key,
        }
        for foreign, value in layer.foreign:
            if foreign not in attributes or (foreign == "composite-op" and layer.blend is BlendMode.NORMAL):
                attributes[foreign] = value  # a mode that is not known, while no other was chosen
        if layer.locked:
            attributes["edit-locked"] = "true"
        if layer.id == self.snapshot.active:
            attributes["selected"] = "true"
        extras = LayerExtras(
            layer.id,
            list(layer.offset),
            name=None if name == layer.name else layer.name,
            visible=layer.visible if hidden else None,
            mask=None if layer.mask is None else self._mask(layer.mask, f"mask-{key}"),
            mask_enabled=layer.mask_enabled,
        )
        if isinstance(layer, GroupLayer):
            element = self._group(layer, key, attributes)
            extras = replace(extras, expanded=layer.expanded)
        else:
            element, extras = self._picture(cast(ImageLayer, layer), key, attributes, extras)
        self._layers[key] = extras
        return element

    def _group(self, group: GroupLayer, key: str, attributes: dict[str, str]) -> ET.Element:
        element = ET.Element("stack", {**attributes, "isolation": "isolate"})
        baked = group.mask is not None and group.mask_enabled
        if baked:
            plain = replace(group, visible=True, opacity=1.0, blend=BlendMode.NORMAL)
            src, canvas, dtype = f"data/{key}.png", self.snapshot.canvas, self.snapshot.dtype
            self._encode(src, lambda: composite_layers((plain,), canvas, dtype))
            named = {"name": attributes["name"], "src": src, "x": "0", "y": "0", sidecar.BAKED: "true"}
            element.append(ET.Element("layer", named))
        element.extend([self.layer(child, hidden=baked) for child in reversed(group.children)])
        return element

    def _picture(
        self, layer: ImageLayer, key: str, attributes: dict[str, str], extras: LayerExtras
    ) -> tuple[ET.Element, LayerExtras]:
        parts = stored_parts(layer.pixels) or [Rect(0, 0, 1, 1)]
        rect = parts[0]
        src = full = f"data/{key}.png"
        masked = layer.mask is not None and layer.mask_enabled
        if masked or len(parts) > 1:  # one picture for other programs
            full = f"pentimento/pixels-{key}.png"
            if len(parts) > 1:  # far apart: what lies on the canvas
                x, y = layer.offset
                rect = layer.pixels.extent().intersected(self.snapshot.canvas.translated(-x, -y)) or Rect(-x, -y, 1, 1)
            mask = layer.mask if masked else None
            self._encode(src, lambda: _seen(layer.pixels, mask, rect))
        stored = self._stored(layer.pixels, parts, full, self._encode)
        recipe = None
        if layer.recipe is not None:
            recipe = f"pentimento/recipe-{key}.zip"
            content = layer.recipe
            self.entries[recipe] = lambda: (content,)
        place = {"src": src, "x": str(rect.x + layer.offset[0]), "y": str(rect.y + layer.offset[1])}
        return ET.Element("layer", {**attributes, **place}), replace(
            extras,
            pixels=stored,
            alpha_locked=layer.alpha_locked,
            role=layer.role.value,
            recipe=recipe,
            recipe_title=layer.recipe_title,
        )

    def _mask(self, mask: TiledImage, name: str) -> StoredImage:
        def encode(src: str, pixels: Callable[[], Array]) -> None:
            self.entries[src] = lambda: png.encoded_parts(pixels())

        parts, dtype = stored_parts(mask), mask.dtype.name
        if not parts:
            return StoredImage("", default=mask.default, dtype=dtype)
        return replace(self._stored(mask, parts, f"pentimento/{name}.png", encode), default=mask.default, dtype=dtype)

    def _stored(self, image: TiledImage, parts: list[Rect], src: str, encode: _Encode) -> StoredImage:
        """Put the parts of a picture into entries: the first into `src`, more into numbered ones beside it."""
        pieces = []
        for number, part in enumerate(parts):
            name = src if number == 0 else f"{src.removesuffix('.png')}-{number}.png"
            encode(name, partial(image.read, part))
            pieces.append(Piece(name, part.x, part.y))
            self.pixels += part.area
        return StoredImage(src, parts[0].x, parts[0].y, more=tuple(pieces[1:]))

    def _encode(self, src: str, pixels: Callable[[], Array]) -> None:
        profile = self.snapshot.profile
        if profile is None and self.snapshot.dtype != UINT8:
            profile = srgb_profile()  # Krita asks for the profile of every 16-bit layer that has none
        self.entries[src] = lambda: png.encoded_parts(pixels(), profile)


def stored_parts(image: TiledImage) -> list[Rect]:
    """The rectangles that are stored: one where that is not wasteful, else one for each block with something in it.

    Together they hold every value other than the default, colours under alpha 0 included.
    """
    whole = image.extent()
    if not whole:
        return []
    if limits.fits(whole.width, whole.height) and whole.area <= max(_SMALL, 4 * len(image.tiles) * TILE * TILE):
        return [whole]
    blocks: dict[Key, dict[Key, Array]] = {}
    for (column, row), tile in image.tiles.items():
        blocks.setdefault((column // _BLOCK, row // _BLOCK), {})[column, row] = tile
    boxes = [TiledImage(image.channels, image.dtype, image.default, blocks[key]).extent() for key in sorted(blocks)]
    return [box for box in boxes if box]


def _seen(pixels: TiledImage, mask: TiledImage | None, rect: Rect) -> Array:
    return pixels.read(rect) if mask is None else _masked(pixels.read(rect), mask.read(rect))


def _masked(pixels: Array, mask: Array) -> Array:
    """The pixels with the mask multiplied into their alpha; changes `pixels`."""
    pixels[..., 3] = np.rint(pixels[..., 3] * (mask[..., 0].astype(np.float32) / full_value(mask.dtype)))
    return pixels


def _put(archive: zipfile.ZipFile, name: str, *parts: bytes | memoryview, packed: bool = False) -> None:
    entry = zipfile.ZipInfo(name)  # dated 1980, so that equal documents give equal files
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    entry.file_size = sum(map(len, parts))
    with archive.open(entry, "w") as target:
        for part in parts:
            target.write(part)
