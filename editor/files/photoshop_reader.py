"""Read Photoshop documents (PSD and PSB) through psd-tools; what they hold and we do not is turned into pixels or told.

Import this module when the first such file is opened: psd-tools takes its time.
"""

from __future__ import annotations

import logging
import struct
from pathlib import Path
from typing import Any

from psd_tools import PSDImage
from psd_tools.api.layers import AdjustmentLayer, Group
from psd_tools.constants import ColorMode, ProtectedFlags, SectionDivider, Tag
from psd_tools.psd import PSD
from psd_tools.psd.parse_limits import ParseLimits

from editor import limits
from editor.document import Snapshot
from editor.errors import FileProblem
from editor.files.photoshop_channels import CHANNELS
from editor.files.photoshop_clipping import clipped_group
from editor.files.photoshop_modes import MODES, PASS_THROUGH
from editor.files.photoshop_source import Source
from editor.files.reading import FILE_LIMIT, broken, check_size
from editor.layers import BlendMode, GroupLayer, ImageLayer, Layer
from editor.tiles import TiledImage

_HEAD = struct.Struct(">4sH6xHIIHH")  # signature, version, channels, height, width, depth, colour mode
_OBJECTS = 5_000_000  # that psd-tools may make of the parts of a file
_NOTES = 4  # told one by one
_PIXELS = {"pixel": "", "type": "Text was turned into pixels.", "smartobject": "Smart objects were turned into pixels."}
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
    _check_tree(path.name, record)
    return _Reader(Source(path.name, PSDImage(record))).read()


def _check_header(path: Path) -> None:
    """Refuse a file before psd-tools reads all of it.

    Raises:
        FileProblem: see `read_photoshop`.
    """
    if path.stat().st_size > FILE_LIMIT:
        raise FileProblem(f"“{path.name}” is larger than {FILE_LIMIT >> 30} GB and was not opened.")
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


def _check_tree(name: str, record: Any) -> None:
    """Refuse more layers or groups in groups than a document may hold, before psd-tools makes a tree of them.

    Raises:
        FileProblem: see `read_photoshop`.
    """
    layers = depth = 0
    for layer, _ in record._iter_layers():
        kind = _divider(layer)
        begins = kind is SectionDivider.BOUNDING_SECTION_DIVIDER
        ends = kind in (SectionDivider.OPEN_FOLDER, SectionDivider.CLOSED_FOLDER)
        layers, depth = layers + (not begins), max(depth + begins - ends, 0)
        if depth > limits.DEPTH:
            raise FileProblem(f"“{name}” holds groups more than {limits.DEPTH} deep in each other and was not opened.")
    if layers > limits.LAYERS:
        raise FileProblem(f"“{name}” holds more than the {limits.LAYERS} layers that Pentimento opens.")


class _Reader:
    """Turns the tree of layers into ours.

    Attributes:
        incomplete: something that is seen in Photoshop is missing here.
    """

    def __init__(self, source: Source) -> None:
        self.source, self.document = source, source.document
        self.notes: dict[str, None] = {}  # an ordered set
        self.incomplete = False

    def read(self) -> tuple[Snapshot, str]:
        source = self.source
        layers = self._children(self.document)
        if not layers:
            layers = (ImageLayer(name="Photo", pixels=TiledImage.from_array(source.merged())),)
            self.incomplete = False
        active = layers[-1].id
        if self.incomplete and self.document.has_preview():
            layers += self._as_saved()
        if source.header.channels > source.count + source.transparent:
            self.notes["The selections that were saved in it (alpha channels) were left out."] = None
        size = (source.canvas.width, source.canvas.height)
        found = Snapshot(size, source.dtype, source.colours.profile, layers, active, None)
        return found, self._note()

    def _as_saved(self) -> tuple[Layer, ...]:
        """How the whole looked, as a hidden layer; nothing where that picture is damaged."""
        try:
            pixels = TiledImage.from_array(self.source.merged())
        except ValueError:
            return ()
        self.notes[f"How it looked is kept in the hidden layer “{_AS_SAVED}”."] = None
        return (ImageLayer(name=_AS_SAVED, pixels=pixels, visible=False, locked=True),)

    def _note(self) -> str:
        told = [*self.source.colours.notes, *self.notes]
        more = len(told) - _NOTES
        return " ".join(told[:_NOTES] + ([f"And {more} more."] if more > 0 else []))

    def _miss(self, sentence: str) -> None:
        """Tell of something that is seen in Photoshop and not here."""
        self.notes[sentence] = None
        self.incomplete = True

    def _children(self, group: Any) -> tuple[Layer, ...]:
        """Layers of a group, bottom to top; those that are clipped stand in a group with what they are clipped to."""
        layers: list[Layer] = []
        clipped: list[Layer] = []
        base = False  # whether the last of `layers` is what clipped ones above it are clipped to
        for found in group:
            made = self._group(found) if isinstance(found, Group) else self._picture(found)
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
            layers[-1] = clipped_group(layers[-1], tuple(clipped), self.source.canvas, self.source.dtype)
            clipped.clear()
            self.notes["Clipped layers stand in a group with the layer that they were clipped to."] = None

    def _group(self, found: Any) -> Layer:
        children = self._children(found)
        if found.blend_mode == PASS_THROUGH and any(child.blend is not BlendMode.NORMAL for child in children):
            self._miss("Groups that let their layers blend with what lies below are shown closed in themselves.")
        expanded = _divider(found) is not SectionDivider.CLOSED_FOLDER
        return GroupLayer(**self._common(found, self.source.mask(found, (0, 0))), children=children, expanded=expanded)

    def _picture(self, found: Any) -> Layer | None:
        """A layer of pixels; None for one that changes colours."""
        if isinstance(found, AdjustmentLayer):
            self._miss(f"“{found.name[:60]}” changes the colours below it and was left out.")
            return None
        if found.kind not in _PIXELS:
            self.notes["Shapes and fills were turned into pixels."] = None
            drawn = self.source.drawn(found)
            return ImageLayer(**{**self._common(found, None), "opacity": 1.0}, pixels=drawn)
        if _PIXELS[found.kind]:
            self.notes[_PIXELS[found.kind]] = None
        pixels, offset = self.source.pixels(found)
        protected = found._record.flags.transparency_protected or _protection(found) & ProtectedFlags.TRANSPARENCY
        common = self._common(found, self.source.mask(found, offset))
        return ImageLayer(**common, pixels=pixels, offset=offset, alpha_locked=bool(protected))

    def _common(self, found: Any, mask: TiledImage | None) -> dict[str, Any]:
        """What groups and pictures share."""
        if found.has_effects():
            self._miss(f"The effects of “{found.name[:60]}” were left out.")
        if mask is not None and found.mask and found.mask.parameters and found.mask.parameters.user_mask_feather:
            self._miss(f"The soft edge that Photoshop gives the mask of “{found.name[:60]}” was left out.")
        return {
            "name": found.name.removesuffix("\0"),
            "visible": found.visible,
            "opacity": found.opacity / 255 * found.fill_opacity / 255,
            "blend": self._mode(found.blend_mode),
            "locked": bool(_protection(found) & (ProtectedFlags.COMPLETE | ProtectedFlags.COMPOSITE)),
            "mask": mask,
            "mask_enabled": mask is None or not found.mask or not found.mask.disabled,
        }

    def _mode(self, mode: Any) -> BlendMode:
        known = MODES.get(mode.value)
        if known is None and mode != PASS_THROUGH:
            name = mode.name.replace("_", " ").capitalize()
            self._miss(f"The blend mode “{name}” is not known here and is shown as Normal.")
        return known or BlendMode.NORMAL


def _divider(layer: Any) -> Any:
    """Which end of a group a layer stands for; None for none. Groups in frames have a mark of their own."""
    found = layer.tagged_blocks.get_data(Tag.SECTION_DIVIDER_SETTING)
    found = layer.tagged_blocks.get_data(Tag.NESTED_SECTION_DIVIDER_SETTING, found)
    return None if found is None else found.kind


def _protection(found: Any) -> int:
    return int(found.tagged_blocks.get_data(Tag.PROTECTED_SETTING, 0))
