"""The judge's own accuracy: on renders, after the autoencoder's round trip, and whether it knows what it cannot know.

An object that is not found counts as wrong in every attribute. The honest part bends objects until their shape is gone,
and puts what lies beside them over others: there the judge should neither be sure of a shape nor see an object.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from diffusers import AutoencoderKL
from numpy.typing import NDArray

from engine.models.store import models_folder
from engine.studio import accuracy
from engine.studio.curves import sheet
from engine.studio.degrade import Example, erase, warp
from engine.studio.judge import SURE, Judge, Reading, load_judge
from engine.studio.judge_network import ATTRIBUTES
from engine.studio.render import Rendered, render
from engine.studio.scene import PUBLISHED_SEEDS, VALIDATION_SEEDS, Scene, sample_scene
from engine.studio.train_judge import round_trip
from tests.benchmarks import harness

ASKED = (*ATTRIBUTES, "ground", "sky")
SHOWN = 24  # pictures of a contact sheet


def measure(options: harness.Options) -> harness.Report:
    """Accuracy per attribute, IoU, honesty and speed; parts: renders, round_trip, honest, speed."""
    usual = (PUBLISHED_SEEDS if options.published else VALIDATION_SEEDS)[0]
    first = usual if options.first_seed is None else options.first_seed
    scenes = [sample_scene(seed) for seed in range(first, first + (options.count or 200))]
    rendered, judge = render(scenes), load_judge()
    weights = sum(p.numel() for p in judge.network.parameters())
    report = harness.Report({"scenes": len(scenes), "first_seed": first, "parameters": weights})
    if _wanted(options, "renders"):
        _part(report, options, "renders", judge, rendered.images, scenes, rendered.ids)
    if _wanted(options, "round_trip"):
        vae = AutoencoderKL.from_pretrained(models_folder() / "studio" / "vae").eval()
        made = round_trip(vae, rendered.images)
        _part(report, options, "round_trip", judge, made, scenes, rendered.ids)
    if _wanted(options, "honest"):
        _honest(report, options, judge, rendered)
    if _wanted(options, "speed"):
        pictures = rendered.images[:32]
        seconds = min(harness.timed(lambda: judge.read(pictures), 3))
        report.figures["pictures_a_second"] = round(len(pictures) / seconds, 1)
    return report


def _wanted(options: harness.Options, part: str) -> bool:
    return not options.only or part in options.only


def _part(
    report: harness.Report,
    options: harness.Options,
    name: str,
    judge: Judge,
    pictures: NDArray[np.uint8],
    scenes: Sequence[Scene],
    ids: NDArray[np.uint8],
) -> None:
    """One set of pictures of the scenes."""
    readings = judge.read(pictures)
    measured = accuracy.measure(readings, scenes, ids)
    figures = {key: round(value, 4) for key, value in measured.figures().items()}
    report.figures[name] = figures | {"objects": measured.asked["found"]}
    report.figures[f"{name}_mistaken"] = mistakes(readings, scenes, ids)
    least = 0.98 if name == "renders" else 0.95
    for asked in ASKED:
        report.goals[f"{name}_{asked}"] = harness.Goal.at_least(least, figures[asked])
    if name == "renders":
        report.goals["renders_iou"] = harness.Goal.at_least(0.95, figures["iou"])
    _draw(options, name, pictures, readings)


def mistakes(readings: Sequence[Reading], scenes: Sequence[Scene], ids: NDArray[np.uint8]) -> dict[str, int]:
    """The commonest wrong answers about counted objects that were found, as "egg read as ball": how often."""
    counter: Counter[str] = Counter()
    for reading, scene, truth in zip(readings, scenes, ids, strict=True):
        for index, item in enumerate(scene.objects):
            mask = truth == 2 + index
            seen, iou = accuracy.best_match(mask, reading.objects)
            if np.count_nonzero(mask) >= accuracy.COUNTED and iou >= accuracy.FOUND:
                said = reading.objects[seen]
                pairs = [(getattr(item, name), getattr(said, name)) for name in ATTRIBUTES]
                counter.update(f"{true} read as {wrong}" for true, wrong in pairs if true != wrong)
    return dict(counter.most_common(12))


def _honest(report: harness.Report, options: harness.Options, judge: Judge, rendered: Rendered) -> None:
    """Bent objects whose shape is gone, and erased ones whose shadow is still there."""
    bent, erased = [], []
    for index, (picture, ids) in enumerate(zip(rendered.images, rendered.ids, strict=True)):
        rng = np.random.default_rng(index)
        bent.append(Example(picture, ids))
        warp(bent[-1], rng, wreck=True)
        erased.append(Example(picture, ids))
        erase(erased[-1], rng)
    readings = judge.read(np.stack([example.picture for example in bent]))
    confidences = []
    for example, reading in zip(bent, readings, strict=True):
        for index in np.flatnonzero(example.lost >= 1):
            seen, iou = accuracy.best_match(example.ids == 2 + index, reading.objects)
            if iou >= accuracy.FOUND:
                confidences.append(reading.objects[seen].confidence["shape"])
    _draw(options, "bent", np.stack([example.picture for example in bent]), readings)
    pictures = np.stack([example.picture for example in erased])
    readings = judge.read(pictures)
    ghosts = [
        bool(accuracy.best_match((ids != example.ids) & (ids >= 2) & (ids < 255), reading.objects)[1] >= accuracy.FOUND)
        for example, ids, reading in zip(erased, rendered.ids, readings, strict=True)
        if (ids != example.ids).any()
    ]
    _draw(options, "erased", pictures, readings)
    sure = float(np.mean(np.array(confidences) >= SURE))
    report.figures["bent_objects"] = {
        "objects": len(confidences),
        "sure_of_a_shape": round(sure, 4),
        "median_confidence": round(float(np.median(confidences)), 4),
    }
    report.figures["erased_objects"] = {"objects": len(ghosts), "still_seen": round(float(np.mean(ghosts)), 4)}
    report.goals["sure_of_a_lost_shape"] = harness.Goal.at_most(0.1, sure)
    report.goals["erased_but_seen"] = harness.Goal.at_most(0.05, float(np.mean(ghosts)))


def _draw(options: harness.Options, name: str, pictures: NDArray[np.uint8], readings: Sequence[Reading]) -> None:
    """The first pictures with what was read in them."""
    if options.folder is not None:
        shown = [accuracy.annotated(p, r) for p, r in zip(pictures[:SHOWN], readings[:SHOWN], strict=True)]
        sheet(np.stack(shown), 6).save(options.folder / f"judge-{name}.png")
