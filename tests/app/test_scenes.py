"""`scene`: the files agree with each other and with the world, and what cannot be is one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app import cli
from app.scenes import PAIRS, write_scene
from engine.errors import BadRequest
from engine.studio import world
from tests.images import assert_identical

SEED = 1_000_003
PLAIN = ["scene.png", "ids.png", "scene.json"]
EDITED = ["edited.png", "edited.json", "change_mask.png", "points.json"]


def read(path: Path) -> NDArray[np.uint8]:
    return np.asarray(Image.open(path))


def values(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def refused(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(["scene", *map(str, words)])
    return int(ended.value.code or 0)


def test_a_scene_is_written_as_it_is_rendered(tmp_path: Path) -> None:
    written = write_scene(SEED, "", tmp_path / "made" / "here")
    assert [path.name for path in written] == PLAIN
    scene = world.sample_scene(SEED)
    rendered = world.render([scene])
    assert_identical(read(written[0]), rendered.images[0])
    assert_identical(read(written[1]), rendered.ids[0])
    said = values(written[2])
    assert said["caption"] == world.captions(scene)[0]
    assert said["wordings"] == world.captions(scene)
    assert (said["ground"], said["sky"], said["seed"], said["size"]) == (scene.ground, scene.sky, SEED, 256)
    for item, plain in zip(scene.objects, said["objects"], strict=True):
        assert [plain[name] for name in ("shape", "colour", "material", "size")] == [
            item.shape,
            item.colour,
            item.material,
            item.size,
        ]
        assert plain["position"] == [item.x, 0.0, item.z]
        left, top, width, height = plain["box"]
        own = rendered.ids[0] == plain["id"]
        assert own[top : top + height, left : left + width].sum() == own.sum() == plain["visible_pixels"]
        assert own[top].any()
        assert own[top + height - 1].any()
        assert own[:, left].any()
        assert own[:, left + width - 1].any()


@pytest.mark.parametrize("kind", ["move", "recolour"])
def test_an_edit_is_written_with_its_truth(kind: str, tmp_path: Path) -> None:
    written = write_scene(SEED, kind, tmp_path)
    assert [path.name for path in written] == PLAIN + EDITED
    before, ids, after, mask = (read(tmp_path / f"{n}.png") for n in ("scene", "ids", "edited", "change_mask"))
    assert set(np.unique(mask)) == {0, 255}
    assert (np.abs(before.astype(int) - after).max(-1)[mask == 0] <= 6).all()
    assert (mask[ids == 2] == 255).all()
    said, pairs = values(tmp_path / "edited.json"), values(tmp_path / "points.json")
    assert said["edit"] == kind
    if kind == "recolour":
        assert said["instruction"].endswith(said["objects"][0]["colour"])
        assert pairs == []
        return
    left, top, width, height = said["objects"][0]["box"]
    assert len(pairs) == PAIRS
    for pair in pairs:
        (x, y), (to_x, to_y) = pair["handle"], pair["target"]
        assert ids[int(y), int(x)] == 2
        assert left - 1 <= to_x <= left + width + 1
        assert top - 1 <= to_y <= top + height + 1


def test_the_command_names_its_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused("--seed", SEED, "--edit", "turn", "--out", tmp_path) == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / name) for name in PLAIN + EDITED]
    assert values(tmp_path / "points.json")


@pytest.mark.parametrize("seed", [-1, 3_000_000])
def test_a_seed_beyond_the_world_is_refused(seed: int, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="Seeds run from 0 to 2999999"):
        write_scene(seed, "", tmp_path)
    assert not any(tmp_path.iterdir())


def test_what_cannot_be_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alone = next(s for s in range(SEED, SEED + 99) if len(world.sample_scene(s).objects) == 1)
    (tmp_path / "file").touch()
    cases = (
        (2, "There is no edit “melt”. There are recolour,", ("--seed", SEED, "--edit", "melt", "--out", tmp_path)),
        (1, "There is no scene -7.", ("--seed", -7, "--out", tmp_path)),
        (1, "does not allow the edit “remove”", ("--seed", alone, "--edit", "remove", "--out", tmp_path)),
        (1, "cannot be made", ("--seed", SEED, "--out", tmp_path / "file" / "below")),
    )
    for code, sentence, words in cases:
        assert refused(*words) == code
        said = capsys.readouterr()
        assert said.out == ""
        assert sentence in said.err
        assert len(said.err.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_is_refused_needs_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom app.scenes import write_scene\nfrom engine.errors import BadRequest\n"
        "try:\n    write_scene(9_999_999, 'move', sys.argv[1])\nexcept BadRequest:\n    print('torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
