"""The View menu: how the current picture and the window are looked at."""

from __future__ import annotations

from collections.abc import Callable
from math import log2

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QMainWindow

from app.canvas.view import CanvasView
from app.settings import Settings
from app.theme import apply_theme

STOPS_PER_OCTAVE = 2  # zoom steps that double the size
TURN = 15.0  # degrees


class ViewPart(QObject):
    """Args:
    current: the canvas that is looked at, None on the start page.
    show_bar: shows or hides the floating bar.
    """

    def __init__(
        self,
        current: Callable[[], CanvasView | None],
        show_bar: Callable[[bool], None],
        settings: Settings,
        window: QMainWindow,
    ) -> None:
        super().__init__(window)
        self._current, self._show_bar, self._settings, self._window = current, show_bar, settings, window

    def zoom_in(self) -> None:
        self._step(1)

    def zoom_out(self) -> None:
        self._step(-1)

    def _step(self, direction: int) -> None:
        """Go to the next round zoom, so that 100 % is always passed."""
        view = self._current()
        if view is not None:
            stop = log2(view.zoom) * STOPS_PER_OCTAVE
            nearest = round(stop)
            wanted = nearest + direction if abs(stop - nearest) < 0.1 else (int(stop // 1) + (direction > 0))
            view.zoom_to(2.0 ** (wanted / STOPS_PER_OCTAVE))

    def set_zoom(self, zoom: float) -> None:
        """Set the zoom, 1 = 100 %; 0 = fit."""
        view = self._current()
        if view is not None:
            if zoom:
                view.zoom_to(zoom)
            else:
                view.fit()

    def fit(self) -> None:
        self.set_zoom(0)

    def actual_size(self) -> None:
        self.set_zoom(1)

    def rotate_left(self) -> None:
        self._turn(-TURN)

    def rotate_right(self) -> None:
        self._turn(TURN)

    def _turn(self, degrees: float) -> None:
        view = self._current()
        if view is not None:
            view.rotate_by(degrees)

    def reset_rotation(self) -> None:
        view = self._current()
        if view is not None:
            view.reset_rotation()

    def full_screen(self, on: bool) -> None:
        """Fill the screen, or become a window again."""
        state = self._window.windowState()
        full = Qt.WindowState.WindowFullScreen
        self._window.setWindowState(state | full if on else state & ~full)

    def show_before(self, shown: bool) -> None:
        """Leave the results of edits out, to compare."""
        view = self._current()
        if view is not None:
            view.show_before = shown

    def show_floating_bar(self, shown: bool) -> None:
        self._show_bar(shown)

    def set_theme(self, name: str) -> None:
        """Dress the program in another theme, now and at the next start."""
        self._settings.theme = name
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, name)
