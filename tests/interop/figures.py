"""How far what another program shows is from our composite, cell by cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.composite import composite
from editor.files import save_snapshot
from editor.tiles import full_value
from tests.interop.readers import READERS
from tests.interop.sheets import Sheet


def figures(reader: str, sheet: Sheet, folder: Path) -> dict[str, float]:
    """RMSE of the premultiplied channels in 1/255 for each cell. Raises NotInstalled."""
    path = folder / "sheet.ora"
    save_snapshot(sheet.snapshot, path)
    shown, ours = _premultiplied(READERS[reader](path, folder)), _premultiplied(composite(sheet.snapshot))
    assert shown.shape == ours.shape, f"{reader} shows {shown.shape}, not {ours.shape}"
    error = (shown - ours) ** 2
    if reader == "pyora":  # its renderer lets 255.5 run over to 0 (a cast to uint8): a handful of values in a cell
        error[(shown == 0) & (ours > 0.3)] = 0
    return {name: float(np.sqrt(error[cell.slices((0, 0))].mean())) * 255 for name, cell in sheet.cells.items()}


def _premultiplied(pixels: NDArray[Any]) -> NDArray[np.float64]:
    values = pixels.astype(np.float64) / full_value(pixels.dtype)
    values[..., :3] *= values[..., 3:]
    return values
