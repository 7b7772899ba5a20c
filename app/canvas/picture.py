"""One document as pixels for the screen, kept up to date without ever holding the window up."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

from PySide6.QtCore import QObject, QTimer, Signal

from app.canvas.changed import changed_areas
from app.canvas.coarse import Thinner, coarse_factor
from app.canvas.pyramid import Pyramid
from app.canvas.source import BeforeSource, LiveSource
from editor.compositor import Compositor
from editor.document import Change, Document, What
from editor.geometry import EMPTY, Rect
from editor.tiles import TiledImage

AT_ONCE = 600_000  # canvas pixels of changes that are composited before anything is shown
MOST_EXACT = 4_000_000  # canvas pixels of changes up to which exactly they are composited, not whole blocks
EXACT_FROM = 150_000  # canvas pixels of a change from which it pays to look where in it something changed
SLICE = 0.012  # seconds of refreshing between two looks at the event queue
LONGEST = 0.016  # seconds of compositing what a tool just changed, which is worth waiting for
LEAST_ROWS = 64  # of a strip


def merged(rects: list[Rect]) -> list[Rect]:
    """Fewer rectangles that cover the same, where uniting them adds little."""
    kept: list[Rect] = []
    for rect in rects:
        for index, other in enumerate(kept):
            union = rect.united(other)
            if union.area <= 1.3 * (rect.area + other.area):
                kept[index] = union
                break
        else:
            kept.append(rect)
    return kept


def _mask_in_hand(document: Document) -> tuple[TiledImage, tuple[int, int], bool] | None:
    """A layer's mask, where its layer lies, and whether it is used; None while the selection is in hand."""
    owner = document.mask_in_hand
    layer = document[owner] if owner is not None else None
    return None if layer is None or layer.mask is None else (layer.mask, layer.offset, layer.mask_enabled)


class Picture(QObject):
    """Listens to the document, gathers what changed, composites it from the event loop.

    Call `look_at` when the view changes; connect `changed` to repaint. Small changes are composited in the next turn of
    the event loop; large ones in slices, what is seen (the middle first) before the rest, and meanwhile a coarse or
    older picture stays.
    """

    changed = Signal(object)  # Rect in canvas pixels whose screen pixels are new
    worked = Signal()  # a turn of work is done
    resized = Signal()  # the canvas has another size: everything is new
    selection_changed = Signal(object)  # Rect
    marks_changed = Signal()  # drag points, or the box
    mask_changed = Signal(object)  # Rect in which the mask in hand, a layer's or the lack of one, is another

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self._compositor = Compositor(document)
        self._live = LiveSource(document, self._compositor)
        self._before = BeforeSource(document)
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._seen = document.snapshot()
        self._mask = _mask_in_hand(document)
        self._timer.timeout.connect(self._work)
        self._pending: list[Rect] = []
        self._gathered = False  # something came to what is pending since it was merged
        self._stood_in = False  # a coarse picture of what is pending is shown
        self._level, self._visible = 0, EMPTY
        self._showing_before = False
        self._start()
        self._unsubscribe = document.subscribe(self._on_change)

    def _start(self) -> None:
        self._thinner = Thinner(coarse_factor(self.document.size))
        self._live_pyramid = self._new_pyramid(self._live)
        self._before_pyramid: Pyramid | None = None
        self._pending.clear()

    def _new_pyramid(self, source: LiveSource | BeforeSource) -> Pyramid:
        pyramid = Pyramid(self.document.size, source.render)
        pyramid.set_coarse(source.coarse(self._thinner))
        return pyramid

    def close(self) -> None:
        """Stop listening; the picture is not used afterwards."""
        self._unsubscribe()
        self._compositor.close()
        self._timer.stop()

    def forget(self) -> None:
        """Nobody looks: give back the memory that only makes painting quick."""
        self._compositor.forget()

    @property
    def pyramid(self) -> Pyramid:
        """What is to be painted now."""
        if self._showing_before:
            if self._before_pyramid is None:
                self._before_pyramid = self._new_pyramid(self._before)
            return self._before_pyramid
        return self._live_pyramid

    @property
    def showing_before(self) -> bool:
        return self._showing_before

    @showing_before.setter
    def showing_before(self, shown: bool) -> None:
        if shown != self._showing_before:
            self._showing_before = shown
            self._timer.start()

    @property
    def scheduled(self) -> bool:
        """Work will be done in the next turn of the event loop."""
        return self._timer.isActive()

    @property
    def busy(self) -> bool:
        """What is seen is not up to date yet."""
        return bool(self._pending) or not self.pyramid.is_fresh(self._level, self._visible)

    def look_at(self, level: int, visible: Rect) -> None:
        """The view shows the canvas pixels `visible`, painted from `level` of the pyramid."""
        self._level, self._visible = level, visible
        if self.busy:
            self._timer.start()

    def _on_change(self, change: Change) -> None:
        if change.what is What.CANVAS:
            self._start()
            self.resized.emit()
        elif change.what is What.SELECTION:
            self.selection_changed.emit(change.rect)
        elif change.what in (What.POINTS, What.BOX):
            self.marks_changed.emit()
        elif change.rect and change.what in (What.PIXELS, What.LAYERS):
            large = change.rect.area > EXACT_FROM
            self._pending += changed_areas(change, self._seen, self.document.snapshot()) if large else [change.rect]
            self._gathered, self._stood_in = True, False
            self._timer.start()
        self._seen = self.document.snapshot()
        self._follow_mask(change)

    def _follow_mask(self, change: Change) -> None:
        """See whether another mask is in hand, or the same one looks different."""
        old, now = self._mask, _mask_in_hand(self.document)
        self._mask = now
        if old == now:
            return
        rect = self.document.canvas
        if change.what is What.PIXELS and old is not None and now is not None:
            rect = change.rect or now[0].difference(old[0]).translated(*now[1])
        self.mask_changed.emit(rect)

    def _work(self) -> None:
        end = perf_counter() + SLICE
        self._take_pending(perf_counter() + LONGEST)
        left = end - perf_counter()  # nothing after a coarse picture: that is to be seen first
        if left > 0 and not self._pending and not self.pyramid.is_fresh(self._level, self._visible):
            rects, _ = self.pyramid.refresh(self._level, self._visible, left)
            for rect in merged(rects):
                self.changed.emit(rect)
        self.worked.emit()
        if self.busy:
            self._timer.start()

    def _take_pending(self, end: float) -> None:
        """Composite changes exactly until the time is over, strip by strip, what is seen first."""
        todo, self._pending = merged(self._pending) if self._gathered else self._pending, []
        self._gathered = False
        pixels = sum(rect.area for rect in todo)
        if pixels > MOST_EXACT:
            self._outdate(todo)
            return
        todo.sort(key=lambda rect: not rect.intersected(self._visible))
        if pixels > AT_ONCE and not self._stood_in and self._coarse_will_do:
            self._stand_in(todo)
            self._pending = todo
            return
        for index, rect in enumerate(todo):
            for strip in self._strips(rect):
                if perf_counter() >= end:
                    rest = Rect(rect.x, strip.y, rect.width, rect.bottom - strip.y)
                    self._pending = [rest, *todo[index + 1 :]]
                    return
                self._outdate_other(strip)
                self.pyramid.patch(strip)
                self.changed.emit(strip)

    @property
    def _coarse_will_do(self) -> bool:
        """Zoomed out so far that the coarse picture is at most twice as coarse as the screen."""
        return (2 << self._level) >= self._thinner.factor > 1

    def _stand_in(self, rects: list[Rect]) -> None:
        """Show a coarse picture of these parts as they are now."""
        self._stood_in = True
        source = self._before if self._showing_before else self._live
        self.pyramid.set_coarse(source.coarse(self._thinner))
        for rect in rects:
            if seen := rect.intersected(self._visible):
                self.pyramid.put_coarse(self._level, seen)
                self.changed.emit(seen)

    def _strips(self, rect: Rect) -> Iterator[Rect]:
        """Parts of the full width that take about half of `LONGEST` each."""
        rows = max(int(rect.height * LONGEST / 2 / max(self.pyramid.seconds_for(rect.area), 1e-9)), LEAST_ROWS)
        for y in range(rect.y, rect.bottom, rows):
            yield Rect(rect.x, y, rect.width, min(rows, rect.bottom - y))

    def _outdate_other(self, rect: Rect) -> None:
        """The picture that is not shown now learns of a change."""
        if self._showing_before:
            self._live_pyramid.invalidate(rect)
        else:
            self._before_pyramid = None

    def _outdate(self, rects: list[Rect]) -> None:
        """Leave a large change to `refresh`; zoomed out, a coarse picture of it is shown at once."""
        for rect in rects:
            self._outdate_other(rect)
            self.pyramid.invalidate(rect)
        if self._coarse_will_do:
            self._stand_in(rects)
