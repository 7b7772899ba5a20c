"""A result layer's recipe: shown in the Method panel to be changed, after which Run replaces that layer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from PySide6.QtCore import QObject, Signal

from app.background import Background
from app.documents import Documents
from app.edit_options import WORDS, EditOptions
from app.errors import Messages
from app.exemplar import Exemplar
from app.jobs.boxes import rect_of
from app.jobs.bridge import request_of
from app.jobs.drags import came_short, pairs_of
from app.jobs.regions import placement_in
from editor.commands import Command, Sequence, SetBox, SetPlacement, SetPoints, SetSelection
from editor.document import Change, Document, What
from editor.layers import LayerId
from editor.placement import Placed
from editor.tiles import TiledImage
from engine.request import EditRequest, EditResult, Input

REMEMBERED = 16  # masks


@dataclass(frozen=True)
class Drag:
    """What is known of a drag whose layer the next run replaces.

    Attributes:
        method: id.
        short: it ended before its handles came to their targets, so that it can go on.
        lead_on: whether other targets are reached from where it came to; else from the picture.
    """

    method: str
    short: bool
    lead_on: bool = True


class RecipesPart(QObject):
    """Signals:
    replacing_changed: name of the layer that the next run replaces, None = it makes a new one.
    restored: an EditRequest whose values and inputs are in place again.
    drag_changed: a `Drag` that the next run goes on from or starts anew, None = it is no such edit.
    shown: a recipe was put into the Method panel.
    """

    replacing_changed = Signal(object)
    restored = Signal(object)
    drag_changed = Signal(object)
    shown = Signal()

    def __init__(
        self, documents: Documents, options: EditOptions, background: Background, messages: Messages, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._documents, self._options, self._background, self._messages = documents, options, background, messages
        self._replacing: tuple[Document, LayerId] | None = None
        self._masks: OrderedDict[LayerId, TiledImage] = OrderedDict()
        self._own_mask: TiledImage | None = None  # of the edit that is shown, as it was selected
        self.drag: Drag | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        documents.current_changed.connect(self._follow)
        options.method_changed.connect(self._method_changed)

    def replaced_in(self, document: Document) -> LayerId | None:
        """The layer of a document that the next run replaces."""
        if self._replacing is None or self._replacing[0] is not document or self._replacing[1] not in document:
            return None
        return self._replacing[1]

    def keeps_mask(self, document: Document) -> bool:
        """Whether the edit that is run again keeps the mask that it had; else the selection is its mask.

        Strokes are part of a recipe and fit its mask. Where there are none, the mask is selected again when the recipe
        is shown, so that it can be changed.
        """
        strokes = self._options.method is not None and self._options.method.takes(Input.STROKES)
        return strokes or document.selection is self._own_mask

    def remember_mask(self, layer: LayerId, mask: TiledImage) -> None:
        """Keep the mask of a result as it was selected, or found, in this session."""
        self._masks.pop(layer, None)
        self._masks[layer] = mask
        if len(self._masks) > REMEMBERED:
            self._masks.popitem(last=False)

    def edit_again(self) -> None:
        """Show the edit that made the active layer, to change it and run it again."""
        document = self._documents.current
        if document is not None and document.active is not None:
            self.open(document.active)

    def open(self, layer: LayerId) -> None:
        """Fill the Method panel with a result layer's recipe; the next run replaces that layer."""
        document = self._documents.current
        if document is None or layer not in document:
            return
        found = document[layer]

        def opened(request: EditRequest) -> None:
            if document is self._documents.current and layer in document:
                self._show(document, layer, request)

        self._background.run(self.tr("Reading the recipe"), lambda: request_of(found), opened, self._messages.report)

    def end_replacing(self) -> None:
        """The next run makes a new layer."""
        self._replace(None)

    def _show(self, document: Document, layer: LayerId, request: EditRequest) -> None:
        words = {name: getattr(request, name) for name in (*WORDS, "seed")}
        self._replace(None)
        try:
            self._options.fill(request.method, {**asdict(request.parameters), **words})
        except KeyError:
            self._messages.error(self.tr("The method “{}” of this layer is not installed.").format(request.method))
            return
        document.activate(layer)
        self._place_inputs(document, layer, request)
        if request.exemplar is not None:
            exemplar = Exemplar(request.exemplar, self.tr("From the layer “{}”").format(document[layer].name), layer)
            self._options.exemplars.put(document, exemplar)
        drag = Drag(request.method, request.stop_after is not None) if request.points is not None else None
        self._replace((document, layer), drag)
        self.restored.emit(request)
        self.shown.emit()

    def stay_with(self, document: Document, layer: LayerId, result: EditResult, mask: TiledImage | None) -> None:
        """Let the next run replace the layer that a drag just made: its points are still there, to be moved.

        Args:
            mask: what was selected when the drag was asked for.
        """
        method, request = self._options.method, result.recipe
        if document is self._documents.current and method is not None and method.id == request.method:
            self._own_mask = mask if request.mask is not None else None
            self._replace((document, layer), Drag(request.method, came_short(result)))

    @property
    def leads_on(self) -> bool:
        """Whether the next run can go on from where the drag that it replaces came to."""
        method = self._options.method
        same = self.drag is not None and method is not None and method.id == self.drag.method
        return same and method is not None and method.leads_on

    def may_go_on(self, document: Document | None) -> bool:
        """Whether the layer that the next run replaces is a drag that came short, and its method is chosen."""
        there = document is not None and self.replaced_in(document) is not None
        return there and self.leads_on and self.drag is not None and self.drag.short

    def set_lead_on(self, on: bool) -> None:
        """Whether other targets are reached from where the drag came to, or from the picture."""
        if self.drag is not None:
            self._note_drag(replace(self.drag, lead_on=on))

    def _place_inputs(self, document: Document, layer: LayerId, request: EditRequest) -> None:
        """Select the mask of an edit again and place its points and its box, as one undo step."""
        commands: list[Command] = []
        title = self.tr("Select the mask of the edit")
        if self._masks_again(request):
            mask = self._masks.get(layer)
            if mask is None and request.mask is not None and request.mask.shape == document.size[::-1]:
                mask = TiledImage.from_array(request.mask)
            if mask is not document.selection:
                commands.append(SetSelection(mask, title))
            commands += [] if mask is None else _placed_again(document, mask, request)
            self._own_mask = mask if request.mask is not None else None
        points = pairs_of(request.points, document.canvas)
        if points and points != document.points:
            title = self.tr("Place the points of the edit")
            commands.append(SetPoints(points, title))
        box = rect_of(request.box, document.canvas) if self._takes(request, Input.BOX) else document.box
        if box != document.box:
            title = self.tr("Place the box of the edit")
            commands.append(SetBox(box, title))
        if commands:
            document.history.do(commands[0] if len(commands) == 1 else Sequence(tuple(commands), title))

    def _masks_again(self, request: EditRequest) -> bool:
        """Whether the mask of an edit is selected again: strokes are part of a recipe and fit its mask."""
        return self._takes(request, Input.MASK) and not self._takes(request, Input.STROKES)

    def _takes(self, request: EditRequest, kind: Input) -> bool:
        """Whether the method of an edit makes use of an input."""
        method = self._options.info(request.method)
        return method is not None and method.takes(kind)

    def _replace(self, replacing: tuple[Document, LayerId] | None, drag: Drag | None = None) -> None:
        if replacing != self._replacing:
            self._replacing = replacing
            self.replacing_changed.emit(replacing[0][replacing[1]].name if replacing else None)
        self._note_drag(drag)

    def _note_drag(self, drag: Drag | None) -> None:
        if drag != self.drag:
            self.drag = drag
            self.drag_changed.emit(drag)

    def _method_changed(self) -> None:
        """Another method cannot run this recipe again, but another way to drag may be tried in its place."""
        method = self._options.method
        if self.drag is None or method is None or not method.takes(Input.POINTS):
            self.end_replacing()

    def _follow(self, document: Document | None) -> None:
        self._unsubscribe()
        self._unsubscribe = document.subscribe(self._document_changed) if document is not None else lambda: None
        self.end_replacing()

    def _document_changed(self, change: Change) -> None:
        if self._replacing is not None and change.what in (What.ACTIVE, What.LAYERS):
            document, layer = self._replacing
            if layer not in document or document.active != layer:
                self.end_replacing()


def _placed_again(document: Document, mask: TiledImage, request: EditRequest) -> list[Command]:
    """What places the selected thing where an edit took it; nothing where it is, or for an edit that placed none."""
    placement = placement_in(asdict(request.parameters))
    if placement is None:
        return []
    placed = None if placement.rests else Placed(mask.identity, placement)
    return [SetPlacement(placed)] if placed != document.placed else []
