"""Where the time of a run went."""

from __future__ import annotations

from time import perf_counter


class Clock:
    """Seconds of each part of a run, the caller's time between two steps left out."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self.seconds = seconds
        self.start()

    def start(self) -> None:
        """The caller is done."""
        self._since = perf_counter()

    def passed(self, part: str) -> None:
        """All since then went into this part."""
        now = perf_counter()
        self.seconds[part] = self.seconds.get(part, 0.0) + now - self._since
        self._since = now
