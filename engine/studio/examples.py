"""What the exemplar model is trained on, kept on disk: a picture with a hole, what belongs there, and an exemplar.

Example number k is drawn from k alone. Half of the examples take their surroundings from the scene without the object:
there an artist's empty place has no shadow of what is to come, and what is pasted back ends at the hole's edge.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor

from engine.studio.data import RENDER_BATCH, SceneCache, encoder_mark, to_tensor
from engine.studio.holes import Mask, hole_around
from engine.studio.training import precision

EXAMPLES_A_SCENE = 2
_EMPTIED = 0.5  # share whose surroundings never saw the object
_VISIBLE = 0.0015  # of the picture's pixels: objects of which less is seen are not taken


@dataclass(frozen=True, eq=False)
class Example:
    """One object that belongs into a hole.

    Attributes:
        scene, index: row of the scene cache, and which of its objects.
        mirrored: whether picture and hole are the scene's mirror images.
        picture: (H, W, 3) uint8, the truth.
        hole: (H, W), true where the object is to be painted.
        silhouette: (H, W), true on its visible pixels.
        exemplar: (side, side, 3) uint8.
    """

    scene: int
    index: int
    mirrored: bool
    picture: NDArray[np.uint8]
    hole: Mask
    silhouette: Mask
    exemplar: NDArray[np.uint8]


@dataclass(frozen=True)
class _Draw:
    scene: int
    index: int
    hole: Mask
    silhouette: Mask
    mirrored: bool
    emptied: bool


def _draw(scenes: SceneCache, number: int, ids: NDArray[np.uint8]) -> _Draw:
    """What is to be rendered of example `number`; ids (H, W) are its scene's."""
    rng, scene = np.random.default_rng((scenes.first, number)), number // EXAMPLES_A_SCENE
    visible = np.bincount(ids[(ids >= 2) & (ids < 255)], minlength=3)[2:]
    candidates = np.flatnonzero(visible >= max(_VISIBLE * ids.size, 1))
    if not len(candidates):
        candidates = np.array([visible.argmax()])
    # The examples of one scene show its objects in turn.
    order = np.random.default_rng((scenes.first, scene, 1)).permutation(candidates)
    index = int(order[number % EXAMPLES_A_SCENE % len(order)])
    silhouette = ids == 2 + index
    hole = hole_around(silhouette, rng)
    return _Draw(scene, index, hole, silhouette, bool(rng.random() < 0.5), bool(rng.random() < _EMPTIED))


def make_examples(scenes: SceneCache, numbers: Sequence[int]) -> list[Example]:
    """Examples of a cache's scenes, which must be rendered already.

    Raises:
        ValueError: the world has no exemplars.
    """
    world = scenes.world
    if world.exemplars is None or world.without is None:
        raise ValueError("This world shows no objects by themselves: there is nothing to train an exemplar model on.")
    count = 1 + max(numbers) // EXAMPLES_A_SCENE
    pictures, ids = scenes.pictures(count), scenes.ids(count)
    draws = [_draw(scenes, number, np.array(ids[number // EXAMPLES_A_SCENE])) for number in numbers]
    wanted = [(scenes.first + draw.scene, draw.index, number) for draw, number in zip(draws, numbers, strict=True)]
    exemplars = world.exemplars(wanted)
    bare = iter(world.without([wish[:2] for wish, draw in zip(wanted, draws, strict=True) if draw.emptied]))
    examples = []
    for draw, exemplar in zip(draws, exemplars, strict=True):
        picture = np.array(pictures[draw.scene])
        if draw.emptied:
            picture = np.where(draw.hole[..., None], picture, next(bare))
        flip = slice(None, None, -1 if draw.mirrored else 1)
        places = draw.hole[:, flip], draw.silhouette[:, flip]
        examples.append(Example(draw.scene, draw.index, draw.mirrored, picture[:, flip], *places, exemplar))
    return examples


class ExampleCache:
    """Examples as the network reads them, one record each, in a file that only grows."""

    def __init__(self, folder: Path, vae: AutoencoderKL, scenes: SceneCache) -> None:
        self.vae, self.scenes, self.mark = vae, scenes, encoder_mark(vae)
        self._file = folder / f"examples-{self.mark}.records"
        self._about = self._file.with_suffix(".json")

    def extend(self, count: int, apart: bool = False) -> NDArray[np.void]:
        """Make examples until there are `count`; returns their records (count,), read as they are used.

        Args:
            apart: in a process of their own. Once a process has used threads inside torch, those that are forked from
                it, as a training's helpers are, cannot.
        """
        if self._count() < count and apart:
            with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as process:
                process.submit(self._make, count).result()
        elif self._count() < count:
            self._make(count)
        return np.memmap(self._file, self._kind(), "r", shape=(count,))

    def _make(self, count: int) -> None:
        """Write what is missing; all of it, where records have another layout now."""
        probe = self.records([0])
        have = self._count() if self._about.exists() and self._kind() == probe.dtype else 0
        self._about.write_text(json.dumps(probe.dtype.descr), encoding="utf-8")
        batches = [range(first, min(first + RENDER_BATCH, count)) for first in range(have, count, RENDER_BATCH)]
        workers = (os.cpu_count() or 1) if self.vae.device.type == "cpu" else 1
        with self._file.open("ab") as file, ThreadPoolExecutor(workers) as pool:
            file.truncate(have * probe.itemsize)
            for done, records in zip(batches, pool.map(self.records, batches), strict=True):
                file.write(records.tobytes())
                file.flush()
                if done[-1] % (RENDER_BATCH * 16) == RENDER_BATCH * 16 - 1:
                    print(f"examples: {done[-1] + 1} of {count}", flush=True)

    def _count(self) -> int:
        """How many whole records there are."""
        if not self._file.exists() or not self._about.exists():
            return 0
        return self._file.stat().st_size // self._kind().itemsize

    def _kind(self) -> np.dtype[np.void]:
        """What a record is."""
        described = json.loads(self._about.read_text(encoding="utf-8"))
        return np.dtype([(name, kind, *map(tuple, shape)) for name, kind, *shape in described])

    def records(self, numbers: Sequence[int]) -> NDArray[np.void]:
        """Records of the examples of some numbers; see `encoded`."""
        return self.encoded(make_examples(self.scenes, numbers))

    @torch.no_grad()
    def encoded(self, examples: Sequence[Example]) -> NDArray[np.void]:
        """Records (N,) with the fields

        scene, index, mirrored: as in Example;
        clean, holed: (C, h, w) float16, latents of the picture without and with its hole (grey, 0 in -1..1);
        keep: (1, h, w) uint8, 0 in the hole, by the nearest pixel as `PaintByExamplePipeline` samples it;
        exemplar: (side, side, 3) uint8.
        """
        device, vae = self.vae.device, self.vae
        images = to_tensor(np.stack([example.picture for example in examples]), device)
        keep = torch.from_numpy(np.stack([~example.hole for example in examples])).to(device)[:, None].float()
        with precision(device):
            both = torch.cat([images, images * keep]).to(memory_format=torch.channels_last)
            latents = vae.encode(both).latent_dist.mean.float() * vae.config["scaling_factor"]
        clean, holed = latents.cpu().half().chunk(2)
        size = clean.shape[-1]
        fields = {
            "scene": np.array([example.scene for example in examples], np.int32),
            "index": np.array([example.index for example in examples], np.int32),
            "mirrored": np.array([example.mirrored for example in examples]),
            "clean": clean.numpy(),
            "holed": holed.numpy(),
            "keep": F.interpolate(keep, (size, size)).to("cpu", torch.uint8).numpy(),
            "exemplar": np.stack([example.exemplar for example in examples]),
        }
        return _records(fields)


def _records(fields: dict[str, NDArray[np.generic]]) -> NDArray[np.void]:
    """One structured array of equally many rows of each field."""
    kinds = np.dtype([(name, values.dtype, values.shape[1:]) for name, values in fields.items()])
    records = np.empty(len(fields["scene"]), kinds)
    for name, values in fields.items():
        records[name] = values
    return records


def tensor_of(records: NDArray[np.void], name: str) -> Tensor:
    """One field of some records, in float32."""
    return torch.from_numpy(np.array(records[name])).float()
