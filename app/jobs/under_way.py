"""The edits that the engine has or will get, and whose they are. Knows neither Qt nor the engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from editor.document import Document, Snapshot
from editor.layers import LayerId


@dataclass(frozen=True, eq=False)
class Job:
    """An edit under way.

    Attributes:
        snapshot: the document as it was asked for.
        replaces: the result layer that is made again; None = a new one.
        live: a short run that the next one supersedes.
        group: the edits that were asked for together, to choose among their results; 0 = it is alone.
    """

    document: Document
    snapshot: Snapshot
    replaces: LayerId | None
    live: bool = False
    group: int = 0


class UnderWay:
    """Jobs by their number, oldest first."""

    def __init__(self) -> None:
        self._jobs: dict[int, Job] = {}
        self._groups = 0

    def __iter__(self) -> Iterator[int]:
        return iter(tuple(self._jobs))

    def __getitem__(self, number: int) -> Job:
        return self._jobs[number]

    def get(self, number: int) -> Job | None:
        """The job; None once it is over."""
        return self._jobs.get(number)

    def new_group(self) -> int:
        """A group that no job has yet."""
        self._groups += 1
        return self._groups

    def add(self, number: int, job: Job) -> None:
        self._jobs[number] = job

    def pop(self, number: int) -> Job | None:
        """Forget a job that is over."""
        return self._jobs.pop(number, None)

    def of(self, document: Document | None, *, live: bool | None = None) -> list[int]:
        """The jobs of a document.

        Args:
            live: only those that are, or are not; None = all.
        """
        return [
            number
            for number, job in self._jobs.items()
            if job.document is document and (live is None or job.live is live)
        ]

    def together(self, number: int) -> list[int]:
        """A job and what was asked for with it, the last first: ended in this order, none of them begins meanwhile."""
        group = self._jobs[number].group
        if not group:
            return [number]
        return [other for other, job in reversed(self._jobs.items()) if job.group == group]
