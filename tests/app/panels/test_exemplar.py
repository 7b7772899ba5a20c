"""The small picture of the example."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.exemplar import Exemplar
from app.panels.exemplar import SIDE, ExemplarBox


def test_the_picture_keeps_its_shape_and_squares_are_seen_through_it(qtbot: QtBot) -> None:
    box = ExemplarBox()
    qtbot.addWidget(box)
    box.show()
    pixels = np.zeros((40, 80, 4), np.uint16)
    pixels[:, 40:] = (65535, 0, 0, 65535)
    box.show_exemplar(Exemplar(pixels, "half"))
    image = box.thumbnail.grab().toImage()
    ratio = image.devicePixelRatio()

    def colour(x: float, y: float) -> str:
        return image.pixelColor(round(x * ratio), round(y * ratio)).name()

    assert colour(SIDE * 0.75, SIDE / 2) == "#ff0000"
    assert {colour(x, SIDE / 2) for x in range(4, 34)} == {"#ffffff", "#cccccc"}
    assert colour(SIDE / 2, 8) not in ("#ffffff", "#cccccc", "#ff0000")  # twice as wide as high


def test_a_file_can_be_dropped_on_it(qtbot: QtBot, tmp_path: Path) -> None:
    box = ExemplarBox()
    qtbot.addWidget(box)
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/b.png"), QUrl.fromLocalFile(str(tmp_path / "a.png"))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(box, QDragEnterEvent(QPoint(5, 5), copy, data, left, none))
    with qtbot.waitSignal(box.file_dropped) as dropped:
        QApplication.sendEvent(box, QDropEvent(QPointF(5, 5), copy, data, left, none))
    assert dropped.args == [tmp_path / "a.png"]
    for control in (box.choose, box.remove):
        assert control.accessibleName() or control.text()
        assert control.toolTip()
