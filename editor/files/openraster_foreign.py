"""What another program's .ora holds that OpenRaster's baseline does not name: found, so that it can be kept."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from editor.files import sidecar
from editor.files.archive import Archive
from editor.files.reading import broken
from editor.foreign import Attributes, Foreign

LIMIT = 64 << 20  # bytes of all entries together
MYPAINT_EOTF = "{http://mypaint.org/ns/openraster}eotf"  # how MyPaint 2 blends; ours to say, see the writer
_OWN = f"{{{sidecar.NAMESPACE}}}"
_IMAGE = {"version", "w", "h", MYPAINT_EOTF}
_LAYER = {
    "name", "src", "x", "y", "opacity", "visibility", "composite-op", "edit-locked", "selected", "isolation",
}  # fmt: skip
_ENTRIES = {"mimetype", "stack.xml", "mergedimage.png"}
_FOLDERS = ("Thumbnails/", "pentimento/")


def of_layer(element: Element) -> Attributes:
    """The attributes of a layer or group that are not read otherwise."""
    return _unknown(element, _LAYER)


def of_document(root: Element, archive: Archive) -> tuple[Foreign, bool]:
    """(the attributes of the picture and the entries that no layer names, whether any was too large to be kept)."""
    known = _ENTRIES | {element.get("src", "") for element in root.iter("layer") if _is_picture(element)}
    entries, left, complete = [], LIMIT, True
    for name, size in archive.sizes().items():
        if name in known or name.startswith(_FOLDERS) or name.endswith("/"):
            continue
        if size > left:
            complete = False
            continue
        content = archive.read(name, left)
        left -= len(content)
        if len(content) != size:
            raise broken(archive.name)
        entries.append((name, content))
    return Foreign(_unknown(root, _IMAGE), tuple(entries)), complete


def _is_picture(element: Element) -> bool:
    return element.get("src", "").lower().endswith(".png")


def _unknown(element: Element, known: set[str]) -> Attributes:
    return tuple(
        (name, value) for name, value in element.attrib.items() if name not in known and not name.startswith(_OWN)
    )
