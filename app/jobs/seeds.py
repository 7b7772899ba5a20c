"""One edit with several seeds: it is built once, and all recipes share its pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

from app.jobs.bridge import PreparedEdit
from app.jobs.placement import DOT
from app.seeds import SEED_LIMIT
from engine.request import EditRequest


def seeds_from(first: int, count: int) -> list[int]:
    """`count` seeds that follow each other; after the largest that a field holds comes 0."""
    return [(first + step) % (SEED_LIMIT + 1) for step in range(count)]


def with_seeds(edit: PreparedEdit, seeds: Sequence[int]) -> list[PreparedEdit]:
    """The same edit of the same snapshot once for each seed.

    Args:
        edit: its title ends in its seed, as `edit_title` has it.
    """
    built = cache(edit.build)  # compositing takes time, and the arrays memory
    words = edit.title.rpartition(DOT)[0]
    return [
        replace(edit, title=f"{words}{DOT}seed {seed}", build=_with_seed(built, seed), one_of_several=True)
        for seed in seeds
    ]


def _with_seed(built: Callable[[], EditRequest], seed: int) -> Callable[[], EditRequest]:
    def build() -> EditRequest:
        request = built()  # with its own seed it is the very same edit, which ends early where it was stopped
        return request if seed == request.seed else replace(request, seed=seed, stop_after=None)

    return build
