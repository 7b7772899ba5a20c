"""The blend modes by the names artists know, in the order they are offered."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from editor.layers import BlendMode

CONTEXT = "BlendModes"
NAMES: dict[BlendMode, str] = {
    BlendMode.NORMAL: str(QT_TRANSLATE_NOOP("BlendModes", "Normal")),
    BlendMode.DARKEN: str(QT_TRANSLATE_NOOP("BlendModes", "Darken")),
    BlendMode.MULTIPLY: str(QT_TRANSLATE_NOOP("BlendModes", "Multiply")),
    BlendMode.COLOR_BURN: str(QT_TRANSLATE_NOOP("BlendModes", "Colour burn")),
    BlendMode.LIGHTEN: str(QT_TRANSLATE_NOOP("BlendModes", "Lighten")),
    BlendMode.SCREEN: str(QT_TRANSLATE_NOOP("BlendModes", "Screen")),
    BlendMode.COLOR_DODGE: str(QT_TRANSLATE_NOOP("BlendModes", "Colour dodge")),
    BlendMode.PLUS: str(QT_TRANSLATE_NOOP("BlendModes", "Add")),
    BlendMode.OVERLAY: str(QT_TRANSLATE_NOOP("BlendModes", "Overlay")),
    BlendMode.SOFT_LIGHT: str(QT_TRANSLATE_NOOP("BlendModes", "Soft light")),
    BlendMode.HARD_LIGHT: str(QT_TRANSLATE_NOOP("BlendModes", "Hard light")),
    BlendMode.DIFFERENCE: str(QT_TRANSLATE_NOOP("BlendModes", "Difference")),
    BlendMode.EXCLUSION: str(QT_TRANSLATE_NOOP("BlendModes", "Exclusion")),
    BlendMode.HUE: str(QT_TRANSLATE_NOOP("BlendModes", "Hue")),
    BlendMode.SATURATION: str(QT_TRANSLATE_NOOP("BlendModes", "Saturation")),
    BlendMode.COLOR: str(QT_TRANSLATE_NOOP("BlendModes", "Colour")),
    BlendMode.LUMINOSITY: str(QT_TRANSLATE_NOOP("BlendModes", "Luminosity")),
}


def blend_name(mode: BlendMode) -> str:
    """What the artist reads for a blend mode."""
    return QCoreApplication.translate(CONTEXT, NAMES[mode])
