"""The bottom line: what runs and how to stop it on the left, facts of the picture on the right."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QMenu, QProgressBar, QPushButton, QSizePolicy, QStatusBar, QToolButton, QWidget

from app.job_texts import progress_text
from app.jobs.queue import JobState
from app.widgets import caption

ZOOMS = (12.5, 25, 50, 100, 200, 400, 800)  # per cent


class StatusLine(QStatusBar):
    """Signals:
    zoom_wanted: a zoom, 1 = 100 %; 0 = fit.
    """

    zoom_wanted = Signal(float)

    def __init__(self, cancel: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusBar")
        self.setSizeGripEnabled(False)
        self.text = QLabel()
        self.text.setContentsMargins(8, 0, 0, 0)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.bar = QProgressBar(textVisible=False)
        self.bar.setFixedWidth(180)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.cancel = QPushButton(self.tr("Cancel  Esc"))
        self.cancel.setProperty("flat", "true")
        self.cancel.clicked.connect(cancel.trigger)
        self.position = caption("")
        self.facts = caption("")
        for label in (self.position, self.facts):
            label.setContentsMargins(8, 0, 8, 0)
        self.zoom = QToolButton()
        self.zoom.setAccessibleName(self.tr("Zoom"))
        self.zoom.setToolTip(self.tr("Zoom"))
        self.zoom.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.zoom.setMenu(self._zoom_menu())
        self.addWidget(self.text, 1)
        self.addWidget(self.bar)
        self.addWidget(self.cancel)
        for widget in (self.position, self.facts, self.zoom):
            self.addPermanentWidget(widget)
        self._hint = self._tool_hint = self._busy = self._aside = self._trouble = ""
        self._holds: Callable[[], bool] = lambda: True
        self._job: JobState | None = None
        self.show_job(None)
        self.show_picture("", None)

    def _zoom_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction(self.tr("Fit")).triggered.connect(lambda: self.zoom_wanted.emit(0.0))
        for percent in ZOOMS:
            action = menu.addAction(f"{percent:g} %")
            action.triggered.connect(lambda _=False, percent=percent: self.zoom_wanted.emit(percent / 100))
        return menu

    def show_job(self, state: JobState | None) -> None:
        """Show the running job, None for none."""
        self._job = state
        self._show()

    def show_busy(self, what: str) -> None:
        """Show what a worker thread does, empty for nothing."""
        self._busy = what
        self._show()

    def show_hint(self, hint: str, holds: Callable[[], bool] = lambda: True) -> None:
        """Show a hint while nothing else is to be said.

        Args:
            holds: whether what the hint is about is still there; asked whenever the line is shown anew.
        """
        self._hint, self._holds = hint, holds
        self._show()

    def show_aside(self, what: str) -> None:
        """Show what goes on without anybody having asked for it, while no hint is to be said."""
        self._aside = what
        self._show()

    def show_trouble(self, what: str) -> None:
        """Show what does not work, though the artist may go on, until it is empty."""
        self._trouble = what
        self._show()

    def show_tool_hint(self, hint: str) -> None:
        """Show what the tool in hand is for while there is not even a hint."""
        self._tool_hint = hint
        self._show()

    def _show(self) -> None:
        state = self._job
        if state is not None:
            self.text.setText(f"{state.title.split(' · ')[0]}: {progress_text(state)}")
            self.bar.setRange(0, state.total)
            self.bar.setValue(state.index)
        else:
            hint = self._hint if self._holds() else ""
            rest = hint or self._trouble or self._aside or self._tool_hint
            self.text.setText(f"{self._busy}…" if self._busy else rest)
            self.bar.setRange(0, 0)
        self.bar.setVisible(state is not None or bool(self._busy))
        self.cancel.setVisible(state is not None)

    def show_picture(self, facts: str, zoom: float | None, angle: float = 0.0) -> None:
        """Show size, depth and profile in words, and the view (zoom 1 = 100 %, angle in degrees)."""
        self.facts.setText(facts)
        self.zoom.setVisible(zoom is not None)
        if zoom is not None:
            turned = "" if round(angle) % 360 == 0 else f"  {round(angle)}°"
            self.zoom.setText(f"{zoom * 100:.0f} %{turned}" if zoom >= 0.1 else f"{zoom * 100:.1f} %{turned}")

    def show_position(self, at: tuple[int, int] | None) -> None:
        """Show where the pointer is, in canvas pixels."""
        self.position.setText("" if at is None else f"{at[0]}, {at[1]}")
