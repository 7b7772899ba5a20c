"""Read Photoshop documents (PSD and PSB) through psd-tools; what they hold and we do not is turned into pixels or told.

Import this module when the first such file is opened: psd-tools takes its time.
"""

from __future__ import annotations

import logging
import struct
from pathlib import Path
from typing import Any, cast

import numpy as np
from psd_tools import PSDImage
from psd_tools.api.layers import AdjustmentLayer, Group
from psd_tools.api.utils import has_transparency
from psd_tools.constants import ChannelID, ColorMode, ProtectedFlags, Resource, Tag
from psd_tools.psd import PSD
from psd_tools.psd.parse_limits import ParseLimits

from editor import limits
from editor.document import Snapshot
from editor.errors import FileProblem
from editor.files.photoshop_channels import CHANNELS, Colours, decoded, without_white
from editor.files.photoshop_clipping import clipped_group
from editor.files.photoshop_modes import MODES, PASS_THROUGH
from editor.files.reading import broken, check_size
from editor.geometry import Rect
from editor.layers import BlendMode, GroupLayer, ImageLayer, Layer
from editor.tiles import Array, TiledImage, full_value

_HEAD = struct.Struct(">4sH6xHIIHH")  # signature, version, channels, height, width, depth, colour mode
_OBJECTS = 5_000_000  # that psd-tools may make of the parts of a file
_NOTES = 4  # told one by one
_AS_PIXELS = {"type": "Text", "smartobject": "Smart objects", "shape": "Shapes"}
_AS_SAVED = "As Photoshop shows it"  # the layer that keeps what could not be opened in parts

# It warns of oddities that are none of the artist's business.
logging.getLogger("psd_tools").setLevel(logging.CRITICAL)


def read_photoshop(path: Path) -> tuple[Snapshot, str]:
    """The document of a PSD or PSB, and sentences for the artist about what was changed; "" for nothing.

    Raises:
        FileProblem: of a colour mode that cannot be shown, too large, or asking for more than a document needs.
        Exception: whatever psd-tools raises for broken bytes.
    """
    _check_header(path)
    with path.open("rb") as file:
        record = PSD.read(file, parse_limits=ParseLimits(max_objects=_OBJECTS))
    return _Reader(path.name, PSDImage(record)).read()


def _check_header(path: Path) -> None:
    """Refuse a file before psd-tools reads all of it.

    Raises:
        FileProblem: see `read_photoshop`.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise broken(path.name)
    _, version, channels, height, width, depth, mode = _HEAD.unpack(head)
    if mode == ColorMode.MULTICHANNEL:
        raise FileProblem(
            f"“{path.name}” is a multichannel Photoshop document, whose inks cannot be shown here. "
            "Convert it to RGB or CMYK in Photoshop first."
        )
    known = version in (1, 2) and depth in (1, 8, 16, 32) and mode in CHANNELS
    if not known or channels < CHANNELS[ColorMode(mode)]:
        raise broken(path.name)
    check_size(path.name, width, height)


class _Reader:
    def __init__(self, name: str, document: Any) -> None:
        self.name, self.document = name, document
        header = document._record.header
        self.canvas, self.depth, self.version = Rect(0, 0, header.width, header.height), header.depth, header.version
        profile = document.image_resources.get_data(Resource.ICC_PROFILE)
        palette = document._record.color_mode_data.value
        self.colours = Colours(header.color_mode, self.depth, profile if isinstance(profile, bytes) else None, palette)
        self.full = full_value(self.colours.dtype)
        self.notes: dict[str, None] = {}  # an ordered set
        self.incomplete = False  # something that is seen in Photoshop is missing here
        self.pixels_left = limits.TOTAL_PIXELS

    def read(self) -> tuple[Snapshot, str]:
        self._check_tree()
        layers = self._children(self.document, 0)
        if not layers:
            picture = self._merged()
            layers = (ImageLayer(name="Photo", pixels=TiledImage.from_array(picture)),)
        elif self.incomplete and self.document.has_preview():
            layers += self._as_saved()
        self._note_saved_selections()
        size = (self.canvas.width, self.canvas.height)
        active = layers[-1] if layers[-1].visible or len(layers) == 1 else layers[-2]
        found = Snapshot(size, self.colours.dtype, self.colours.profile, layers, active.id, None)
        return found, self._note()

    def _as_saved(self) -> tuple[Layer, ...]:
        """How the whole looked, as a hidden layer; nothing where that picture is damaged."""
        try:
            pixels = TiledImage.from_array(self._merged())
        except ValueError:
            return ()
        self.notes[f"How it looked is kept in the hidden layer “{_AS_SAVED}”."] = None
        return (ImageLayer(name=_AS_SAVED, pixels=pixels, visible=False, locked=True),)

    def _note(self) -> str:
        told = [*self.colours.notes, *self.notes]
        more = len(told) - _NOTES
        return " ".join(told[:_NOTES] + ([f"And {more} more."] if more > 0 else []))

    def _check_tree(self) -> None:
        if sum(1 for _ in self.document.descendants()) > limits.LAYERS:
            raise FileProblem(f"“{self.name}” holds more than the {limits.LAYERS} layers that Pentimento opens.")

    def _spend(self, rect: Rect) -> None:
        """Take a picture from what all of them may hold together."""
        check_size(self.name, rect.width, rect.height)
        self.pixels_left -= rect.area
        if self.pixels_left < 0:
            raise FileProblem(f"“{self.name}” would unpack to far more than a document needs and was not opened.")

    # layers

    def _children(self, group: Any, depth: int) -> tuple[Layer, ...]:
        """Layers of a group, bottom to top; those that are clipped stand in a group with what they are clipped to."""
        if depth > limits.DEPTH:
            raise broken(self.name)
        layers: list[Layer] = []
        clipped: list[Layer] = []
        base = False  # whether the last of `layers` is what clipped ones above it are clipped to
        for found in group:
            made = self._group(found, depth) if isinstance(found, Group) else self._picture(found)
            if not found.clipping:
                self._close(layers, clipped)
                base = made is not None
            if made is not None:
                (clipped if found.clipping and base else layers).append(made)
        self._close(layers, clipped)
        return tuple(layers)

    def _close(self, layers: list[Layer], clipped: list[Layer]) -> None:
        """Put what was clipped into a group with the last layer."""
        if clipped:
            layers[-1] = clipped_group(layers[-1], tuple(clipped), self.canvas, self.colours.dtype)
            clipped.clear()
            self.notes["Clipped layers stand in a group with the layer that they were clipped to."] = None

    def _group(self, found: Any, depth: int) -> Layer:
        children = self._children(found, depth + 1)
        if found.blend_mode == PASS_THROUGH and any(child.blend is not BlendMode.NORMAL for child in children):
            self.notes["Groups that let their layers blend with what lies below are shown closed in themselves."] = None
            self.incomplete = True
        return GroupLayer(**self._common(found, self._mask(found)), children=children, expanded=found.open_folder)

    def _picture(self, found: Any) -> Layer | None:
        """A layer of pixels; None for what has none."""
        record = found._record
        rect = Rect(record.left, record.top, record.width, record.height)
        channels = {info.id: data for info, data in zip(record.channel_info, found._channels, strict=True)}
        wanted = [ChannelID(number) for number in range(CHANNELS[self.colours.mode])]
        stored = bool(rect) and all(one in channels and channels[one].data for one in wanted)
        if isinstance(found, AdjustmentLayer):
            self.notes[f"“{found.name[:60]}” changes the colours below it and was left out."] = None
            self.incomplete = True
            return None
        if not stored and found.kind not in ("pixel", "type", "smartobject"):
            return self._drawn(found)
        if rect and not stored and found.kind == "pixel":
            raise broken(self.name)
        if found.kind in _AS_PIXELS:
            self.notes[f"{_AS_PIXELS[found.kind]} were turned into pixels."] = None
        pixels = TiledImage(4, self.colours.dtype)
        if stored:
            self._spend(rect)
            planes = [self._plane(channels[one], rect) for one in wanted]
            shape = channels.get(ChannelID.TRANSPARENCY_MASK)
            alpha = self._plane(shape, rect) if shape is not None and shape.data else None
            pixels = TiledImage.from_array(self.colours.rgba(planes, alpha))
        offset = (rect.x, rect.y)
        self._check_place(offset)
        locked = record.flags.transparency_protected or self._protection(found) & ProtectedFlags.TRANSPARENCY
        common = self._common(found, self._mask(found, offset))
        return ImageLayer(**common, pixels=pixels, offset=offset, alpha_locked=bool(locked))

    def _drawn(self, found: Any) -> Layer:
        """Fills and shapes, which Photoshop draws anew each time, as psd-tools draws them: opacity and mask inside."""
        from psd_tools.composite import composite  # takes scipy along

        self._spend(self.canvas)
        box = (0, 0, self.canvas.width, self.canvas.height)
        colours, _, alpha = composite(found, viewport=box, force=True, layer_filter=lambda layer: layer is found)
        planes = [self._tones(colours[..., channel]) for channel in range(CHANNELS[self.colours.mode])]
        pixels = self.colours.rgba(planes, self._tones(alpha[..., 0]))
        self.notes["Shapes and fills were turned into pixels."] = None
        return ImageLayer(**{**self._common(found, None), "opacity": 1.0}, pixels=TiledImage.from_array(pixels))

    def _tones(self, plane: Any) -> Array:
        return cast(Array, np.rint(np.clip(plane, 0, 1) * self.full).astype(self.colours.dtype))

    def _common(self, found: Any, mask: TiledImage | None) -> dict[str, Any]:
        """What groups and pictures share."""
        if found.has_effects():
            self.notes[f"The effects of “{found.name[:60]}” were left out."] = None
            self.incomplete = True
        return {
            "name": found.name.rstrip("\0"),
            "visible": found.visible,
            "opacity": found.opacity / 255 * found.fill_opacity / 255,
            "blend": self._mode(found.blend_mode),
            "locked": bool(self._protection(found) & (ProtectedFlags.COMPLETE | ProtectedFlags.COMPOSITE)),
            "mask": mask,
            "mask_enabled": mask is None or not found.mask.disabled,
        }

    def _protection(self, found: Any) -> int:
        return int(found.tagged_blocks.get_data(Tag.PROTECTED_SETTING, 0))

    def _mode(self, mode: Any) -> BlendMode:
        known = MODES.get(mode.value)
        if known is None and mode != PASS_THROUGH:
            name = mode.name.replace("_", " ").capitalize()
            self.notes[f"The blend mode “{name}” is not known here and is shown as Normal."] = None
            self.incomplete = True
        return known or BlendMode.NORMAL

    # pictures

    def _mask(self, found: Any, origin: tuple[int, int] = (0, 0)) -> TiledImage | None:
        """The mask of a layer that lies at `origin`; a vector mask that stands alone is told as missing."""
        mask = found.mask
        channels = {info.id: data for info, data in zip(found._record.channel_info, found._channels, strict=True)}
        wanted = ChannelID.USER_LAYER_MASK
        if mask is not None and mask.has_real():
            wanted = ChannelID.REAL_USER_LAYER_MASK
        if mask is None or wanted not in channels:
            if found.has_vector_mask() and found.kind != "shape":
                self.notes[f"The vector mask of “{found.name[:60]}” was left out."] = None
                self.incomplete = True
            return None
        outside = mask.background_color * self.full // 255
        rect, values = Rect(mask.left, mask.top, mask.width, mask.height), channels[wanted]
        parameters = mask.parameters
        if parameters is not None and parameters.user_mask_feather:
            self.notes[f"The soft edge that Photoshop gives the mask of “{found.name[:60]}” was left out."] = None
            self.incomplete = True
        image = TiledImage(1, self.colours.dtype, outside)
        if rect and values.data:
            self._spend(rect)
            self._check_place((rect.x, rect.y))
            image = image.write(rect.translated(-origin[0], -origin[1]), self._plane(values, rect)[..., None])
        density = None if parameters is None else parameters.user_mask_density
        return image if density in (None, 255) else _thinned(image, density / 255)

    def _plane(self, channel: Any, rect: Rect) -> Array:
        return decoded(channel.compression, channel.data, (rect.width, rect.height), self.depth, self.version)

    def _merged(self) -> Array:
        """The picture that the file holds of all layers together."""
        self._spend(self.canvas)
        stored, count = self.document._record.image_data, self.document._record.header.channels
        size = (self.canvas.width, self.canvas.height * count)
        planes = decoded(stored.compression, stored.data, size, self.depth, self.version)
        planes = planes.reshape(count, self.canvas.height, self.canvas.width)
        wanted = CHANNELS[self.colours.mode]
        seen_through = count > wanted and has_transparency(self.document)
        picture = self.colours.rgba(list(planes[:wanted]), planes[wanted] if seen_through else None)
        return without_white(picture) if seen_through else picture

    def _note_saved_selections(self) -> None:
        header = self.document._record.header
        extra = header.channels - CHANNELS[header.color_mode] - int(has_transparency(self.document))
        if extra > 0:
            self.notes["The selections that were saved in it (alpha channels) were left out."] = None

    def _check_place(self, place: tuple[int, int]) -> None:
        if max(map(abs, place)) > limits.OFFSET:
            raise broken(self.name)


def _thinned(mask: TiledImage, density: float) -> TiledImage:
    """The mask with less of an effect: what it hides is seen by 1 - density."""
    full = full_value(mask.dtype)
    table = np.rint(full - (full - np.arange(full + 1)) * density).astype(mask.dtype)
    tiles = {key: table[tile] for key, tile in mask.tiles.items()}
    return TiledImage(1, mask.dtype, int(table[mask.default]), tiles)
