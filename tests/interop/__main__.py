"""Print the table of differences: a row for each thing, a column for each program that is installed."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.interop.figures import figures
from tests.interop.readers import READERS, NotInstalled
from tests.interop.sheets import Sheet, modes, structure


def main(chosen: list[str]) -> None:
    sheets = {
        f"{make.__name__} at {np.dtype(dtype).itemsize * 8} bits": make(dtype)
        for make in (modes, structure)
        for dtype in (np.uint8, np.uint16)
    }
    for title, sheet in sheets.items():
        table = {reader: _asked(reader, sheet) for reader in chosen or READERS}
        _print(title, sheet, {reader: found for reader, found in table.items() if found})


def _asked(reader: str, sheet: Sheet) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        try:
            return figures(reader, sheet, Path(folder))
        except NotInstalled as why:
            sys.stderr.write(f"{reader}: {why}\n")
            return {}


def _print(title: str, sheet: Sheet, table: dict[str, Any]) -> None:
    sys.stdout.write(f"\n{title}, RMSE in 1/255\n{'':30}" + "".join(f"{reader:>10}" for reader in table) + "\n")
    for name in sheet.cells:
        sys.stdout.write(f"{name:30}" + "".join(f"{found[name]:10.3f}" for found in table.values()) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
