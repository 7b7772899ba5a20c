"""Blend modes by the keys that Photoshop documents write."""

from __future__ import annotations

from editor.layers import BlendMode

KEYS = {
    BlendMode.NORMAL: b"norm",
    BlendMode.MULTIPLY: b"mul ",
    BlendMode.SCREEN: b"scrn",
    BlendMode.OVERLAY: b"over",
    BlendMode.DARKEN: b"dark",
    BlendMode.LIGHTEN: b"lite",
    BlendMode.COLOR_DODGE: b"div ",
    BlendMode.COLOR_BURN: b"idiv",
    BlendMode.HARD_LIGHT: b"hLit",
    BlendMode.SOFT_LIGHT: b"sLit",
    BlendMode.DIFFERENCE: b"diff",
    BlendMode.EXCLUSION: b"smud",
    BlendMode.HUE: b"hue ",
    BlendMode.SATURATION: b"sat ",
    BlendMode.COLOR: b"colr",
    BlendMode.LUMINOSITY: b"lum ",
    BlendMode.PLUS: b"lddg",  # Linear Dodge (Add): the same on an opaque ground as long as no sum is cut off at white
}
MODES = {key: mode for mode, key in KEYS.items()}
PASS_THROUGH = b"pass"  # a group whose layers blend with what lies below it
