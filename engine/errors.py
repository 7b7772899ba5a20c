"""What can go wrong with an edit; str(error) is shown to the artist as it is."""

from __future__ import annotations


class EngineError(Exception):
    """Base of every error of the engine package: one clear sentence and what to do next."""


class BadRequest(EngineError):
    """The request cannot be run as it stands (empty mask, no strokes, sizes that do not match)."""


class BadRecipe(EngineError):
    """A recipe could not be read. `field` names the entry that is wrong, as a dotted path."""

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        super().__init__(f"This recipe cannot be used: “{field}” {problem}.")


class ModelMissing(EngineError):
    """No usable weights for what was asked."""


class ModelBroken(EngineError):
    """Weights are there but cannot be read."""


class OutOfMemory(EngineError):
    """The edit did not fit into memory."""
