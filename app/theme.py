"""How the window looks: two sets of colours, one style sheet, icons drawn in the colour of the text."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

RESOURCES = Path(__file__).parents[1] / "resources"
ICON_PROPERTY = "icon_name"  # names the picture of an action, button or label, so that it can be redrawn


@dataclass(frozen=True)
class Colours:
    """One theme; greys carry no hue, so that they do not tint what the artist sees.

    Attributes:
        canvas: around the picture.
        window: bars and the gaps between panels.
        panel: docks, menus, dialogs.
        raised, hover, pressed: buttons at rest, under the pointer, held down.
        sunken: what is typed into.
        line: dividers and outlines of fields.
        text, quiet, disabled: what is read first, second, and what cannot be used now.
        accent: the one colour: what is on, chosen, or the main thing to press.
        on_accent: text on the accent.
        chosen: background of chosen rows.
        danger, warning, good: in messages.
    """

    name: str
    canvas: str
    window: str
    panel: str
    raised: str
    hover: str
    pressed: str
    sunken: str
    line: str
    text: str
    quiet: str
    disabled: str
    accent: str
    accent_hover: str
    on_accent: str
    chosen: str
    danger: str
    warning: str
    good: str


DARK = Colours(
    name="dark",
    canvas="#1c1c1c", window="#232323", panel="#2b2b2b",
    raised="#393939", hover="#454545", pressed="#303030", sunken="#1f1f1f", line="#414141",
    text="#e8e8e8", quiet="#ababab", disabled="#6e6e6e",
    accent="#5cc9b7", accent_hover="#74d8c8", on_accent="#0d2420", chosen="#29453f",
    danger="#ff8f80", warning="#f0be5a", good="#7fd39b",
)  # fmt: skip
LIGHT = Colours(
    name="light",
    canvas="#c4c4c4", window="#dcdcdc", panel="#ececec",
    raised="#fbfbfb", hover="#ffffff", pressed="#d6d6d6", sunken="#fafafa", line="#c2c2c2",
    text="#1f1f1f", quiet="#595959", disabled="#9c9c9c",
    accent="#0b6b60", accent_hover="#0e7d70", on_accent="#ffffff", chosen="#c3e0db",
    danger="#a82315", warning="#7a5200", good="#17652f",
)  # fmt: skip
THEMES = {theme.name: theme for theme in (DARK, LIGHT)}


class _Current:
    colours: Colours = DARK


def colours() -> Colours:
    """The theme in use."""
    return _Current.colours


def contrast(first: str, second: str) -> float:
    """WCAG 2 contrast of two "#rrggbb" colours, 1..21."""

    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    bright, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def apply_theme(app: QApplication, name: str) -> None:
    """Dress the whole program in the theme called `name` ("dark" or "light"; anything else follows the system)."""
    if name not in THEMES:
        light = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Light
        name = "light" if light else "dark"
    _Current.colours = THEMES[name]
    if app.style().objectName() != "fusion":
        app.setStyle("Fusion")
    app.setPalette(_palette(colours()))
    app.setStyleSheet(style_sheet(colours()))
    for widget in app.allWidgets():
        refresh_icons(widget)


def style_sheet(theme: Colours) -> str:
    """resources/theme/pentimento.qss with every `@name` replaced by the theme's colour."""
    text = (RESOURCES / "theme" / "pentimento.qss").read_text(encoding="utf-8")
    values = {spec.name: str(getattr(theme, spec.name)) for spec in fields(theme)}
    values["images"] = (RESOURCES / "theme" / theme.name).as_posix()
    return re.sub(r"@(\w+)", lambda found: values[found.group(1)], text)


def _palette(theme: Colours) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for target, colour in {
        role.Window: theme.panel, role.WindowText: theme.text, role.Base: theme.sunken, role.AlternateBase: theme.panel,
        role.Text: theme.text, role.Button: theme.raised, role.ButtonText: theme.text, role.BrightText: theme.text,
        role.Highlight: theme.accent, role.HighlightedText: theme.on_accent, role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text, role.PlaceholderText: theme.quiet, role.Link: theme.accent,
        role.Accent: theme.accent, role.Mid: theme.line, role.Light: theme.hover, role.Dark: theme.sunken,
        role.Shadow: theme.sunken,
    }.items():  # fmt: skip
        palette.setColor(target, QColor(colour))
    for target in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, QColor(theme.disabled))
    return palette


def picture(name: str, size: QSize, colour: str | None = None, ratio: float = 1.0) -> QPixmap:
    """The drawing resources/icons/`name`.svg.

    Args:
        size: in device-independent pixels; the drawing fills it.
        colour: stands for `currentColor`; None = the text's.
        ratio: device pixels per pixel.
    """
    pixmap = QPixmap(size * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    renderer = QSvgRenderer(QByteArray(_svg(name).replace(b"currentColor", (colour or colours().text).encode())))
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, size.width(), size.height()))
    painter.end()
    return pixmap


@cache
def _svg(name: str) -> bytes:
    return (RESOURCES / "icons" / f"{name}.svg").read_bytes()


class _LineIcon(QIconEngine):
    """Draws an icon at whatever size and scale is asked for, so that it is crisp on every screen."""

    def __init__(self, name: str, colour: str, disabled: str) -> None:
        super().__init__()
        self._name, self._colour, self._disabled = name, colour, disabled

    def clone(self) -> QIconEngine:
        return _LineIcon(self._name, self._colour, self._disabled)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        if rect.isEmpty():  # a button squeezed to nothing while panels change places
            return
        painter.drawPixmap(rect, self.scaledPixmap(rect.size(), mode, state, painter.device().devicePixelRatioF()))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        return _cached_picture(self._name, size, self._disabled if mode == QIcon.Mode.Disabled else self._colour, scale)


@lru_cache(512)
def _cached_picture(name: str, size: QSize, colour: str, ratio: float) -> QPixmap:
    return picture(name, size, colour, ratio)


def icon(name: str, colour: str | None = None) -> QIcon:
    """A line icon in `colour`, by default the text's."""
    return QIcon(_LineIcon(name, colour or colours().text, colours().disabled))


def set_icon(target: QAction | QAbstractButton | QLabel, name: str, role: str = "text") -> None:
    """Show the icon `name` on `target`, now and after every change of theme.

    Args:
        role: which of the theme's `Colours` draws it.
    """
    target.setProperty(ICON_PROPERTY, f"{name}|{role}")
    _draw_icon(target)


def refresh_icons(widget: QWidget) -> None:
    """Redraw the icons of a widget and of its actions in the colours of the theme in use."""
    for target in (widget, *widget.actions()):
        if isinstance(target, QAction | QAbstractButton | QLabel) and target.property(ICON_PROPERTY):
            _draw_icon(target)


def _draw_icon(target: QAction | QAbstractButton | QLabel) -> None:
    name, role = str(target.property(ICON_PROPERTY)).split("|")
    colour = None if role == "text" else str(getattr(colours(), role))
    if isinstance(target, QLabel):
        target.setPixmap(icon(name, colour).pixmap(QSize(16, 16), target.devicePixelRatioF()))
    else:
        target.setIcon(icon(name, colour))


def polish(widget: QWidget) -> None:
    """Have the style sheet look again at a widget whose properties changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
