"""The rows that need no method beyond strokes: the autoencoder, the judge itself, words, and SDEdit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image

from engine.backbone import Backbone
from engine.methods import finish
from engine.methods.sdedit import SDEditParameters, sdedit
from engine.request import EditRequest
from engine.studio.data import to_pictures, to_tensor
from engine.studio.scene import Scene
from engine.studio.strokes import stroke_guide
from tests.benchmarks.harness import Goal
from tests.benchmarks.quality import drawing
from tests.benchmarks.quality.bench import COPY, ROUND_TRIP, Bench, Found, caption, tell
from tests.benchmarks.quality.drawing import Pictures
from tests.benchmarks.quality.scoring import (
    OBJECT_TRAITS,
    SCENE_TRAITS,
    by_place,
    described,
    kid,
    marked,
    placed,
    rates,
)
from tests.benchmarks.quality.sheets import LINES, Line
from tests.images import psnr

STROKES = SDEditParameters(strength=0.5)
KID_SHARE = 5  # scenes of the set distance for each scene of another row: 1 000 beside 200
KID_LEAST = 50  # pictures from which on a set distance decides anything
TEXT_GOALS = {"one_object": (1, 0.85), "two_objects": (2, 0.65)}  # objects, least share with all right


def vae(bench: Bench) -> Found:
    """How much of a rendered picture is left after the autoencoder."""
    scenes = bench.scenes(bench.count)
    truth = bench.truth(scenes).images
    ours = drawing.round_trip(bench.backbone, truth)
    few = truth[: len(bench.for_peer(scenes))]
    stock = AutoencoderKL.from_pretrained(bench.folder / "vae")
    peer = np.concatenate([_stock_round_trip(stock, some) for some in drawing.batches(few)])
    figures = {
        "ours": _likeness(ours, truth),
        "ours on the peer's scenes": _likeness(ours[: len(few)], few),
        "peer in float32": _likeness(peer, few),
    }
    lines = [
        Line(f"{caption(scene)}: {psnr(after, before):.1f} dB", {"source": before, "ours": after})
        for scene, before, after in zip(scenes[:LINES], truth, ours, strict=False)
    ]
    return Found(figures, {"vae_psnr_db": Goal.at_least(30.0, figures["ours"]["psnr_db"])}, lines)


def judge(bench: Bench) -> Found:
    """How well the judge reads what is known: everything else stands on it."""
    scenes = bench.scenes(bench.count)
    truth = bench.truth(scenes)
    wanted = [placed(scene, ids) for scene, ids in zip(scenes, truth.ids, strict=True)]
    pictures = {COPY: truth.images, ROUND_TRIP: drawing.round_trip(bench.backbone, truth.images)}
    figures = {name: rates(bench.marks(wanted, shown, by_place)) for name, shown in pictures.items()}
    traits = (*OBJECT_TRAITS, *SCENE_TRAITS)
    goals = {
        "judge_worst_attribute": Goal.at_least(0.98, min(figures[COPY][name] for name in traits)),
        "judge_worst_attribute_after_vae": Goal.at_least(0.95, min(figures[ROUND_TRIP][name] for name in traits)),
        "judge_mask_iou": Goal.at_least(0.95, figures[COPY]["mask_iou"]),
    }
    return Found(figures, goals)


def text(bench: Bench) -> Found:
    """Pictures from words alone, one object and two."""
    found = Found()
    for part, (objects, limit) in TEXT_GOALS.items():
        tell(f"text: {part.replace('_', ' ')}")
        scenes = bench.scenes(bench.count, objects)
        few = bench.for_peer(scenes)
        truth, ours, peer = bench.truth(scenes).images, bench.drawings(scenes), bench.peer_drawings(few)
        entrants = {
            "ours": ours,
            "ours on the peer's scenes": ours[: len(few)],
            "peer": peer,
            COPY: truth,
            ROUND_TRIP: drawing.round_trip(bench.backbone, truth),
        }
        wanted = [described(scene) for scene in scenes]
        figures = {name: rates(bench.marks(wanted[: len(shown)], shown)) for name, shown in entrants.items()}
        found.figures[part] = figures
        found.goals[f"text_{part}"] = Goal.at_least(limit, figures["ours"]["all_right"])
        found.lines += _lines(scenes[: LINES // 2], {"ours": ours, "truth": truth, "peer": peer})
    return found


def distance(bench: Bench) -> Found:
    """How far drawn pictures are, as a set, from rendered ones that have nothing to do with them."""
    scenes = bench.scenes(bench.count * KID_SHARE)
    truth, reference = bench.truth(scenes).images, bench.features(bench.reference(len(scenes)))
    entrants = {
        "ours": bench.drawings(scenes),
        "peer": bench.peer_drawings(bench.for_peer(scenes[: bench.count])),
        COPY: truth,
        ROUND_TRIP: drawing.round_trip(bench.backbone, truth),
    }
    figures = {
        name: {"pictures": len(shown), **kid(bench.features(shown), reference).as_figure()}
        for name, shown in entrants.items()
    }
    return Found(figures)


def strokes(bench: Bench) -> Found:
    """SDEdit from simulated strokes, half way."""
    scenes = bench.scenes(bench.count)
    truth = bench.truth(scenes)
    guides = np.stack([stroke_guide(picture) for picture in truth.images])
    few = bench.for_peer(scenes)
    ours = painted(bench.backbone, scenes, guides)
    entrants = {
        "ours": ours,
        "ours on the peer's scenes": ours[: len(few)],
        "peer": _painted_by_peer(bench, few, guides),
        COPY: guides,
        ROUND_TRIP: drawing.round_trip(bench.backbone, guides),
        "truth": truth.images,
    }
    wanted = [placed(scene, ids) for scene, ids in zip(scenes, truth.ids, strict=True)]
    pairs = zip(scenes, truth.ids, strict=True)
    kept = [replace(placed(scene, ids, ("colour",)), sky=None, counted=False) for scene, ids in pairs]
    reference = bench.features(bench.reference(len(scenes)))
    figures: dict[str, dict[str, float]] = {}
    for name, shown in entrants.items():
        readings = bench.readings(shown)
        own = [marked(asked, reading, by_place) for asked, reading in zip(kept, readings, strict=False)]
        whole = [marked(asked, reading, by_place) for asked, reading in zip(wanted, readings, strict=False)]
        distance_to = kid(bench.features(shown), reference)
        figures[name] = {"colours_and_ground_kept": rates(own)["all_right"], **rates(whole), **distance_to.as_figure()}
    goals = {
        "sdedit_kept": Goal.at_least(0.85, figures["ours"]["colours_and_ground_kept"]),
        "sdedit_kid_vs_guide": nearer(figures["ours"]["kid"], figures[COPY]["kid"], len(scenes)),
    }
    columns = {"source: strokes": guides, "ours": ours, "truth": truth.images, "peer": entrants["peer"]}
    return Found(figures, goals, _lines(scenes[:LINES], columns))


def nearer(ours: float, guide: float, pictures: int) -> Goal:
    """Whether the set distance fell to a fifth; an unbiased distance of few pictures is noise and says nothing."""
    if pictures < KID_LEAST:
        return Goal.missing(f"<= a fifth of the guide's, told from {KID_LEAST} scenes on")
    return replace(Goal.at_most(guide / 5, ours), holds=guide > 0 and ours <= guide / 5)


def _stock_round_trip(vae: AutoencoderKL, pictures: Pictures) -> Pictures:
    """As anyone would write it with diffusers' own class."""
    with torch.inference_mode():
        latents = vae.encode(to_tensor(np.ascontiguousarray(pictures), vae.device)).latent_dist.mode()
        return to_pictures(vae.decode(latents, return_dict=False)[0])


def _likeness(pictures: Pictures, truth: Pictures) -> dict[str, float | int]:
    values = [psnr(picture, true) for picture, true in zip(pictures, truth, strict=True)]
    return {"pictures": len(values), "psnr_db": round(float(np.mean(values)), 2), "worst_db": round(min(values), 2)}


def painted(backbone: Backbone, scenes: Sequence[Scene], guides: Pictures) -> Pictures:
    """What the method makes of whole guides with the canonical words."""
    done = []
    for scene, guide in zip(scenes, guides, strict=True):
        request = EditRequest("sdedit", guide, STROKES, prompt=caption(scene), seed=scene.seed)
        done.append(finish(sdedit(backbone, request)).patch)
        if len(done) % 25 == 0:
            tell(f"painting: {len(done)} of {len(scenes)}")
    return np.stack(done)


def _painted_by_peer(bench: Bench, scenes: Sequence[Scene], guides: Pictures) -> Pictures:
    """Diffusers' image to image with the same words, steps, strength and guidance."""
    done = [
        bench.painting_peer(
            prompt=caption(scene),
            image=Image.fromarray(guide),
            strength=STROKES.strength,
            num_inference_steps=STROKES.steps,
            guidance_scale=STROKES.guidance,
            generator=torch.Generator().manual_seed(scene.seed),
        ).images[0]
        for scene, guide in zip(scenes, guides, strict=False)
    ]
    return np.stack([np.asarray(picture) for picture in done])


def _lines(scenes: Sequence[Scene], columns: Mapping[str, Pictures]) -> list[Line]:
    """A line of the contact sheet for each scene; a column may know only the first ones."""
    return [
        Line(caption(scene), {name: shown[row] if row < len(shown) else None for name, shown in columns.items()})
        for row, scene in enumerate(scenes)
    ]
