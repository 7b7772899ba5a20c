"""The numbers that the noise of an edit comes from. No Qt."""

from __future__ import annotations

import random

SEED_LIMIT = 2**53 - 1  # what a field of floating point numbers holds exactly; recipes may carry more than 32 bits


def random_seed() -> int:
    """A seed short enough to be read out, 0..999999."""
    return random.randrange(1_000_000)
