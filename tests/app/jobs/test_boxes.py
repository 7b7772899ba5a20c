"""The box between document and edit: only for methods that take one, and back again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.jobs import method_info
from app.jobs.boxes import box_of, rect_of, with_box
from app.jobs.bridge import document_of, prepare_again, request_from, request_of
from app.jobs.method_info import describe
from app.jobs.results import apply_result
from editor.commands import SetBox
from editor.document import Document
from editor.geometry import Rect
from editor.tiles import TiledImage
from engine.request import EditRequest, EditResult, Method
from tests.app.conftest import photo
from tests.app.putting import PUT, PutParameters

PLAIN = Method("plain", "Plain", PutParameters, PUT.run, frozenset())
BOX = Rect(-8, 20, 40, 60)  # in a picture of 96 × 64


@pytest.fixture(autouse=True)
def known_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    infos = [describe(PUT), describe(PLAIN)]
    monkeypatch.setattr(method_info, "cached_methods", lambda: infos)


@pytest.fixture
def document() -> Document:
    made = photo()
    made.place_box(BOX)
    return made


def result_of(request: EditRequest) -> EditResult:
    return EditResult(request.image, np.full(request.image.shape[:2], 255, np.uint8), (0, 0), request, 2)


def test_only_a_method_with_a_box_gets_it(document: Document) -> None:
    assert request_from(document, "put", {}).box == (-8, 20, 40, 60)
    assert request_from(document, "plain", {}).box is None
    document.place_box(None)
    assert request_from(document, "put", {}).box is None


def test_the_box_is_the_one_of_the_moment_the_edit_was_asked_for(document: Document) -> None:
    request = request_from(document, "put", {})
    layer = apply_result(document, result_of(request))
    edit = prepare_again(document, layer, seed=5)
    document.history.do(SetBox(Rect(1, 2, 3, 4)))
    assert edit.build().box == (-8, 20, 40, 60)
    assert prepare_again(document, layer).build().box == (1, 2, 3, 4)


def test_a_document_of_a_request_has_its_box_again(document: Document) -> None:
    document.select(TiledImage(channels=1).fill(Rect(4, 4, 50, 50), 255))
    request = request_from(document, "put", {})
    again = document_of(request)
    assert again.box == BOX
    assert request_from(again, "put", {}).digest() == request.digest()
    assert document_of(replace(request, box=None)).box is None


def test_an_edit_run_again_without_a_change_is_the_very_same(document: Document) -> None:
    request = replace(request_from(document, "put", {}), stop_after=1)
    layer = apply_result(document, result_of(request))
    assert request_of(document[layer]).box == (-8, 20, 40, 60)
    again = prepare_again(document, layer).build()
    assert again.digest() == request.digest()
    document.history.do(SetBox(BOX.translated(5, 0)))
    moved = prepare_again(document, layer).build()
    assert (moved.box, moved.stop_after) == ((-3, 20, 40, 60), None)
    document.history.do(SetBox(None))
    assert prepare_again(document, layer).build().box is None
    plain = replace(request_from(document, "plain", {}), stop_after=1)
    layer = apply_result(document, result_of(plain))
    document.history.do(SetBox(BOX))
    assert prepare_again(document, layer).build().digest() == plain.digest()


def test_there_and_back() -> None:
    canvas = Rect(0, 0, 96, 64)
    for rect in (None, BOX, canvas):
        assert rect_of(box_of(rect), canvas) == rect
    assert rect_of((0, 64, 5, 5), canvas) is None, "beside it"
    assert rect_of((-(10**9), 5, 2 * 10**9, 5), canvas) == Rect(0, 5, 96, 5), "endless"
    request = request_from(photo(), "put", {})
    assert with_box(request, None) is request
