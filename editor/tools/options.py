"""What the artist set for the tools; shared by all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from editor.masks import Combine
from editor.strokes import Brush

Colour = tuple[float, float, float, float]


@dataclass(frozen=True)
class Settings:
    """Values of the tool options.

    Attributes:
        colour: (r, g, b, a) 0..1, sRGB; a scales the opacity of what is painted.
        fill_tolerance: 0..1, how far a colour may be from the one clicked at, in its worst channel.
        fill_contiguous: only what hangs together with the clicked pixel.
        mask_brush_takes: the mask brush takes away where it else adds.
        feather: pixels, softens new selections.
        combine: how a new selection joins the one there is, where no modifier says otherwise.
        wand_tolerance: as fill_tolerance.
        wand_contiguous: as fill_contiguous.
        sample_merged: wand and colour range look at all layers together, not at the active one alone.
        range_fuzziness: 0..100, the CIELAB distance at which a colour is no longer in the range.
        overlay_colour: what masks are tinted with; a is the strength where they are full.
        select_under_handle: the thing at a drag's first handle is selected where nothing is, so that it moves alone.
        box_locked: the box keeps its proportion.
        overlay_always: tint them whatever tool is in hand (quick mask).
    """

    colour: Colour = (0.85, 0.2, 0.15, 1.0)
    brush: Brush = field(default_factory=Brush)
    eraser: Brush = field(default_factory=Brush)
    mask_brush: Brush = field(default_factory=lambda: Brush(size=64.0, hardness=0.6, pressure_size=False))
    fill_tolerance: float = 0.1
    fill_contiguous: bool = True
    mask_brush_takes: bool = False
    feather: float = 0.0
    combine: Combine = Combine.REPLACE
    wand_tolerance: float = 0.1
    wand_contiguous: bool = True
    sample_merged: bool = True
    range_fuzziness: float = 24.0
    overlay_colour: Colour = (1.0, 0.24, 0.24, 0.47)
    overlay_always: bool = False
    select_under_handle: bool = True
    box_locked: bool = False


class ToolOptions:
    """The settings as they are now, and who wants to know when they change."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._listeners: list[Callable[[Settings], None]] = []

    @property
    def settings(self) -> Settings:
        return self._settings

    @property
    def colour(self) -> Colour:
        return self._settings.colour

    def change(self, **changes: Any) -> None:
        """Set some of the settings, e.g. change(colour=(1, 0, 0, 1)), and tell the listeners."""
        now = replace(self._settings, **changes)
        if now != self._settings:
            self._settings = now
            for listener in tuple(self._listeners):
                listener(now)

    def change_brush(self, which: str, **changes: Any) -> None:
        """Set some values of "brush", "eraser" or "mask_brush", e.g. change_brush("brush", size=40.0)."""
        self.change(**{which: replace(getattr(self._settings, which), **changes)})

    def subscribe(self, listener: Callable[[Settings], None]) -> Callable[[], None]:
        """Call `listener` after every change; returns what ends that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe
