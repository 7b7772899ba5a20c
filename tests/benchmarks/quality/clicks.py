"""The row of click selections: one click on each object, the mask against the renderer's silhouette."""

from __future__ import annotations

import importlib.util

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError
from tests.benchmarks.harness import Goal
from tests.benchmarks.quality import drawing
from tests.benchmarks.quality.bench import COPY, ROUND_TRIP, Bench, Found, caption
from tests.benchmarks.quality.drawing import Pictures
from tests.benchmarks.quality.scoring import iou, placed
from tests.benchmarks.quality.sheets import LINES, Line, tinted

Masks = list[NDArray[np.bool_]]  # (H, W) each


def not_there() -> str | None:
    """Why nothing can be clicked on; None where it can."""
    if importlib.util.find_spec("engine.segmentation") is None:
        return "the click selection (engine/segmentation.py) is not built yet"
    from engine.segmentation import open_segmenter

    try:
        open_segmenter()
    except EngineError as error:
        return str(error)
    return None


def clicks(bench: Bench) -> Found:
    """The first mask that one click in the middle of an object gives, for every object of enough visible pixels."""
    scenes = bench.scenes(bench.count)
    truth = bench.truth(scenes)
    things = [
        [thing.mask for thing in placed(scene, ids).objects if thing.mask is not None]
        for scene, ids in zip(scenes, truth.ids, strict=True)
    ]
    figures: dict[str, dict[str, float]] = {}
    shown: dict[str, list[Masks]] = {}
    entrants = {"ours": truth.images, f"ours on the {ROUND_TRIP}": drawing.round_trip(bench.backbone, truth.images)}
    for name, pictures in entrants.items():
        shown[name] = _clicked(pictures, things)
        figures[name] = _overlap(things, shown[name])
    whole = [[np.ones_like(mask) for mask in masks] for masks in things]
    figures[f"{COPY}: the whole picture"] = _overlap(things, whole)
    lines = [
        Line(
            caption(scene),
            {"source": truth.images[i], "ours": tinted(truth.images[i], shown["ours"][i]),
             "truth": tinted(truth.images[i], things[i])},
        )
        for i, scene in enumerate(scenes[:LINES])
    ]  # fmt: skip
    return Found(figures, {"click_mask_iou": Goal.at_least(0.9, figures["ours"]["mask_iou"])}, lines)


def middle_of(mask: NDArray[np.bool_]) -> tuple[float, float]:
    """(x, y) of the pixel farthest from the mask's edge, where segment-anything's authors click, px."""
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return float(column) + 0.5, float(row) + 0.5


def _clicked(pictures: Pictures, things: list[Masks]) -> list[Masks]:
    from engine.segmentation import Click, Prompts, open_segmenter, see

    segmenter, found = open_segmenter(), []
    for picture, masks in zip(pictures, things, strict=True):
        seen = see(segmenter, picture)
        answers = [segmenter.answer(seen, Prompts(clicks=(Click(*middle_of(mask)),))) for mask in masks]
        found.append([answer.mask() > 0 for answer in answers])
    return found


def _overlap(things: list[Masks], found: list[Masks]) -> dict[str, float]:
    values = [
        iou(mask, one) for masks, ones in zip(things, found, strict=True) for mask, one in zip(masks, ones, strict=True)
    ]
    return {"objects": len(values), "mask_iou": round(float(np.mean(values)), 4), "worst": round(min(values), 4)}
