"""The themes can be read, and every drawing that they use is there."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QAction
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QToolButton

from app.actions import ACTIONS
from app.theme import (
    DARK,
    LIGHT,
    RESOURCES,
    THEMES,
    Colours,
    apply_theme,
    colours,
    contrast,
    picture,
    set_icon,
    style_sheet,
)

BOTH = pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#ffffff", "#777777") == pytest.approx(4.48, abs=0.01)


@BOTH
def test_text_is_readable_on_everything_it_lies_on(theme: Colours) -> None:
    grounds = (theme.window, theme.panel, theme.raised, theme.hover, theme.sunken, theme.chosen)
    for ground in grounds:
        assert contrast(theme.text, ground) >= 7
    for ground in (theme.window, theme.panel, theme.raised, theme.sunken, theme.chosen):
        assert contrast(theme.quiet, ground) >= 4.5, ground
    assert contrast(theme.on_accent, theme.accent) >= 4.5
    assert contrast(theme.on_accent, theme.accent_hover) >= 4.5
    for signal in (theme.accent, theme.danger, theme.warning, theme.good):
        assert contrast(signal, theme.panel) >= 4.5
        assert contrast(signal, theme.raised) >= 4.5


@BOTH
def test_greys_carry_no_hue(theme: Colours) -> None:
    for name in ("canvas", "window", "panel", "raised", "sunken", "line", "text", "quiet"):
        colour = getattr(theme, name)
        assert colour[1:3] == colour[3:5] == colour[5:7], name


@BOTH
def test_the_style_sheet_is_filled_in_and_names_files_that_exist(theme: Colours) -> None:
    sheet = style_sheet(theme)
    assert "@" not in sheet
    pictures = re.findall(r"url\(([^)]+)\)", sheet)
    assert len(set(pictures)) >= 6
    for path in pictures:
        assert QSvgRenderer(path).isValid(), path


def test_every_icon_of_the_table_can_be_drawn(qapp: QApplication) -> None:
    names = {spec.icon for spec in ACTIONS if spec.icon}
    for name in names:
        drawn = picture(name, QSize(20, 20), "#ff0000").toImage()
        reds = sum(drawn.pixelColor(x, y).red() > 0 and drawn.pixelColor(x, y).alpha() > 128
                   for x in range(20) for y in range(20))  # fmt: skip
        assert reds >= 12, name


def test_all_icons_are_valid_drawings(qapp: QApplication) -> None:
    files = sorted((RESOURCES / "icons").glob("*.svg"))
    assert len(files) > 60
    assert [path.name for path in files if not QSvgRenderer(str(path)).isValid()] == []


def test_icons_follow_a_change_of_theme(qapp: QApplication) -> None:
    apply_theme(qapp, "dark")
    button, action = QToolButton(), QAction()
    button.addAction(action)
    set_icon(button, "add")
    set_icon(action, "add")
    dark = button.icon().pixmap(16, 16).toImage()
    apply_theme(qapp, "light")
    light = button.icon().pixmap(16, 16).toImage()
    assert dark.pixelColor(8, 8).lightness() > 180
    assert light.pixelColor(8, 8).lightness() < 80
    assert action.icon().pixmap(16, 16).toImage() == light
    apply_theme(qapp, "dark")


def test_an_unknown_theme_follows_the_system(qapp: QApplication) -> None:
    apply_theme(qapp, "system")
    assert colours() in THEMES.values()
    apply_theme(qapp, "dark")
