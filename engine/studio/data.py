"""What the networks are trained on: rendered scenes and their latents, kept on disk and extended on demand."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor

from engine.studio.hints import SLOTS
from engine.studio.training import precision

RENDER_BATCH = 16
EXEMPLAR_SIDE = 80  # px: some more than the network reads, so that turning and cropping stay sharp


@dataclass(frozen=True)
class World:
    """What the data needs to know of a world: pictures, what is where in them, and their captions, by seed."""

    size: int  # pictures' side, pixels
    scenes: Callable[[Sequence[int]], tuple[NDArray[np.uint8], NDArray[np.uint8], list[list[str]]]]
    """Seeds -> pictures (N, size, size, 3), ids (N, size, size) as `render` gives them, wordings of each caption."""
    labels: Callable[[Sequence[int]], NDArray[np.int64]] | None = None
    """Seeds -> what each id of the pictures is, (N, slots, groups), see `hints.Hints`; None = it is not known."""
    classes: tuple[int, ...] = ()  # how many classes each group of the labels has
    exemplars: Callable[[Sequence[tuple[int, int, int]]], NDArray[np.uint8]] | None = None
    """(seed, object, draw) -> pictures (N, side, side, 3) of that object alone or elsewhere; None = there are none."""
    without: Callable[[Sequence[tuple[int, int]]], NDArray[np.uint8]] | None = None
    """(seed, object) -> pictures (N, size, size, 3) without that object and what it throws around itself."""


def studio_world() -> World:
    """The bundled model's own world, at its native size."""
    from engine.studio import exemplars, world

    def scenes(seeds: Sequence[int]) -> tuple[NDArray[np.uint8], NDArray[np.uint8], list[list[str]]]:
        sampled = [world.sample_scene(seed) for seed in seeds]
        rendered = world.render(sampled, 256)
        return rendered.images, rendered.ids, [world.captions(scene) for scene in sampled]

    kinds = (*world.SKIES, *world.GROUNDS, *world.SHAPES, "scenery")
    colours = tuple(world.COLOURS)

    def labels(seeds: Sequence[int]) -> NDArray[np.int64]:
        found = np.full((len(seeds), len(SLOTS), 3), -1, np.int64)
        for row, seed in zip(found, seeds, strict=True):
            scene = world.sample_scene(seed)
            row[[0, 1, -1], 0] = kinds.index(scene.sky), kinds.index(scene.ground), len(kinds) - 1
            for slot, item in zip(row[2:-1], scene.objects, strict=False):
                slot[:] = kinds.index(item.shape), colours.index(item.colour), world.MATERIALS.index(item.material)
        return found

    return World(
        256,
        scenes,
        labels,
        (len(kinds), len(colours), len(world.MATERIALS)),
        lambda wanted: exemplars.exemplar_pictures(wanted, EXEMPLAR_SIDE),
        lambda wanted: exemplars.pictures_without(wanted, 256),
    )


class SceneCache:
    """Pictures, ids and captions of the seeds `first`, `first` + 1, …, in a folder that only grows."""

    def __init__(self, folder: Path, world: World, first: int = 0) -> None:
        self.folder, self.world, self.first = folder, world, first
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def _pictures(self) -> Path:
        return self.folder / "pictures.u8"

    @property
    def _ids(self) -> Path:
        return self.folder / "ids.u8"

    @property
    def _captions(self) -> Path:
        return self.folder / "captions.jsonl"

    def __len__(self) -> int:
        if not self._captions.exists():
            return 0
        with self._captions.open("rb") as file:
            lines = sum(line.endswith(b"\n") for line in file)
        pixels = self.world.size**2
        return min(lines, self._pictures.stat().st_size // (pixels * 3), self._ids.stat().st_size // pixels)

    def extend(self, count: int) -> None:
        """Render until there are `count` scenes; what an interrupted run left half written is cut off first."""
        have = len(self)
        if have >= count:
            return
        began, start = time.monotonic(), have
        lines = self._captions.read_bytes().splitlines(keepends=True)[:have] if have else []
        self._captions.write_bytes(b"".join(lines))
        with (
            self._pictures.open("ab") as pictures,
            self._ids.open("ab") as idents,
            self._captions.open("a", encoding="utf-8") as captions,
        ):
            pictures.truncate(have * self.world.size**2 * 3)
            idents.truncate(have * self.world.size**2)
            while have < count:
                seeds = range(self.first + have, self.first + min(have + RENDER_BATCH, count))
                images, ids, wordings = self.world.scenes(seeds)
                for file, values in ((pictures, images), (idents, ids)):
                    file.write(np.ascontiguousarray(values).tobytes())
                    file.flush()
                captions.writelines(json.dumps(texts) + "\n" for texts in wordings)
                captions.flush()
                have += len(seeds)
                if have % (RENDER_BATCH * 16) == 0 or have == count:
                    pace = (have - start) / (time.monotonic() - began)
                    print(f"scenes: {have} of {count}, {pace:.1f} a second", flush=True)

    def pictures(self, count: int | None = None) -> NDArray[np.uint8]:
        """The first `count` pictures (all without), (N, size, size, 3), read from disk as they are used."""
        shape = (len(self) if count is None else count, self.world.size, self.world.size, 3)
        return np.memmap(self._pictures, np.uint8, "r", shape=shape)

    def ids(self, count: int | None = None) -> NDArray[np.uint8]:
        """What is where in the first `count` pictures (all without), (N, size, size), read as they are used."""
        shape = (len(self) if count is None else count, self.world.size, self.world.size)
        return np.memmap(self._ids, np.uint8, "r", shape=shape)

    def captions(self, count: int | None = None) -> list[list[str]]:
        """The wordings of the first `count` scenes (all without)."""
        count = len(self) if count is None else count
        with self._captions.open(encoding="utf-8") as file:
            return [json.loads(line) for line, _ in zip(file, range(count), strict=False)]


def to_tensor(pictures: NDArray[np.uint8], device: torch.device) -> Tensor:
    """Pictures (N, H, W, 3) as the networks read them: (N, 3, H, W) in -1..1."""
    return torch.from_numpy(pictures).to(device).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


def to_pictures(images: Tensor) -> NDArray[np.uint8]:
    """Images (N, 3, H, W) in -1..1 as pictures (N, H, W, 3)."""
    scaled = images.float().clamp(-1, 1).add(1).mul(127.5).round()
    result: NDArray[np.uint8] = scaled.permute(0, 2, 3, 1).to("cpu", torch.uint8).numpy()
    return result


def object_cover(ids: NDArray[np.uint8], size: int) -> Tensor:
    """How much of each latent cell an object or the rim around it covers, (2 N, 1, size, size) float16 in 0..1.

    Args:
        ids: (N, H, W) as `render` gives them. Rows of the result are plain (even) and mirrored (odd), like latents.
    """
    on_object = torch.from_numpy(((ids >= 2) & (ids < 255)).astype(np.float32))[:, None]
    cover = F.max_pool2d(F.adaptive_avg_pool2d(on_object, size), 3, stride=1, padding=1).half()
    return torch.stack([cover, cover.flip(-1)], dim=1).flatten(0, 1)


def encoder_mark(vae: AutoencoderKL) -> str:
    """A short name of an encoder's exact weights: latents of another one are of no use."""
    digest = hashlib.sha256()
    for part in (vae.encoder, vae.quant_conv):
        for value in part.state_dict().values():
            digest.update(value.detach().float().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]


class LatentCache:
    """Balanced latents of a scene cache's pictures, as they are (even) and mirrored (odd rows)."""

    def __init__(self, folder: Path, vae: AutoencoderKL, size: int) -> None:
        self.vae, self.mark = vae, encoder_mark(vae)
        self.shape = (vae.config["latent_channels"], size, size)
        self._file = folder / f"latents-{self.mark}.f16"
        self._balance = folder / f"latents-{self.mark}.json"

    @cached_property
    def balance(self) -> tuple[Tensor, Tensor]:
        """Mean and deviation of each latent channel over the first pictures, both (C,)."""
        read: dict[str, Any] = json.loads(self._balance.read_text())
        return torch.tensor(read["mean"]), torch.tensor(read["deviation"])

    def extend(self, scenes: SceneCache, count: int, device: torch.device) -> Tensor:
        """Encode until `count` scenes are there; returns their latents (2 * count, C, h, w), unit variance."""
        row = int(np.prod(self.shape)) * 2
        have = self._file.stat().st_size // (2 * row) if self._file.exists() else 0
        if not self._balance.exists():
            self._measure(scenes.pictures(min(count, 512)), device)
        if have < count:
            pictures = scenes.pictures(count)
            starts = range(have, count, RENDER_BATCH)
            workers = (os.cpu_count() or 1) if device.type == "cpu" else 1
            with self._file.open("ab") as file, ThreadPoolExecutor(workers) as pool:
                file.truncate(have * 2 * row)
                for latents in pool.map(lambda at: self._both(pictures[at : at + RENDER_BATCH], device), starts):
                    file.write(latents.to("cpu", torch.float16).numpy().tobytes())
            print(f"latents: {count} scenes, plain and mirrored", flush=True)
        stored = np.fromfile(self._file, np.float16, count * row)
        return torch.from_numpy(stored.reshape(-1, *self.shape))

    def _both(self, pictures: NDArray[np.uint8], device: torch.device) -> Tensor:
        """Latents of pictures (N, H, W, 3), each followed by the one of its mirror image, (2 N, C, h, w)."""
        both = np.stack([pictures, pictures[:, :, ::-1]], axis=1)
        return self.encode(both.reshape(-1, *pictures.shape[1:]), device)

    @torch.no_grad()
    def encode(self, pictures: NDArray[np.uint8], device: torch.device, balanced: bool = True) -> Tensor:
        """Latents of pictures, (N, C, h, w)."""
        images = to_tensor(pictures, device).to(memory_format=torch.channels_last)
        with precision(device):
            mean: Tensor = self.vae.quant_conv(self.vae.encoder(images)).chunk(2, dim=1)[0].float()
        if not balanced:
            return mean
        centre, deviation = (value.to(device).view(1, -1, 1, 1) for value in self.balance)
        balanced_mean: Tensor = (mean - centre) / deviation
        return balanced_mean

    def _measure(self, pictures: NDArray[np.uint8], device: torch.device) -> None:
        parts = [
            self.encode(np.array(pictures[i : i + RENDER_BATCH]), device, balanced=False).cpu()
            for i in range(0, len(pictures), RENDER_BATCH)
        ]
        values = torch.cat(parts).transpose(0, 1).flatten(1)
        self._balance.write_text(
            json.dumps({"mean": values.mean(1).tolist(), "deviation": values.std(1).tolist()}), encoding="utf-8"
        )
