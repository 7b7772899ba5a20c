"""Everything that changes a document and can be undone: one small class per change."""

from editor.commands.base import Command, Sequence, need_image, need_unlocked
from editor.commands.box import SetBox
from editor.commands.canvas import Crop, ResizeCanvas
from editor.commands.merging import Flatten, MergeDown
from editor.commands.pixels import MoveLayer, ReplaceMask, ReplacePixels, SetSelection, SwapTiles
from editor.commands.placement import SetPlacement
from editor.commands.points import SetPoints
from editor.commands.properties import (
    Rename,
    SetAlphaLocked,
    SetBlend,
    SetLocked,
    SetMaskEnabled,
    SetOpacity,
    SetProperty,
    SetRecipe,
    SetVisible,
)
from editor.commands.structure import (
    AddLayer,
    AddResult,
    DuplicateLayer,
    GroupLayers,
    RemoveLayer,
    ReorderLayer,
    ReplaceResult,
    Ungroup,
)

__all__ = [
    "AddLayer",
    "AddResult",
    "Command",
    "Crop",
    "DuplicateLayer",
    "Flatten",
    "GroupLayers",
    "MergeDown",
    "MoveLayer",
    "RemoveLayer",
    "Rename",
    "ReorderLayer",
    "ReplaceMask",
    "ReplacePixels",
    "ReplaceResult",
    "ResizeCanvas",
    "Sequence",
    "SetAlphaLocked",
    "SetBlend",
    "SetBox",
    "SetLocked",
    "SetMaskEnabled",
    "SetOpacity",
    "SetPlacement",
    "SetPoints",
    "SetProperty",
    "SetRecipe",
    "SetSelection",
    "SetVisible",
    "SwapTiles",
    "Ungroup",
    "need_image",
    "need_unlocked",
]
