"""The mask that words find: selected, cut anew by the threshold, and watched, so that a stale one is never used unseen.

A found mask becomes the selection and is from then on the artist's. What is kept beside it is the map that it was cut
from. It goes by the selection's identity, so undo and redo bring it back with the selection that they restore, even
from the disk. Nothing that is kept holds pixels of the document.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from weakref import WeakKeyDictionary

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.documents import Documents
from app.edit_options import EditOptions
from app.jobs.bridge import ResultDropped
from app.jobs.found_masks import mask_of, tiled
from app.jobs.inputs import Look, look_of
from app.jobs.under_way import Job
from app.landing import Landing
from app.mask_state import MaskState, Stale, Whose
from app.parts.recipes import RecipesPart
from app.parts.runs import RunsPart
from editor.commands import SetSelection
from editor.document import Document
from editor.geometry import Rect
from editor.identity import Identity
from editor.layers import LayerId
from editor.tiles import TiledImage
from engine.finding import AUTOMATIC, mask_at
from engine.request import EditResult, Found

CUT_DELAY = 30  # ms: while a slider is dragged the mask is cut this often at most
LOOK_DELAY = 60  # ms: how soon the state is told after a change
_SHARED = 0.25  # of both rectangles together: masks that share less are not the same mask, changed
_TEXTS = ("prompt", "reference_prompt")


@dataclass(frozen=True, eq=False)
class _Origin:
    """What a found mask was found from.

    Attributes:
        found: the map and where it lies; its mask is empty, for the selection is the mask.
        box: around the mask, canvas pixels.
        words: prompt and reference, in small letters and single spaces.
        look: of the document then; None = not the document's picture, but that of the edit that made `layers`.
        threshold: where the map was cut.
        layers: results that were made with it.
    """

    found: Found
    box: Rect
    words: tuple[str, ...]
    look: Look | None
    threshold: float
    layers: set[LayerId] = field(default_factory=set)


class WordsPart(QObject):
    """Signals:
    state_changed: a MaskState of the current document.
    hint: for the status line.
    """

    state_changed = Signal(object)
    hint = Signal(str)

    def __init__(
        self,
        documents: Documents,
        options: EditOptions,
        recipes: RecipesPart,
        runs: RunsPart,
        landing: Landing,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._documents, self._options, self._recipes, self._landing = documents, options, recipes, landing
        self._origins: WeakKeyDictionary[Identity, _Origin] = WeakKeyDictionary()  # of masks as they were cut
        self._changed: WeakKeyDictionary[Identity, _Origin | None] = WeakKeyDictionary()  # of all other selections
        self._last: WeakKeyDictionary[Document, _Origin] = WeakKeyDictionary()  # of what is selected now
        self._seen: TiledImage | None = None  # the selection that the threshold was brought in step with
        self._cutting = False
        self._too_high = -1.0  # the threshold that left nothing last
        self.state = MaskState()
        self._cut_timer = QTimer(self, singleShot=True, interval=CUT_DELAY)
        self._cut_timer.timeout.connect(self._cut)
        self._look_timer = QTimer(self, singleShot=True, interval=LOOK_DELAY)
        self._look_timer.timeout.connect(self._look)
        runs.found.connect(self._select_found)
        runs.applied.connect(self._note_result)
        documents.changed.connect(self._document_changed)
        documents.current_changed.connect(self._follow)
        options.changed.connect(self._option_changed)
        options.method_changed.connect(self._method_changed)
        recipes.replacing_changed.connect(lambda _: self._look_timer.start())

    # what comes back from the engine

    def _select_found(self, job: Job, result: EditResult) -> None:
        """Make a found mask the selection, as one undo step."""
        assert result.found is not None
        found = result.found

        def done(mask: TiledImage) -> None:
            origin = _origin(job, result, found)
            if origin.found.mask.shape != job.document.size[::-1]:
                raise ResultDropped("The canvas got another size while the place was looked for. Find it again.")
            self._select(job.document, mask, origin, self.tr("Find the place"))
            self._option_changed("threshold")  # the slider may have been moved meanwhile

        self._landing(job.document, "", lambda: mask_of(found), done)

    def _note_result(self, job: Job, result: EditResult, layer: LayerId) -> None:
        """Remember the mask of a result, so that the result can be edited again with it."""
        mask = job.snapshot.selection
        if result.found is not None:
            mask = mask_of(result.found)
            self._origins[mask.identity] = _origin(job, result, result.found)
        if mask is not None:
            self._recipes.remember_mask(layer, mask)
            origin = self._origins.get(mask.identity) or self._changed.get(mask.identity)
            if origin is not None:
                origin.layers.add(layer)

    def _select(
        self, document: Document, mask: TiledImage, origin: _Origin, title: str, *, merge: bool = False
    ) -> None:
        self._origins[mask.identity] = origin
        if document is self._documents.current:
            self._seen = mask
        document.history.do(SetSelection(mask, title), merge=merge)

    # the threshold

    def _option_changed(self, name: str) -> None:
        if name == "threshold" and not self._cut_timer.isActive():
            self._cut_timer.start()
        if name in _TEXTS:
            self._look_timer.start()

    def _cut(self) -> None:
        """Cut the found mask of the current document anew, where nobody changed it; no network has a part in it."""
        document, mask, origin = self._found_now()
        if document is None or origin is None or self._cutting:
            return
        threshold = self._options["threshold"]
        if threshold in (origin.threshold, self._too_high):
            return
        self._cutting = True

        def work() -> tuple[Found, TiledImage]:
            found = mask_at(origin.found, threshold)
            return found, tiled(found.mask)

        def done(cut: tuple[Found, TiledImage]) -> None:
            self._cutting = False
            found, anew = cut
            if document.selection is not mask:
                return
            self._too_high = -1.0
            if found.mask.any():
                cut_anew = replace(origin, found=_without_mask(found), box=anew.content(), threshold=threshold)
                self._select(document, anew, cut_anew, self.tr("Threshold"), merge=True)
            else:
                self._too_high = threshold
                self.hint.emit(self.tr("Nothing reaches this threshold, so the mask stays as it was. Lower it."))
            self._option_changed("threshold")  # the slider may have gone on

        def failed() -> None:
            self._cutting = False

        self._landing(document, "", work, done, failed)

    def _found_now(self) -> tuple[Document | None, TiledImage | None, _Origin | None]:
        """The current document with its selection and where that was found, unchanged by hand."""
        document, method = self._documents.current, self._options.method
        if document is None or method is None or not method.finds or document.selection is None:
            return document, None, None
        return document, document.selection, self._origins.get(document.selection.identity)

    def _show_threshold(self) -> None:
        """After undo, or in another document, the slider shows where the selected mask was cut."""
        self._too_high = -1.0
        _, self._seen, origin = self._found_now()
        if origin is not None:
            self._options.set("threshold", origin.threshold)

    # whose mask it is

    def _document_changed(self, document: Document) -> None:
        selection = document.selection
        origin = self._traced(document, selection) if selection is not None else None
        if origin is not None:
            self._last[document] = origin
        else:
            self._last.pop(document, None)
        if document is self._documents.current:
            if selection is not None and selection is not self._seen:
                self._show_threshold()
            if not self._look_timer.isActive():
                self._look_timer.start()

    def _traced(self, document: Document, selection: TiledImage) -> _Origin | None:
        """The found mask that a selection goes back to. One not seen before is what was selected last, changed by hand,
        if both lie largely on each other; that is remembered, for undo may bring it back after anything.
        """
        identity = selection.identity
        if identity in self._origins:
            return self._origins[identity]
        if identity not in self._changed:
            last = self._last.get(document)
            self._changed[identity] = last if last is not None and _share(last.box, selection.content()) else None
        return self._changed[identity]

    def _follow(self, _: Document | None) -> None:
        self._cutting = False
        self._show_threshold()
        self._look()

    def _method_changed(self) -> None:
        self._show_threshold()
        self._look_timer.start()

    def _look(self) -> None:
        document = self._documents.current
        state = MaskState() if document is None else self._state_of(document)
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)

    def _state_of(self, document: Document) -> MaskState:
        if document.selection is None:
            return MaskState()
        origin = self._traced(document, document.selection)
        if origin is None:
            return MaskState(Whose.HAND)
        whose = Whose.FOUND if document.selection.identity in self._origins else Whose.CHANGED
        return MaskState(whose, self._stale(document, origin))

    def _stale(self, document: Document, origin: _Origin) -> Stale:
        if origin.words != _words(*(self._options[name] for name in _TEXTS if name in self._options)):
            return Stale.WORDS
        replaced = self._recipes.replaced_in(document)
        if replaced is not None:
            return Stale.NO if replaced in origin.layers else Stale.PICTURE
        now, then = document.snapshot(), origin.look
        if then is None:
            return Stale.PICTURE
        if look_of(now) == then:
            return Stale.NO
        without = replace(now, layers=tuple(layer for layer in now.layers if layer.id not in origin.layers))
        return Stale.APPLIED if look_of(without) == then else Stale.PICTURE


def _origin(job: Job, result: EditResult, found: Found) -> _Origin:
    recipe = result.recipe
    words = _words(recipe.prompt, recipe.reference_prompt)
    threshold = float(getattr(recipe.parameters, "threshold", AUTOMATIC))
    box, kept = mask_of(found).content(), _without_mask(found)
    if job.replaces is None:
        return _Origin(kept, box, words, look_of(job.snapshot), threshold)
    return _Origin(kept, box, words, None, threshold, {job.replaces})


def _without_mask(found: Found) -> Found:
    """The map alone; the mask keeps its shape but takes no memory."""
    return replace(found, mask=np.broadcast_to(np.uint8(0), found.mask.shape))


def _words(*texts: str) -> tuple[str, ...]:
    return tuple(" ".join(text.lower().split()) for text in texts)


def _share(one: Rect, other: Rect) -> bool:
    """Whether the rectangles around two masks lie largely on each other."""
    common = one.intersected(other).area
    return common >= _SHARED * (one.area + other.area - common)
