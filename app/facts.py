"""What is true of a document, for enabling actions and for the status line."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from editor.document import Document
from editor.layers import GroupLayer, ImageLayer


def what_is_there(document: Document | None) -> frozenset[str]:
    """The words of `ActionSpec.needs` that hold for a document."""
    if document is None:
        return frozenset()
    there = {"document"}
    layer = document[document.active] if document.active is not None else None
    if layer is not None:
        there.add("layer")
        there |= {"mask"} if layer.mask is not None else set()
        there |= {"group"} if isinstance(layer, GroupLayer) else set()
    if isinstance(layer, ImageLayer):
        there.add("image")
        there |= {"result"} if layer.recipe is not None else set()
    there |= {"selection"} if document.selection is not None else set()
    there |= {"placed"} if not document.placement.rests else set()
    there |= {"points"} if document.points else set()
    there |= {"box"} if document.box is not None else set()
    there |= {"in_hand"} if document.selection is not None or document.mask_in_hand is not None else set()
    there |= {"undo"} if document.history.can_undo else set()
    there |= {"redo"} if document.history.can_redo else set()
    return frozenset(there)


def picture_facts(document: Document) -> str:
    """ "1024 × 768   16 bit   Adobe RGB"."""
    width, height = document.size
    depth = "16 bit" if document.dtype == np.uint16 else "8 bit"
    return f"{width} × {height}   {depth}   {_profile_name(document.profile)}"


@lru_cache(8)
def _profile_name(profile: bytes | None) -> str:
    if profile is None:
        return "sRGB"
    from editor.files.colour import profile_title  # reads the ICC file: imported where a picture has one

    return profile_title(profile)
