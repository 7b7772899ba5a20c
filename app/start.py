"""The start page: four cards, each a gesture to try at once, and the ways to begin with an own picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.theme import RESOURCES, picture
from app.widgets import caption

CONTEXT = "Start"
CARD = QSize(204, 218)
ART = QSize(186, 99)
GAP = 12
MARGIN = 16
RECENT_SHOWN = 5


@dataclass(frozen=True)
class Card:
    """One gesture.

    Attributes:
        methods: ids of the methods that can do it; the first one found is used.
    """

    id: str
    title: str
    text: str
    methods: tuple[str, ...]


CARDS = (
    Card("strokes", str(QT_TRANSLATE_NOOP("Start", "Strokes")),
         str(QT_TRANSLATE_NOOP("Start", "Paint rough colour over a picture and see it become real.")), ("sdedit",)),
    Card("words", str(QT_TRANSLATE_NOOP("Start", "Words")),
         str(QT_TRANSLATE_NOOP("Start", "Say what it is and what it should be; the place is found by itself.")),
         ("diffedit",)),
    Card("points", str(QT_TRANSLATE_NOOP("Start", "Points")),
         str(QT_TRANSLATE_NOOP("Start", "Grab a part, drag it, and let the picture follow.")),
         ("warp_drag", "fast_drag", "drag_diffusion")),
    Card("example", str(QT_TRANSLATE_NOOP("Start", "Example")),
         str(QT_TRANSLATE_NOOP("Start", "Draw a box, drop a picture in, and it appears there in the right light.")),
         ("paint_by_example",)),
)  # fmt: skip


def method_for(card: Card, known: Iterable[str]) -> str | None:
    """The first method of the card that is known."""
    known = set(known)
    return next((method for method in card.methods if method in known), None)


class CardButton(QPushButton):
    """A card to click: a picture, a title and a sentence."""

    def __init__(self, card: Card, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("startCard")
        self.card = card
        self.setFixedSize(CARD)
        title = QCoreApplication.translate(CONTEXT, card.title)
        text = QCoreApplication.translate(CONTEXT, card.text)
        self.setAccessibleName(f"{title}: {text}")
        self._art = QLabel()
        self._text = caption(text)
        self._text.setWordWrap(True)
        self._reason = caption("")
        self._reason.setObjectName("reason")
        self._reason.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 10)
        column.setSpacing(4)
        for label in (self._art, caption(title, "heading"), self._text, self._reason):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            column.addWidget(label)
            if label is self._art:
                column.addSpacing(6)
        column.addStretch(1)
        self.set_available(True)

    def set_available(self, available: bool) -> None:
        """Grey the card out, and say why, where its method is missing."""
        self.setEnabled(available)
        self._text.setVisible(available)
        reason = self.tr("Comes with a later version: the method is not installed yet.")
        self._reason.setText("" if available else reason)
        self._reason.setVisible(not available)
        self.setAccessibleDescription("" if available else reason)
        self._art.setPixmap(_card_art(self.card, self.devicePixelRatioF(), available))


def _card_art(card: Card, ratio: float, available: bool) -> QPixmap:
    """The card's drawing with rounded corners, pale where the card cannot be used."""
    drawn = picture(f"card_{card.id}", ART, ratio=ratio)
    rounded = QPixmap(ART * ratio)
    rounded.setDevicePixelRatio(ratio)
    rounded.fill(Qt.GlobalColor.transparent)
    with QPainter(rounded) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if available else 0.3)
        outline = QPainterPath()
        outline.addRoundedRect(0, 0, ART.width(), ART.height(), 6, 6)
        painter.setClipPath(outline)
        painter.drawPixmap(0, 0, drawn)
    return rounded


class StartPage(QScrollArea):
    """What is shown while no picture is open.

    Signals:
        card_chosen: a `Card`.
        open_wanted, new_wanted: the artist's own picture.
        recent_chosen: a path.
    """

    card_chosen = Signal(object)
    open_wanted = Signal()
    new_wanted = Signal()
    recent_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        page = QWidget()
        page.setObjectName("startPage")
        self.setWidget(page)
        self.cards = {card.id: CardButton(card) for card in CARDS}
        body = QWidget()
        body.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(body)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.setSpacing(8)
        self._build_head(column)
        self._build_cards(column)
        self._build_own(column)
        outer = QVBoxLayout(page)
        outer.addWidget(body, 0, Qt.AlignmentFlag.AlignCenter)

    def _build_head(self, column: QVBoxLayout) -> None:
        sign = QLabel()
        sign.setPixmap(picture("pentimento", QSize(48, 48), ratio=self.devicePixelRatioF()))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(caption("Pentimento", "title"))
        words.addWidget(caption(self.tr("Paint over a photo and have it become real, on your own computer.")))
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(sign)
        head.addLayout(words, 1)
        column.addLayout(head)
        column.addSpacing(16)

    def _build_cards(self, column: QVBoxLayout) -> None:
        column.addWidget(caption(self.tr("Try it: each opens a sample where Run shows at once what it does")))
        self._grid = QGridLayout()
        self._grid.setSpacing(GAP)
        for button in self.cards.values():
            button.clicked.connect(lambda _=False, card=button.card: self.card_chosen.emit(card))
        self._place_cards()
        column.addLayout(self._grid)
        column.addSpacing(16)

    def _place_cards(self) -> None:
        """Four in a row, or two where the window is narrow."""
        columns = 4 if self.width() >= 4 * (CARD.width() + GAP) + 2 * MARGIN else 2
        for place, button in enumerate(self.cards.values()):
            self._grid.addWidget(button, place // columns, place % columns)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_cards()

    def _build_own(self, column: QVBoxLayout) -> None:
        self.open = QPushButton(self.tr("Open a picture…"))
        self.open.setProperty("main", "true")
        self.open.clicked.connect(self.open_wanted)
        self.new = QPushButton(self.tr("New canvas…"))
        self.new.clicked.connect(self.new_wanted)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.open)
        row.addWidget(self.new)
        row.addWidget(caption(self.tr("or drop a picture anywhere in this window")))
        row.addStretch(1)
        column.addLayout(row)
        self._recent_title = caption(self.tr("Recent"), "heading")
        self._recent = QVBoxLayout()
        self._recent.setSpacing(4)
        column.addSpacing(12)
        column.addWidget(self._recent_title)
        column.addLayout(self._recent)
        self.show_recent([])

    def show_methods(self, known: Sequence[str]) -> None:
        """Grey out the cards that no known method serves."""
        for button in self.cards.values():
            button.set_available(method_for(button.card, known) is not None)

    def show_recent(self, paths: Sequence[Path]) -> None:
        """List files opened lately."""
        while (item := self._recent.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for path in paths[:RECENT_SHOWN]:
            button = QPushButton(f"{path.name}   —   {path.parent}")
            button.setProperty("link", "true")
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.clicked.connect(lambda _=False, path=path: self.recent_chosen.emit(path))
            self._recent.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        self._recent_title.setVisible(bool(paths))


def app_icon_path() -> Path:
    """The drawing that stands for the program."""
    return RESOURCES / "icons" / "pentimento.svg"
