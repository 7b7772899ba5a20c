"""Learns in the engine thread what a picture's things look like, while nothing else is to be done there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot

from app.jobs.bridge import PreparedEdit
from engine.request import EditRequest

if TYPE_CHECKING:
    from engine.backbone import Backbone

Ready = Callable[[EditRequest], "tuple[Backbone, EditRequest]"]
Lessons = Generator[tuple[int, int] | None, None, None]
_log = logging.getLogger(__name__)


class Learner(QObject):
    """One training step per posted event, and none while it has to wait; all slots are called through queued signals.

    What was learnt stays with the model, whoever learns or uses it: an edit that comes meanwhile goes on from there.

    Args:
        ready: gives a request's network and the request as its method wants it; called in the engine thread.
    """

    stepped = Signal(int, int, int)  # number, steps learnt, steps wanted
    ended = Signal(int)  # number: all is learnt, or it cannot be
    _next_event = Signal()

    def __init__(self, ready: Ready) -> None:
        super().__init__()
        self._ready = ready
        self._number = 0
        self._lessons: Lessons | None = None
        self._waits = self._posted = False
        self._next_event.connect(self._advance, Qt.ConnectionType.QueuedConnection)

    @Slot(int, object)
    def begin(self, number: int, edit: PreparedEdit) -> None:
        """Learn the looks of an edit's picture; what was being learnt is left as it is."""
        self.stop()
        self._number, self._lessons = number, self._work(edit)
        self._post()

    @Slot()
    def stop(self) -> None:
        """Learn no more."""
        lessons, self._lessons = self._lessons, None
        if lessons is not None:
            lessons.close()

    @Slot(bool)
    def wait(self, on: bool) -> None:
        """Let edits go first."""
        self._waits = on
        self._post()

    def _post(self) -> None:
        if self._lessons is not None and not self._waits and not self._posted:
            self._posted = True
            self._next_event.emit()

    @Slot()
    def _advance(self) -> None:
        self._posted = False
        lessons = self._lessons
        if lessons is None or self._waits:
            return
        try:
            done = next(lessons)
        except StopIteration:
            self._end()
        except Exception as error:  # nobody asked for it: the edit that would have used it will say what is wrong
            _log.info("The looks of a picture cannot be learnt ahead: %s", error)
            self._end()
        else:
            if done is not None:
                self.stepped.emit(self._number, *done)
            self._post()

    def _end(self) -> None:
        self._lessons = None
        self.ended.emit(self._number)

    def _work(self, edit: PreparedEdit) -> Lessons:
        request = edit.build()
        yield None
        backbone, request = self._ready(request)
        yield None
        from engine.identity import training  # with torch

        for lesson in training(backbone, request):
            yield lesson.done, lesson.total
