"""The list of layers of an OpenRaster document (stack.xml), read with suspicion."""

from __future__ import annotations

from math import isfinite
from typing import cast
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from editor import limits
from editor.errors import FileProblem
from editor.files.archive import Archive
from editor.files.reading import broken, check_size

ENTRY = "stack.xml"
_LIMIT = 32 << 20  # bytes
_FRAME = 3  # elements around and in the innermost group: image, stack, layer


def read_stack(archive: Archive) -> tuple[tuple[int, int], Element, Element]:
    """((width, height) of the canvas, the element of the picture, the root stack in it).

    Raises:
        FileProblem: missing, damaged, with entities or other traps inside, or a canvas beyond the limits.
    """
    if ENTRY not in archive:
        raise FileProblem(f"“{archive.name}” has no list of layers ({ENTRY}) and cannot be opened.")
    data = archive.read(ENTRY, _LIMIT)
    try:
        root = cast(Element, fromstring(data, forbid_dtd=True))
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise FileProblem(f"The list of layers in “{archive.name}” is damaged or not safe to read.") from error
    stack = root.find("stack")
    if root.tag != "image" or stack is None or _deeper_than(root, limits.DEPTH + _FRAME):
        raise broken(archive.name)
    if sum(element.tag in ("layer", "stack") for element in stack.iter()) - 1 > limits.LAYERS:
        raise FileProblem(f"“{archive.name}” holds more than the {limits.LAYERS} layers that Pentimento opens.")
    width, height = whole(root.get("w")), whole(root.get("h"))
    check_size(archive.name, width, height)
    return (width, height), root, stack


def whole(text: str | None) -> int:
    """A whole number as other programs write it, "12" or "12.0"; 0 for anything else."""
    try:
        return int(float(text or "0"))
    except (ValueError, OverflowError):
        return 0


def opacity(text: str | None) -> float:
    """0..1; 1 for what is no number."""
    try:
        value = float(text if text is not None else "1")
    except ValueError:
        return 1.0
    return min(max(value, 0.0), 1.0) if isfinite(value) else 1.0


def _deeper_than(root: Element, limit: int) -> bool:
    level = [root]
    for _ in range(limit):
        level = [child for element in level for child in element]
        if not level:
            return False
    return True
