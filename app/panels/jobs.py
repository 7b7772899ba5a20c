"""The Jobs panel: what waits, runs and is done, each with its progress and a way to cancel it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.job_texts import progress_text
from app.jobs.queue import JobState
from app.widgets import ElidedLabel, caption, icon_button

KEPT = 20  # finished jobs that stay listed


class JobRow(QFrame):
    """One job."""

    cancel_wanted = Signal(int)

    def __init__(self, state: JobState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("jobRow")
        self.state = state
        self.title = ElidedLabel()
        self.status = caption("")
        self.status.setWordWrap(True)
        self.bar = QProgressBar(textVisible=False)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.cancel = icon_button("close", self.tr("Cancel this job"))
        self.cancel.clicked.connect(lambda: self.cancel_wanted.emit(self.state.id))
        text = QVBoxLayout()
        text.setSpacing(2)
        for widget in (self.title, self.status, self.bar):
            text.addWidget(widget)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(8)
        row.addLayout(text, 1)
        row.addWidget(self.cancel, 0, Qt.AlignmentFlag.AlignTop)
        self.show_state(state)

    def show_state(self, state: JobState) -> None:
        """Show how far the job is."""
        self.state = state
        self.title.show_text(state.title)
        self.status.setText(progress_text(state))
        self.bar.setRange(0, state.total if state.status == "running" else 0)
        self.bar.setValue(state.index)
        self.bar.setVisible(state.status in ("loading", "running"))
        self.cancel.setVisible(not state.over)


class JobsPanel(QWidget):
    """All jobs, newest first.

    Signals:
        cancel_wanted: the id of a job.
    """

    cancel_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: dict[int, JobRow] = {}
        self._empty = caption(self.tr("Nothing is running. Jobs appear here when you press Run."))
        self._empty.setWordWrap(True)
        self._empty.setContentsMargins(8, 8, 8, 8)
        self.clear = QPushButton(self.tr("Clear finished"))
        self.clear.setProperty("flat", "true")
        self.clear.clicked.connect(self.clear_finished)
        page = QWidget()
        page.setObjectName("page")
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self._empty)
        self._column.addStretch(1)
        area = QScrollArea(widgetResizable=True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 4)
        outer.setSpacing(0)
        outer.addWidget(area, 1)
        outer.addWidget(self.clear, 0, Qt.AlignmentFlag.AlignRight)
        self._tidy()

    def show_job(self, state: JobState) -> None:
        """Add a job or show its new state; short live runs are listed only while they run."""
        if state.live and state.over:
            self._drop(state.id)
        elif state.id in self.rows:
            self.rows[state.id].show_state(state)
        else:
            row = JobRow(state)
            row.cancel_wanted.connect(self.cancel_wanted)
            self.rows[state.id] = row
            self._column.insertWidget(0, row)
        self._tidy()

    def clear_finished(self) -> None:
        """Take the jobs that are over off the list."""
        for job in [job for job, row in self.rows.items() if row.state.over]:
            self._drop(job)
        self._tidy()

    def _tidy(self) -> None:
        over = sorted(job for job, row in self.rows.items() if row.state.over)
        for job in over[:-KEPT]:
            self._drop(job)
        self._empty.setVisible(not self.rows)
        self.clear.setVisible(bool(over))

    def _drop(self, job: int) -> None:
        row = self.rows.pop(job, None)
        if row is not None:
            self._column.removeWidget(row)
            row.deleteLater()
