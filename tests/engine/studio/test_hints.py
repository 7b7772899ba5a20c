"""The side task of the base training: targets that add up, a layer that learns to read."""

from __future__ import annotations

import numpy as np
import torch

from engine.studio.data import studio_world
from engine.studio.hints import SLOTS, Overview, Reader, hints
from engine.studio.networks import Shape, build_unet
from engine.studio.world import COLOURS, SHAPES, sample_scene
from tests.engine.studio.test_train import SHAPE, WORLD, squares

CLASSES = (2, 3)


def test_targets_are_shares_of_each_cell_and_mirror_with_the_picture() -> None:
    _, ids, _ = squares(range(4))
    assert WORLD.labels is not None
    known = hints(ids, WORLD.labels(range(4)), CLASSES, 8)
    kind, colour = known.targets([4, 5])  # picture 2: a blue square at rows 6.. and columns 6..
    torch.testing.assert_close(kind.sum(1), torch.ones(2, 8, 8), rtol=0, atol=0.01)
    area = 14 * 14 / 16
    assert abs(float(kind[0, 1].sum()) - area) < 0.1
    torch.testing.assert_close(kind[1], kind[0].flip(-1))
    torch.testing.assert_close(colour[0, 2], kind[0, 1])
    assert float(colour[0, :2].sum()) == 0.0


def test_the_layer_learns_to_read() -> None:
    torch.manual_seed(0)
    _, ids, _ = squares(range(4))
    assert WORLD.labels is not None
    known = hints(ids, WORLD.labels(range(4)), CLASSES, 4)
    unet = build_unet(SHAPE)
    reader = Reader(unet, CLASSES)
    optimizer = torch.optim.Adam([*unet.parameters(), *reader.parameters()], lr=3e-3)
    latents, words = torch.randn(4, 4, 8, 8), torch.zeros(4, 4, SHAPE.text_width)
    losses = []
    for _ in range(25):
        unet(latents, torch.zeros(4), words)
        loss = reader.loss(known.targets([0, 2, 4, 6]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[0] > 1.0  # about log 2 + log 3
    assert losses[-1] < 0.3 * losses[0]


def test_labels_of_the_studio_world_name_what_is_there() -> None:
    world = studio_world()
    assert world.labels is not None
    found = world.labels([5])[0]
    scene = sample_scene(5)
    assert found.shape == (len(SLOTS), 3)
    first = scene.objects[0]
    shape = found[2, 0] - world.classes[0] + 1 + len(SHAPES)  # shapes are the kinds before the last
    assert SHAPES[shape] == first.shape
    assert tuple(COLOURS)[found[2, 1]] == first.colour
    assert (found[2 + len(scene.objects) : -1] == -1).all()
    assert np.array_equal(found[[0, 1, -1], 1:], np.full((3, 2), -1))


def test_the_reader_sits_where_the_hints_are() -> None:
    unet, shape = build_unet(Shape()), Shape()
    reader = Reader(unet, CLASSES)
    side = shape.latent_size
    with torch.no_grad():
        unet(torch.zeros(1, 4, side, side), 0, torch.zeros(1, 4, shape.text_width))
    targets = [torch.full((1, count, side // 2, side // 2), 1 / count) for count in CLASSES]
    assert float(reader.loss(targets).detach()) > 0


def test_cells_of_objects_count_more_than_the_rest() -> None:
    reader = Reader(build_unet(SHAPE), CLASSES)
    with torch.no_grad():
        for parameter in reader.parameters():
            parameter.zero_()
        reader.layer.bias.copy_(torch.tensor([2.0, 0.0, 0.0, 0.0, 0.0]))  # it says "kind 0" everywhere
    kind, colour = torch.zeros(1, 2, 4, 4), torch.zeros(1, 3, 4, 4)
    kind[:, 0, 1:], kind[:, 1, :1], colour[:, 0, :1] = 1, 1, 1  # objects cover a quarter, and it is wrong there
    reader._seen = torch.zeros(1, SHAPE.unet_channels[-1], 4, 4)
    right, wrong = (float(-torch.tensor([2.0, 0.0]).log_softmax(0)[i]) for i in (0, 1))
    expected = (12 * right + 4 * 7 * wrong) / (12 + 4 * 7) + np.log(3)
    assert abs(float(reader.loss([kind, colour]).detach()) - expected) < 1e-4


def test_a_profile_says_in_which_columns_objects_stand() -> None:
    ids = np.zeros((1, 16, 16), np.uint8)
    ids[0, 8:] = 1
    ids[0, 6:10, 4:8] = 2
    ids[0, 4:8, 12:13] = 3  # a quarter of a cell
    known = hints(ids, np.full((1, len(SLOTS), 2), -1, np.int64), CLASSES, 4)
    assert known.profiles([0, 1]).tolist() == [[0, 1, 0, 0], [0, 0, 1, 0]]


def test_every_cell_answers_for_the_whole_picture() -> None:
    unet = build_unet(SHAPE)
    overview = Overview(unet)
    with torch.no_grad():
        for parameter in overview.parameters():
            parameter.zero_()
        overview.layer.bias[0] = 3.0  # "there is something in the first column, and elsewhere as like as not"
        unet(torch.zeros(1, 4, 8, 8), 0, torch.zeros(1, 4, SHAPE.text_width))
        columns = len(overview.layer.bias)
        loss = float(overview.loss(torch.eye(columns)[:1]))
    certain = float(np.log1p(np.exp(-3.0)))
    assert abs(loss - (certain + (columns - 1) * np.log(2)) / columns) < 1e-4
