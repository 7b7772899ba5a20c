"""Writes the trained judge as a folder that `load_judge` reads, with its model card."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from safetensors.torch import save_file

from engine.models.store import models_folder
from engine.studio.accuracy import measure
from engine.studio.checkpoints import load_state
from engine.studio.export import megabytes, processor, put
from engine.studio.judge import CONFIG, WEIGHTS, load_judge
from engine.studio.judge_network import ATTRIBUTES, KINDS, JudgeNetwork, JudgeShape
from engine.studio.networks import weights_of
from engine.studio.published import HISTORY, history
from engine.studio.render import render
from engine.studio.scene import VALIDATION_SEEDS, sample_scene
from engine.studio.train_judge import round_trip

CARD = Path(__file__).with_name("judge_card.md")
EXAMINED = 256  # validation scenes that the card's figures are of


def export_judge(folder: Path, out: Path, shape: JudgeShape, examined: int = EXAMINED) -> None:
    """Write the averaged weights of a training folder as fp16 safetensors, and the model card.

    Args:
        examined: of how many validation scenes the card tells the figures.
    """
    state = load_state(folder / "judge.pt")
    network = JudgeNetwork(shape)
    network.load_state_dict(weights_of(state, "judge"))
    new = folder / "export-judge"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    save_file({name: value.half().contiguous() for name, value in network.state_dict().items()}, new / WEIGHTS)
    config = {"shape": asdict(shape), "kinds": KINDS, "attributes": ATTRIBUTES}
    (new / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    figures = _examine(new, examined)
    card = CARD.read_text(encoding="utf-8").format(
        thousands=sum(p.numel() for p in network.parameters()) / 1000,
        scenes=state["notes"]["scenes"],
        round_trips=state["notes"]["round_trips"],
        steps=state["steps"],
        samples=state["samples"] // 2,
        seconds=state["seconds"],
        processor=processor(),
        torch=torch.__version__,
        count=examined,
        first=VALIDATION_SEEDS[0],
        rows="\n".join(_row(name, *both) for name, both in figures.items()),
    )
    (new / "README.md").write_text(card, encoding="utf-8")
    (new / HISTORY).write_text(json.dumps(history({"judge": state})) + "\n", encoding="utf-8")
    put(new, out)
    print(f"written: {out}, {megabytes(out):.2f} MB", flush=True)


def _examine(folder: Path, count: int) -> dict[str, list[float]]:
    """Figures of an exported judge on renders and, where the program has its autoencoder, on round trips."""
    judge, scenes = load_judge(folder), [sample_scene(seed) for seed in VALIDATION_SEEDS[:count]]
    rendered = render(scenes)
    sets = [rendered.images]
    vae = models_folder() / "studio" / "vae"
    if vae.is_dir():
        sets.append(round_trip(AutoencoderKL.from_pretrained(vae).eval(), rendered.images))
    figures = [measure(judge.read(pictures), scenes, rendered.ids).figures() for pictures in sets]
    return {name: [each[name] for each in figures] for name in figures[0]}


def _row(name: str, *values: float) -> str:
    """One line of the card's table."""
    words = {
        "iou": "mask IoU, mean over objects",
        "invented": "invented objects a picture",
        "material_not_white": "material, white things left out",
    }
    shown = [f"{value:.3f}" if name in ("iou", "invented") else f"{100 * value:.1f}" for value in values]
    return f"| {words.get(name, name)} | " + " | ".join([*shown, "–"][:2]) + " |"
