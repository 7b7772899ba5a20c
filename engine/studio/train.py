"""Trains the bundled model: `python -m engine.studio.train vae|base --minutes M [--resume]`, then `export`.

A first full training:

    python -m engine.studio.train scenes --scenes 7000
    python -m engine.studio.train vae --minutes 35 --crop 64 --batch 10 --helpers 1
    python -m engine.studio.train vae --minutes 9 --crop 96 --batch 5 --helpers 1 --resume --decay
    python -m engine.studio.train base --minutes 120 --helpers 1
    python -m engine.studio.train base --minutes 15 --helpers 1 --resume --decay
    python -m engine.studio.train export --out resources/models/studio

The published weights are gone on with by `scenes`, then `go-on --out resources/models/studio`, then `base --resume`.
A decayed training can be gone on with: its next slice starts at the full learning rate again. `--helpers 1` is for two
CPU cores; on a GPU leave it out.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from engine.studio.data import SceneCache, World, studio_world
from engine.studio.export import export
from engine.studio.networks import Shape, build_vae
from engine.studio.published import go_on
from engine.studio.train_base import BASE_RECIPE, load_base_stage
from engine.studio.train_vae import VAE_RECIPE, VALIDATION_SCENES, VaeStage
from engine.studio.training import Recipe, Training

VALIDATION_FIRST = 1_000_000


def scene_caches(folder: Path, world: World, count: int) -> tuple[SceneCache, SceneCache]:
    """Training and validation scenes, rendered as far as they are missing."""
    scenes = SceneCache(folder / "cache" / "training", world)
    validation = SceneCache(folder / "cache" / "validation", world, first=VALIDATION_FIRST)
    validation.extend(VALIDATION_SCENES)
    scenes.extend(count)
    return scenes, validation


def recipe(usual: Recipe, options: argparse.Namespace) -> Recipe:
    """A stage's recipe with what the command line asks for."""
    return replace(usual, batch=options.batch or usual.batch, rate=options.rate or usual.rate)


def train_vae(options: argparse.Namespace, world: World, shape: Shape, device: torch.device) -> None:
    """Train the autoencoder, or only its decoder."""
    torch.manual_seed(0)
    scenes, validation = scene_caches(options.folder, world, options.scenes)
    stage = VaeStage(build_vae(shape), scenes, validation, options.crop or world.size // 2, device)
    if options.decoder_only:
        stage.freeze_encoder()
    training = Training(stage, recipe(VAE_RECIPE, options), options.folder, options.helpers)
    if options.resume:
        training.resume(fresh_optimizer=options.decoder_only)
    if options.decoder_only:
        training.settle()
    training.run(options.minutes, options.decay)


def train_base(options: argparse.Namespace, world: World, shape: Shape, device: torch.device) -> None:
    """Train the UNet and the text encoder on the latents of the trained autoencoder."""
    torch.manual_seed(0)
    scenes, _ = scene_caches(options.folder, world, options.scenes)
    count = options.scenes or len(scenes)
    stage = load_base_stage(options.folder, scenes, count, shape, device, options.compile)
    training = Training(stage, recipe(BASE_RECIPE, options), options.folder, options.helpers)
    if options.resume:
        training.resume()
    training.run(options.minutes, options.decay)


TRAININGS: dict[str, Callable[[argparse.Namespace, World, Shape, torch.device], None]] = {
    "vae": train_vae,
    "base": train_base,
}


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m engine.studio.train", description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=[*TRAININGS, "scenes", "export", "go-on"], help="what to train or to write")
    parser.add_argument(
        "--minutes", type=float, default=30.0, help="working minutes of this slice; pauses do not count"
    )
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--decay", action="store_true", help="let the learning rate fall to zero: the last slice")
    parser.add_argument("--scenes", type=int, default=0, help="train on this many scenes (all there are)")
    parser.add_argument("--batch", type=int, default=0, help="pictures a step (the stage's own number)")
    parser.add_argument("--rate", type=float, default=0.0, help="learning rate (the stage's own)")
    parser.add_argument("--crop", type=int, default=0, help="vae: side of the crops, pixels (half the picture)")
    parser.add_argument("--decoder-only", action="store_true", help="vae: keep the encoder, so latents stay right")
    parser.add_argument("--helpers", type=int, default=0, help="CPU: this many more processes, of one thread each")
    parser.add_argument("--compile", action="store_true", help="base: torch.compile the UNet where that works")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--folder", type=Path, default=Path("training"), help="caches and checkpoints")
    parser.add_argument(
        "--out", type=Path, default=Path("resources/models/studio"), help="export, go-on: the model's folder"
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None, world: World | None = None, shape: Shape | None = None) -> None:
    """Run one slice; another world or shape than the bundled model's is for tests."""
    options = parse(arguments)
    world, shape = world or studio_world(), shape or Shape()
    chosen = options.device if options.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.name == "scenes":
        scene_caches(options.folder, world, options.scenes)
    elif options.name == "export":
        export(options.folder, options.out, shape)
    elif options.name == "go-on":
        go_on(options.out, options.folder)
    else:
        TRAININGS[options.name](options, world, shape, torch.device(chosen))


if __name__ == "__main__":
    main()
