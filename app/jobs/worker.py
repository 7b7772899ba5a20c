"""The object that lives in the engine thread: one step of one edit per event, so that everything else gets through."""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QRect, Qt, Signal, Slot
from PySide6.QtGui import QImage

from app.jobs import method_info
from app.jobs.bridge import PreparedEdit
from app.jobs.engine_start import Methods, preload_libraries
from app.jobs.found_masks import mask_of
from app.jobs.placement import pack
from app.jobs.shelf import Shelf
from editor.errors import DocumentError
from engine.errors import BadRequest, EngineError
from engine.points import Retarget, Spots, spots_of
from engine.request import Control, EditRequest, EditResult, Method, Sent, Step

if TYPE_CHECKING:
    from engine.backbone import Backbone

NICENESS = 10  # engine threads give way to the window and to other programs
Stages = Generator[Step | None, Sent, EditResult]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Preview:
    """What an edit looks like after a step.

    Attributes:
        image: RGBA, straight alpha, with memory of its own; smaller than `area`, stretch it.
        area: what it covers, in image pixels.
    """

    image: QImage
    area: QRect


@dataclass(frozen=True)
class Handles:
    """Where a drag has come to.

    Attributes:
        marks: where the handles are now, image pixels.
        left: mean distance to their targets, image pixels; None where the method does not say.
    """

    marks: Spots
    left: float | None


def preview_of(step: Step) -> Preview | None:
    """The step's preview as an image that Qt owns; None where the step has none."""
    if step.preview is None:
        return None
    height, width = step.preview.shape[:2]
    image = QImage(width, height, QImage.Format.Format_RGBA8888)
    rows = np.frombuffer(image.bits(), np.uint8).reshape(height, image.bytesPerLine())
    pixels = rows[:, : 4 * width].reshape(height, width, 4)
    pixels[..., :3] = step.preview
    pixels[..., 3] = 255 if step.preview_alpha is None else step.preview_alpha
    return Preview(image, QRect(*step.area))


def handles_of(step: Step) -> Handles | None:
    """Where a drag has come to; None for a step of another kind."""
    return None if step.marks is None else Handles(spots_of(step.marks), step.left)


def lower_priority() -> None:
    """Make the calling thread give way; threads that it starts (torch's workers) inherit that on Linux."""
    if sys.platform.startswith("linux"):
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, min(os.getpriority(os.PRIO_PROCESS, thread) + NICENESS, 19))


def sentence_for(error: Exception, title: str) -> str:
    """What to tell the artist about an error in an edit."""
    if isinstance(error, EngineError | DocumentError):
        return str(error)
    out_of_memory = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    if out_of_memory or (isinstance(error, RuntimeError) and re.search("out of memory|t allocate memory", str(error))):
        return f"“{title}” did not fit into memory. Select a smaller area or close other programs, then run it again."
    return f"“{title}” stopped because of an unexpected problem ({type(error).__name__}). The picture was not changed."


class Worker(QObject):
    """Runs one edit at a time on the thread it was moved to. All slots are called through queued signals.

    Models are read once and kept, see `Shelf`.
    """

    methods_found = Signal(object)  # list[MethodInfo]
    engine_failed = Signal(str, str)  # sentence, details
    running = Signal(int)  # everything is loaded, the first step begins
    # job, index, total, part, time.monotonic(), Preview | None, Handles | None
    stepped = Signal(int, int, int, str, float, object, object)
    located = Signal(int, object)  # job, Found: where the edit will change the picture; once
    finished = Signal(int, object)  # job, EditResult
    failed = Signal(int, str, str)  # job, sentence, details (empty for a BadRequest of a live job)
    released = Signal(int)  # nothing of the job is left in this thread
    _next_event = Signal()
    _discover_event = Signal()
    _warm_event = Signal()

    def __init__(
        self, methods: Callable[[], Methods], load: Callable[[str], Backbone], warm: Callable[[], None]
    ) -> None:
        super().__init__()
        self._discover, self._warm = methods, warm
        self._methods: Methods | None = None
        self._models = Shelf(load)
        self._job: int | None = None
        self._title = ""
        self._keep = True
        self._stages: Stages | None = None
        self._between_steps = self._located = False
        self._sent: Sent = None  # for the method, with its next step
        self._next_event.connect(self._advance, Qt.ConnectionType.QueuedConnection)
        self._discover_event.connect(self._announce, Qt.ConnectionType.QueuedConnection)
        self._warm_event.connect(self._warm_up, Qt.ConnectionType.QueuedConnection)

    @Slot()
    def prepare(self) -> None:
        """Begin the slow part of the program's start; in two events, between which the window may be closed."""
        lower_priority()
        preload_libraries()
        self._discover_event.emit()

    @Slot()
    def _announce(self) -> None:
        try:
            found = [method_info.describe(method) for method in self._known_methods().values()]
        except Exception as error:
            _log.exception("The engine cannot be started")
            details = traceback.format_exc()
            self.engine_failed.emit(f"The engine cannot be started: {error}. Reinstall Pentimento.", details)
            return
        self.methods_found.emit(found)
        self._warm_event.emit()

    @Slot()
    def _warm_up(self) -> None:
        """Import what reads models, so that the first edit need not."""
        try:
            self._warm()
        except Exception:
            _log.exception("The part that reads models cannot be imported")  # the first edit will say it

    @Slot(int, object, str, bool)
    def begin(self, job: int, edit: PreparedEdit | EditRequest, title: str, keep: bool) -> None:
        """Take up a job; `keep` = the result will become a layer, so its recipe is written here already."""
        self._job, self._title, self._sent, self._between_steps = job, title, None, False
        self._keep, self._located = keep, False
        self._stages = self._work(job, edit, keep)
        self._next_event.emit()

    @Slot(int)
    def cancel(self, job: int) -> None:
        """Let go of a job without a result."""
        if job == self._job:
            self._release()

    @Slot(int)
    def stop(self, job: int) -> None:
        """Ask the method to finish with what there is, at its next step."""
        if job == self._job:
            self._sent = Control.STOP

    @Slot(int, object)
    def retarget(self, job: int, targets: Spots) -> None:
        """Tell a drag to lead its handles elsewhere, at its next step; not one that was told to stop."""
        if job == self._job and self._sent is not Control.STOP:
            self._sent = Retarget(targets)

    @Slot()
    def close(self) -> None:
        """Let go of everything and end the thread."""
        if self._job is not None:
            self._release()
        self._models.clear()
        self.thread().quit()

    @Slot()
    def _advance(self) -> None:
        """One step of the job in hand."""
        if self._stages is None or self._job is None:
            return  # cancelled after this event was posted
        sent = self._sent if self._between_steps else None
        if sent is not None:
            self._sent = None
        try:
            done = self._step(self._job, self._stages, sent)
        except Exception as error:
            self._fail(error)
        else:
            if done:
                self._release()
            else:
                self._next_event.emit()

    def _step(self, job: int, stages: Stages, sent: Sent) -> bool:
        """Go on to the next pause and report it; True = that was the end. Raises whatever goes wrong in either."""
        try:
            step = stages.send(sent)
        except StopIteration as end:
            self.finished.emit(job, end.value)
            return True
        self._between_steps = step is not None
        if step is not None:
            if step.found is not None and not self._located:
                self._located = True
                mask_of(step.found)
                self.located.emit(job, step.found)
            now, shown = time.monotonic(), preview_of(step)
            self.stepped.emit(job, step.index, step.total, step.part, now, shown, handles_of(step))
        return False

    def _work(self, job: int, edit: PreparedEdit | EditRequest, keep: bool) -> Stages:
        """The whole job; it pauses after each part, and after each step of the method."""
        request = edit if isinstance(edit, EditRequest) else edit.build()
        yield None
        method, request = self._own(request)
        yield None
        backbone = self._models.take(request.model)
        yield None
        self.running.emit(job)
        result = yield from method.run(backbone, request)
        yield None
        if result.found is not None:
            mask_of(result.found)  # here, not in the window's thread
        if keep and not isinstance(edit, EditRequest) and not edit.one_of_several:
            pack(result, edit.snapshot)
        return result

    def ready(self, request: EditRequest) -> tuple[Backbone, EditRequest]:
        """A request's network and the request with its method's own parameters; to be called in this very thread.

        Raises:
            EngineError: there is no such method or model.
        """
        _, request = self._own(request)
        return self._models.take(request.model), request

    def _own(self, request: EditRequest) -> tuple[Method, EditRequest]:
        """The request's method, and the request with that method's own parameters."""
        method = self._known_methods().get(request.method)
        if method is None:
            raise BadRequest(f"There is no method “{request.method}” in this version of Pentimento.")
        return method, replace(request, parameters=method_info.as_own(method, request.parameters))

    def _known_methods(self) -> Methods:
        if self._methods is None:
            self._methods = self._discover()
        return self._methods

    def _fail(self, error: Exception) -> None:
        job = self._job
        details = "".join(traceback.format_exception(error))
        refused = isinstance(error, EngineError | DocumentError)
        _log.log(logging.INFO if refused else logging.ERROR, "%s\n%s", self._title, details)
        traceback.clear_frames(error.__traceback__)  # they hold the arrays that may have filled the memory
        hint = isinstance(error, BadRequest) and not self._keep  # nobody asked for this run by hand
        self.failed.emit(job, sentence_for(error, self._title), "" if hint else details)
        self._release()

    def _release(self) -> None:
        """Close the generator on this very thread and report that nothing of the job is left."""
        job, stages = self._job, self._stages
        self._job = self._stages = self._sent = None
        if stages is not None:
            try:
                stages.close()
            except Exception:
                _log.exception("%s did not end cleanly", self._title)
        if job is not None:
            self.released.emit(job)
