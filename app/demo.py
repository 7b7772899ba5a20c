"""`python main.py demo`: every method on a sample, as pictures, one document and a report. Needs no display."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from app.demo_edits import DemoEdit, edits_for
from app.headless import Bench, Progress, list_methods, make_folder
from app.jobs import bridge, results
from app.jobs.method_info import MethodInfo
from editor.composite import composite
from editor.document import Document
from editor.files import atomic_write, export_picture, open_pixels, save_document, to_srgb
from editor.files.export import on_white
from editor.tiles import UINT8, Array, converted
from engine.errors import BadRequest
from engine.exemplars import Framing, framed
from engine.masking import dilate
from engine.place import hole_of
from engine.request import EditRequest, EditResult

_NOTICEABLE = 8  # of 255: a pixel that differs by more in some channel counts as changed
_LARGEST_TILE, _GAP, _TEXT = 512, 8, 22  # px
_PAPER, _INK = (244, 243, 240), (40, 40, 44)

Picture = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Shown:
    """One edit of the demo, done.

    Attributes:
        request: with the mask that the method found by itself, where it did.
        before: (H, W, 3) what the document showed, strokes included, sRGB.
        after: (H, W, 3) the exported flat document.
        seconds: of the edit alone, model already loaded.
    """

    request: EditRequest
    result: EditResult
    document: Document
    before: Array
    after: Array
    seconds: float


def run_demo(out: Path, methods: Sequence[str], say: Callable[[str], None]) -> dict[str, Any]:
    """Run the methods' demo edits and write ID.png for each, demo.ora and report.json into `out`.

    A method that is shown by several edits has their seconds and steps added up; outside the mask every one of them
    must be identical, and `changed_fraction` is that of the edit that changed least.

    Returns:
        the report as it was written.

    Raises:
        EngineError: an edit failed. FileProblem: something cannot be written.
    """
    make_folder(out)
    bench, known = Bench(), {info.id: info for info in list_methods()}
    entries: dict[str, Any] = {}
    done: list[Shown] = []
    for method in methods:
        edits = edits_for(known[method])
        if not edits:
            say(f"{known[method].title}: there is no sample for it yet, left out.")
            continue
        shown = [_show(bench, edit, known[method]) for edit in edits]
        picture = out / f"{method}.png"
        _write_png(sheet(shown), picture)
        entries[method] = _entry(shown, picture)
        done += shown
        say(f"{known[method].title}: {picture}")
    if not done:
        raise BadRequest("None of these methods has a sample, so there is nothing to show.")
    save_document(done[-1].document, out / "demo.ora")
    model = done[-1].request.model
    report = {"model": model, "device": str(bench.backbone(model).device), "methods": entries}
    with atomic_write(out / "report.json") as part:
        part.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return report


def _show(bench: Bench, edit: DemoEdit, info: MethodInfo) -> Shown:
    """Run one edit the way the window does and export what became of the document."""
    document = edit.document
    words = (edit.prompt, edit.negative_prompt, edit.seed)
    request = bridge.request_from(
        document,
        edit.method,
        edit.parameters,
        *words,
        reference_prompt=edit.reference_prompt,
        exemplar=edit.exemplar,
    )
    before = on_white(to_srgb(composite(document.snapshot()), document.profile))
    bench.backbone(request.model)
    start = time.perf_counter()
    result = bench.run(request, Progress(info.title))
    seconds = time.perf_counter() - start
    results.apply_result(document, result)
    recipe = result.recipe if result.found is None else replace(result.recipe, mask=result.found.mask)
    return Shown(recipe, result, document, before, _exported(document), seconds)


def _exported(document: Document) -> Array:
    """The flat document as another program would read it, sRGB (H, W, 3)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flat.png"
        export_picture(document.snapshot(), path)
        opened = open_pixels(path)
    return on_white(to_srgb(opened.array, opened.profile))


def _entry(shown: Sequence[Shown], picture: Path) -> dict[str, Any]:
    identical = [same for each in shown if (same := outside_identical(each)) is not None]
    return {
        "seconds": round(sum(each.seconds for each in shown), 3),
        "steps": sum(each.result.steps for each in shown),
        "outside_mask_identical": all(identical) if identical else None,
        "changed_fraction": round(min(changed_fraction(each) for each in shown), 4),
        "picture": picture.name,
    }


def outside_identical(shown: Shown) -> bool | None:
    """Whether no pixel changed outside of what may change; None for an edit without a mask.

    That is dilate(mask, grow + feather); for a drag, which also changes where the thing goes, its layer's soft mask.
    """
    mask = _place(shown.request)
    if mask is None:
        return None
    parameters = shown.request.parameters
    if shown.request.points is not None:
        outside = np.ones(mask.shape, bool)
        (x, y), (height, width) = shown.result.origin, shown.result.alpha.shape
        outside[y : y + height, x : x + width] = shown.result.alpha == 0
    else:
        outside = dilate(mask, getattr(parameters, "grow", 0) + getattr(parameters, "feather", 0)) == 0
    return bool(np.array_equal(shown.after[outside], shown.before[outside]))


def changed_fraction(shown: Shown) -> float:
    """The part of the pixels inside the mask (of all without one) that noticeably differ from the photo."""
    image = _eight_bit(shown.request.image).astype(np.int16)
    changed = np.abs(_eight_bit(shown.after) - image).max(axis=2) > _NOTICEABLE
    place = _place(shown.request)
    inside = changed if place is None else changed[place > 0]
    return float(inside.mean()) if inside.size else 0.0


def sheet(shown: Sequence[Shown]) -> Picture:
    """One row per edit: before, input marks, after, with a line of words below."""
    rows = []
    for each in shown:
        tiles = [_before(each.request), marked(each.request), _eight_bit(each.after)]
        wordless = "After" if each.request.exemplar is not None else "After, without words"
        after = f"After: {each.request.prompt}" if each.request.prompt else wordless
        marks = "Found by the words" if each.result.found is not None else _marks_title(each.request)
        before = "Before" if each.request.exemplar is None else "The example"
        named = zip(tiles, (before, marks, after), strict=True)
        rows.append(_beside([_tile(tile, title) for tile, title in named]))
    width = max(row.shape[1] for row in rows)
    padded = [cv2.copyMakeBorder(row, 0, 0, 0, width - row.shape[1], cv2.BORDER_CONSTANT, value=_PAPER) for row in rows]
    return np.concatenate(padded).astype(np.uint8)


def _before(request: EditRequest) -> Picture:
    """What is shown first: the picture, or the example that is to be brought into it."""
    if request.exemplar is None:
        return _eight_bit(request.image)
    height, width = request.image.shape[:2]
    shown = framed(request.exemplar, Framing())
    side = min(height, width)
    square = cv2.resize(shown, (side, side), interpolation=cv2.INTER_AREA)
    down, across = (height - side) // 2, (width - side) // 2
    edges = down, height - side - down, across, width - side - across
    return np.asarray(cv2.copyMakeBorder(square, *edges, cv2.BORDER_CONSTANT, value=_PAPER), np.uint8)


def _place(request: EditRequest) -> NDArray[np.uint8] | None:
    """(H, W), what may change; None = everything."""
    if request.box is None:
        return request.mask
    return hole_of(request.image.shape, request.box, request.mask)


def marked(request: EditRequest) -> Picture:
    """The picture with the strokes on it, dimmed outside the mask, whose edge is drawn; drag points as arrows."""
    picture = _eight_bit(request.image).astype(np.float32)
    if request.strokes is not None:
        strokes = _eight_bit(request.strokes).astype(np.float32)
        alpha = strokes[..., 3:] / np.float32(255)
        picture = strokes[..., :3] * alpha + picture * (1 - alpha)
    out = np.asarray(np.rint(picture), np.uint8)
    place = _place(request)
    if place is not None:
        share = place[..., None].astype(np.float32) / 255
        out = np.asarray(np.rint(out * (0.45 + 0.55 * share)), np.uint8)
        edges, _ = cv2.findContours((place > 127).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        for colour, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            cv2.drawContours(out, edges, -1, colour, thickness)
    for handle, target in () if request.points is None else np.rint(request.points).astype(int).tolist():
        for colour, thickness in (((0, 0, 0), 5), ((255, 255, 255), 2)):
            cv2.arrowedLine(out, handle, target, colour, thickness, cv2.LINE_AA, tipLength=0.15)
    return out


def _eight_bit(pixels: Array) -> Picture:
    return np.asarray(converted(pixels, UINT8), np.uint8)


def _marks_title(request: EditRequest) -> str:
    inputs = (("strokes", request.strokes), ("mask", request.mask), ("points", request.points), ("box", request.box))
    marks = [name for name, given in inputs if given is not None]
    return ("Input: " + " and ".join(marks)) if marks else "Input: words"


def _tile(picture: Picture, title: str) -> Picture:
    """The picture, not larger than needed, with a border and its title below."""
    scale = min(1.0, _LARGEST_TILE / max(picture.shape[:2]))
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    if scale < 1:
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    tile = Image.new("RGB", (size[0] + _GAP, size[1] + _GAP + _TEXT), _PAPER)
    tile.paste(Image.fromarray(picture), (_GAP // 2, _GAP // 2))
    font = ImageFont.load_default(12)
    if font.getlength(title) > size[0]:
        fits = [length for length in range(len(title)) if font.getlength(title[:length] + "…") <= size[0]]
        title = title[: max(fits, default=0)] + "…"
    ImageDraw.Draw(tile).text((_GAP // 2, size[1] + _GAP), title, _INK, font=font)
    return np.asarray(tile)


def _beside(tiles: Sequence[Picture]) -> Picture:
    return np.concatenate(tiles, axis=1)


def _write_png(picture: Picture, path: Path) -> None:
    with atomic_write(path) as part:
        Image.fromarray(picture).save(part, "PNG")
