"""The pictures inside a Photoshop document: pixels and masks of layers, and what all of them look like together."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from psd_tools.api.utils import has_transparency
from psd_tools.constants import ChannelID, Resource

from editor import limits
from editor.errors import FileProblem
from editor.files.photoshop_channels import CHANNELS, Colours, decoded, without_white
from editor.files.reading import broken, check_size
from editor.geometry import Rect
from editor.tiles import Array, TiledImage, full_value


class Source:
    """Decodes what a document holds, never more than `limits.TOTAL_PIXELS` of it.

    Attributes:
        document: the `PSDImage`.
        transparent: the merged picture has an alpha channel.

    Raises:
        FileProblem: from every method, for a picture that is too large or lies too far away.
        ValueError: from every method, for bytes that make no sense.
    """

    def __init__(self, name: str, document: Any) -> None:
        self.name, self.document = name, document
        self.header = header = document._record.header
        self.canvas = Rect(0, 0, header.width, header.height)
        profile = document.image_resources.get_data(Resource.ICC_PROFILE)
        palette = document._record.color_mode_data.value
        self.colours = Colours(
            header.color_mode, header.depth, profile if isinstance(profile, bytes) else None, palette
        )
        self.dtype, self.full = self.colours.dtype, full_value(self.colours.dtype)
        self.count = CHANNELS[header.color_mode]
        self.transparent = header.channels > self.count and has_transparency(document)
        self._pixels_left = limits.TOTAL_PIXELS

    def pixels(self, layer: Any) -> tuple[TiledImage, tuple[int, int]]:
        """The stored pixels of a layer in its own coordinates, and where it lies; empty ones where it stores none."""
        record, channels = layer._record, _channels(layer)
        rect = Rect(record.left, record.top, record.width, record.height)
        wanted = [channels.get(ChannelID(number)) for number in range(self.count)]
        empty = not rect or not any(channel is not None and channel.data for channel in wanted)
        if empty:
            return TiledImage(4, self.dtype), (0, 0)
        self._spend(rect)
        planes = [self._plane(channel, rect) for channel in wanted]
        shape = channels.get(ChannelID.TRANSPARENCY_MASK)
        alpha = self._plane(shape, rect) if shape is not None and shape.data else None
        return TiledImage.from_array(self.colours.rgba(planes, alpha)), (rect.x, rect.y)

    def drawn(self, layer: Any) -> TiledImage:
        """A fill or shape in canvas coordinates as psd-tools draws it, with its opacity and its masks."""
        from psd_tools.composite import composite  # takes scipy along

        self._spend(self.canvas)
        box = (0, 0, self.canvas.width, self.canvas.height)
        colours, _, alpha = composite(layer, viewport=box, layer_filter=lambda found: found is layer)
        planes = [self._levels(colours[..., channel]) for channel in range(self.count)]
        return TiledImage.from_array(self.colours.rgba(planes, self._levels(alpha[..., 0])))

    def mask(self, layer: Any, origin: tuple[int, int]) -> TiledImage | None:
        """The mask of a layer whose own (0, 0) lies at `origin`, that of a path as psd-tools draws it; None = none."""
        mask, channels = layer.mask, _channels(layer)
        real = mask is not None and mask.has_real()  # of pixels and path together
        values = channels.get(ChannelID.REAL_USER_LAYER_MASK if real else ChannelID.USER_LAYER_MASK)
        if mask is None or values is None:
            return self._path(layer, origin) if layer.has_vector_mask() else None
        image = TiledImage(1, self.dtype, mask.background_color * self.full // 255)
        rect = Rect(mask.left, mask.top, mask.width, mask.height)
        if rect and values.data:
            self._spend(rect)
            image = image.write(rect.translated(-origin[0], -origin[1]), self._plane(values, rect)[..., None])
        density = None if mask.parameters is None else mask.parameters.user_mask_density
        return image if density is None else _thinned(image, density / 255)

    def merged(self) -> Array:
        """(H, W, 4) what the file stores of all layers together."""
        self._spend(self.canvas)
        stored, count = self.document._record.image_data, self.header.channels
        size = (self.canvas.width, self.canvas.height * count)
        planes = decoded(stored.compression, stored.data, size, self.header.depth, self.header.version)
        planes = planes.reshape(count, self.canvas.height, self.canvas.width)
        picture = self.colours.rgba(list(planes[: self.count]), planes[self.count] if self.transparent else None)
        return without_white(picture) if self.transparent else picture

    def _path(self, layer: Any, origin: tuple[int, int]) -> TiledImage:
        from psd_tools.composite.vector import draw_vector_mask  # takes scipy along

        self._spend(self.canvas)
        return TiledImage.from_array(self._levels(draw_vector_mask(layer)[..., 0]), (-origin[0], -origin[1]))

    def _levels(self, plane: Any) -> Array:
        return cast(Array, np.rint(np.clip(plane, 0, 1) * self.full).astype(self.dtype))

    def _plane(self, channel: Any, rect: Rect) -> Array:
        if channel is None:
            raise broken(self.name)
        header = self.header
        return decoded(channel.compression, channel.data, (rect.width, rect.height), header.depth, header.version)

    def _spend(self, rect: Rect) -> None:
        """Take a picture from what all of them may hold together."""
        check_size(self.name, rect.width, rect.height)
        if max(abs(rect.x), abs(rect.y)) > limits.OFFSET:
            raise broken(self.name)
        self._pixels_left -= rect.area
        if self._pixels_left < 0:
            raise FileProblem(f"“{self.name}” would unpack to far more than a document needs and was not opened.")


def _channels(layer: Any) -> dict[Any, Any]:
    return {info.id: data for info, data in zip(layer._record.channel_info, layer._channels, strict=True)}


def _thinned(mask: TiledImage, density: float) -> TiledImage:
    """The mask with less of an effect: what it hides is seen by 1 - density."""
    full = full_value(mask.dtype)
    table = np.rint(full - (full - np.arange(full + 1)) * density).astype(mask.dtype)
    tiles = {key: table[tile] for key, tile in mask.tiles.items()}
    return TiledImage(1, mask.dtype, int(table[mask.default]), tiles)
