"""Edits without a window: list the methods, run a recipe, write what came out. Knows no Qt."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np

from app.jobs import bridge, engine_start, method_info, results
from app.jobs.queue import TimeLeft
from app.jobs.shelf import Shelf
from editor.errors import FileProblem
from editor.files import export_picture, open_pixels, recipe_in, save_document, to_srgb
from editor.files.export import on_white
from editor.tiles import Array
from engine.errors import BadRequest
from engine.recipe import load_recipe, recipe_bytes
from engine.request import EditRequest, EditResult, Step

if TYPE_CHECKING:
    from editor.document import Document
    from engine.backbone import Backbone

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")


def list_methods() -> list[method_info.MethodInfo]:
    """Every method; torch is imported only where a program file changed since the last start."""
    remembered = method_info.remembered_methods()
    if remembered is not None:
        return remembered
    return [method_info.describe(method) for method in engine_start.discover_methods().values()]


class Bench:
    """The engine on the calling thread; models are read once and kept."""

    def __init__(self) -> None:
        self._methods = engine_start.discover_methods()
        self._models = Shelf(engine_start.load_model)

    def backbone(self, model: str) -> Backbone:
        """The model by id or folder. Raises ModelMissing, ModelBroken."""
        return self._models.take(model)

    def run(self, request: EditRequest, tell: Callable[[Step], None]) -> EditResult:
        """Run an edit to its end; `tell` is called after each step. Raises EngineError."""
        from engine.methods import finish  # with torch, which the listing of methods does without

        method = self._methods.get(request.method)
        if method is None:
            raise BadRequest(f"There is no method “{request.method}” in this version of Pentimento.")
        request = replace(request, parameters=method_info.as_own(method, request.parameters))
        return finish(method.run(self.backbone(request.model), request), tell)


class Progress:
    """Steps and time left as one line that is written over where the stream is a terminal, else now and then a line."""

    def __init__(self, what: str, stream: TextIO | None = None) -> None:
        self._what, self._stream = what, sys.stderr if stream is None else stream
        self._clock = TimeLeft()
        self._told = -1.0

    def __call__(self, step: Step) -> None:
        """Tell how far the edit is."""
        left = self._clock.stepped(step.index, step.total, time.monotonic())
        text = f"{self._what}: {step.part + ', ' if step.part else ''}step {step.index} of {step.total}"
        if left is not None and step.index < step.total:
            text += f" · {left:.0f} s left"
        if self._stream.isatty():
            end = "\n" if step.index == step.total else ""
            self._stream.write(f"\r\x1b[K{text}{end}")
        elif step.index / step.total >= self._told + 0.1 or step.index == step.total:
            self._told = step.index / step.total
            self._stream.write(f"{text}\n")
        self._stream.flush()


def read_recipe(recipe: Path, picture: Path | None = None) -> EditRequest:
    """An edit from a recipe file, a bare recipe.json or a PNG that carries its recipe.

    Args:
        picture: to use instead of the recipe's own; strokes and mask must have its size.

    Raises:
        BadRecipe: with the field that is wrong.
        FileProblem: a file cannot be read.
    """
    known = {info.id: method_info.stand_in(info) for info in list_methods()}
    image = None if picture is None else read_picture(picture)
    carried = recipe_in(recipe) if recipe.suffix.lower() == ".png" else None
    return load_recipe(recipe if carried is None else carried, image=image, methods=known)


def read_picture(path: Path) -> Array:
    """A picture as an edit takes it: (H, W, 3) uint8 or uint16, sRGB, on white. Raises FileProblem."""
    opened = open_pixels(path)
    return on_white(to_srgb(opened.array, opened.profile))


def check_target(target: Path, kinds: tuple[str, ...] = (*PICTURES, ".ora", ".psd", ".psb")) -> None:
    """Refuse before the edit runs what could not be written after it. Raises FileProblem."""
    if target.suffix.lower() not in kinds:
        raise FileProblem(f"“{target.name}” does not say what to write. End the name in {', '.join(kinds)}.")
    if target.is_dir():
        raise FileProblem(f"“{target}” is a folder. Choose another name to write to.")
    check_folder(target.absolute().parent)


def make_folder(folder: Path) -> None:
    """Make a folder to write into, with those above it. Raises FileProblem where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileProblem(f"The folder “{folder}” cannot be made ({error.strerror}). Choose another place.") from error
    check_folder(folder)


def check_folder(folder: Path) -> None:
    """Raise FileProblem where nothing can be written into a folder."""
    if not folder.is_dir():
        raise FileProblem(f"There is no folder “{folder}”. Make it first, or write somewhere else.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FileProblem(f"Nothing can be written into “{folder}”. Choose another place.")


def write_result(
    result: EditResult,
    target: Path,
    title: str = "",
    *,
    carry: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Document:
    """Write photo, strokes and result: with all layers as .ora, .psd or .psb, else as one flat picture.

    A result that is only a mask becomes the selection of the .ora, else a grey picture.

    Args:
        carry: whether a PNG carries the recipe, from which `read_recipe` reads it again.
        say: takes a sentence about what was left out.

    Raises:
        FileProblem: it cannot be written; a file that was there stays.
    """
    if result.painted:
        document = bridge.document_of(result.recipe, title)
        results.apply_result(document, result)
    elif result.found is not None and target.suffix.lower() == ".ora":
        document = bridge.document_of(replace(result.recipe, mask=result.found.mask), title)
    elif result.found is not None:
        grey = np.repeat(result.found.mask[..., None], 3, axis=2)
        document = bridge.document_of(replace(result.recipe, image=grey, strokes=None, mask=None), title)
    else:
        raise BadRequest("The edit was stopped before anything was painted, so there is nothing to write.")
    if target.suffix.lower() == ".ora":
        save_document(document, target)
    else:
        recipe = recipe_bytes(result.recipe) if carry and target.suffix.lower() == ".png" else None
        note = export_picture(document.snapshot(), target, recipe=recipe)
        if note:
            say(note)
    return document
