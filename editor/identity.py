"""Which picture is which, when one has been written to the disk and read back."""

from __future__ import annotations


class Identity:
    """Stands for one picture and holds nothing of it; the same object before an undo step is spilled and after.

    Whoever remembers something about a picture keys it weakly by this: it lives as long as the picture, or as a spilled
    step that holds it.
    """

    __slots__ = ("__weakref__",)
