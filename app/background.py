"""Work that would hold up the window, done in worker threads; results come back to the window's thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

Result = TypeVar("Result")
THREADS = 2


class Background(QObject):
    """A small pool of worker threads.

    Args:
        threads: how many; one does what it is given in that order.

    Signals:
        busy_changed: what is being done, e.g. "Opening photo.jpg"; empty when all is done.
        failed: an error that nobody asked to handle.
    """

    busy_changed = Signal(str)
    failed = Signal(object)
    _returned = Signal(int, object, object)

    def __init__(self, parent: QObject | None = None, threads: int = THREADS) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="background")
        self._numbers = count()
        self._open: dict[int, tuple[str, Callable[[Any], None], Callable[[Exception], None]]] = {}
        self._returned.connect(self._finish, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        return bool(self._open)

    def run(
        self,
        what: str,
        work: Callable[[], Result],
        done: Callable[[Result], None],
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Call `work` in a worker thread, then `done` with its result (or `failed` with its error) in this one.

        Args:
            what: shown while it runs; empty shows nothing.
        """
        number = next(self._numbers)
        self._open[number] = (what, done, failed or self.failed.emit)
        self._tell()
        self._pool.submit(self._work, number, work)

    def shutdown(self) -> None:
        """Finish what was begun; results are no longer delivered."""
        self._pool.shutdown(wait=True)
        self._open.clear()

    def _work(self, number: int, work: Callable[[], Any]) -> None:
        try:
            self._returned.emit(number, work(), None)
        except Exception as error:  # any failure belongs to the one who asked
            self._returned.emit(number, None, error)

    @Slot(int, object, object)
    def _finish(self, number: int, result: Any, error: Exception | None) -> None:
        if number not in self._open:
            return
        _, done, failed = self._open.pop(number)
        self._tell()
        if error is None:
            done(result)
        else:
            failed(error)

    def _tell(self) -> None:
        self.busy_changed.emit(next((what for what, _, _ in self._open.values() if what), ""))
