"""Shapes: ours of the published names are the package's own, to the last weight."""

from __future__ import annotations

import pytest
import torch
from segment_anything import sam_model_registry

from engine.models.sam import PUBLISHED, STUDIO, build_sam
from engine.models.sam_loader import published_shape


@pytest.mark.parametrize("name", ["vit_b", "vit_l", "vit_h"])
def test_published_networks_are_built_and_recognised(name: str) -> None:
    with torch.device("meta"):  # vit_h would take 2.5 GB
        theirs = sam_model_registry[name]().state_dict()
        ours = build_sam(PUBLISHED[name]).state_dict()
    assert {key: value.shape for key, value in ours.items()} == {key: value.shape for key, value in theirs.items()}
    assert published_shape(theirs) is PUBLISHED[name]


def test_other_weights_are_not_recognised() -> None:
    assert published_shape({"conv.weight": torch.zeros(3)}) is None
    assert published_shape({"image_encoder.patch_embed.proj.weight": torch.zeros(100, 3, 16, 16)}) is None


def test_the_studio_network_is_small_and_reads_every_part_of_its_square() -> None:
    sam = build_sam(STUDIO)
    assert sum(value.numel() for value in sam.state_dict().values()) <= 900_000
    picture = torch.zeros(1, 3, STUDIO.side, STUDIO.side, requires_grad=True)
    embedding = sam.image_encoder(picture)
    assert embedding.shape == (1, STUDIO.prompt_width, STUDIO.cells, STUDIO.cells)
    embedding[0, 0, 0, 0].backward()  # one cell, far from most
    assert picture.grad is not None
    cells = picture.grad.abs().amax(1)[0].unfold(0, STUDIO.patch, STUDIO.patch).unfold(1, STUDIO.patch, STUDIO.patch)
    assert (cells.amax((2, 3)) > 0).all()
