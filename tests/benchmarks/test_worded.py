"""Both ways to edit by words run on one model, and a patch is pasted where it belongs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine.masking import dilate
from engine.models.loader import load
from engine.request import EditRequest, EditResult
from tests.benchmarks import worded
from tests.engine.tiny_models import write_sd15
from tests.images import assert_identical

TEXTS = ("a red ball on grass", "a blue cube on grass")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sd15(tmp_path_factory.mktemp("models") / "tiny")


def picture(side: int) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side] * 255 // side
    return np.stack([rows, columns, 255 - rows], axis=2).astype(np.uint8)


def test_ours_leaves_the_rest_as_it_was(folder: Path) -> None:
    backbone = load(str(folder), "cpu", torch.float32)
    source = picture(backbone.native)
    result = worded.ours(backbone, source, TEXTS, replace(worded.OPTIONS, steps=5, grow=2, feather=2))
    assert result.found is not None
    outside = dilate(result.found.mask, 4) == 0
    after = worded.pasted(result)
    assert (after != source).any()
    assert_identical(after, source, outside)


@pytest.mark.filterwarnings("ignore")  # the pipeline says at length that it is deprecated
def test_the_peer_has_its_own_guidance_where_none_is_given(folder: Path) -> None:
    pipe = worded.peer_pipeline(folder, torch.float32)
    side = load(str(folder), "cpu").native
    source = picture(side)
    mask, own = worded.peer(pipe, source, TEXTS, seed=3)
    assert (mask.shape, mask.dtype, own.shape, own.dtype) == ((side, side), bool, (side, side, 3), np.uint8)
    assert_identical(worded.peer(pipe, source, TEXTS, seed=3, guidance=7.5)[1], own)
    assert (worded.peer(pipe, source, TEXTS, seed=3, guidance=1.5)[1] != own).any()


def test_a_patch_is_pasted_where_it_belongs_by_its_alpha() -> None:
    source = np.full((6, 8, 3), 100, np.uint8)
    request = EditRequest("diffedit", source, worded.OPTIONS)
    patch = np.full((2, 3, 3), 200, np.uint8)
    alpha = np.array([[0, 51, 255], [255, 255, 255]], np.uint8)
    after = worded.pasted(EditResult(patch, alpha, (4, 1), request, 1))
    expected = source.copy()
    expected[1:3, 4:7] = np.array([[100, 120, 200], [200, 200, 200]], np.uint8)[..., None]
    assert_identical(after, expected)
    assert (source == 100).all()
    assert Image.fromarray(after).size == (8, 6)
