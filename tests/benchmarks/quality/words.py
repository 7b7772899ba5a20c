"""The row of words: one thing that a caption names becomes another, and everything else stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadRequest
from engine.masking import dilate
from tests.benchmarks import worded
from tests.benchmarks.cases import Case, edited
from tests.benchmarks.harness import Goal
from tests.benchmarks.quality.bench import Bench, Found, tell
from tests.benchmarks.quality.drawing import Pictures
from tests.benchmarks.quality.edits import baselines, changed, means
from tests.benchmarks.quality.scoring import iou
from tests.benchmarks.quality.sheets import LINES, Line, tinted

if TYPE_CHECKING:
    from engine.studio.judge import Reading

# What words can ask of what is there. Not "resize": where a larger thing will reach cannot be found in the picture.
# The world can also move, turn, add and remove; no caption says where a thing is, and the last two change no attribute.
KINDS = ("recolour", "reshape", "ground", "sky")
REACH = worded.OPTIONS.grow + worded.OPTIONS.feather  # px that an edit may reach beyond its mask
_PEAK, _LEAST_ERROR = 255.0**2, 1e-4


@dataclass(frozen=True, eq=False)
class Answer:
    """What a method made of a case.

    Attributes:
        mask: (H, W) bool, the place that it found, all False where it found none.
        picture: (H, W, 3).
    """

    mask: NDArray[np.bool_]
    picture: NDArray[np.uint8]


def words(bench: Bench) -> Found:
    """Ours on every case, the peer on some of them: the place, what was asked for, and what had to stay."""
    cases = list(islice(edited(bench.all_scenes(), KINDS, bench.backbone.native), bench.count))
    few = bench.for_peer(cases)
    ours = _answers(cases, lambda case: _by_us(bench, case), "editing by words")
    theirs = _answers(few, lambda case: _by_peer(bench, case), "editing by words with the peer")
    scores, peer_scores = _scores(bench, cases, ours), _scores(bench, few, theirs)
    figures: dict[str, Any] = {
        "all": {
            "ours": figures_of(scores),
            "ours on the peer's scenes": figures_of(scores[: len(few)]),
            "peer": figures_of(peer_scores),
            **baselines(bench, cases, changed).figures,
        }
    }
    for kind in KINDS:
        own = {"ours": _of_kind(kind, cases, scores), "peer": _of_kind(kind, few, peer_scores)}
        figures[kind] = {name: figures_of(some) for name, some in own.items() if some}
    identical = all(untouched(case, answer) for case, answer in zip(cases, ours, strict=True))
    goals = {
        "diffedit_mask_iou": Goal.at_least(0.75, figures["all"]["ours"]["mask_iou"]),
        "diffedit_changed": Goal.at_least(0.85, figures["all"]["ours"]["changed"]),
        "diffedit_outside_identical": Goal("all", identical, identical),
    }
    return Found(figures, goals, _lines(cases, ours, theirs, scores))


def untouched(case: Case, answer: Answer) -> bool:
    """Whether the picture is the source's own, bit for bit, wherever its mask is farther away than it may reach."""
    outside = dilate(answer.mask * np.uint8(255), REACH) == 0
    return bool(np.array_equal(answer.picture[outside], case.images[0][outside]))


def scored(case: Case, answer: Answer, reading: Reading) -> dict[str, float]:
    """All that is said of one answer, each 0..1 but the last.

    mask_iou is to what the words name, mask_iou_changed to all that looks different in the truth (under another sky
    that is nearly the whole picture, of which the words name a third). error_outside is the mean squared difference to
    the source, of 255², farther from the true place than an edit with the true mask may reach.
    """
    source = case.images[0]
    outside = dilate(case.place * np.uint8(255), REACH) == 0
    difference = answer.picture[outside].astype(np.float64) - source[outside]
    return {
        "mask_iou": iou(answer.mask, case.place),
        "mask_iou_changed": iou(answer.mask, case.changed),
        "nothing_found": float(not answer.mask.any()),
        **changed(case, reading),
        "error_outside": float(np.square(difference).mean()) if difference.size else 0.0,
    }


def figures_of(scores: Sequence[dict[str, float]]) -> dict[str, float | int]:
    """Means over pictures; the errors outside become one PSNR, dB."""
    found = means(scores)
    error = max(found.pop("error_outside"), _LEAST_ERROR)
    return {**found, "psnr_outside_db": round(10 * float(np.log10(_PEAK / error)), 2)}


def _answers(cases: Sequence[Case], answer: Callable[[Case], Answer], what: str) -> list[Answer]:
    done = []
    for case in cases:
        done.append(answer(case))
        if len(done) % 10 == 0 or len(done) == len(cases):
            tell(f"{what}: {len(done)} of {len(cases)}")
    return done


def _by_us(bench: Bench, case: Case) -> Answer:
    source = case.images[0]
    try:
        result = worded.ours(bench.backbone, source, case.texts, seed=case.before.seed)
    except BadRequest:  # no place was found: the artist keeps the picture
        return Answer(np.zeros(source.shape[:2], bool), source)
    assert result.found is not None
    return Answer(result.found.mask > 0, worded.pasted(result))


def _by_peer(bench: Bench, case: Case) -> Answer:
    """With the same guidance, number type and memory layout as ours."""
    guidance = worded.OPTIONS.guidance
    return Answer(*worded.peer(bench.words_peer, case.images[0], case.texts, case.before.seed, guidance))


def _scores(bench: Bench, cases: Sequence[Case], answers: Sequence[Answer]) -> list[dict[str, float]]:
    pictures: Pictures = np.stack([answer.picture for answer in answers])
    return [scored(*each) for each in zip(cases, answers, bench.readings(pictures), strict=True)]


def _of_kind(kind: str, cases: Sequence[Case], scores: Sequence[dict[str, float]]) -> list[dict[str, float]]:
    return [score for case, score in zip(cases, scores, strict=True) if case.kind == kind]


def _lines(
    cases: Sequence[Case], ours: Sequence[Answer], theirs: Sequence[Answer], scores: Sequence[dict[str, float]]
) -> list[Line]:
    """Of the contact sheet; the peer's column knows only the first cases."""
    lines = []
    for row, (case, answer, score) in enumerate(zip(cases[:LINES], ours, scores, strict=False)):
        source, truth = case.images
        said = " · ".join(
            (
                case.instruction,
                f"mask {score['mask_iou']:.2f}",
                "changed" if score["changed"] else "not changed",
                "rest kept" if score["rest_kept"] else "rest not kept",
            )
        )
        pictures = {
            "source": source,
            "mask": tinted(source, [answer.mask]),
            "ours": answer.picture,
            "truth": truth,
            "peer": theirs[row].picture if row < len(theirs) else None,
        }
        lines.append(Line(said, pictures))
    return lines
