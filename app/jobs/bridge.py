"""Document to EditRequest and back; with `app.jobs.results` the only place that knows both the editor and the engine.

What an edit sees. The image is the picture as shown without its visible strokes layers, the strokes are those layers,
the mask is the selection, drag points and box are the document's; all in canvas pixels, sRGB, at the document's depth,
transparency laid on white paper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.jobs import method_info
from app.jobs.boxes import box_of, rect_of, with_box
from app.jobs.drags import goes_on, pairs_of, points_of, same_handles, with_points
from app.jobs.inputs import image_and_strokes
from app.jobs.method_info import MethodInfo
from app.jobs.placement import DOT, edit_title
from app.jobs.regions import MOVE, placement_in
from app.jobs.results import still_there
from editor.document import Document, Snapshot
from editor.layers import ImageLayer, Layer, LayerId, Role
from editor.tiles import TiledImage, converted, full_value
from engine.errors import BadRequest
from engine.points import Points
from engine.recipe import load_recipe
from engine.request import EditRequest, Input, Parameters, Pixels


@dataclass(frozen=True, eq=False)
class PreparedEdit:
    """An edit as asked for: cheap to make in the window's thread, made into a request in the engine thread.

    Attributes:
        title: one line, e.g. "Paint with strokes · a red ball · seed 7".
        snapshot: the document at the moment it was asked for.
        build: gives the request; composites and converts, so it takes time. Raises EngineError, DocumentError.
        one_of_several: of which the artist chooses; its result becomes a layer only where it is chosen.
    """

    title: str
    snapshot: Snapshot
    build: Callable[[], EditRequest]
    one_of_several: bool = False


# document to request


def request_from(
    document: Document,
    method: str,
    parameters: Mapping[str, Any],
    prompt: str = "",
    negative_prompt: str = "",
    seed: int = 0,
    model: str | None = None,
    reference_prompt: str = "",
    exemplar: Pixels | None = None,
) -> EditRequest:
    """The edit of the document as it is now; see `prepare`, which does the slow part in the engine thread."""
    words = prompt, negative_prompt, seed, model, reference_prompt
    return prepare(document, method, parameters, *words, exemplar=exemplar).build()


def prepare(
    document: Document,
    method: str,
    parameters: Mapping[str, Any],
    prompt: str = "",
    negative_prompt: str = "",
    seed: int = 0,
    model: str | None = None,
    reference_prompt: str = "",
    *,
    selected: bool = True,
    exemplar: Pixels | None = None,
) -> PreparedEdit:
    """Ask for an edit of the document as it is now. Imports no torch.

    Args:
        parameters: values that differ from the method's defaults.
        selected: False leaves the selection out of it.
        model: id or folder; None = the one that the method runs on by itself.
        exemplar: (h, w, 4), the second picture; left out where the method has no use for one.

    Raises:
        BadRecipe: a parameter is unknown or out of range.
        BadRequest: there is no such method.
    """
    info = _info(method)
    values = method_info.parameters_class(info).from_json(dict(parameters))
    snapshot = document.snapshot()
    words = {"prompt": prompt, "negative_prompt": negative_prompt}
    if info.takes(Input.REFERENCE):
        words["reference_prompt"] = reference_prompt

    def build() -> EditRequest:
        image, strokes = image_and_strokes(snapshot, info.takes(Input.STROKES))
        mask = _selected(snapshot) if selected and info.takes(Input.MASK) else None
        points = _points(snapshot, info, values)
        chosen = info.model if model is None else model
        made = EditRequest(info.id, image, values, seed=seed, model=chosen, strokes=strokes, mask=mask, **words)
        second = exemplar if info.takes(Input.EXEMPLAR) else None
        box = box_of(snapshot.box) if info.takes(Input.BOX) else None
        return replace(made, points=points, exemplar=second, box=box)

    return PreparedEdit(edit_title(info.title, prompt, seed), snapshot, build)


def prepare_again(
    document: Document,
    layer: LayerId,
    *,
    own_mask: bool = True,
    method: str | None = None,
    lead_on: bool = True,
    **changes: Any,
) -> PreparedEdit:
    """Ask for the edit that made a result layer once more, on the same picture, e.g. with another `seed`.

    A drag follows the document's points as they are now, and what stands in a box the document's box.

    Args:
        own_mask: False takes the selection, or none, instead of the mask that the edit had.
        method: another method for the same gesture, which then takes all its parameters from `changes`.
        lead_on: whether a drag whose targets are others now goes on from where it came to.
        changes: fields of the request; `parameters` as a mapping of the values to change. Where nothing differs from
            the request's own values, an edit that was stopped early ends at the same step again.

    Raises:
        ResultDropped: the layer is gone.
        BadRequest: the layer carries no recipe, or there is no such method.
    """
    found = still_there(document, layer)
    recipe_title = _with_recipe(found).recipe_title
    snapshot = document.snapshot()
    other = _info(method) if method is not None else None

    def build() -> EditRequest:
        request = request_of(found)
        info = other or _info(request.method)
        own = info.id == request.method
        wanted = dict(changes) if own_mask else {"mask": _selected(snapshot), **changes}
        if "parameters" in wanted or not own:
            values = {**(asdict(request.parameters) if own else {}), **wanted.get("parameters", {})}
            wanted["parameters"] = method_info.parameters_class(info).from_json(values)
        asked = request if own else replace(request, method=info.id, model=_model_for(info, request))
        if info.takes(Input.POINTS):
            points = _points(snapshot, info, wanted.get("parameters", request.parameters))
            asked = with_points(asked, points, lead_on=lead_on and own)
        if info.takes(Input.BOX):
            asked = with_box(asked, box_of(snapshot.box))
        differs = asked is not request or any(_differ(getattr(request, name), value) for name, value in wanted.items())
        return replace(asked, **{"stop_after": None, **wanted}) if differs else request

    title = recipe_title
    if {"prompt", "seed"} <= changes.keys():
        named = other.title if other is not None else recipe_title.partition(DOT)[0]
        title = edit_title(named, changes["prompt"], changes["seed"])
    return PreparedEdit(title, snapshot, build)


def prepare_to_go_on(document: Document, layer: LayerId) -> PreparedEdit:
    """Ask for the drag that made a result layer to go on from where it was stopped.

    It goes to the targets that its handles have in the document now; where they are not there, to its own.

    Raises:
        ResultDropped: the layer is gone.
        BadRequest: the layer carries no recipe.
    """
    found = still_there(document, layer)
    title, snapshot = _with_recipe(found).recipe_title, document.snapshot()

    def build() -> EditRequest:
        request, points = request_of(found), points_of(snapshot.points)
        return goes_on(request, points if same_handles(points, request.points) else request.points)

    return PreparedEdit(title, snapshot, build)


def _model_for(info: MethodInfo, request: EditRequest) -> str:
    """The model that a request's edit runs on by another method: its own, where both methods run on the same ones."""
    return request.model if _info(request.method).model == info.model else info.model


def _points(snapshot: Snapshot, info: MethodInfo, parameters: Parameters) -> Points | None:
    """The drag points, for a method that drags; not meant where a box says the place, as for what is pasted."""
    values = asdict(parameters)
    placed, moves = placement_in(values), values.get(method_info.TASK, MOVE) == MOVE
    meant = info.takes(Input.POINTS) and (placed is None or (placed.rests and moves))
    return points_of(snapshot.points) if meant else None


def _differ(own: Any, wanted: Any) -> bool:
    """Whether a field of a request would change; arrays by identity, comparing their pixels would take long."""
    if isinstance(own, np.ndarray) or isinstance(wanted, np.ndarray):
        return own is not wanted
    return bool(own != wanted)


def request_of(layer: Layer) -> EditRequest:
    """The edit that made a result layer. Imports no torch.

    Raises:
        BadRequest: it carries no recipe.
        BadRecipe: its recipe cannot be read by this version.
    """
    known = {info.id: method_info.stand_in(info) for info in method_info.cached_methods()}
    return load_recipe(_with_recipe(layer).recipe or b"", methods=known)


def _selected(snapshot: Snapshot) -> NDArray[np.uint8] | None:
    """The selection as a mask (H, W) of the canvas; None where nothing is selected."""
    if snapshot.selection is None:
        return None
    return np.ascontiguousarray(snapshot.selection.read(snapshot.canvas)[..., 0], dtype=np.uint8)


# request to document


def document_of(request: EditRequest, title: str = "") -> Document:
    """A document with the request's inputs in place: the photo, a strokes layer, the mask selected, points, the box."""
    height, width = request.image.shape[:2]
    document = Document(width, height, request.image.dtype, title=title or "Untitled")
    full = np.full((height, width, 1), full_value(request.image.dtype), request.image.dtype)
    photo = ImageLayer(name="Photo", pixels=TiledImage.from_array(np.concatenate([request.image, full], axis=2)))
    document.insert(photo, None, 0)
    document.activate(photo.id)
    if request.strokes is not None:
        pixels = TiledImage.from_array(converted(request.strokes, document.dtype))
        strokes = ImageLayer(name="Strokes", role=Role.STROKES, pixels=pixels)
        document.insert(strokes, None, 1)
        document.activate(strokes.id)
    if request.mask is not None:
        document.select(TiledImage.from_array(request.mask))
    document.place_points(pairs_of(request.points, document.canvas))
    document.place_box(rect_of(request.box, document.canvas))
    return document


def _with_recipe(layer: Layer) -> ImageLayer:
    if not isinstance(layer, ImageLayer) or layer.recipe is None:
        raise BadRequest(f"“{layer.name}” was not made by an edit. Choose a layer that was, to run it again.")
    return layer


def _info(method: str) -> MethodInfo:
    for info in method_info.cached_methods():
        if info.id == method:
            return info
    raise BadRequest(f"There is no method “{method}” in this version of Pentimento.")
