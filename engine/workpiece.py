"""What a method holds in its hands: the cropped source and guide with their masks, and the way back to a patch."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from time import perf_counter
from typing import Generic, NamedTuple, TypeVar, cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine import masking, region
from engine.backbone import Backbone
from engine.cache import cache_of, content
from engine.masking import Mask
from engine.preview import enlarged, latent_colours
from engine.region import Picture, Region
from engine.request import Control, EditRequest, EditResult, Found, Pixels, Step
from engine.words import Conditioning, WordReader

T = TypeVar("T")


@dataclass(frozen=True)
class Seam:
    """How an edit melts into its surroundings.

    Attributes:
        grow, feather: image pixels.
        context: surroundings the network sees, as a part of the marked box's longer side.
    """

    grow: float
    feather: float
    context: float


@dataclass(frozen=True, eq=False)
class Workpiece:
    """The part of a picture that is worked on.

    Attributes:
        region: where it lies and how large it is worked on.
        source: (h, w, 3) the crop as it was.
        guide: (h, w, 3) the crop with the strokes over it.
        mask: (h, w) the drawn mask of the crop, None = everything may change.
        denoise: (h, w) `masking.denoise_mask` of it, None likewise.
        seam: how it melts into its surroundings.
        like: the request's picture, for its dtype.
        left_out: some strokes lie where nothing may change.
    """

    region: Region
    source: Picture
    guide: Picture
    mask: Mask | None
    denoise: Mask | None
    seam: Seam
    like: Pixels
    left_out: bool

    @property
    def painted(self) -> bool:
        """The guide differs from the source."""
        return self.guide is not self.source

    def cells(self, factor: int) -> Mask | None:
        """How free each latent cell is, (h/f, w/f); None = all are."""
        if self.denoise is None:
            return None
        return masking.to_cells(self.region.mask_to_work(self.denoise), factor)

    def alpha(self, faintest: float) -> Mask:
        """(h, w) how much of the new picture is seen; denoise values below `faintest` never changed."""
        if self.mask is None or self.denoise is None:
            return np.ones(self.source.shape[:2], np.float32)
        return masking.composite_mask(self.mask, self.denoise, self.seam.grow, self.seam.feather, faintest)

    def finished(self, decoded: Picture) -> Picture:
        """A decoded working picture at the crop's own size, its colours matched in the margin that was kept."""
        picture = self.region.from_work(decoded)
        if self.denoise is None:
            return picture
        kept = (self.denoise <= 0).astype(np.float32)
        return region.colour_matched(picture, self.source, kept)

    def patch(self, picture: Picture, alpha: Mask) -> tuple[Pixels, Pixels, tuple[int, int]]:
        """(patch, alpha, origin) of an EditResult: cut down to where anything is seen."""
        x, y, width, height = region.bounds(alpha) or (0, 0, 1, 1)
        cut = slice(y, y + height), slice(x, x + width)
        origin = self.region.box[0] + x, self.region.box[1] + y
        return region.as_pixels(picture[cut], self.like), region.as_pixels(alpha[cut], self.like), origin


def cut_out(
    request: EditRequest,
    mask: NDArray[np.uint8] | None,
    seam: Seam,
    backbone: Backbone,
    closest: float = region.CLOSEST,
) -> Workpiece:
    """The part of the request's picture that `mask` (None = all of it) asks to be worked on.

    Args:
        closest: see `region.around`.
    """
    height, width = request.image.shape[:2]
    box = None if mask is None else region.bounds(mask)
    if mask is None or box is None:
        area = region.whole((width, height), backbone.native, backbone.factor)
        drawn = denoise = None
    else:
        reach = round(seam.grow + seam.feather)
        area = region.around(box, reach, (width, height), backbone.native, backbone.factor, seam.context, closest)
        drawn = mask[area.slices].astype(np.float32) / np.float32(255)
        denoise = masking.denoise_mask(drawn, seam.grow, seam.feather)
    source = guide = region.as_float(request.image[area.slices])
    left_out = False
    if request.strokes is not None:
        strokes = region.as_float(request.strokes[area.slices])
        if denoise is not None:
            strokes[..., 3] *= denoise > 0
        used = int(np.count_nonzero(strokes[..., 3]))
        left_out = int(np.count_nonzero(request.strokes[..., 3])) > used
        guide = region.over(source, strokes) if used else source
    return Workpiece(area, source, guide, drawn, denoise, seam, request.image, left_out)


def unpainted(
    recipe: EditRequest,
    steps: int,
    seconds: dict[str, float],
    notes: tuple[str, ...],
    *,
    found: Found | None = None,
    marks: NDArray[np.float64] | None = None,
) -> EditResult:
    """A result without a patch: only a mask was asked for, or the edit was stopped before anything was painted."""
    nothing = np.zeros((0, 0, 3), recipe.image.dtype)
    return EditResult(nothing, nothing[..., 0], (0, 0), recipe, steps, 1.0, seconds, notes, found, marks)


def size_note(piece: Workpiece) -> tuple[str, ...]:
    """What the artist should know where a part had to be made smaller."""
    if piece.region.scale >= 1:
        return ()
    percent = max(round(100 * piece.region.scale), 1)
    return (f"This part was worked on at {percent} % of its size. Select a smaller one for finer detail.",)


def words_note(backbone: Backbone, words: Conditioning) -> tuple[str, ...]:
    """What the artist should know where the words were too many."""
    if not words.truncated or not isinstance(backbone.reader, WordReader):
        return ()
    return (f"The words are longer than this model reads ({backbone.reader.length} tokens): the end was left out.",)


def to_tensor(picture: Picture) -> Tensor:
    """(h, w, 3) in 0..1 -> (1, 3, h, w) in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None] * 2 - 1


def encoded(backbone: Backbone, picture: Picture) -> Tensor:
    """The latent (1, C, h, w) of a working picture (h·f, w·f, 3); one picture is encoded once."""
    cache, key = cache_of(backbone), content("encoded", picture)
    latent: Tensor | None = cache.get(key)
    if latent is None:
        latent = backbone.encode(to_tensor(picture))
        cache.keep(key, latent, latent.numel() * latent.element_size())
    return latent


def to_picture(image: Tensor) -> Picture:
    """(1, 3, h, w) in [-1, 1] -> (h, w, 3) in 0..1."""
    return cast(Picture, ((image[0].permute(1, 2, 0) + 1) / 2).contiguous().cpu().numpy())


class Ended(NamedTuple, Generic[T]):
    """How a run of steps ended."""

    last: T  # what the run yielded last
    step: int  # index of the last step
    stopped: bool  # before everything was done


def followed(
    run: Iterable[T], show: Callable[[T], Step], stop_after: int | None, seconds: dict[str, float]
) -> Generator[Step, Control | None, Ended[T]]:
    """Let the caller watch and stop a run; the time between its steps goes into seconds["network"].

    Args:
        run: at least one item, one per network step.
        show: the Step of an item.
        stop_after: index of the step after which to stop by itself.
    """
    seconds.setdefault("network", 0.0)
    start = perf_counter()
    for item in run:
        step = show(item)
        seconds["network"] += perf_counter() - start
        control = yield step
        start = perf_counter()
        ended = Ended(item, step.index, False)
        if step.index < step.total and (control is Control.STOP or step.index == stop_after):
            return ended._replace(stopped=True)
    return ended


class Previews:
    """Steps with a small picture of what is there so far, seen through the mask."""

    def __init__(self, backbone: Backbone, workpiece: Workpiece, alpha: Mask, total: int) -> None:
        self._colours, self._total = latent_colours(backbone), total
        self._area = workpiece.region.box
        self._times = max(backbone.factor // 2, 1)
        width, height = (max(side * self._times // backbone.factor, 1) for side in workpiece.region.size)
        self._size = width, height
        shrunk = cv2.resize(alpha, self._size, interpolation=cv2.INTER_AREA) if workpiece.mask is not None else None
        self._alpha = None if shrunk is None else np.rint(shrunk * 255).astype(np.uint8)

    def step(self, index: int, clean: Tensor, part: str = "") -> Step:
        """Step number `index` (1..total) with the predicted clean latent as its picture."""
        cells = enlarged(self._colours.picture(clean), self._times)
        return Step(index, self._total, cells[: self._size[1], : self._size[0]].copy(), self._area, self._alpha, part)
