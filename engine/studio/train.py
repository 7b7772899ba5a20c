"""Trains the bundled models: `python -m engine.studio.train vae|base|names|exemplar|judge|sam --minutes M`; exports.

A first full training:

    python -m engine.studio.train scenes --scenes 7000
    python -m engine.studio.train vae --minutes 35 --crop 64 --batch 10 --helpers 1
    python -m engine.studio.train vae --minutes 9 --crop 96 --batch 5 --helpers 1 --resume --decay
    python -m engine.studio.train base --minutes 120 --helpers 1
    python -m engine.studio.train base --minutes 15 --helpers 1 --resume --decay
    python -m engine.studio.train export
    python -m tests.benchmarks quality --only text --json quality.json
    python -m engine.studio.train card --report quality.json
    python -m engine.studio.train sam --minutes 30 --side 128
    python -m engine.studio.train sam --minutes 25 --side 128 --resume --decay
    python -m engine.studio.train export-sam

The exemplar model, which starts from the exported base model and shares its autoencoder (the first slice renders two
examples a scene); its image encoder first learns to name things:

    python -m engine.studio.train names --minutes 6 --decay
    python -m engine.studio.train exemplar --minutes 100 --helpers 1
    python -m engine.studio.train exemplar --minutes 15 --helpers 1 --resume --decay
    python -m engine.studio.train export-exemplar

The judge, which reads round trips of the exported model's autoencoder beside renders:

    python -m engine.studio.train judge --minutes 25
    python -m engine.studio.train judge --minutes 25 --resume --decay
    python -m engine.studio.train export-judge

The published weights are gone on with by `scenes`, then `go-on`, then `base --resume`; likewise `go-on-exemplar`,
`go-on-judge` and `go-on-sam`.
A decayed training can be gone on with: its next slice starts at the full learning rate again. `--helpers 1` is for two
CPU cores; on a GPU leave it out.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from engine.models.sam import STUDIO, build_sam
from engine.models.sam_loader import load_sam
from engine.models.store import BUNDLED, models_folder
from engine.segmentation import BUNDLED as BUNDLED_SAM
from engine.studio import card
from engine.studio.data import SceneCache, World, studio_world
from engine.studio.export import export
from engine.studio.export_exemplar import export_exemplar
from engine.studio.export_judge import export_judge
from engine.studio.export_sam import export_sam
from engine.studio.judge import FOLDER as JUDGE_FOLDER
from engine.studio.judge import load_judge
from engine.studio.judge_network import JudgeShape
from engine.studio.networks import Shape, build_vae
from engine.studio.published import go_on, go_on_alone, go_on_exemplar
from engine.studio.train_base import BASE_RECIPE, load_base_stage
from engine.studio.train_exemplar import EXEMPLAR_RECIPE, load_exemplar_stage, load_names_stage
from engine.studio.train_judge import JUDGE_RECIPE, load_judge_stage
from engine.studio.train_names import NAMES_RECIPE
from engine.studio.train_sam import SAM_RECIPE, SamStage, fit_checkpoint
from engine.studio.train_vae import VAE_RECIPE, VALIDATION_SCENES, VaeStage
from engine.studio.training import Recipe, Training

VALIDATION_FIRST = 1_000_000
EXEMPLAR_FOLDER = "studio-exemplar"


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


def train_exemplar(options: argparse.Namespace, world: World, shape: Shape, device: torch.device) -> None:
    """Train the base model on, to paint an exemplar's object into a hole."""
    torch.manual_seed(0)
    scenes, validation = scene_caches(options.folder, world, options.scenes)
    count = options.scenes or len(scenes)
    base, helped = base_folder(options), options.helpers > 0
    stage = load_exemplar_stage(base, options.folder, scenes, count, validation, shape, device, options.compile, helped)
    training = Training(stage, recipe(EXEMPLAR_RECIPE, options), options.folder, options.helpers)
    if options.resume:
        training.resume()
    training.run(options.minutes, options.decay)


def train_names(options: argparse.Namespace, world: World, shape: Shape, device: torch.device) -> None:
    """Train the exemplar model's image encoder to name what exemplars show."""
    torch.manual_seed(0)
    scenes, _ = scene_caches(options.folder, world, options.scenes)
    count = options.scenes or len(scenes)
    helped = options.helpers > 0
    stage = load_names_stage(base_folder(options), options.folder, scenes, count, shape, device, helped)
    training = Training(stage, recipe(NAMES_RECIPE, options), options.folder, options.helpers)
    if options.resume:
        training.resume()
    training.run(options.minutes, options.decay)


def base_folder(options: argparse.Namespace) -> Path:
    """The folder of the base model that an exemplar model belongs to."""
    folder: Path = options.base or models_folder() / BUNDLED
    return folder


def train_judge(options: argparse.Namespace, world: World, shape: Shape, device: torch.device) -> None:
    """Train the judge on scenes and on their round trips through the exported autoencoder."""
    torch.manual_seed(0)
    scenes, validation = scene_caches(options.folder, world, options.scenes)
    count = options.scenes or len(scenes)
    stage = load_judge_stage(scenes, count, validation, JudgeShape(), options.round_trips, device)
    training = Training(stage, recipe(JUDGE_RECIPE, options), options.folder, options.helpers)
    if options.resume:
        training.resume()
    training.run(options.minutes, options.decay)


def train_sam(options: argparse.Namespace, world: World, shape: Shape, device: torch.device) -> None:
    """Train the click-to-mask network on the object ids of the scenes."""
    torch.manual_seed(0)
    scenes, validation = scene_caches(options.folder, world, options.scenes)
    count = options.scenes or len(scenes)
    stage = SamStage(build_sam(replace(STUDIO, side=options.side or world.size)), scenes, validation, count, device)
    training = Training(stage, recipe(SAM_RECIPE, options), options.folder, options.helpers)
    if options.resume:
        training.resume(fresh_optimizer=fit_checkpoint(training.checkpoint, stage.sam))
    training.run(options.minutes, options.decay)


def write_whole_card(model: Path, report: Path | None) -> None:
    """A model's card with its figures, where a report brings new ones, and with pictures of it as it is now."""
    if report is not None:
        card.note(model, report)
    card.illustrate(model)
    card.write_card(model)


TRAININGS: dict[str, Callable[[argparse.Namespace, World, Shape, torch.device], None]] = {
    "vae": train_vae,
    "base": train_base,
    "names": train_names,
    "exemplar": train_exemplar,
    "judge": train_judge,
    "sam": train_sam,
}


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m engine.studio.train", description=__doc__.splitlines()[0])
    written = ["scenes", "export", "card", "export-exemplar", "export-judge", "export-sam"]
    written += ["go-on", "go-on-exemplar", "go-on-judge", "go-on-sam"]
    parser.add_argument("name", choices=[*TRAININGS, *written], help="what to train or to write")
    parser.add_argument(
        "--minutes", type=float, default=30.0, help="working minutes of this slice; pauses do not count"
    )
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--decay", action="store_true", help="let the learning rate fall to zero: the last slice")
    parser.add_argument("--scenes", type=int, default=0, help="train on this many scenes (all there are)")
    parser.add_argument("--batch", type=int, default=0, help="pictures a step (the stage's own number)")
    parser.add_argument("--rate", type=float, default=0.0, help="learning rate (the stage's own)")
    parser.add_argument("--crop", type=int, default=0, help="vae: side of the crops, pixels (half the picture)")
    parser.add_argument("--side", type=int, default=0, help="sam: side the pictures are scaled to (the picture's own)")
    parser.add_argument("--decoder-only", action="store_true", help="vae: keep the encoder, so latents stay right")
    parser.add_argument(
        "--round-trips", type=int, default=1500, help="judge: this many scenes through the exported autoencoder, too"
    )
    parser.add_argument("--helpers", type=int, default=0, help="CPU: this many more processes, of one thread each")
    parser.add_argument(
        "--compile", action="store_true", help="base, exemplar: torch.compile the UNet where that works"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--folder", type=Path, default=Path("training"), help="caches and checkpoints")
    parser.add_argument("--report", type=Path, help="card: the JSON of `tests.benchmarks quality`, to keep its figures")
    parser.add_argument("--base", type=Path, help="names, exemplar: the folder of their base model (the program's)")
    parser.add_argument("--out", type=Path, help="export, card, go-on: the model's folder (that of the program)")
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
        export(options.folder, options.out or models_folder() / BUNDLED, shape)
        card.write_card(options.out or models_folder() / BUNDLED)
    elif options.name == "card":
        write_whole_card(options.out or models_folder() / BUNDLED, options.report)
    elif options.name == "export-exemplar":
        out = options.out or models_folder() / EXEMPLAR_FOLDER
        export_exemplar(options.folder, out, base_folder(options), shape)
    elif options.name == "export-judge":
        export_judge(options.folder, options.out or models_folder() / JUDGE_FOLDER, JudgeShape())
    elif options.name == "export-sam":
        export_sam(options.folder, options.out or models_folder() / BUNDLED_SAM)
    elif options.name == "go-on":
        go_on(options.out or models_folder() / BUNDLED, options.folder)
    elif options.name == "go-on-exemplar":
        go_on_exemplar(options.out or models_folder() / EXEMPLAR_FOLDER, options.folder)
    elif options.name == "go-on-judge":
        published = options.out or models_folder() / JUDGE_FOLDER
        go_on_alone(published, options.folder, "judge", {"judge": load_judge(published).network})
    elif options.name == "go-on-sam":
        published = options.out or models_folder() / BUNDLED_SAM
        go_on_alone(published, options.folder, "sam", {"sam": load_sam(published, "cpu").sam})
    else:
        TRAININGS[options.name](options, world, shape, torch.device(chosen))


if __name__ == "__main__":
    main()
