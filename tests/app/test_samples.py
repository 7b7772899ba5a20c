"""The bundled samples: each document opens with the inputs that its suggested edit needs."""

from __future__ import annotations

from app.exemplar import read_exemplar
from app.samples import FOLDER, samples
from app.start import CARDS
from editor.files import open_document
from editor.geometry import Rect
from editor.layers import ImageLayer, Role


def test_every_sample_suggests_an_edit_of_a_start_card() -> None:
    listed = samples()
    assert len({sample.id for sample in listed}) == len(listed) >= 3
    assert {sample.document.name for sample in listed} == {path.name for path in FOLDER.glob("*.ora")}
    known = {method for card in CARDS for method in card.methods}
    for sample in listed:
        assert sample.method in known
        assert sample.prompt or sample.exemplar
        assert sample.title


def test_samples_of_strokes_have_strokes_and_those_of_words_a_plain_picture() -> None:
    for sample in samples():
        document = open_document(sample.document)
        layers = [layer for layer in document.walk() if isinstance(layer, ImageLayer)]
        assert layers[0].name == "Photo"
        assert document.size == (512, 512)
        painted = [layer for layer in layers if layer.role is Role.STROKES]
        assert len(painted) == (1 if sample.method == "sdedit" else 0)


def test_samples_of_drags_have_a_thing_selected_and_its_points_placed() -> None:
    dragged = [sample for sample in samples() if "drag" in sample.method]
    assert dragged
    for sample in dragged:
        document = open_document(sample.document)
        assert document.selection is not None
        mask = document.selection.read(document.canvas)[..., 0]
        assert len(document.points) >= 1
        for pair in document.points:
            x, y = map(int, pair.handle)
            assert mask[y, x] == 255
            assert abs(pair.target[0] - pair.handle[0]) > 0.15 * document.size[0]


def test_samples_of_examples_have_a_box_and_a_thing_without_its_background() -> None:
    listed = [sample for sample in samples() if sample.method == "paint_by_example"]
    assert listed
    for sample in listed:
        box = open_document(sample.document).box
        assert box is not None
        assert box.intersected(Rect(0, 0, 512, 512)) == box
        assert sample.exemplar is not None
        alpha = read_exemplar(sample.exemplar).pixels[..., 3]
        assert 0.1 < (alpha == 255).mean() < 0.6
