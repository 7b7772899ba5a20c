"""How a document says which change it holds, and what the journal says of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from editor.document import Snapshot
from editor.layers import ImageLayer

SIDE = 600  # pixels: nine tiles, so that name and pixels could come apart
TITLES = ("work", "sketch")


def colour(number: int) -> tuple[int, int, int, int]:
    """The opaque colour that stands for a change."""
    return (number % 251, number // 251 % 251, number // 251**2 % 251, 255)


def number_of(snapshot: Snapshot) -> int:
    """The change that the bottom layer's name tells; 0 for none."""
    name = snapshot.layers[0].name
    return int(name) if name.isdecimal() else 0


def is_whole(snapshot: Snapshot) -> bool:
    """Whether every pixel of the bottom layer belongs to the change that its name tells."""
    layer, number = snapshot.layers[0], number_of(snapshot)
    assert isinstance(layer, ImageLayer)
    pixels = layer.pixels.read(snapshot.canvas)
    return bool(number == 0 or (pixels == np.array(colour(number), np.uint8)).all())


def on_disk(journal: Path) -> dict[str, int]:
    """By title, the latest change that the journal says was saved or autosaved; 0 for none."""
    found = dict.fromkeys(TITLES, 0)
    for line in journal.read_text().splitlines():
        words = line.split()
        if len(words) == 3 and words[0] in found:
            found[words[0]] = max(found[words[0]], int(words[1]))
    return found
