"""Selects every pixel near a picked colour; while the selection stands, another fuzziness selects anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import floor

from editor.commands import SetSelection
from editor.document import Document
from editor.events import PointerEvent
from editor.geometry import Rect
from editor.layers import Layer
from editor.likeness import ColourDistance, colour_distance, near_colour
from editor.masks import Combine, combined
from editor.tiles import TiledImage
from editor.tools.options import Settings, ToolOptions
from editor.tools.select import SelectingTool
from editor.tools.wand import sampled

Place = tuple[int, int]


@dataclass
class _Pick:
    """What was picked, for as long as the selection is the one that came of it.

    Attributes:
        layers, canvas: what the colours are compared in.
        source: what of the document `layers` stands for, as it was.
        base: the selection before, which the range joins as `how` says.
        made: the selection that came of it last; at first the base.
        points: picked and not compared yet.
        distance: from the colours compared so far.
        used: the settings of what was made; None until something was.
        busy: it is being worked on.
    """

    document: Document
    source: object
    layers: Sequence[Layer]
    canvas: Rect
    base: TiledImage | None
    how: Combine
    made: TiledImage | None
    points: list[Place] = field(default_factory=list)
    distance: ColourDistance | None = None
    used: Settings | None = None
    busy: bool = False

    @property
    def stands(self) -> bool:
        """The selection and the canvas are those that it left."""
        return self.document.selection is self.made and self.document.canvas == self.canvas

    def fits(self, settings: Settings) -> bool:
        """Whether what was made is what these settings make."""
        used = self.used
        return used is not None and (used.range_fuzziness, used.feather) == (settings.range_fuzziness, settings.feather)


class ColourRangeTool(SelectingTool):
    """A click picks a colour; with Shift it is picked besides those before, which is a step of its own.

    All fuzzinesses tried after a pick are one step with it. Once the selection or the picture was changed otherwise,
    the fuzziness is that of the next pick.
    """

    id, title, shortcut, cursor, tints = "colour_range", "Colour range", "R", "pick", True

    _at: Place
    _pick: _Pick | None = None

    def __init__(self, options: ToolOptions) -> None:
        super().__init__(options)
        options.subscribe(self._options_changed)

    def press(self, document: Document, event: PointerEvent) -> None:
        if document.canvas.contains(event.x, event.y):
            sampled(document, merged=self.options.settings.sample_merged)  # refused at the press, not at the release
            self.active = True
            self.move(document, event)

    def move(self, document: Document, event: PointerEvent) -> None:
        if self.active and document.canvas.contains(event.x, event.y):
            self._at = (floor(event.x), floor(event.y))

    def release(self, document: Document, event: PointerEvent) -> None:
        if not self.active:
            return
        self.active = False
        how, pick = self._combination(event.modifiers), self._pick
        if how is not Combine.ADD or pick is None or pick.document is not document or not self._goes_on(pick):
            merged, selected = self.options.settings.sample_merged, document.selection
            layers = sampled(document, merged=merged)
            pick = _Pick(document, _source(document, merged=merged), layers, document.canvas, selected, how, selected)
            self._pick = pick
        pick.points.append(self._at)
        pick.used = None
        document.history.seal()
        self._work(pick)

    def cancel(self, document: Document) -> None:
        self.active = False

    def abandon(self) -> None:
        self._pick = None

    def _options_changed(self, settings: Settings) -> None:
        pick = self._pick
        if pick is None or pick.used is None or pick.fits(settings):
            return
        if self._goes_on(pick):
            self._work(pick)
        else:
            self._pick = None

    def _goes_on(self, pick: _Pick) -> bool:
        """Whether the selection, and the picture that was compared, are still the same."""
        return pick.stands and pick.source is _source(pick.document, merged=self.options.settings.sample_merged)

    def _work(self, pick: _Pick) -> None:
        """Compare what was picked and select by the settings as they are now; what comes meanwhile is done after."""
        if pick.busy:
            return
        pick.busy = True
        points, distance, settings = tuple(pick.points), pick.distance, self.options.settings

        def select() -> tuple[ColourDistance, TiledImage | None]:
            known = distance
            for point in points:
                new = colour_distance(pick.layers, pick.canvas, point)
                known = new if known is None else known.nearer(new)
            assert known is not None
            shape = self._softened(TiledImage.from_array(near_colour(known, settings.range_fuzziness)), pick.canvas)
            return known, combined(pick.base, shape, pick.how)

        def done(found: tuple[ColourDistance, TiledImage | None]) -> None:
            pick.busy = False
            if pick is not self._pick:
                return
            if not pick.stands:
                self._pick = None
                return
            pick.distance, pick.points = found[0], pick.points[len(points) :]
            pick.document.history.do(SetSelection(found[1], self.title), merge=True)
            pick.made, pick.used = pick.document.selection, settings
            if pick.points or not pick.fits(self.options.settings):
                self._work(pick)

        def failed() -> None:
            pick.busy = False
            self._pick = None

        self.later(pick.document, self.title, select, done, failed)


def _source(document: Document, *, merged: bool) -> object:
    """The layers to compare colours in; another object once any of them changed."""
    if merged or document.active is None:
        return document.layers
    return document[document.active]
