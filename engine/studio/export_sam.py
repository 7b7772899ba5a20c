"""Writes the trained click-to-mask network as a folder that `engine.models.sam_loader` loads, with its model card."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from engine.models.sam import STUDIO, SamShape, build_sam
from engine.models.sam_loader import WEIGHTS, write_config
from engine.studio.checkpoints import load_state
from engine.studio.export import processor, put
from engine.studio.networks import weights_of
from engine.studio.published import HISTORY, history

CARD = Path(__file__).with_name("sam_card.md")


def export_sam(folder: Path, out: Path) -> None:
    """Write the averaged weights of a training folder as fp16 safetensors, with shape and model card."""
    state = load_state(folder / "sam.pt")
    weights = {**state["networks"]["sam"], **weights_of(state, "sam")}  # what never learns has no average
    cells = weights["image_encoder.pos_embed"].shape[1]
    shape = replace(STUDIO, side=cells * STUDIO.patch)
    build_sam(shape).load_state_dict(weights)  # they must fit before they are given away
    new = folder / "export-sam"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    save_file({name: value.half().contiguous() for name, value in weights.items()}, new / WEIGHTS)
    write_config(new, shape)
    (new / "README.md").write_text(_card(state, shape, sum(v.numel() for v in weights.values())), encoding="utf-8")
    (new / HISTORY).write_text(json.dumps(history({"sam": state})) + "\n", encoding="utf-8")
    put(new, out)
    print(f"written: {out}", flush=True)


def _card(state: dict[str, Any], shape: SamShape, parameters: int) -> str:
    """The model card, filled in with what was measured."""
    figures = {name.removeprefix("iou_"): value for name, value in state["figures"].items()}
    values = asdict(shape) | figures | {name: state[name] for name in ("steps", "samples", "seconds")}
    values["global_blocks"] = ", ".join(str(index + 1) for index in shape.global_blocks)
    return CARD.read_text(encoding="utf-8").format(
        **values,
        mask_side=shape.mask_side,
        parameters=parameters / 1000,
        scenes=state["notes"]["scenes"],
        processor=processor(),
        torch=torch.__version__,
    )
