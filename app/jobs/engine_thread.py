"""The engine as the window sees it: edits go in, states, previews and results come out as signals."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, Qt, QThread, Signal, Slot

from app.jobs.bridge import PreparedEdit
from app.jobs.engine_start import Methods, discover_methods, import_loader, load_model, start_shared_threads
from app.jobs.method_info import MethodInfo, cached_methods
from app.jobs.placement import edit_title
from app.jobs.queue import CANCELLED, DONE, FAILED, LOADING, RUNNING, JobQueue, JobState, TimeLeft
from app.jobs.worker import Handles, Preview, Worker
from engine.points import Spots
from engine.request import EditRequest, EditResult, Found

if TYPE_CHECKING:
    from engine.backbone import Backbone

_SWITCH_INTERVAL = 0.001  # seconds until a busy Python thread lets the window's go on; Python's own are 0.005


class EngineThread(QObject):
    """Lives in the window's thread and owns the queue; a `Worker` in a thread of its own does the work.

    After `cancel` nothing of that job arrives any more, even if it was on its way already.

    Args:
        methods: gives the methods by id; called in the engine thread.
        load: reads a model by id or folder; called in the engine thread.
        warm: called there once the methods are known, so that the first `load` has less to do.
    """

    methods_found = Signal(object)  # list[MethodInfo]: the engine is ready
    engine_failed = Signal(str, str)  # sentence, details: it never will be
    job_changed = Signal(object)  # JobState
    preview = Signal(int, object)  # job, Preview
    located = Signal(int, object)  # job, Found: the mask that a running edit found by itself
    led = Signal(int, object)  # job, Spots: where the handles of a running drag are now
    finished = Signal(int, object)  # job, EditResult
    failed = Signal(int, str, str)  # job, sentence, details
    cancelled = Signal(int)
    queue_changed = Signal()  # a job came, went or began
    idle = Signal()  # the engine thread let go of the last job
    _begin = Signal(int, object, str, bool)
    _cancel = Signal(int)
    _stop = Signal(int)
    _retarget = Signal(int, object)
    _closing = Signal()  # other workers of the thread let go first
    _close = Signal()

    def __init__(
        self,
        methods: Callable[[], Methods] = discover_methods,
        load: Callable[[str], Backbone] = load_model,
        warm: Callable[[], None] = import_loader,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._methods = cached_methods()
        self._queue = JobQueue()
        self._edits: dict[int, PreparedEdit | EditRequest] = {}
        self._time_left = TimeLeft()
        self._thread = QThread()
        self._thread.setObjectName("engine")
        self._worker = Worker(methods, load, warm)
        self._connect(self._worker)
        self._started = self._ended = False

    @property
    def methods(self) -> list[MethodInfo]:
        """What is known of the methods now: the cached list until `methods_found`."""
        return self._methods

    @property
    def jobs(self) -> list[JobState]:
        """Waiting, running and lately finished jobs, oldest first."""
        return list(self._queue)

    @property
    def busy(self) -> bool:
        """Whether any job waits or is with the engine."""
        return self._queue.busy is not None or bool(self._queue.unfinished())

    def start(self) -> None:
        """Start the thread, which begins by importing the engine; `submit` does it where nobody did."""
        if self._started:
            return
        self._started = True
        start_shared_threads()
        sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_INTERVAL))
        self._worker.moveToThread(self._thread)
        self._thread.started.connect(self._worker.prepare)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.shutdown)
        self._thread.start(QThread.Priority.LowPriority)  # Linux ignores this; the worker lowers itself there

    def take_in(self, worker: QObject, close: Callable[[], None]) -> None:
        """Let another worker live in the engine thread: its slots are called between the steps of the edits.

        Args:
            close: a slot of it, called there before the thread ends.
        """
        worker.moveToThread(self._thread)
        self._closing.connect(close, Qt.ConnectionType.QueuedConnection)

    def ready(self, request: EditRequest) -> tuple[Backbone, EditRequest]:
        """For workers that were taken in, in the engine thread: see `Worker.ready`."""
        return self._worker.ready(request)

    def submit(self, edit: PreparedEdit | EditRequest, *, live: bool = False) -> int:
        """Put an edit at the end of the queue.

        Args:
            edit: a request, or one that is still to be built from a snapshot (in the engine thread).
            live: takes the place of the live job before it, running or waiting.

        Returns:
            the job's id, which all signals carry.
        """
        if self._ended:
            raise RuntimeError("the engine thread was shut down")
        self.start()
        for superseded in self._queue.superseded() if live else ():
            self.cancel(superseded)
        job = self._queue.add(self._title_of(edit), live)
        self._edits[job] = edit
        self.queue_changed.emit()
        self.job_changed.emit(self._queue[job])
        self._begin_next()
        return job

    def cancel(self, job: int) -> None:
        """End a job without a result, whether it waits or runs; unknown and finished jobs are left alone."""
        if job not in self._queue or self._queue[job].over:
            return
        self._edits.pop(job, None)
        if self._queue.busy == job:
            self._cancel.emit(job)
        self.job_changed.emit(self._queue.change(job, status=CANCELLED, seconds_left=None))
        self.cancelled.emit(job)
        self.queue_changed.emit()

    def cancel_all(self) -> None:
        """Cancel every job, the waiting ones first so that none of them begins."""
        for job in reversed(self._queue.unfinished()):
            self.cancel(job)

    def stop(self, job: int) -> None:
        """Finish a running job with what there is; a waiting one has nothing and is cancelled."""
        if job not in self._queue or self._queue[job].over:
            return
        if self._queue.busy == job:
            self._stop.emit(job)
        else:
            self.cancel(job)

    def retarget(self, job: int, targets: Spots) -> None:
        """Lead the handles of a running drag elsewhere, from where they are; any other job takes no notice."""
        if self._queue.busy == job and self._wanted(job):
            self._retarget.emit(job, targets)

    @Slot()
    def shutdown(self) -> None:
        """Cancel everything and wait until the thread has ended: at most one network step, or the engine's import."""
        if self._ended:
            return
        self._ended = True
        self.cancel_all()
        if self._started:
            self._closing.emit()
            self._close.emit()
            self._thread.wait()

    def _connect(self, worker: Worker) -> None:
        queued = Qt.ConnectionType.QueuedConnection
        for wish, slot in (
            (self._begin, worker.begin),
            (self._cancel, worker.cancel),
            (self._stop, worker.stop),
            (self._retarget, worker.retarget),
            (self._close, worker.close),
            (worker.methods_found, self._on_methods),
            (worker.engine_failed, self.engine_failed),
            (worker.running, self._on_running),
            (worker.stepped, self._on_step),
            (worker.located, self._on_located),
            (worker.finished, self._on_finished),
            (worker.failed, self._on_failed),
            (worker.released, self._on_released),
        ):
            wish.connect(slot, queued)

    def _title_of(self, edit: PreparedEdit | EditRequest) -> str:
        if isinstance(edit, PreparedEdit):
            return edit.title
        title = next((info.title for info in self._methods if info.id == edit.method), edit.method)
        return edit_title(title, edit.prompt, edit.seed)

    def _begin_next(self) -> None:
        job = self._queue.take()
        if job is None:
            return
        self._time_left = TimeLeft()
        state = self._queue[job]
        self._begin.emit(job, self._edits.pop(job), state.title, not state.live)
        self.job_changed.emit(state)
        self.queue_changed.emit()

    def _wanted(self, job: int) -> bool:
        """Whether news of a job are still of interest (they may have been under way when it was cancelled)."""
        return job in self._queue and not self._queue[job].over

    @Slot(object)
    def _on_methods(self, found: list[MethodInfo]) -> None:
        self._methods = found
        self.methods_found.emit(found)

    @Slot(int)
    def _on_running(self, job: int) -> None:
        if self._wanted(job) and self._queue[job].status == LOADING:
            self.job_changed.emit(self._queue.change(job, status=RUNNING))

    @Slot(int, int, int, str, float, object, object)
    def _on_step(
        self, job: int, index: int, total: int, part: str, now: float, preview: Preview | None, handles: Handles | None
    ) -> None:
        if not self._wanted(job):
            return
        left = self._time_left.stepped(index, total, now)
        news = {"status": RUNNING, "index": index, "total": total, "part": part, "seconds_left": left}
        news["pixels_left"] = handles.left if handles is not None else None
        self.job_changed.emit(self._queue.change(job, **news))
        if handles is not None:
            self.led.emit(job, handles.marks)
        if preview is not None:
            self.preview.emit(job, preview)

    @Slot(int, object)
    def _on_located(self, job: int, found: Found) -> None:
        if self._wanted(job):
            self.located.emit(job, found)

    @Slot(int, object)
    def _on_finished(self, job: int, result: EditResult) -> None:
        if self._wanted(job):
            self.job_changed.emit(self._queue.change(job, status=DONE, seconds_left=None))
            self.finished.emit(job, result)

    @Slot(int, str, str)
    def _on_failed(self, job: int, sentence: str, details: str) -> None:
        if self._wanted(job):
            self.job_changed.emit(self._queue.change(job, status=FAILED, seconds_left=None, sentence=sentence))
            self.failed.emit(job, sentence, details)

    @Slot(int)
    def _on_released(self, job: int) -> None:
        self._queue.release(job)
        self.queue_changed.emit()
        self._begin_next()
        if not self.busy:
            self.idle.emit()
