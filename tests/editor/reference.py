"""Compositing as the W3C writes it, pixel by pixel in float64: slow, plain, and what the fast code is held against."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from editor.geometry import Rect
from editor.layers import BlendMode, GroupLayer, ImageLayer, Layer
from editor.tiles import full_value

Colour = tuple[float, float, float]


def _soft_light(cb: float, cs: float) -> float:
    if cs <= 0.5:
        return cb - (1 - 2 * cs) * cb * (1 - cb)
    d = ((16 * cb - 12) * cb + 4) * cb if cb <= 0.25 else sqrt(cb)
    return cb + (2 * cs - 1) * (d - cb)


def _hard_light(cb: float, cs: float) -> float:
    return cb * 2 * cs if cs <= 0.5 else cb + (2 * cs - 1) - cb * (2 * cs - 1)


def _dodge(cb: float, cs: float) -> float:
    return 0.0 if cb == 0 else 1.0 if cs >= 1 else min(1.0, cb / (1 - cs))


def _burn(cb: float, cs: float) -> float:
    return 1.0 if cb >= 1 else 0.0 if cs <= 0 else 1 - min(1.0, (1 - cb) / cs)


SEPARABLE = {
    BlendMode.NORMAL: lambda cb, cs: cs,
    BlendMode.MULTIPLY: lambda cb, cs: cb * cs,
    BlendMode.SCREEN: lambda cb, cs: cb + cs - cb * cs,
    BlendMode.OVERLAY: lambda cb, cs: _hard_light(cs, cb),
    BlendMode.DARKEN: min,
    BlendMode.LIGHTEN: max,
    BlendMode.COLOR_DODGE: _dodge,
    BlendMode.COLOR_BURN: _burn,
    BlendMode.HARD_LIGHT: _hard_light,
    BlendMode.SOFT_LIGHT: _soft_light,
    BlendMode.DIFFERENCE: lambda cb, cs: abs(cb - cs),
    BlendMode.EXCLUSION: lambda cb, cs: cb + cs - 2 * cb * cs,
}


def lum(c: Colour) -> float:
    return 0.3 * c[0] + 0.59 * c[1] + 0.11 * c[2]


def sat(c: Colour) -> float:
    return max(c) - min(c)


def set_lum(c: Colour, wanted: float) -> Colour:
    moved = [value + wanted - lum(c) for value in c]
    low, high = min(moved), max(moved)
    if low < 0:
        moved = [wanted + (value - wanted) * wanted / (wanted - low) for value in moved]
    if high > 1:
        moved = [wanted + (value - wanted) * (1 - wanted) / (high - wanted) for value in moved]
    return (moved[0], moved[1], moved[2])


def set_sat(c: Colour, wanted: float) -> Colour:
    low, span = min(c), sat(c)
    red, green, blue = ((value - low) * wanted / span if span > 0 else 0.0 for value in c)
    return (red, green, blue)


INSEPARABLE = {
    BlendMode.HUE: lambda cb, cs: set_lum(set_sat(cs, sat(cb)), lum(cb)),
    BlendMode.SATURATION: lambda cb, cs: set_lum(set_sat(cb, sat(cs)), lum(cb)),
    BlendMode.COLOR: lambda cb, cs: set_lum(cs, lum(cb)),
    BlendMode.LUMINOSITY: lambda cb, cs: set_lum(cb, lum(cs)),
}


def blended(mode: BlendMode, back: NDArray[np.float64], source: NDArray[np.float64]) -> list[float]:
    """One straight RGBA pixel 0..1 over another."""
    *cb, ab = (float(value) for value in back)
    *cs, sa = (float(value) for value in source)
    if mode is BlendMode.PLUS:
        alpha = min(1.0, sa + ab)
        mixed = [min(1.0, s * sa + b * ab) for s, b in zip(cs, cb, strict=True)]
        return [min(1.0, m / alpha) if alpha else 0.0 for m in mixed] + [alpha]
    if mode in SEPARABLE:
        both = [SEPARABLE[mode](b, s) for b, s in zip(cb, cs, strict=True)]
    else:
        both = list(INSEPARABLE[mode]((cb[0], cb[1], cb[2]), (cs[0], cs[1], cs[2])))
    alpha = sa + ab - sa * ab
    parts = zip(cb, cs, both, strict=True)
    mixed = [sa * (1 - ab) * s + sa * ab * m + (1 - sa) * ab * b for b, s, m in parts]
    return [m / alpha if alpha else 0.0 for m in mixed] + [alpha]


def composited(layers: Sequence[Layer], rect: Rect) -> NDArray[np.float64]:
    """(h, w, 4) straight RGBA 0..1 of a stack on nothing."""
    back = np.zeros((rect.height, rect.width, 4))
    for layer in layers:
        if not layer.visible:
            continue
        own = rect.translated(-layer.offset[0], -layer.offset[1])
        if isinstance(layer, GroupLayer):
            source = composited(layer.children, rect)
        else:
            assert isinstance(layer, ImageLayer)
            source = layer.pixels.read(own) / full_value(layer.pixels.dtype)
        source[..., 3] *= layer.opacity
        if layer.mask is not None and layer.mask_enabled:
            source[..., 3] *= layer.mask.read(own)[..., 0] / full_value(layer.mask.dtype)
        for row in range(rect.height):
            for column in range(rect.width):
                back[row, column] = blended(layer.blend, back[row, column], source[row, column])
    return back


def premultiplied(straight: NDArray[np.float64]) -> NDArray[np.float64]:
    out = straight.copy()
    out[..., :3] *= out[..., 3:]
    return out
