"""A recipe on disk: an edit that can be run again, here or elsewhere. Imports no torch.

A recipe is a zip of `recipe.json` and one PNG per array; the same files beside each other in a folder serve, too::

    {"format": "pentimento-recipe", "version": 2, "method": "sdedit", "parameters": {…}, "prompt": "…",
     "negative_prompt": "", "seed": 7, "model": "studio", "stop_after": null, "canvas": [512, 512],
     "arrays": {"image": "image.png", "strokes": "strokes.png", "mask": "mask.png"}}

Version 2 added "reference_prompt", version 3 drag points ("points": [[[x, y], [x, y]], …], handle then target, and
"legs": [{"targets": [[x, y], …], "steps": 20}, …]) and the array "exemplar", a picture of its own size, version 4 the
"box" in which a thing shall stand, [x, y, width, height]. A recipe is written as the lowest version that holds it,
which older programs read.

Everything in it may come from a stranger: sizes are checked before anything is unpacked, and every refusal names the
field that is wrong.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine import exemplars
from engine.errors import BadRecipe
from engine.png import png_bytes, png_pixels, png_size
from engine.recipe_places import box_of, legs_of, points_of
from engine.request import EditRequest, Method, is_text

FORMAT = "pentimento-recipe"
VERSION = 4
ENTRY = "recipe.json"
LARGEST_CANVAS = 400_000_000  # pixels; what a document may have, so that every result's recipe can be read again

_LARGEST_JSON = 4 * 2**20
_LARGEST_FILE = 2**29  # bytes, of an array whose canvas is not recorded
_DATE = (2026, 1, 1, 0, 0, 0)  # the same edit gives the same bytes
_CHANNELS = {"image": 3, "strokes": 4, "mask": 1, "exemplar": 4}
_TYPES: dict[str, tuple[type, ...]] = {
    "format": (str,),
    "version": (int,),
    "method": (str,),
    "parameters": (dict,),
    "prompt": (str,),
    "negative_prompt": (str,),
    "reference_prompt": (str,),
    "seed": (int,),
    "model": (str,),
    "stop_after": (int, type(None)),
    "points": (list,),
    "legs": (list,),
    "box": (list,),
    "canvas": (list,),
    "arrays": (dict,),
}
_NEEDED = ("format", "version", "method")

Read = Callable[[str, str, int], bytes]
"""(field, file name, most bytes) -> the file's bytes."""


def recipe_bytes(request: EditRequest) -> bytes:
    """The recipe of an edit as the bytes of a zip; equal edits give equal bytes."""
    height, width = request.image.shape[:2]
    arrays = {name: getattr(request, name) for name in _CHANNELS if getattr(request, name) is not None}
    plain = {
        "format": FORMAT,
        "version": _version(request),
        "method": request.method,
        "parameters": asdict(request.parameters),
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        **({"reference_prompt": request.reference_prompt} if request.reference_prompt else {}),
        "seed": request.seed,
        "model": request.model,
        "stop_after": request.stop_after,
        **({"points": request.points.tolist()} if request.points is not None else {}),
        **({"legs": [asdict(leg) for leg in request.legs]} if request.legs else {}),
        **({"box": request.box} if request.box is not None else {}),
        "canvas": [width, height],
        "arrays": {name: f"{name}.png" for name in arrays},
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        text = json.dumps(plain, indent=2, ensure_ascii=False) + "\n"
        archive.writestr(zipfile.ZipInfo(ENTRY, _DATE), text.encode(), zipfile.ZIP_DEFLATED)
        for name, array in arrays.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.png", _DATE), png_bytes(array), zipfile.ZIP_STORED)
    return buffer.getvalue()


def _version(request: EditRequest) -> int:
    """The lowest that has words for everything in it."""
    if request.box is not None:
        return 4
    if request.points is not None or request.legs or request.exemplar is not None:
        return 3
    return 2 if request.reference_prompt else 1


def save_recipe(request: EditRequest, target: Path | str | BinaryIO) -> None:
    """Write the recipe of an edit into a file. Raises OSError where that is not possible."""
    if isinstance(target, str | Path):
        Path(target).write_bytes(recipe_bytes(request))
    else:
        target.write(recipe_bytes(request))


def load_recipe(
    source: Path | str | bytes,
    image: NDArray[np.uint8] | NDArray[np.uint16] | None = None,
    methods: Mapping[str, Method] | None = None,
) -> EditRequest:
    """Read a recipe.

    Args:
        source: a recipe file, a bare `recipe.json` with its arrays beside it, a folder that holds one, or the bytes of
            a recipe file.
        image: (H, W, 3), used instead of the recipe's own picture.
        methods: the methods that are known; None looks them up, which imports torch.

    Raises:
        BadRecipe: it cannot be read; the error names the field that is wrong.
    """
    if isinstance(source, bytes):
        return _from_zip(io.BytesIO(source), image, methods)
    path = Path(source)
    path = path / ENTRY if path.is_dir() else path
    try:
        with path.open("rb") as file:
            if zipfile.is_zipfile(file):
                return _from_zip(file, image, methods)
    except OSError as error:
        raise BadRecipe(path.name, f"cannot be read ({error.strerror or error})") from error
    return _build(_file_reader(path.parent), path.name, image, methods)


def _from_zip(file: BinaryIO, image: NDArray[Any] | None, methods: Mapping[str, Method] | None) -> EditRequest:
    try:
        archive = zipfile.ZipFile(file)
    except Exception as error:  # the standard library stumbles over damage in many ways
        raise BadRecipe("recipe", "is not a recipe file, or it is damaged") from error
    with archive:
        return _build(_zip_reader(archive), ENTRY, image, methods)


def _build(read: Read, entry: str, image: NDArray[Any] | None, methods: Mapping[str, Method] | None) -> EditRequest:
    """The request that the plain values and arrays describe."""
    plain = _plain(read("recipe", entry, _LARGEST_JSON))
    if methods is None:
        from engine.methods import discover

        methods = discover()
    if plain["method"] not in methods:
        raise BadRecipe("method", f"is {plain['method']!r}; known are {', '.join(methods)}")
    parameters = methods[plain["method"]].parameters.from_json(plain.get("parameters", {}))
    canvas = _canvas(plain.get("canvas"))
    wanted = {name: file for name, file in _files(plain).items() if name != "image" or image is None}
    arrays = {name: _array(read, name, file, canvas) for name, file in wanted.items()}
    picture = arrays.get("image") if image is None else image
    if picture is None:
        raise BadRecipe("arrays.image", "is missing, and no picture was given instead")
    for name in ("strokes", "mask"):
        if name in arrays:
            arrays[name] = _fitting(name, arrays[name], picture)
    return EditRequest(
        method=plain["method"],
        image=picture,
        parameters=parameters,
        prompt=plain.get("prompt", ""),
        negative_prompt=plain.get("negative_prompt", ""),
        seed=plain.get("seed", 0),
        model=plain.get("model", methods[plain["method"]].model),
        strokes=arrays.get("strokes"),
        mask=arrays.get("mask"),
        stop_after=plain.get("stop_after"),
        reference_prompt=plain.get("reference_prompt", ""),
        points=points_of(plain),
        legs=legs_of(plain),
        exemplar=arrays.get("exemplar"),
        box=box_of(plain),
    )


def _plain(data: bytes) -> dict[str, Any]:
    """The checked values of recipe.json."""
    try:
        plain = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadRecipe("recipe", "is not a recipe: its recipe.json is not JSON") from error
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        raise BadRecipe("format", f"must be “{FORMAT}”")
    version = plain.get("version")
    if type(version) is int and version > VERSION:
        raise BadRecipe("version", f"is {version}, made by a newer Pentimento; this one reads up to {VERSION}")
    for name, value in plain.items():
        if name not in _TYPES:
            raise BadRecipe(_shown(name), f"is unknown; known are {', '.join(_TYPES)}")
        if type(value) not in _TYPES[name]:
            kinds = " or ".join("null" if kind is type(None) else kind.__name__ for kind in _TYPES[name])
            raise BadRecipe(name, f"must be {kinds}, not {type(value).__name__}")
        if isinstance(value, str) and not is_text(value):
            raise BadRecipe(name, "holds characters that are not text")
    for name in _NEEDED:
        if name not in plain:
            raise BadRecipe(name, "is missing")
    if plain["version"] < 1:
        raise BadRecipe("version", f"must be 1 to {VERSION}, not {plain['version']}")
    if not 0 <= plain.get("seed", 0) < 2**63:
        raise BadRecipe("seed", f"must lie between 0 and {2**63 - 1}")
    if plain.get("stop_after") is not None and plain["stop_after"] < 1:
        raise BadRecipe("stop_after", "must be at least 1, or null")
    return plain


def _canvas(value: list[Any] | None) -> tuple[int, int] | None:
    """(width, height), None where the recipe does not say."""
    if value is None:
        return None
    if len(value) != 2 or any(type(side) is not int or side < 1 for side in value):
        raise BadRecipe("canvas", "must be two whole numbers, width and height")
    if value[0] * value[1] > LARGEST_CANVAS:
        raise BadRecipe("canvas", f"is {value[0]} × {value[1]}, which is too large")
    return value[0], value[1]


def _files(plain: dict[str, Any]) -> dict[str, str]:
    """The file of each array; plain names only, so that a recipe reads nothing but its own files."""
    files: dict[str, str] = {}
    for name, file in plain.get("arrays", {}).items():
        if name not in _CHANNELS:
            raise BadRecipe(f"arrays.{_shown(name)}", f"is unknown; known are {', '.join(_CHANNELS)}")
        if not isinstance(file, str) or not _is_plain_name(file):
            raise BadRecipe(f"arrays.{name}", "must be the name of a file beside the recipe")
        files[name] = file
    return files


def _is_plain_name(file: str) -> bool:
    if any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in file) or not is_text(file):
        return False
    return PurePosixPath(file).name == file and "\\" not in file and ":" not in file


def _shown(name: str) -> str:
    """A stranger's field name as it can be printed."""
    return name if is_text(name) else ascii(name)


def _array(read: Read, name: str, file: str, canvas: tuple[int, int] | None) -> NDArray[Any]:
    """One PNG as an array; its size is checked before it is decoded."""
    field = f"arrays.{name}"
    most = _LARGEST_FILE if canvas is None else 9 * canvas[0] * canvas[1] + 2**20
    if name == "exemplar":  # it has a size of its own, and a limit
        canvas, most = None, 9 * exemplars.MOST_PIXELS + 2**20
    data = read(field, file, most)
    size = png_size(data)
    if size is None:
        raise BadRecipe(field, f"is no PNG picture: “{file}”")
    if size[0] * size[1] > LARGEST_CANVAS or (name == "exemplar" and not exemplars.fits(*size)):
        raise BadRecipe(field, f"is {size[0]} × {size[1]} pixels, which is too large")
    if canvas is not None and size != canvas:
        raise BadRecipe(field, f"is {size[0]} × {size[1]} pixels, but the canvas is {canvas[0]} × {canvas[1]}")
    array = png_pixels(data, _CHANNELS[name])
    if array is None:
        raise BadRecipe(field, f"is damaged or has the wrong channels: “{file}”")
    if name == "mask" and array.dtype != np.uint8:
        raise BadRecipe(field, "must have 8 bits per pixel")
    return array


def _fitting(name: str, array: NDArray[Any], picture: NDArray[Any]) -> NDArray[Any]:
    """Strokes or mask, at the picture's depth; refused where the size differs."""
    if array.shape[:2] != picture.shape[:2]:
        sizes = [f"{shape[1]} × {shape[0]}" for shape in (array.shape, picture.shape)]
        raise BadRecipe(f"arrays.{name}", f"is {sizes[0]} pixels, but the picture is {sizes[1]}")
    if name == "mask" or array.dtype == picture.dtype:
        return array
    return array.astype(np.uint16) * 257 if picture.dtype == np.uint16 else ((array + 128) // 257).astype(np.uint8)


def _zip_reader(archive: zipfile.ZipFile) -> Read:
    def read(field: str, file: str, most: int) -> bytes:
        try:
            info = archive.getinfo(file)
        except KeyError:
            raise BadRecipe(field, f"is missing: there is no “{file}” in the recipe") from None
        if info.flag_bits & 0x1:
            raise BadRecipe(field, "is encrypted")
        try:
            with archive.open(info) as stream:
                # The size in the directory may lie: count what really comes out.
                data = stream.read(min(info.file_size, most) + 1)
        except Exception as error:
            raise BadRecipe(field, f"is damaged: “{file}”") from error
        if len(data) > most or info.file_size > most:
            raise BadRecipe(field, f"is too large to be true: “{file}”")
        return data

    return read


def _file_reader(folder: Path) -> Read:
    def read(field: str, file: str, most: int) -> bytes:
        path = folder / file
        try:
            with path.open("rb") as stream:
                data = stream.read(most + 1)
        except OSError as error:
            raise BadRecipe(field, f"cannot be read: “{file}” ({error.strerror or error})") from error
        if len(data) > most:
            raise BadRecipe(field, f"is too large to be true: “{file}”")
        return data

    return read
