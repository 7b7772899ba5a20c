"""The jobs in their order, and how long the running one will still take. Knows neither Qt nor the engine."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import median

WAITING, LOADING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "loading", "running", "done", "failed", "cancelled"
_OVER = frozenset({DONE, FAILED, CANCELLED})
_KEPT = 30  # jobs that are over and still listed


@dataclass(frozen=True)
class JobState:
    """What is known of a job at one moment.

    Attributes:
        title: one line, e.g. "Paint with strokes · a red ball · seed 7".
        status: "waiting", "loading" (libraries, model), "running", "done", "failed" or "cancelled".
        index, total: network steps done and wanted; 0 of 0 before the first.
        seconds_left: None while it cannot be told.
        live: a short run that the next one supersedes.
        sentence: why it failed, for the artist.
        part: what the method is doing, e.g. "find"; "" where it does one thing only.
        pixels_left: how far a drag's handles are from their targets, on average; None for other edits.
    """

    id: int
    title: str
    status: str = WAITING
    index: int = 0
    total: int = 0
    seconds_left: float | None = None
    live: bool = False
    sentence: str = ""
    part: str = ""
    pixels_left: float | None = None

    @property
    def over(self) -> bool:
        return self.status in _OVER


class TimeLeft:
    """Seconds left of a run, from the time its steps took.

    The first step is left out: reading the prompt and the picture comes before it. A median over the last steps ignores
    single slow ones, and what is shown moves only part of the way to each new estimate.
    """

    def __init__(self) -> None:
        self._durations: deque[float] = deque(maxlen=8)
        self._last: float | None = None
        self._shown: float | None = None

    def stepped(self, index: int, total: int, now: float) -> float | None:
        """Note that step `index` of `total` was done at `now` (seconds of any clock).

        Returns:
            seconds left, None until the second step.
        """
        if self._last is None:
            self._last = now
            return None
        passed, self._last = now - self._last, now
        self._durations.append(passed)
        estimate = median(self._durations) * max(total - index, 0)
        expected = estimate if self._shown is None else max(self._shown - passed, 0.0)
        self._shown = expected + 0.4 * (estimate - expected) if index < total else 0.0
        return self._shown


class JobQueue:
    """First come, first served; at most one job is with the engine.

    A cancelled job is over at once for everybody who looks at it, but the engine stays `busy` until it let go of it.
    """

    def __init__(self) -> None:
        self._states: dict[int, JobState] = {}
        self._waiting: deque[int] = deque()
        self._next_id = 1
        self.busy: int | None = None  # the job the engine has in hand

    def __getitem__(self, job: int) -> JobState:
        return self._states[job]

    def __contains__(self, job: int) -> bool:
        return job in self._states

    def __iter__(self) -> Iterator[JobState]:
        """All jobs that are not forgotten, oldest first."""
        return iter(tuple(self._states.values()))

    def add(self, title: str, live: bool = False) -> int:
        """Put a new job at the end; returns its id."""
        job, self._next_id = self._next_id, self._next_id + 1
        self._states[job] = JobState(job, title, live=live)
        self._waiting.append(job)
        self._forget_oldest()
        return job

    def superseded(self) -> list[int]:
        """The live jobs that a new live job takes the place of."""
        return [state.id for state in self._states.values() if state.live and not state.over]

    def take(self) -> int | None:
        """The next waiting job, now with the engine; None while the engine is busy or nothing waits."""
        if self.busy is not None or not self._waiting:
            return None
        self.busy = self._waiting.popleft()
        self.change(self.busy, status=LOADING)
        return self.busy

    def release(self, job: int) -> None:
        """The engine let go of a job."""
        if self.busy == job:
            self.busy = None

    def change(self, job: int, **changes: object) -> JobState:
        """Set fields of a job's state; returns the new one."""
        self._states[job] = state = replace(self._states[job], **changes)  # type: ignore[arg-type]
        if state.over and job in self._waiting:
            self._waiting.remove(job)
        return state

    def unfinished(self) -> list[int]:
        """Ids of all jobs that wait or run, oldest first."""
        return [state.id for state in self._states.values() if not state.over]

    def _forget_oldest(self) -> None:
        over = [state.id for state in self._states.values() if state.over and state.id != self.busy]
        for job in over[: max(len(over) - _KEPT, 0)]:
            del self._states[job]
