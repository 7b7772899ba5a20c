"""Compare pictures with numbers; on failure a picture of the difference can be written for people to look at."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.generic]
Mask = NDArray[np.bool_]


def assert_identical(actual: Pixels, expected: Pixels, inside: Mask | None = None, *, picture: bool = False) -> None:
    """Every value equal, and shape and type too.

    Args:
        inside: (H, W), compare only where True.
        picture: on failure write actual | expected | difference ×8 side by side to the temporary folder.
    """
    assert actual.shape == expected.shape, f"shape {actual.shape}, expected {expected.shape}"
    assert actual.dtype == expected.dtype, f"{actual.dtype}, expected {expected.dtype}"
    differs = actual != expected
    if inside is not None:
        differs = differs & (inside if differs.ndim == inside.ndim else inside[..., None])
    if not differs.any():
        return
    places = np.argwhere(differs)
    first = tuple(int(i) for i in places[0])
    seen = f" See {written(actual, expected)}." if picture else ""
    raise AssertionError(
        f"{len(places)} of {actual.size} values differ, first at {first}: {actual[first]}, expected {expected[first]}; "
        f"largest difference {np.abs(_real(actual) - _real(expected)).max():g}.{seen}"
    )


def mean_change(after: Pixels, before: Pixels, inside: Mask | None = None) -> float:
    """Mean absolute difference as a fraction of the full range (0 = nothing changed, 1 = black became white)."""
    assert after.shape == before.shape, f"shape {after.shape}, expected {before.shape}"
    change = np.abs(_real(after) / _full(after) - _real(before) / _full(before))
    return float(change.mean() if inside is None else change[inside].mean())


def psnr(actual: Pixels, expected: Pixels, inside: Mask | None = None) -> float:
    """Peak signal-to-noise ratio in dB; infinite for equal pictures."""
    assert actual.shape == expected.shape, f"shape {actual.shape}, expected {expected.shape}"
    error = (_real(actual) / _full(actual) - _real(expected) / _full(expected)) ** 2
    mean = float(error.mean() if inside is None else error[inside].mean())
    return float("inf") if mean == 0 else float(-10 * np.log10(mean))


def written(actual: Pixels, expected: Pixels) -> Path:
    """Write actual | expected | difference ×8 as a PNG to the temporary folder."""
    one, other = _shown(actual), _shown(expected)
    difference = np.clip(np.abs(one.astype(int) - other.astype(int)) * 8, 0, 255).astype(np.uint8)
    with tempfile.NamedTemporaryFile(prefix="pentimento-difference-", suffix=".png", delete=False) as file:
        Image.fromarray(np.hstack([one, other, difference])).save(file, "PNG")
    return Path(file.name)


def _real(array: Pixels) -> NDArray[np.float64]:
    return np.asarray(array, np.float64)


def _full(array: Pixels) -> float:
    return {"u": 2.0 ** (8 * array.dtype.itemsize) - 1}.get(array.dtype.kind, 1.0)


def _shown(array: Pixels) -> NDArray[np.uint8]:
    """(H, W, 3) uint8, transparency over grey; flat lists of pixels become one row."""
    shaped = array if array.ndim == 3 else array[..., None] if array.ndim == 2 and array.shape[-1] > 4 else array[None]
    scaled = np.clip(_real(shaped) / _full(array), 0, 1)
    if scaled.shape[-1] == 1:
        scaled = scaled.repeat(3, axis=-1)
    if scaled.shape[-1] == 4:
        scaled = scaled[..., :3] * scaled[..., 3:] + 0.5 * (1 - scaled[..., 3:])
    return np.rint(scaled * 255).astype(np.uint8)
