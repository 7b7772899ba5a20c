"""The bundled model's card: what it learned from and for how long, what the judge read in its pictures, and 64 of them.

Each publication leaves a milestone (pictures seen, seconds, figures), so that the card shows what training bought.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
import transformers
from diffusers import StableDiffusionPipeline
from numpy.typing import NDArray
from PIL import Image

from engine.studio.captions import captions
from engine.studio.curves import draw_shares, sheet
from engine.studio.export import processor
from engine.studio.published import HISTORY
from engine.studio.scene import VALIDATION_SEEDS, sample_scene
from engine.studio.training import precision

TEMPLATE = Path(__file__).with_name("card.md")
MILESTONES, SAMPLES, PROGRESS = "milestones.json", "samples.jpg", "progress.png"
TRAITS = ("all_right", "count", "shape", "colour", "material", "size", "ground", "sky")
SHOWN = 64
_SIDE = 128  # px of a picture of the sheet
_BATCH = 8


@dataclass(frozen=True)
class Milestone:
    """Published weights and what the judge read in pictures drawn with them.

    Attributes:
        samples, seconds: of the base stage: pictures seen in training, and the time that took.
        judged: pictures read for the figures of one object.
        one_object, two_objects: share of right answers by trait, 0..1; empty = not measured.
    """

    samples: int
    seconds: float
    judged: int
    one_object: Mapping[str, float]
    two_objects: Mapping[str, float]


def milestones(model: Path) -> list[Milestone]:
    """Those of a model's folder, oldest first."""
    file = model / MILESTONES
    return [Milestone(**each) for each in json.loads(file.read_text(encoding="utf-8"))] if file.exists() else []


def note(model: Path, report: Path) -> None:
    """Keep what a run of `tests.benchmarks quality --only text` found about the folder's weights.

    Measured again, the figures of the same weights replace the earlier ones.

    Args:
        report: the benchmark's JSON.

    Raises:
        ValueError: the report has no figures of pictures from words.
    """
    rows: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))["figures"].get("rows", {})
    if "text" not in rows:
        raise ValueError(f"{report} has no row 'text'. Run: python -m tests.benchmarks quality --only text.")
    ours = {part: rows["text"].get(part, {}).get("ours", {}) for part in ("one_object", "two_objects")}
    base = _past(model)["base"]
    new = Milestone(
        samples=base["samples"],
        seconds=round(base["seconds"]),
        judged=int(ours["one_object"].get("pictures", 0)),
        one_object=_traits(ours["one_object"]),
        two_objects=_traits(ours["two_objects"]),
    )
    kept = [each for each in milestones(model) if each.samples != new.samples]
    ordered = sorted([*kept, new], key=lambda each: each.samples)
    text = json.dumps([asdict(each) for each in ordered], indent=1)
    (model / MILESTONES).write_text(text + "\n", encoding="utf-8")


def illustrate(model: Path) -> None:
    """Draw the sheet of SHOWN pictures from validation captions, and the chart of the milestones."""
    words = [captions(sample_scene(seed))[0] for seed in VALIDATION_SEEDS[:SHOWN]]
    pictures = sheet(_drawn(model, words), columns=8)
    small = pictures.resize((8 * _SIDE, pictures.height * 8 * _SIDE // pictures.width), Image.Resampling.LANCZOS)
    small.save(model / SAMPLES, quality=88)
    past = milestones(model)
    if len(past) > 1:
        known = [name for name in TRAITS if all(name in each.one_object for each in past)]
        shares = {name.replace("_", " "): [each.one_object[name] for each in past] for name in known}
        draw_shares([each.seconds / 3600 for each in past], shares, "hours of training").save(model / PROGRESS)


def _drawn(model: Path, words: Sequence[str]) -> NDArray[np.uint8]:
    """What the stock pipeline makes of words, (N, H, W, 3), with noise of seeds 0, 1, …."""
    pipe = StableDiffusionPipeline.from_pretrained(str(model), safety_checker=None, local_files_only=True)
    pipe.to(torch.float32).set_progress_bar_config(disable=True)
    parts = []
    with precision(torch.device("cpu")):
        for first in range(0, len(words), _BATCH):
            some = list(words[first : first + _BATCH])
            generators = [torch.Generator().manual_seed(first + i) for i in range(len(some))]
            parts.append(
                pipe(some, num_inference_steps=25, guidance_scale=3.0, generator=generators, output_type="np").images
            )
            print(f"sheet: {min(first + _BATCH, len(words))} of {len(words)}", flush=True)
    shown: NDArray[np.uint8] = np.round(np.concatenate(parts) * 255).astype(np.uint8)
    return shown


def write_card(model: Path) -> None:
    """Write the folder's README.md from the template and what lies in the folder."""
    past = _past(model)
    vae, base = past["vae"], past["base"]
    text = TEMPLATE.read_text(encoding="utf-8").format(
        scenes=base["notes"]["scenes"],
        vae_millions=_millions(model / "vae"),
        unet_millions=_millions(model / "unet"),
        text_millions=_millions(model / "text_encoder"),
        vae_steps=vae["steps"],
        vae_samples=vae["samples"],
        vae_seconds=vae["seconds"],
        vae_psnr=vae["figures"].get("psnr_db", float("nan")),
        base_steps=base["steps"],
        base_samples=base["samples"],
        base_seconds=base["seconds"],
        base_loss=base["curve"][-1][1] if base["curve"] else float("nan"),
        figures=_table(milestones(model)),
        pictures=_pictures(model),
        processor=processor(),
        torch=torch.__version__,
        diffusers=diffusers.__version__,
        transformers=transformers.__version__,
    )
    (model / "README.md").write_text(text, encoding="utf-8")


def _past(model: Path) -> dict[str, Any]:
    past: dict[str, Any] = json.loads((model / HISTORY).read_text(encoding="utf-8"))
    return past


def _traits(rates: Mapping[str, float]) -> dict[str, float]:
    return {name: rates[name] for name in TRAITS if name in rates}


def _table(past: Sequence[Milestone]) -> str:
    """Markdown: a line for each milestone and number of objects."""
    if not past:
        return "Not measured yet."
    head = ["pictures seen", "hours", "objects", *(name.replace("_", " ") for name in TRAITS)]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for each in past:
        for objects, rates in (("one", each.one_object), ("two", each.two_objects)):
            if rates:
                shares = [f"{100 * rates[name]:.0f} %" if name in rates else "" for name in TRAITS]
                seen = f"{each.samples:,}".replace(",", " ")
                lines.append(f"| {seen} | {each.seconds / 3600:.1f} | {objects} | {' | '.join(shares)} |")
    return "\n".join(lines)


def _pictures(model: Path) -> str:
    """Markdown of the pictures that there are."""
    parts = []
    if (model / SAMPLES).exists():
        parts.append(f"![{SHOWN} pictures from captions of validation scenes, none picked out]({SAMPLES})")
    if (model / PROGRESS).exists():
        parts.append(f"![Figures of one object against hours of training]({PROGRESS})")
    return "\n\n".join(parts)


def _millions(folder: Path) -> float:
    """Parameters of a saved network, in millions, from the bytes of its fp16 file."""
    return sum(file.stat().st_size for file in folder.glob("*.safetensors")) / 2e6
