"""Blend modes on premultiplied planes (W3C Compositing and Blending Level 1).

With premultiplied source cs, backdrop cb and alphas as, ab the result is
`cs (1 - ab) + cb (1 - as) + as ab B(cb / ab, cs / as)` and `as + ab - as ab`; each mode below is that formula solved so
that it needs few passes and, but for soft light, no division by an alpha. An opaque backdrop (ab = 1) drops a term.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from editor.layers import BlendMode
from editor.planes import Plane, Planes, Workspace

ZERO, HALF, ONE, TWO = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)
QUARTER, TINY = np.float32(0.25), np.float32(1e-12)


def blend(mode: BlendMode, back: Planes, source: Planes, work: Workspace) -> None:
    """Composite `source` onto `back`, in place; the source's planes may be overwritten."""
    if mode is BlendMode.PLUS:
        _plus(back, source)
        return
    if mode in _INSEPARABLE:
        _inseparable(mode, back, source, work)
    elif mode in _DIRECT:
        _DIRECT[mode](back, source, work)
    else:
        _with_term(_TERMS[mode], back, source, work)
    _union_alpha(back, source, work)


def _union_alpha(back: Planes, source: Planes, work: Workspace) -> None:
    """ab += as (1 - ab): exact where either is 0, so that a picture does not depend on how it was cut into cells."""
    if not back.opaque:
        back.opaque = source.opaque
        with work.scratch(source.alpha.shape, 1) as (rest,):
            np.subtract(ONE, back.alpha, out=rest)
            np.multiply(rest, source.alpha, out=rest)
            np.add(back.alpha, rest, out=back.alpha)


def _plus(back: Planes, source: Planes) -> None:
    for under, over in ((back.colour, source.colour), (back.alpha, source.alpha)):
        np.add(under, over, out=under)
        np.minimum(under, ONE, out=under)
    back.opaque = back.opaque or source.opaque


# Modes with a closed form of two to five passes.


def _normal(back: Planes, source: Planes, work: Workspace) -> None:
    with work.scratch(source.alpha.shape, 1) as (rest,):
        np.subtract(ONE, source.alpha, out=rest)
        np.multiply(back.colour, rest, out=back.colour)
        np.add(back.colour, source.colour, out=back.colour)


def _multiply(back: Planes, source: Planes, work: Workspace) -> None:
    with work.scratch(source.alpha.shape, 1, 1) as (rest, factor):
        np.subtract(ONE, source.alpha, out=rest)
        np.add(rest, source.colour, out=factor)
        np.multiply(back.colour, factor, out=back.colour)
        _add_uncovered(back, source, rest)


def _add_uncovered(back: Planes, source: Planes, spare: Plane) -> None:
    """cb += cs (1 - ab); spoils the source."""
    if not back.opaque:
        np.subtract(ONE, back.alpha, out=spare)
        np.multiply(source.colour, spare, out=source.colour)
        np.add(back.colour, source.colour, out=back.colour)


def _screen(back: Planes, source: Planes, work: Workspace) -> None:
    with work.scratch(source.alpha.shape, 0, 1) as (rest,):
        np.subtract(ONE, source.colour, out=rest)
        np.multiply(back.colour, rest, out=back.colour)
        np.add(back.colour, source.colour, out=back.colour)


def _exclusion(back: Planes, source: Planes, work: Workspace) -> None:
    with work.scratch(source.alpha.shape, 0, 1) as (rest,):
        np.multiply(source.colour, -TWO, out=rest)
        np.add(rest, ONE, out=rest)
        np.multiply(back.colour, rest, out=back.colour)
        np.add(back.colour, source.colour, out=back.colour)


def _compare(choose: Callable[..., Plane], times: np.float32) -> Callable[[Planes, Planes, Workspace], None]:
    """cs + cb - times choose(cs ab, cb as): darken, lighten and difference."""

    def mode(back: Planes, source: Planes, work: Workspace) -> None:
        with work.scratch(source.alpha.shape, 0, 1) as (one,):
            np.multiply(back.colour, source.alpha, out=one)
            np.add(back.colour, source.colour, out=back.colour)
            if not back.opaque:
                np.multiply(source.colour, back.alpha, out=source.colour)
            choose(one, source.colour, out=one)
            if times != ONE:
                np.multiply(one, times, out=one)
            np.subtract(back.colour, one, out=back.colour)

    return mode


_DIRECT: dict[BlendMode, Callable[[Planes, Planes, Workspace], None]] = {
    BlendMode.NORMAL: _normal,
    BlendMode.MULTIPLY: _multiply,
    BlendMode.SCREEN: _screen,
    BlendMode.EXCLUSION: _exclusion,
    BlendMode.DARKEN: _compare(np.maximum, ONE),
    BlendMode.LIGHTEN: _compare(np.minimum, ONE),
    BlendMode.DIFFERENCE: _compare(np.minimum, TWO),
}

# Modes given by their mixed term as ab B(cb, cs), written to `out`; spare: (h, w), then three of (3, h, w).
# None chooses per pixel: a masked copy costs ten passes, because the processor cannot guess its pattern.

Term = Callable[[Planes, Planes, Plane, list[Plane]], None]  # back, source, out, spare


def _with_term(term: Term, back: Planes, source: Planes, work: Workspace) -> None:
    with work.scratch(source.alpha.shape, 1, 4) as (flat, out, *spare):
        term(back, source, out, [flat, *spare])
        np.subtract(ONE, source.alpha, out=flat)
        np.multiply(back.colour, flat, out=back.colour)
        np.add(back.colour, out, out=back.colour)
        _add_uncovered(back, source, flat)


def _hard_light(back: Planes, source: Planes, out: Plane, spare: list[Plane]) -> None:
    """cb min(2 cs, as) + (ab - cb) max(2 cs - as, 0): multiply below one half, screen above."""
    _, one, two, _ = spare
    np.multiply(source.colour, TWO, out=one)
    np.minimum(one, source.alpha, out=out)
    np.multiply(out, back.colour, out=out)
    np.maximum(one, source.alpha, out=one)
    np.subtract(one, source.alpha, out=one)
    np.subtract(back.alpha, back.colour, out=two)
    np.multiply(one, two, out=one)
    np.add(out, one, out=out)


def _overlay(back: Planes, source: Planes, out: Plane, spare: list[Plane]) -> None:
    """Hard light with source and backdrop exchanged."""
    _hard_light(source, back, out, spare)


def _color_dodge(back: Planes, source: Planes, out: Plane, spare: list[Plane]) -> None:
    """min(as ab, as^2 cb / (as - cs)); 0 where the backdrop is black."""
    flat, one, _, _ = spare
    np.subtract(source.alpha, source.colour, out=one)
    np.maximum(one, TINY, out=one)
    np.multiply(source.alpha, source.alpha, out=flat)
    np.multiply(back.colour, flat, out=out)
    np.divide(out, one, out=out)
    np.multiply(source.alpha, back.alpha, out=flat)
    np.minimum(out, flat, out=out)


def _color_burn(back: Planes, source: Planes, out: Plane, spare: list[Plane]) -> None:
    """as ab - min(as ab, as^2 (ab - cb) / cs); as ab where the backdrop is white."""
    flat, one, _, _ = spare
    np.subtract(back.alpha, back.colour, out=out)
    np.maximum(out, ZERO, out=out)
    np.multiply(source.alpha, source.alpha, out=flat)
    np.multiply(out, flat, out=out)
    np.maximum(source.colour, TINY, out=one)
    np.divide(out, one, out=out)
    np.multiply(source.alpha, back.alpha, out=flat)
    np.minimum(out, flat, out=out)
    np.subtract(flat, out, out=out)


def _soft_light(back: Planes, source: Planes, out: Plane, spare: list[Plane]) -> None:
    """ab (as x + max(m, 0) (D(x) - x) + min(m, 0) x (1 - x)), m = 2 cs - as, with x the straight backdrop.

    D(x) is ((16 x - 12) x + 4) x up to 1/4 and sqrt(x) from there: the sum of both, each held at 1/4, minus 1/2.
    """
    flat, x, one, two = spare
    np.maximum(back.alpha, TINY, out=flat)
    np.divide(back.colour, flat, out=x)
    np.minimum(x, ONE, out=x)
    _soft_light_curve(x, out, one)
    np.subtract(out, x, out=out)
    np.multiply(source.colour, TWO, out=one)
    np.maximum(one, source.alpha, out=two)
    np.subtract(two, source.alpha, out=two)
    np.multiply(out, two, out=out)
    np.minimum(one, source.alpha, out=one)
    np.subtract(one, source.alpha, out=one)
    np.subtract(ONE, x, out=two)
    np.multiply(one, two, out=one)
    np.add(one, source.alpha, out=one)
    np.multiply(one, x, out=one)
    np.add(out, one, out=out)
    np.multiply(out, back.alpha, out=out)


def _soft_light_curve(x: Plane, out: Plane, spare: Plane) -> None:
    np.minimum(x, QUARTER, out=spare)
    np.multiply(spare, np.float32(16), out=out)
    np.subtract(out, np.float32(12), out=out)
    np.multiply(out, spare, out=out)
    np.add(out, np.float32(4), out=out)
    np.multiply(out, spare, out=out)
    np.maximum(x, QUARTER, out=spare)
    np.sqrt(spare, out=spare)
    np.add(out, spare, out=out)
    np.subtract(out, HALF, out=out)


_TERMS: dict[BlendMode, Term] = {
    BlendMode.HARD_LIGHT: _hard_light,
    BlendMode.OVERLAY: _overlay,
    BlendMode.COLOR_DODGE: _color_dodge,
    BlendMode.COLOR_BURN: _color_burn,
    BlendMode.SOFT_LIGHT: _soft_light,
}

# Hue, saturation, colour, luminosity. All of it is homogeneous, so cb as and cs ab stand in for cb and cs and
# as ab for 1, and the result is the mixed term at once.

_INSEPARABLE = {BlendMode.HUE, BlendMode.SATURATION, BlendMode.COLOR, BlendMode.LUMINOSITY}
_WEIGHTS = (np.float32(0.3), np.float32(0.59), np.float32(0.11))


def _inseparable(mode: BlendMode, back: Planes, source: Planes, work: Workspace) -> None:
    with work.scratch(source.alpha.shape, 6, 2) as (top, lum, *spare, under, over):
        np.multiply(source.alpha, back.alpha, out=top)
        np.multiply(back.colour, source.alpha, out=under)
        np.multiply(source.colour, back.alpha, out=over)
        _luminosity(over if mode is BlendMode.LUMINOSITY else under, lum, spare[0])
        if mode is BlendMode.HUE:
            _set_saturation(over, under, spare)
        elif mode is BlendMode.SATURATION:
            _set_saturation(under, over, spare)
        term = under if mode in (BlendMode.SATURATION, BlendMode.LUMINOSITY) else over
        _set_luminosity(term, lum, top, spare)
        np.subtract(ONE, source.alpha, out=lum)
        np.multiply(back.colour, lum, out=back.colour)
        np.add(back.colour, term, out=back.colour)
        _add_uncovered(back, source, lum)


def _luminosity(colour: Plane, out: Plane, spare: Plane) -> None:
    np.multiply(colour[0], _WEIGHTS[0], out=out)
    for channel in (1, 2):
        np.multiply(colour[channel], _WEIGHTS[channel], out=spare)
        np.add(out, spare, out=out)


def _extremes(colour: Plane, low: Plane, high: Plane) -> None:
    np.minimum(colour[0], colour[1], out=low)
    np.minimum(low, colour[2], out=low)
    np.maximum(colour[0], colour[1], out=high)
    np.maximum(high, colour[2], out=high)


def _set_saturation(colour: Plane, other: Plane, spare: list[Plane]) -> None:
    """Give `colour` the saturation (highest - lowest) of `other`; its lowest channel becomes 0."""
    low, high, wanted, factor = spare
    _extremes(other, low, wanted)
    np.subtract(wanted, low, out=wanted)
    _extremes(colour, low, high)
    np.subtract(high, low, out=factor)
    np.maximum(factor, TINY, out=factor)
    np.divide(wanted, factor, out=factor)
    np.subtract(colour, low, out=colour)
    np.multiply(colour, factor, out=colour)


def _set_luminosity(colour: Plane, wanted: Plane, top: Plane, spare: list[Plane]) -> None:
    """Shift `colour` to a luminosity L and pull what leaves 0..top back towards it.

    By the smaller of L / (L - lowest) and (top - L) / (highest - L), each 1 where nothing leaves on that side.
    """
    low, high, factor, room = spare
    _luminosity(colour, low, high)
    np.subtract(wanted, low, out=low)
    np.add(colour, low, out=colour)
    _extremes(colour, low, high)
    np.minimum(low, ZERO, out=low)
    np.subtract(wanted, low, out=low)
    np.maximum(low, TINY, out=low)
    np.divide(wanted, low, out=factor)
    np.maximum(high, top, out=high)
    np.subtract(high, wanted, out=high)
    np.maximum(high, TINY, out=high)
    np.subtract(top, wanted, out=room)
    np.divide(room, high, out=room)
    np.minimum(factor, room, out=factor)
    np.subtract(colour, wanted, out=colour)
    np.multiply(colour, factor, out=colour)
    np.add(colour, wanted, out=colour)
