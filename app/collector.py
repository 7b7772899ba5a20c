"""Garbage is collected in the window's thread only.

Python collects in whatever thread happens to allocate; a Qt object that lies in a reference cycle would then be
destroyed in the engine thread, which Qt does not allow (timers and children belong to the thread that made them).
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

INTERVAL = 500  # ms between looks; a look costs microseconds where nothing is due


class Collector(QObject):
    """Switches automatic collection off while `parent` lives, and looks from a timer whether a generation is due."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        parent.destroyed.connect(lambda: gc.enable())
        self._timer = QTimer(self, interval=INTERVAL)
        self._timer.timeout.connect(self.collect_due)
        self._timer.start()

    def collect_due(self) -> int:
        """Collect the oldest generation whose count is over Python's own threshold; -1 where none is, else which."""
        counts, limits = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > limits[generation] > 0:
                gc.collect(generation)
                return generation
        return -1
