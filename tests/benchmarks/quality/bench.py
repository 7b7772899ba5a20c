"""What the rows of the quality benchmark share: seeds, scenes, the model, the judge, and what was drawn already."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count as from_number
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
import typer
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionPipeline
from numpy.typing import NDArray

from engine.backbone import Backbone
from engine.errors import ModelMissing
from engine.models import store
from engine.models.loader import load
from engine.models.policy import best_policy
from engine.studio.render import Rendered, render
from engine.studio.scene import PUBLISHED_SEEDS, VALIDATION_SEEDS, Scene, sample_scene
from engine.studio.world import captions
from tests.benchmarks import harness
from tests.benchmarks.quality import drawing
from tests.benchmarks.quality.drawing import Pictures
from tests.benchmarks.quality.scoring import Alike, Marks, Wanted, by_looks, marked
from tests.benchmarks.quality.sheets import Line
from tests.benchmarks.sdedit import same_pipeline
from tests.benchmarks.worded import peer_pipeline

if TYPE_CHECKING:
    from engine.studio.judge import Judge, Reading

T = TypeVar("T")

COPY, ROUND_TRIP = "copy the source", "VAE round trip"  # the baselines of every row
COUNT = 200  # scenes of a row
PEER_SHARE = 4  # the peer works on one of so many scenes: it is there to compare with, and takes as long
_REFERENCE = 500_000  # seeds between a row's scenes and those that distances between sets are measured to


@dataclass
class Found:
    """What a row found.

    Attributes:
        figures: by entrant ("ours", a baseline, the peer), or by part of the row and entrant.
        lines: of the contact sheet.
    """

    figures: dict[str, Any] = field(default_factory=dict)
    goals: dict[str, harness.Goal] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)


class Bench:
    """One run of the benchmark.

    Attributes:
        count: scenes of a row.
        first_seed: of the first scene.
    """

    def __init__(self, options: harness.Options) -> None:
        self.count = COUNT if options.count is None else options.count
        self.first_seed = _first_seed(options)
        if self.count < 2:
            raise typer.BadParameter("a quality figure needs at least two scenes")
        self._truth: dict[Scene, tuple[NDArray[np.uint8], NDArray[np.uint8]]] = {}
        self._drawn: dict[Scene, NDArray[np.uint8]] = {}
        self._drawn_by_peer: dict[Scene, NDArray[np.uint8]] = {}

    @cached_property
    def folder(self) -> Path:
        """Of the bundled model. Raises ModelMissing."""
        return store.find(store.BUNDLED)

    @cached_property
    def backbone(self) -> Backbone:
        """The bundled model as the program loads it."""
        return load(store.BUNDLED)

    @cached_property
    def judge(self) -> Judge | None:
        """None while there is no trained judge."""
        try:
            from engine.studio.judge import load_judge
        except ImportError:
            return None
        try:
            return load_judge()
        except ModelMissing:
            return None

    @cached_property
    def painting_peer(self) -> StableDiffusionImg2ImgPipeline:
        """Diffusers' image to image, under our number type and memory layout."""
        return same_pipeline(self.folder)

    @cached_property
    def drawing_peer(self) -> StableDiffusionPipeline:
        """Diffusers' text to image of the same parts."""
        pipe = StableDiffusionPipeline(**self.painting_peer.components, requires_safety_checker=False)
        pipe.set_progress_bar_config(disable=True)
        return pipe

    def scenes(self, number: int, objects: int | None = None) -> list[Scene]:
        """The first scenes of the run, or the first with so many objects."""
        fitting = (scene for scene in self.all_scenes() if objects is None or len(scene.objects) == objects)
        return list(islice(fitting, number))

    def all_scenes(self) -> Iterator[Scene]:
        """The run's scenes, one after another."""
        return _scenes(self.first_seed)

    def reference(self, number: int) -> Pictures:
        """Rendered scenes that no row edits: what pictures of this world look like."""
        return render(list(islice(_scenes(self.first_seed + _REFERENCE), number))).images

    @cached_property
    def words_peer(self) -> Any:
        """Diffusers' DiffEdit, under our number type and memory layout."""
        return peer_pipeline(self.folder, best_policy().dtype)

    def for_peer(self, scenes: Sequence[T]) -> Sequence[T]:
        """Those scenes, or cases, that the peer works on, too."""
        return scenes[: max(2, len(scenes) // PEER_SHARE)]

    def truth(self, scenes: Sequence[Scene]) -> Rendered:
        """Pictures and ids of scenes, rendered once."""
        fresh = [scene for scene in scenes if scene not in self._truth]
        if fresh:
            rendered = render(fresh)
            self._truth.update(zip(fresh, zip(rendered.images, rendered.ids, strict=True), strict=True))
        pairs = [self._truth[scene] for scene in scenes]
        return Rendered(np.stack([picture for picture, _ in pairs]), np.stack([ids for _, ids in pairs]))

    def drawings(self, scenes: Sequence[Scene]) -> Pictures:
        """Our pictures from the scenes' canonical captions, drawn once; a scene's seed is that of its noise."""

        def ours(words: list[str], seeds: list[int]) -> Pictures:
            return drawing.draw(self.backbone, words, seeds)

        return _remembered(self._drawn, scenes, ours, "drawing")

    def peer_drawings(self, scenes: Sequence[Scene]) -> Pictures:
        """The peer's pictures from the same words and noise."""

        def peer(words: list[str], seeds: list[int]) -> Pictures:
            return drawing.draw_with_peer(self.drawing_peer, self.backbone, words, seeds)

        return _remembered(self._drawn_by_peer, scenes, peer, "drawing with the peer")

    def readings(self, pictures: Pictures) -> list[Reading]:
        """What the judge sees in each picture."""
        assert self.judge is not None
        return self.judge.read(pictures)

    def marks(self, wanted: Sequence[Wanted], pictures: Pictures, alike: Alike = by_looks) -> list[Marks]:
        """What the judge says of each picture."""
        pairs = zip(wanted, self.readings(pictures), strict=True)
        return [marked(asked, reading, alike) for asked, reading in pairs]

    def features(self, pictures: Pictures) -> NDArray[np.float32]:
        """(N, 64) for distances between sets of pictures."""
        assert self.judge is not None
        return self.judge.features(pictures)


def caption(scene: Scene) -> str:
    """The canonical words of a scene: everything is named."""
    return captions(scene)[0]


def tell(text: str) -> None:
    """How far a long run is."""
    print(text, file=sys.stderr, flush=True)


def of_parts(
    options: harness.Options, known: Sequence[str], first: int, count: int
) -> tuple[Bench, tuple[str, ...], harness.Report]:
    """A benchmark of several parts: its bench, the parts to run, and a report that says where it is run.

    Args:
        known: the names of all parts.
        first: seed of the first scene where none is asked for, and the published ones are not.
        count: of scenes where none is asked for.

    Raises:
        typer.BadParameter: a part that there is not, or seeds that must not be used.
    """
    for name in options.only:
        if name not in known:
            raise typer.BadParameter(f"there is no part {name!r}; there are {', '.join(known)}")
    seed = first if options.first_seed is None and not options.published else options.first_seed
    bench, policy = Bench(replace(options, first_seed=seed, count=options.count or count)), best_policy()
    report = harness.Report(
        {
            "policy": f"{policy.device}, {policy.dtype}",
            "threads": torch.get_num_threads(),
            "first_seed": bench.first_seed,
        }
    )
    return bench, options.only or tuple(known), report


def _first_seed(options: harness.Options) -> int:
    """Where the scenes begin: validation, unless the published ones are asked for by name."""
    first = options.first_seed
    if options.published:
        if first is not None and first not in PUBLISHED_SEEDS:
            raise typer.BadParameter(f"published figures use seeds from {PUBLISHED_SEEDS.start} on, not {first}")
        return PUBLISHED_SEEDS.start if first is None else first
    if first is not None and first not in VALIDATION_SEEDS:
        raise typer.BadParameter(
            f"seeds to work with are {VALIDATION_SEEDS.start} to {VALIDATION_SEEDS.stop - 1}: those below were trained "
            "on, and those above need --published"
        )
    return VALIDATION_SEEDS.start if first is None else first


def _scenes(first: int) -> Iterator[Scene]:
    return (sample_scene(seed) for seed in from_number(first))


def _remembered(
    known: dict[Scene, NDArray[np.uint8]],
    scenes: Sequence[Scene],
    draw: Callable[[list[str], list[int]], Pictures],
    what: str,
) -> Pictures:
    """Pictures of scenes by `draw`(words, seeds), each drawn once."""
    fresh = [scene for scene in scenes if scene not in known]
    for some in drawing.batches(fresh):
        pictures = draw([caption(scene) for scene in some], [scene.seed for scene in some])
        known.update(zip(some, pictures, strict=True))
        tell(f"{what}: {sum(scene in known for scene in scenes)} of {len(scenes)}")
    return np.stack([known[scene] for scene in scenes])
