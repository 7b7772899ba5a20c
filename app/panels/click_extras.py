"""What "Select by click" has in the row above the canvas: who finds the things, and which of the masks that fit."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QWidget

from app.jobs.segments import BUNDLED, GRABCUT, AtWork

_FILE = "file"  # the entry that asks for one


class ClickExtras(QWidget):
    """Signals:
    model_chosen: "" = the one that fits the picture, or an id or path.
    checkpoint_wanted: let the artist look for a file.
    next_wanted: another of the masks that fit.
    """

    model_chosen = Signal(str)
    checkpoint_wanted = Signal()
    next_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._at_work: AtWork | None = None
        self.model = QComboBox()
        self.model.setAccessibleName(self.tr("Who finds what you point at"))
        self.model.setToolTip(self.tr("Who finds what you point at"))
        self.model.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.model.activated.connect(self._choose)
        self.choice = QPushButton()
        self.choice.setToolTip(self.tr("Show another of the masks that fit (Tab)"))
        self.choice.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab belongs to the canvas
        self.choice.clicked.connect(self.next_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.model)
        row.addWidget(self.choice)
        self.show_models("", None, None)
        self.show_choice(0, 0)

    @property
    def hint(self) -> str:
        """What to do, as far as the one at work can."""
        if self._at_work is not None and not self._at_work.takes_clicks:
            return self.tr(
                "No photo model, so a click alone is not enough: drag a box. "
                "Shift and drag adds, Alt and drag takes away."
            )
        return self.tr("Click a thing or drag a box. Further clicks correct it, Alt: too much. Enter: done, Esc: drop.")

    def show_models(self, chosen: str, checkpoint: Path | None, at_work: AtWork | None) -> None:
        """List who may be asked, and say who is.

        Args:
            chosen: "" = the one that fits the picture, or an id or path.
            checkpoint: the artist's own.
            at_work: who answered last.
        """
        self._at_work = at_work
        self.choice.setVisible(at_work is None or at_work.hovers)
        automatic = self.tr("Automatic")
        if not chosen and at_work is not None:
            automatic = self.tr("Automatic: {}").format(_short(at_work.title))
        entries = [
            (automatic, "", self.tr("The one that fits the picture; for photos without a checkpoint that is GrabCut")),
            ("Studio SAM", BUNDLED, self.tr("Clicks and boxes; comes with the program and knows its toy scenes only")),
            ("GrabCut", GRABCUT, self.tr("Boxes and strokes on any picture; needs no model")),
        ]
        if checkpoint is not None:
            entries.append((checkpoint.stem, str(checkpoint), self.tr("Clicks and boxes on any picture")))
        entries.append((self.tr("Choose a checkpoint…"), _FILE, self.tr("A checkpoint of Segment Anything (.pth)")))
        self.model.clear()
        for place, (text, model, tip) in enumerate(entries):
            self.model.addItem(text, model)
            self.model.setItemData(place, tip, Qt.ItemDataRole.ToolTipRole)
        self._chosen = max(0, self.model.findData(chosen))
        self.model.setCurrentIndex(self._chosen)

    def _choose(self, place: int) -> None:
        model = self.model.itemData(place)
        if model == _FILE:
            self.model.setCurrentIndex(self._chosen)
            self.checkpoint_wanted.emit()
        else:
            self.model_chosen.emit(model)

    def show_choice(self, choice: int, choices: int) -> None:
        """Show which of the masks that fit is seen."""
        self.choice.setText(self.tr("Mask {} of {}").format(choice + 1, choices) if choices else self.tr("Mask"))
        self.choice.setEnabled(choices > 1)


def _short(title: str) -> str:
    """A segmenter's name without what is said of it in brackets."""
    return title.partition(" (")[0]
