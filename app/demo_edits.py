"""What the demo runs: the bundled samples, or scenes of the studio world painted over by the program itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.exemplar import read_exemplar
from app.jobs.method_info import MethodInfo
from app.samples import Sample, samples
from editor.document import Document
from editor.files import open_document
from editor.geometry import Rect
from editor.layers import ImageLayer, Role
from editor.points import PointPair
from editor.tiles import TiledImage
from engine.request import Input, Pixels

if TYPE_CHECKING:
    from engine.studio.world import Scene  # the world brings torch along, which bundled samples do without

_SIZE = 256  # px, the bundled model's own
_TONES = 4  # colours of the strokes that the demo paints


@dataclass(frozen=True, eq=False)
class DemoEdit:
    """A document with its inputs in place, and what to ask for.

    Attributes:
        parameters: values that differ from the method's defaults.
        exemplar: (h, w, 4), what is to be brought in.
    """

    method: str
    document: Document
    prompt: str
    negative_prompt: str = ""
    seed: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)
    reference_prompt: str = ""
    exemplar: Pixels | None = None


def edits_for(info: MethodInfo) -> list[DemoEdit]:
    """What shows a method: every bundled sample of it, else painted scenes; empty where neither is there."""
    bundled = [_from_sample(sample) for sample in samples() if sample.method == info.id]
    if bundled:
        return bundled
    if info.takes(Input.BOX):
        return [_exampled(info)]
    if not info.takes(Input.PROMPT):
        return []
    if info.takes(Input.POINTS):
        return [_dragged(info)]
    if info.takes(Input.STROKES):
        return list(_painted(info))
    if info.takes(Input.REFERENCE):
        return [_worded(info)]
    return list(_marked(info)) if info.takes(Input.MASK) else []


def _from_sample(sample: Sample) -> DemoEdit:
    document = open_document(sample.document)
    words = sample.prompt, sample.negative_prompt, sample.seed, sample.parameters, sample.reference_prompt
    exemplar = read_exemplar(sample.exemplar).pixels if sample.exemplar is not None else None
    return DemoEdit(sample.method, document, *words, exemplar)


def _painted(info: MethodInfo) -> Iterator[DemoEdit]:
    """One scene painted over as a whole and, where the method takes a mask, one inside a selection."""
    from engine.studio.world import VALIDATION_SEEDS

    for masked in (False, True) if info.takes(Input.MASK) else (False,):
        scene = next(_scenes_with_one_object(VALIDATION_SEEDS.start + 40 * masked))
        document, prompt = painted_scene(scene, _other_colour(scene), masked)
        yield DemoEdit(info.id, document, prompt, seed=7)


def _worded(info: MethodInfo) -> DemoEdit:
    """One scene with the words for what it shows, and for the same in another colour."""
    from engine.studio.world import VALIDATION_SEEDS, captions

    scene = next(_scenes_with_one_object(VALIDATION_SEEDS.start + 80))
    wanted = scene.with_object(0, replace(scene.objects[0], colour=_other_colour(scene)))
    texts = captions(wanted)[0], captions(scene)[0]
    return DemoEdit(info.id, _document(scene, _photo(scene)), texts[0], seed=7, reference_prompt=texts[1])


def _marked(info: MethodInfo) -> Iterator[DemoEdit]:
    """A scene whose object is marked: once without words, to be removed, and once to become something else."""
    from engine.studio.world import VALIDATION_SEEDS, captions, render

    scene = next(_scenes_with_one_object(VALIDATION_SEEDS.start + 120))
    thing = np.asarray(render([scene], _SIZE).ids[0] == 2, np.uint8) * np.uint8(255)
    room = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (21, 21))
    wanted = scene.with_object(0, replace(scene.objects[0], colour=_other_colour(scene)))
    for words in ("", captions(wanted)[0]):
        document = _document(scene, _photo(scene))
        document.select(TiledImage.from_array(np.asarray(cv2.dilate(thing, room), np.uint8)))
        yield DemoEdit(info.id, document, words, seed=7)


def _dragged(info: MethodInfo) -> DemoEdit:
    """A scene whose object is selected and dragged by a quarter of the width to where there is more room."""
    from engine.studio.world import VALIDATION_SEEDS, captions, render

    scene = next(_scenes_with_one_object(VALIDATION_SEEDS.start + 316))
    is_thing = render([scene], _SIZE).ids[0] == 2
    rows, columns = np.nonzero(is_thing)
    middle, row = float(columns.mean()), float(rows.mean())
    way = _SIZE / 4 if middle < _SIZE / 2 else -_SIZE / 4
    document = _document(scene, _photo(scene))
    document.select(TiledImage.from_array(is_thing.astype(np.uint8) * np.uint8(255)))
    document.place_points((PointPair((middle, row), (middle + way, row)),))
    return DemoEdit(info.id, document, captions(scene)[0], seed=7)


def _exampled(info: MethodInfo) -> DemoEdit:
    """A scene without its object, a box where it stood, and the object rendered elsewhere."""
    from engine.studio.world import VALIDATION_SEEDS, render, render_exemplar

    scene = next(_scenes_with_one_object(VALIDATION_SEEDS.start + 200))
    rows, columns = np.nonzero(render([scene], _SIZE).ids[0] == 2)
    document = _document(scene, _photo(replace(scene, objects=())))
    left, top = int(columns.min()), int(rows.min())
    document.place_box(Rect(left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top))
    thing = render_exemplar(scene, 0, _SIZE, seed=1)
    return DemoEdit(info.id, document, "", seed=7, exemplar=np.dstack([thing, np.full_like(thing[..., :1], 255)]))


def _other_colour(scene: Scene) -> str:
    return "blue" if scene.objects[0].colour != "blue" else "red"


def _photo(scene: Scene) -> ImageLayer:
    from engine.studio.world import render

    photo = render([scene], _SIZE).images[0]
    return ImageLayer(name="Photo", pixels=_layer_pixels(photo, np.full((_SIZE, _SIZE), 255, np.uint8)))


def _document(scene: Scene, *layers: ImageLayer) -> Document:
    """The layers, bottom to top, the last one active."""
    document = Document(_SIZE, _SIZE, title=f"Scene {scene.seed}")
    for index, layer in enumerate(layers):
        document.insert(layer, None, index)
    document.activate(layers[-1].id)
    return document


def _scenes_with_one_object(first: int) -> Iterator[Scene]:
    from engine.studio.world import VALIDATION_SEEDS, sample_scene

    for seed in range(first, VALIDATION_SEEDS.stop):
        scene = sample_scene(seed)
        if len(scene.objects) == 1 and scene.objects[0].size == "large" and not scene.mountains:
            yield scene


def painted_scene(scene: Scene, colour: str, masked: bool) -> tuple[Document, str]:
    """A rendered scene whose object is painted over in another colour with a few flat tones.

    Args:
        masked: select the object with some room around it.

    Returns:
        the document and the words for what it shall become.
    """
    from engine.studio.world import captions, render

    wanted = scene.with_object(0, replace(scene.objects[0], colour=colour))
    pictures = render([scene, wanted], _SIZE)
    target = pictures.images[1]
    thing = (pictures.ids[1] == 2).astype(np.uint8)
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    painted = cv2.dilate(cv2.medianBlur(thing * 255, 9), brush)
    strokes = ImageLayer(name="Strokes", role=Role.STROKES, pixels=_layer_pixels(_few_tones(target, thing), painted))
    document = _document(scene, _photo(scene), strokes)
    if masked:
        room = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (17, 17))
        document.select(TiledImage.from_array(np.asarray(cv2.dilate(painted, room), np.uint8)))
    return document, captions(wanted)[0]


def _layer_pixels(colours: NDArray[np.uint8], alpha: NDArray[Any]) -> TiledImage:
    return TiledImage.from_array(np.dstack([colours, alpha]).astype(np.uint8))


def _few_tones(picture: NDArray[np.uint8], thing: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture as somebody would block it in: smoothed, and only the main tones of the thing."""
    smooth = np.asarray(cv2.medianBlur(picture, 15), np.float32)
    own = smooth[thing > 0]
    stop = (cv2.TERM_CRITERIA_MAX_ITER, 20, 0)
    cv2.setRNGSeed(0)
    _, _, tones = cv2.kmeans(own, _TONES, np.empty(0, np.int32), stop, 2, cv2.KMEANS_PP_CENTERS)
    nearest = np.argmin([np.square(smooth - tone).sum(axis=2) for tone in tones], axis=0)
    return np.asarray(np.rint(tones[nearest]), np.uint8)
