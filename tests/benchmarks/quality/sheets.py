"""Contact sheets: one scene a line, so that people see what the figures mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

LINES = 8  # scenes on a sheet
_SIDE, _GAP, _TEXT = 208, 6, 18  # px
_PAPER, _INK, _FAINT = (244, 243, 240), (40, 40, 44), (226, 224, 219)
_TINTS = ((255, 0, 80), (0, 120, 255), (255, 220, 0))  # of masks

Picture = NDArray[np.uint8]  # (H, W, 3)


@dataclass(frozen=True, eq=False)
class Line:
    """One scene of a sheet: pictures by column, None where there is none, and what was asked for."""

    words: str
    pictures: dict[str, Picture | None]


def sheet(lines: Sequence[Line]) -> Picture:
    """Lines below each other, the columns' names above; all lines must have the same columns."""
    columns = list(lines[0].pictures)
    width, step = len(columns) * (_SIDE + _GAP) + _GAP, _SIDE + _TEXT + _GAP
    paper = Image.new("RGB", (width, _TEXT + len(lines) * step + _GAP), _PAPER)
    pen, font = ImageDraw.Draw(paper), ImageFont.load_default(12)
    for place, name in enumerate(columns):
        pen.text((_GAP + place * (_SIDE + _GAP), 2), name, _INK, font=font)
    for number, line in enumerate(lines):
        top = _TEXT + number * step
        for place, name in enumerate(columns):
            left, picture = _GAP + place * (_SIDE + _GAP), line.pictures[name]
            if picture is None:
                pen.rectangle((left, top, left + _SIDE - 1, top + _SIDE - 1), _FAINT)
            else:
                paper.paste(Image.fromarray(_small(picture)), (left, top))
        pen.text((_GAP, top + _SIDE + 1), line.words, _INK, font=font)
    return np.asarray(paper)


def tinted(picture: Picture, masks: Sequence[NDArray[np.bool_]]) -> Picture:
    """The picture with each mask (H, W) in a colour of its own."""
    shown = picture.astype(np.float32)
    for mask, colour in zip(masks, _TINTS, strict=False):
        shown[mask] = 0.4 * shown[mask] + 0.6 * np.float32(colour)
    return np.rint(shown).astype(np.uint8)


def write(path: Path, lines: Sequence[Line]) -> None:
    """Write the sheet of the first LINES lines as a PNG; nothing where there are none."""
    if lines:
        Image.fromarray(sheet(lines[:LINES])).save(path)


def _small(picture: Picture) -> Picture:
    return np.asarray(cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.uint8)
