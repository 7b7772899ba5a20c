"""Write Photoshop documents (PSD and PSB) that other programs show as we do, with every layer.

The merged picture in the file is our own. Layers of 16 bits stand in the block where Photoshop has them (Lr16). Names
are written twice: in full, and for old programs in the letters of Mac OS Roman.

Import this module when the first such file is written: psd-tools takes its time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from psd_tools.constants import ChannelID, Compression, ProtectedFlags, Resource, SectionDivider, Tag
from psd_tools.psd import PSD
from psd_tools.psd.header import FileHeader
from psd_tools.psd.image_data import ImageData
from psd_tools.psd.image_resources import AlphaIdentifiers, ImageResource, ImageResources, VersionInfo
from psd_tools.psd.layer_and_mask import (
    ChannelData,
    ChannelDataList,
    ChannelImageData,
    ChannelInfo,
    GlobalLayerMaskInfo,
    LayerAndMaskInformation,
    LayerFlags,
    LayerInfo,
    LayerInfoBlock,
    LayerRecord,
    LayerRecords,
    MaskData,
    MaskFlags,
)
from psd_tools.psd.tagged_blocks import TaggedBlock, TaggedBlocks

from editor import limits
from editor.composite import composite
from editor.document import Snapshot
from editor.errors import FileProblem
from editor.files.export import on_white
from editor.files.photoshop_channels import as_stored, encoded
from editor.files.photoshop_modes import KEYS
from editor.files.writing import atomic_write
from editor.geometry import EMPTY, Rect
from editor.layers import BlendMode, GroupLayer, ImageLayer, Layer
from editor.tiles import TILE, UINT16, Array, TiledImage, converted, full_value

PSD_SIDE = 30_000  # pixels to a side of what a .psd holds
_PSD_BYTES = 2_000_000_000  # of a .psd; other programs refuse more
_RECORDS = 32_767  # that the count of layers holds; a group takes two
_SMALL = 1 << 24  # pixels that are stored however little is in them
_SURROGATE = re.compile("[\ud800-\udfff]")
_COLOURS = (ChannelID.TRANSPARENCY_MASK, ChannelID.CHANNEL_0, ChannelID.CHANNEL_1, ChannelID.CHANNEL_2)
_MADE_BY = "Pentimento"
_NOT_PLUS = "“Plus” was written as Linear Dodge (Add), which differs where sums are cut off at white."


def write_photoshop(snapshot: Snapshot, path: Path) -> str:
    """Write a document as PSD, or as PSB where the name ends so.

    Returns:
        Sentences for the artist about what the file does not hold; "" for nothing.

    Raises:
        FileProblem: it is too large for the kind of file, or the file cannot be written.
    """
    version = 2 if path.suffix.lower() == ".psb" else 1
    if version == 1 and max(snapshot.size) > PSD_SIDE:
        raise FileProblem(
            f"A .psd holds up to {PSD_SIDE} pixels to a side, not {max(snapshot.size)}. End the name in .psb."
        )
    book = _Book(snapshot, version)
    book.add(snapshot.layers)
    if len(book.records) > _RECORDS:
        raise FileProblem(f"“{path.name}” would hold more layers than Photoshop's files can. Merge some first.")
    merged = composite(snapshot)
    document = _document(snapshot, book, merged, version)
    size = sum(len(channel.data) for layer in book.channels for channel in layer) + len(document.image_data.data)
    if version == 1 and size > _PSD_BYTES:
        raise FileProblem(f"“{path.name}” would be larger than the 2 GB of a .psd. End the name in .psb.")
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        document.write(file)
    return " ".join(book.notes)


def _document(snapshot: Snapshot, book: _Book, merged: Array, version: int) -> Any:
    full = full_value(snapshot.dtype)
    clear = bool((merged[..., 3] != full).any())
    deep = snapshot.dtype == UINT16
    width, height = snapshot.size
    header = FileHeader(version=version, channels=3 + clear, width=width, height=height, depth=16 if deep else 8)
    picture = ImageData(Compression.RLE)
    white = on_white(merged)
    planes = [white[..., channel] for channel in range(3)] + [merged[..., 3]] * clear
    picture.set_data([as_stored(plane) for plane in planes], header)
    return PSD(
        header=header,
        image_resources=_resources(snapshot.profile, clear),
        layer_and_mask_information=_layers(book, clear, deep),
        image_data=picture,
    )


def _resources(profile: bytes | None, clear: bool) -> Any:
    told: dict[Resource, Any] = {Resource.VERSION_INFO: VersionInfo(1, True, _MADE_BY, _MADE_BY, 1)}
    if profile is not None:
        told[Resource.ICC_PROFILE] = profile
    if clear:
        told[Resource.ALPHA_IDENTIFIERS] = AlphaIdentifiers([0])  # the fourth channel is what is seen through
    return ImageResources([(key, ImageResource(key=key, data=data)) for key, data in told.items()])


def _layers(book: _Book, clear: bool, deep: bool) -> Any:
    """The section of layers; a negative count says that the merged picture has an alpha channel."""
    count = -len(book.records) if clear else len(book.records)
    parts = (count, LayerRecords(book.records), ChannelImageData(book.channels))
    if not deep or not book.records:
        return LayerAndMaskInformation(LayerInfo(*parts), GlobalLayerMaskInfo(), TaggedBlocks())
    blocks = TaggedBlocks([(Tag.LAYER_16, TaggedBlock(key=Tag.LAYER_16, data=LayerInfoBlock(*parts)))])
    return LayerAndMaskInformation(LayerInfo(), GlobalLayerMaskInfo(), blocks)


class _Book:
    """Collects the records of layers, bottom to top, and their channels.

    Attributes:
        notes: sentences for the artist, in order.
    """

    def __init__(self, snapshot: Snapshot, version: int) -> None:
        self.canvas, self.dtype, self.version = snapshot.canvas, snapshot.dtype, version
        self.records: list[Any] = []
        self.channels: list[Any] = []
        self.notes: dict[str, None] = {}

    def add(self, layers: Sequence[Layer]) -> None:
        """Add layers with all that they hold."""
        for layer in layers:
            if layer.blend is BlendMode.PLUS:
                self.notes[_NOT_PLUS] = None
            if isinstance(layer, GroupLayer):
                self._group(layer)
            elif isinstance(layer, ImageLayer):
                self._picture(layer)

    def _group(self, group: GroupLayer) -> None:
        end = LayerRecord(name="</Layer group>", channel_info=_empty_info())
        end.tagged_blocks.set_data(Tag.UNICODE_LAYER_NAME, "</Layer group>")
        end.tagged_blocks.set_data(Tag.SECTION_DIVIDER_SETTING, SectionDivider.BOUNDING_SECTION_DIVIDER)
        self.records.append(end)
        self.channels.append(_empty_channels())
        self.add(group.children)
        kind = SectionDivider.OPEN_FOLDER if group.expanded else SectionDivider.CLOSED_FOLDER
        record = self._record(group, EMPTY)
        record.tagged_blocks.set_data(Tag.SECTION_DIVIDER_SETTING, kind, b"8BIM", KEYS[group.blend])
        self._append(record, _empty_channels(), group, EMPTY)

    def _picture(self, layer: ImageLayer) -> None:
        if layer.recipe is not None:
            self.notes["Recipes are kept in an .ora only."] = None
        rect = self._rect(layer, layer.pixels)
        record = self._record(layer, rect.translated(*layer.offset) if rect else EMPTY)
        record.flags.transparency_protected = layer.alpha_locked
        channels = _empty_channels()
        if rect:
            pixels = layer.pixels.read(rect)
            order = (3, 0, 1, 2)
            channels = ChannelDataList([encoded(pixels[..., channel], self.version) for channel in order])
        self._append(record, channels, layer, rect)

    def _record(self, layer: Layer, place: Rect) -> Any:
        name = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", layer.name)
        record = LayerRecord(
            top=place.y,
            left=place.x,
            bottom=place.bottom,
            right=place.right,
            channel_info=_empty_info(),
            blend_mode=KEYS[layer.blend],
            opacity=round(layer.opacity * 255),
            flags=LayerFlags(visible=layer.visible),
            name=name.encode("mac_roman", "replace")[:255].decode("mac_roman"),
        )
        record.tagged_blocks.set_data(Tag.UNICODE_LAYER_NAME, name)
        if layer.locked:
            record.tagged_blocks.set_data(Tag.PROTECTED_SETTING, ProtectedFlags.COMPLETE)
        return record

    def _append(self, record: Any, channels: Any, layer: Layer, rect: Rect) -> None:
        """Add a record, with the layer's mask; `rect` is where its pixels lie in its own coordinates."""
        if layer.mask is not None:
            full = full_value(layer.mask.dtype)
            own = self.canvas.translated(-layer.offset[0], -layer.offset[1])
            background, part = 255 * (layer.mask.default * 2 > full), self._rect(layer, layer.mask)
            if layer.mask.default not in (0, full):  # which only reaches as far as it is written
                part = part.united(own).united(rect)
            part = part or Rect(own.x, own.y, 1, 1)
            place = part.translated(*layer.offset)
            values = converted(layer.mask.read(part)[..., 0], self.dtype)
            record.mask_data = MaskData(
                place.y, place.x, place.bottom, place.right, background, MaskFlags(mask_disabled=not layer.mask_enabled)
            )
            record.channel_info.append(ChannelInfo(ChannelID.USER_LAYER_MASK))
            channels.append(encoded(values, self.version))
        self.records.append(record)
        self.channels.append(channels)

    def _rect(self, layer: Layer, image: TiledImage) -> Rect:
        """The part of a picture that is written, in the layer's own coordinates: one rectangle, if it is not too large.

        Colours under alpha 0 are included.
        """
        rect = image.extent()
        side = PSD_SIDE if self.version == 1 else limits.SIDE
        fits = limits.fits(*((rect.width, rect.height) if rect else (1, 1))) and max(rect.width, rect.height) <= side
        if fits and rect.area <= max(_SMALL, 4 * len(image.tiles) * TILE * TILE):
            return rect
        self.notes[f"Of “{layer.name[:60]}” only what lies on the canvas was written."] = None
        return rect.intersected(self.canvas.translated(-layer.offset[0], -layer.offset[1]))


def _empty_info() -> list[Any]:
    return [ChannelInfo(channel) for channel in _COLOURS]


def _empty_channels() -> Any:
    return ChannelDataList([ChannelData() for _ in _COLOURS])
