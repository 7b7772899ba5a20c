"""The pictures of running jobs on one canvas: which lie over the document, and what is repainted when one comes."""

from __future__ import annotations

from collections.abc import Iterable

from app.canvas.preview import COMPARED, Preview


class Previews:
    """One picture a job, the oldest lowest.

    Attributes:
        hidden: no picture is seen: the document is compared with what it was.
    """

    def __init__(self) -> None:
        self.hidden = False
        self._of_jobs: dict[int, Preview] = {}

    def __contains__(self, job: int) -> bool:
        return job in self._of_jobs

    def clear(self) -> None:
        self._of_jobs.clear()

    def put(self, job: int, preview: Preview) -> list[Preview]:
        """Show this of a job from now on.

        Returns:
            those whose places are to be repainted.
        """
        old = self._of_jobs.get(job)
        self._of_jobs[job] = preview
        return self._touched(job, (preview,) if old is None else (old, preview))

    def take(self, job: int) -> list[Preview]:
        """Show nothing of a job any more.

        Returns:
            those whose places are to be repainted; none where nothing was shown.
        """
        old = self._of_jobs.pop(job, None)
        return [] if old is None else self._touched(job, (old,))

    def _touched(self, job: int, previews: Iterable[Preview]) -> list[Preview]:
        """A job's own; and all others where what is compared came or went."""
        return [*previews, *(self._of_jobs.values() if job == COMPARED else ())]

    @property
    def pictures(self) -> list[Preview]:
        """What is painted over the document, lowest first."""
        if self.hidden:
            return []
        compared = self._of_jobs.get(COMPARED)
        pictures = self._of_jobs.values() if compared is None else (compared,)
        return [preview for preview in pictures if not preview.image.isNull()]

    @property
    def rings(self) -> list[Preview]:
        """What is painted over all else: the progress of jobs that have no picture yet."""
        waiting = () if COMPARED in self._of_jobs else self._of_jobs.values()
        return [preview for preview in waiting if preview.image.isNull()]

    @property
    def cover(self) -> bool:
        """Whether the picture of a running edit lies over the document; before its first one only progress is shown."""
        return bool(self.pictures)
