"""Tells a thing from its background in an example, with whom the artist has chosen for Select by click."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np
from PySide6.QtCore import QObject, Signal

from app.cutting.cut import Bytes, shrunk
from app.cutting.finder import Done, Failed
from app.jobs.queue import JobState
from app.jobs.segment_queue import Asked
from app.jobs.segments import GRABCUT, Find, Question
from app.parts.clicks import GROWN, ClicksPart
from editor.document import Document
from editor.geometry import EMPTY, Point, Rect
from editor.layers import ImageLayer
from editor.masks import Mask
from editor.pointing import Found, Pointing, Spot, Streak
from editor.tiles import TiledImage

LOOKED_AT = 1024  # pixels of the longer side; no segmenter sees more
RIM = 0.03  # of the longer side: so much at the left, at the right and above is taken for background
CORE = (0.35, 0.75)  # of the height of the box: between these its middle is taken for the thing
CORE_RADIUS = 0.015  # of the shorter side of the box
SPOT = 0.02  # of the longer side: a wider spot is no place any more
LEAST, MOST = 0.002, 0.98  # of the box: less or more is not believed to be the thing


class Cutouts(QObject):
    """Asks in the engine thread, about one picture at a time; the window never waits.

    Signals:
        looking: a JobState while an answer takes long, else None.
    """

    looking = Signal(object)

    def __init__(self, clicks: ClicksPart) -> None:
        super().__init__(clicks)
        self._clicks = clicks
        self._guest: tuple[Bytes, Document] | None = None  # the picture, and as whom, made smaller, it is looked at
        self._failed: Failed | None = None  # waits for an answer
        self._sentence = ""
        clicks.queue.failed.connect(self._note)
        clicks.queue.looking.connect(self._tell)

    @property
    def busy(self) -> bool:
        """Whether an answer is waited for."""
        return self._failed is not None

    def find_thing(self, whole: Bytes, crop: Rect, done: Done, failed: Failed, strokes: Sequence[Streak] = ()) -> None:
        """Find the thing that a picture is of.

        Args:
            whole: (H, W, 4); the same array is looked at only once.
            crop: drawn around the thing; where it is the whole picture, the thing is taken to stand in its middle and
                on its lower edge, as things in photos mostly do.
            done: gets its mask (H, W), 0..255: its edge is soft where the picture is larger than what is looked at.
            failed: gets why there is none; "" where that was cancelled.
            strokes: of the artist, over what belongs to it and what does not.
        """
        box = crop
        if (crop.width, crop.height) == (whole.shape[1], whole.shape[0]):
            rim = round(RIM * max(crop.width, crop.height))
            box = Rect(rim, rim, max(1, crop.width - 2 * rim), max(1, crop.height - rim))

        def believed(mask: Mask) -> None:
            share = np.count_nonzero(mask[box.slices()]) / box.area
            if LEAST <= share <= MOST:
                done(mask)
            else:
                failed(
                    self.tr(
                        "The thing could not be told from its background. Edit the example: paint over the thing with "
                        "Keep, or crop close around it, and try again."
                    )
                )

        if self._takes_clicks(whole):
            spot = Spot(box.x + box.width / 2, box.y + box.height / 2)
            self._find(whole, Pointing((spot,), tuple(strokes), box), believed, failed)
            return
        x, radius = box.x + box.width / 2, max(1.0, CORE_RADIUS * min(box.width, box.height))
        way = tuple((x, box.y + share * box.height) for share in CORE)
        self._find(whole, Pointing((), (Streak(way, radius), *strokes), box), believed, failed)

    def find_part(self, whole: Bytes, at: Point, radius: float, done: Done, failed: Failed) -> None:
        """Find the likeliest part at a place.

        Args:
            radius: picture pixels around the place that belong to it, for one to whom a click is not enough.
        """
        clicks_do = self._takes_clicks(whole)
        radius = min(radius, SPOT * max(whole.shape[:2]))
        pointing = Pointing((Spot(*at),)) if clicks_do else Pointing(streaks=(Streak((at, at), max(1.0, radius)),))
        least = 1.0 if clicks_do else GROWN * np.pi * radius**2

        def believed(mask: Mask) -> None:
            if np.count_nonzero(mask) >= least:
                done(mask)
            else:
                failed(self.tr("Nothing was found there. Pick another place, or use the brushes."))

        self._find(whole, pointing, believed, failed)

    def cancel(self) -> None:
        """No longer wait for an answer; whoever does is told."""
        failed, self._failed = self._failed, None
        if failed is not None:
            self.release()
            failed("")

    def release(self) -> None:
        """Let go of the picture; nobody waits for an answer any more."""
        guest, self._guest, self._failed = self._guest, None, None
        if guest is not None:
            self._clicks.let_go(guest[1])
        self.looking.emit(None)

    def _takes_clicks(self, whole: Bytes) -> bool:
        return self._clicks.segmenters.model_for((whole.shape[1], whole.shape[0])) != GRABCUT

    def _find(self, whole: Bytes, pointing: Pointing, done: Done, failed: Failed) -> None:
        """Ask; all places are in pixels of the whole picture."""
        self.cancel()
        if not self._clicks.queue.ready:
            failed(self.tr("The engine is still starting. Try again in a moment."))
            return
        document = self._known_as(whole)
        model = self._clicks.segmenters.model_for(document.size)
        scaled = _scaled(pointing, document.size[0] / whole.shape[1])
        self._failed, self._sentence = failed, ""

        def answer(found: Found | None) -> None:
            if self._failed is failed:
                self._failed = None
                self.looking.emit(None)
                size = whole.shape[1], whole.shape[0]
                mask = found.shape.read(document.canvas)[..., 0] if found is not None else np.zeros((1, 1), np.uint8)
                done(cast(Mask, cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR)))

        def refused() -> None:
            if self._failed is failed:
                self._failed = None
                self.looking.emit(None)
                failed(self._sentence)

        self._clicks.queue.ask(
            Asked(document, lambda number, source: Find(number, source, model, scaled), answer, refused)
        )

    def _known_as(self, whole: Bytes) -> Document:
        """The document that stands for a picture."""
        if self._guest is None or self._guest[0] is not whole:
            self.release()
            pixels = shrunk(whole, LOOKED_AT)
            document = Document(pixels.shape[1], pixels.shape[0])
            document.insert(ImageLayer(name="Example", pixels=TiledImage.from_array(pixels)), None, 0)
            self._clicks.take_in(document)
            self._guest = whole, document
        return self._guest[1]

    def _note(self, question: Question, sentence: str, _: str) -> None:
        if self._guest is not None and question.source.is_of(self._guest[1]):
            self._sentence = sentence

    def _tell(self, state: JobState | None) -> None:
        if self.busy:
            self.looking.emit(state)


def _scaled(pointing: Pointing, share: float) -> Pointing:
    """The same in a picture that is `share` times as large."""
    box = pointing.box
    x, y, right, bottom = (round(value * share) for value in (box.x, box.y, box.right, box.bottom))
    return Pointing(
        tuple(Spot(spot.x * share, spot.y * share, spot.belongs) for spot in pointing.spots),
        tuple(
            Streak(tuple((x * share, y * share) for x, y in one.points), max(1.0, one.radius * share), one.belongs)
            for one in pointing.streaks
        ),
        Rect(x, y, max(1, right - x), max(1, bottom - y)) if box else EMPTY,
    )
