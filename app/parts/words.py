"""The mask that words find: selected, cut anew by the threshold, and watched, so that a stale one is never used unseen.

A found mask becomes the selection and is from then on the artist's. What is kept beside it is the map that it was cut
from. It goes by the selection itself, so undo and redo bring it back with the selection that they restore.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, QTimer, Signal

from app.documents import Documents
from app.edit_options import EditOptions
from app.jobs.bridge import ResultDropped
from app.jobs.inputs import same_picture
from app.landing import Landing
from app.mask_state import MaskState, Stale, Whose
from app.parts.recipes import RecipesPart
from app.parts.runs import Job, RunsPart
from editor.commands import SetSelection
from editor.document import Document, Snapshot
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
        words: prompt and reference, in small letters and single spaces.
        snapshot: the document then; None = not the document's picture, but that of the edit that made `layers`.
        threshold: where the map was cut.
        layers: results that were made with it.
    """

    found: Found
    words: tuple[str, ...]
    snapshot: Snapshot | None
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
        self._origins: WeakKeyDictionary[TiledImage, _Origin] = WeakKeyDictionary()
        self._last: WeakKeyDictionary[Document, tuple[TiledImage, _Origin]] = WeakKeyDictionary()
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
        origin = _origin(job, result, result.found)

        def done(mask: TiledImage) -> None:
            if origin.found.mask.shape != job.document.size[::-1]:
                raise ResultDropped("The canvas got another size while the place was looked for. Find it again.")
            self._select(job.document, mask, origin, self.tr("Find the place"))
            self._option_changed("threshold")  # the slider may have been moved meanwhile

        self._landing(job.document, "", lambda: TiledImage.from_array(origin.found.mask), done)

    def _note_result(self, job: Job, result: EditResult, layer: LayerId) -> None:
        """Remember the mask of a result, so that the result can be edited again with it."""
        mask = job.snapshot.selection
        if result.found is not None:
            mask = TiledImage.from_array(result.found.mask)
            self._origins[mask] = _origin(job, result, result.found)
        if mask is not None:
            self._recipes.remember_mask(layer, mask)
            origin = self._origins.get(mask)
            if origin is None and mask is job.document.selection:  # found, then changed by hand
                _, origin = self._last.get(job.document, (None, None))
            if origin is not None:
                origin.layers.add(layer)

    def _select(
        self, document: Document, mask: TiledImage, origin: _Origin, title: str, *, merge: bool = False
    ) -> None:
        self._origins[mask] = origin
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
            return found, TiledImage.from_array(found.mask)

        def done(cut: tuple[Found, TiledImage]) -> None:
            self._cutting = False
            found, anew = cut
            if document.selection is not mask:
                return
            self._too_high = -1.0
            if found.mask.any():
                cut_anew = replace(origin, found=found, threshold=threshold)
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
        return document, document.selection, self._origins.get(document.selection)

    def _show_threshold(self) -> None:
        """After undo, or in another document, the slider shows where the selected mask was cut."""
        self._too_high = -1.0
        _, self._seen, origin = self._found_now()
        if origin is not None:
            self._options.set("threshold", origin.threshold)

    # whose mask it is

    def _document_changed(self, document: Document) -> None:
        selection = document.selection
        if selection is None:
            self._last.pop(document, None)
        elif (origin := self._origins.get(selection)) is not None:
            self._last[document] = (selection, origin)
        if document is self._documents.current:
            if selection is not None and selection is not self._seen:
                self._show_threshold()
            if not self._look_timer.isActive():
                self._look_timer.start()

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
        found, origin = self._last.get(document, (None, None))
        if found is None or origin is None or not _share(found, document.selection):
            return MaskState(Whose.HAND)
        whose = Whose.FOUND if document.selection is found else Whose.CHANGED
        return MaskState(whose, self._stale(document, origin))

    def _stale(self, document: Document, origin: _Origin) -> Stale:
        if origin.words != _words(*(self._options[name] for name in _TEXTS if name in self._options)):
            return Stale.WORDS
        replaced = self._recipes.replaced_in(document)
        if replaced is not None:
            return Stale.NO if replaced in origin.layers else Stale.PICTURE
        now, then = document.snapshot(), origin.snapshot
        if then is None:
            return Stale.PICTURE
        if same_picture(then, now):
            return Stale.NO
        without = replace(now, layers=tuple(layer for layer in now.layers if layer.id not in origin.layers))
        return Stale.APPLIED if same_picture(then, without) else Stale.PICTURE


def _origin(job: Job, result: EditResult, found: Found) -> _Origin:
    recipe = result.recipe
    words = _words(recipe.prompt, recipe.reference_prompt)
    threshold = float(getattr(recipe.parameters, "threshold", AUTOMATIC))
    if job.replaces is None:
        # The selection of then plays no part; kept, it would keep its own origin, and that the one before.
        return _Origin(found, words, replace(job.snapshot, selection=None), threshold)
    return _Origin(found, words, None, threshold, {job.replaces})


def _words(*texts: str) -> tuple[str, ...]:
    return tuple(" ".join(text.lower().split()) for text in texts)


def _share(one: TiledImage, other: TiledImage) -> bool:
    """Whether the rectangles around two masks lie largely on each other."""
    if one is other:
        return True
    first, second = one.content(), other.content()
    common = first.intersected(second).area
    return common >= _SHARED * (first.area + second.area - common)
