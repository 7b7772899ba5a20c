"""Our .ora in Krita, MyPaint and another Python reader: what they show is what we show, where they are installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.interop.figures import figures
from tests.interop.readers import READERS, NotInstalled
from tests.interop.sheets import modes, structure

# RMSE in 1/255 over a sheet of noise, of what lies on an opaque picture as documents have it at their bottom. Krita
# and pyora round to 8 bits after every layer; MyPaint adds noise to hide its rounding, 0.59 on a lone plain layer.
_SHARED = {"krita": 0.5, "mypaint": 0.65, "pyora": 0.5}
# of one cell: several layers that were rounded, or colours divided by a small alpha
_CELL = {"krita": 0.8, "mypaint": 1.0, "pyora": 1.0}
# Modes that they do not have, or not as the W3C's compositing says
_NOT_SHARED = {
    "krita": ("plus",),  # adds before it weights with alpha, the specification after it
    "mypaint": ("exclusion", "color_dodge"),  # none; on black, which a white layer does not light up in the W3C's
    "pyora": ("exclusion", "plus", "soft_light"),  # shown as normal; an older formula
}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("reader", READERS)
def test_blend_modes(tmp_path: Path, reader: str, dtype: Any) -> None:
    found = asked(reader, modes(dtype), tmp_path)
    shared = {name: rmse for name, rmse in found.items() if not name.startswith(_NOT_SHARED[reader])}
    assert len(shared) == len(found) - 3 * len(_NOT_SHARED[reader])
    assert over_all([rmse for name, rmse in shared.items() if not name.endswith(" on half")]) < _SHARED[reader]
    assert max(shared.values()) < _CELL[reader], shared


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("reader", READERS)
def test_groups_masks_names_and_offsets(tmp_path: Path, reader: str, dtype: Any) -> None:
    """They have no masks: our standard entries show them all the same."""
    found = asked(reader, structure(dtype), tmp_path)
    assert over_all(list(found.values())) < _SHARED[reader]
    assert max(found.values()) < _CELL[reader], found


def asked(reader: str, sheet: Any, folder: Path) -> dict[str, float]:
    try:
        return figures(reader, sheet, folder)
    except NotInstalled as why:
        pytest.skip(str(why))


def over_all(cells: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(cells))))
