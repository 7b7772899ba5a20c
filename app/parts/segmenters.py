"""Who finds what the artist points at: the one that was chosen, or the one that fits the picture."""

from __future__ import annotations

from pathlib import Path

from app.jobs.segments import BUNDLED, GRABCUT
from app.settings import Settings

AUTOMATIC = ""
STUDIO_SIDE = 512  # pixels: up to this size a picture may be one of the world that the bundled network knows


class Segmenters:
    """The artist's choice, remembered."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def chosen(self) -> str:
        """The artist's choice: an id or path; "" = as it fits the picture."""
        return self._settings.segmenter

    @chosen.setter
    def chosen(self, model: str) -> None:
        self._settings.segmenter = model

    @property
    def checkpoint(self) -> Path | None:
        """The checkpoint that the artist chose last."""
        return self._settings.checkpoint

    @checkpoint.setter
    def checkpoint(self, path: Path) -> None:
        self._settings.checkpoint = path

    def model_for(self, size: tuple[int, int]) -> str:
        """Who answers about a picture of (width, height).

        The chosen one; else the artist's checkpoint; else the bundled network for what it may know, or GrabCut.
        """
        if self.chosen != AUTOMATIC:
            return self.chosen
        if self.checkpoint is not None:
            return str(self.checkpoint)
        return BUNDLED if max(size) <= STUDIO_SIDE else GRABCUT
