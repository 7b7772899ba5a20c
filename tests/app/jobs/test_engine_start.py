"""What happens before and while torch is imported, each in a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.jobs import engine_start

ROOT = Path(__file__).resolve().parents[3]


def said(code: str) -> dict[str, Any]:
    """What a fresh Python prints, as JSON."""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    assert not done.stderr, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="libraries are loaded ahead on Linux only")
def test_libraries_are_loaded_ahead_and_torch_works_on_them() -> None:
    found = said(
        "import json, sys\nfrom app.jobs import engine_start\n"
        "listed = len(engine_start.torch_libraries())\nloaded = engine_start.preload_libraries()\n"
        "early = 'torch' in sys.modules\n"
        "mapped = 'libtorch_cpu' in open('/proc/self/maps').read()\n"
        "import torch\n"
        "print(json.dumps([listed, loaded, early, mapped, float(torch.ones(3) @ torch.ones(3))]))"
    )
    listed, loaded, early, mapped, product = found
    assert 4 <= loaded == listed
    assert (early, mapped, product) == (False, True, 3.0)


def test_discovery_pauses_the_collector_once_and_lets_torch_s_threads_sleep() -> None:
    found = said(
        "import gc, json, os, sys\nfrom app.jobs import engine_start, method_info\n"
        "method_info.remember = lambda methods: list(methods)\n"
        "collections = []\ngc.callbacks.append(lambda phase, info: collections.append(phase))\n"
        "before = 'torch' in sys.modules\ncollections.clear()\n"
        "methods = list(engine_start.discover_methods())\nduring = len(collections)\n"
        "frozen, on = gc.get_freeze_count(), gc.isenabled()\n"
        "engine_start.discover_methods()\nagain = gc.get_freeze_count()\n"
        "print(json.dumps([before, methods, during, frozen, on, again, os.environ['OMP_WAIT_POLICY']]))"
    )
    before, methods, during, frozen, on, again, policy = found
    assert not before
    assert "sdedit" in methods
    assert during == 0, "no collection while torch is imported"
    assert frozen > 100_000
    assert on
    assert again <= frozen
    assert policy == "PASSIVE"


def test_the_collector_is_left_alone_when_everything_is_imported() -> None:
    import gc

    before = gc.get_freeze_count()
    with engine_start.collector_paused("json"):
        assert gc.isenabled()
    assert gc.get_freeze_count() == before
