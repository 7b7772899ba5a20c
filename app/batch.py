"""One recipe applied to many pictures: what fails is told and passed over, nothing that was there is replaced."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from app import headless
from app.failures import sentence_of
from app.rescaling import rescaled
from engine.errors import BadRecipe
from engine.request import EditRequest, EditResult, Step

FORMATS = ("ora", *(suffix.removeprefix(".") for suffix in headless.PICTURES))


@dataclass
class Summary:
    """What became of the pictures; `seconds` of all together."""

    written: list[Path] = field(default_factory=list)
    failed: dict[Path, str] = field(default_factory=dict)  # picture -> why
    total: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        """How many were done, then a line for each that was not."""
        left = self.total - len(self.written) - len(self.failed)
        head = f"{len(self.written)} of {self.total} pictures done in {self.seconds:.0f} s"
        head += f", {len(self.failed)} failed" if self.failed else ""
        head += f", {left} not begun" if left else ""
        return "\n".join([f"{head}.", *(f"  {picture}: {why}" for picture, why in self.failed.items())])


class Batch:
    """A recipe, and the folder into which its results go.

    Attributes:
        summary: of what was done so far, also where `run` was interrupted.
    """

    def __init__(self, recipe: Path, folder: Path, kind: str = "ora", carry: bool = False) -> None:
        """Read the recipe, make the folder and load the model, so that what is wrong with them is told once.

        Args:
            kind: one of FORMATS.
            carry: whether a PNG carries its recipe.

        Raises:
            BadRecipe, FileProblem, ModelMissing, ModelBroken: nothing can be done.
        """
        self._recipe, self._folder, self._kind, self._carry = recipe, folder, kind, carry
        self._edit = _own_edit(recipe)
        headless.make_folder(folder)
        self._bench = headless.Bench()
        if self._edit is not None:
            self._bench.backbone(self._edit.model)
        self.summary = Summary()

    def run(
        self, pictures: Sequence[Path], tell: Callable[[str], Callable[[Step], None]], say: Callable[[str], None]
    ) -> Iterator[Path]:
        """Apply the recipe to one picture after the other, and give each file when it is written.

        Args:
            tell: gives what is called after each step of an edit, from the name under which to tell it.
            say: takes a sentence about a picture.
        """
        start = time.monotonic()
        self.summary.total = len(pictures)
        for number, picture in enumerate(pictures, 1):
            name = f"{number} of {len(pictures)} · {picture.name}"
            try:
                result = self._bench.run(self._request(picture), tell(name))
                target, note = self._written(result, picture)
                for sentence in filter(None, (*result.notes, note)):
                    say(f"{name}: {sentence}")
            except Exception as error:  # whatever is wrong with one picture, the others shall be done
                self.summary.failed[picture] = sentence_of(error)[0]
                say(f"{name}: {self.summary.failed[picture]}")
            else:
                self.summary.written.append(target)
                yield target
            finally:
                self.summary.seconds = time.monotonic() - start

    def _request(self, picture: Path) -> EditRequest:
        if self._edit is None:
            return headless.read_recipe(self._recipe, picture)
        return rescaled(self._edit, headless.read_picture(picture))

    def _written(self, result: EditResult, picture: Path) -> tuple[Path, str]:
        """(the file, a sentence about what was left out of it)."""
        target, notes = free_name(self._folder, picture.stem, self._kind), list[str]()
        headless.write_result(result, target, picture.stem, carry=self._carry, say=notes.append)
        return target, " ".join(notes)


def free_name(folder: Path, stem: str, kind: str) -> Path:
    """“stem.kind” in the folder, or “stem-2.kind”, “stem-3.kind” and so on where that is taken."""
    names = (folder / f"{stem}{'' if number == 1 else f'-{number}'}.{kind}" for number in count(1))
    return next(name for name in names if not (name.exists() or name.is_symlink()))


def _own_edit(recipe: Path) -> EditRequest | None:
    """The recipe with its own picture; None where it has none, and so fits pictures of one size only."""
    try:
        return headless.read_recipe(recipe)
    except BadRecipe as error:
        if error.field == "arrays.image":
            return None
        raise
