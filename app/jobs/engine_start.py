"""Starting the engine: importing torch without making the window's thread wait, listing methods, reading models.

Two things made a plain import stop every other Python thread for 250 ms at a time (measured; 40-50 ms remain):

- Python holds its global lock while the system loads torch's libraries and runs their start-up code. Loading them first
  through ctypes, which lets the lock go, leaves the import with nothing to load.
- The import creates some two million objects, and each full garbage collection on the way looks at all of them with the
  lock held. Collecting is paused meanwhile; afterwards those objects, which live as long as the program, are taken out
  of the collector's sight for good (`gc.freeze`), so that later collections are short as well.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib
import importlib.util
import logging
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from app.jobs import method_info
from editor.geometry import Rect
from editor.planes import ALONE, THREADS, Workspace, for_parts
from engine.request import Method

if TYPE_CHECKING:
    from engine.backbone import Backbone

# In the order in which they need each other. Each exists in some builds of torch only.
_LIBRARIES = ("torch_global_deps", "c10", "torch_cpu", "c10_cuda", "torch_cuda", "torch", "torch_python")
Methods = Mapping[str, Method]
_log = logging.getLogger(__name__)


def torch_libraries() -> list[Path]:
    """The libraries of the installed torch, in loading order, found without importing it; empty where there is none."""
    spec = importlib.util.find_spec("torch") if "torch" not in sys.modules else None
    if spec is None or not spec.submodule_search_locations:
        return []
    folder = Path(spec.submodule_search_locations[0]) / "lib"
    return [path for name in _LIBRARIES if (path := folder / f"lib{name}.so").is_file()]


def preload_libraries() -> int:
    """Load torch's libraries without holding Python's lock; the import then finds them loaded. Linux only.

    Returns:
        how many were loaded. Those that cannot be are left to the import, which reports it properly.
    """
    if not sys.platform.startswith("linux"):
        return 0
    dlopen = ctypes.CDLL(None).dlopen  # a foreign function: ctypes releases the lock around it, unlike CDLL(path)
    dlopen.restype, dlopen.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
    loaded = 0
    for path in torch_libraries():
        scope = os.RTLD_GLOBAL if "global_deps" in path.name else os.RTLD_LOCAL  # as torch itself loads them
        if dlopen(str(path).encode(), os.RTLD_NOW | scope):
            loaded += 1
        else:
            _log.info("%s was not loaded ahead of the import", path.name)
    return loaded


def start_shared_threads() -> None:
    """Start the helper threads of compositing and of OpenCV from the calling thread, while that is the window's.

    They are started when first needed, and a thread is as nice as the one that starts it (Linux): begun by the engine,
    they would hold up the canvas for as long as the program runs.
    """
    together = threading.Barrier(THREADS)

    def meet(_part: Rect, _space: Workspace) -> None:
        with suppress(threading.BrokenBarrierError):
            together.wait(timeout=1)

    for_parts([Rect(0, row, ALONE, 1) for row in range(THREADS)], meet)
    cv2.GaussianBlur(np.zeros((256, 256), np.uint8), (31, 31), 0)


@contextmanager
def collector_paused(module: str) -> Iterator[None]:
    """No garbage collection inside, unless `module` is imported already, so that there is nothing to pause for.

    Everything that exists at the end is exempt from later collections.
    """
    if module in sys.modules:
        yield
        return
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        atexit.register(gc.unfreeze)  # at the very end libraries look whether everything of theirs was let go
        if was_on:
            gc.enable()


def discover_methods() -> Methods:
    """Import the engine with torch and list its methods, also for the next start; the first call takes seconds."""
    with collector_paused("torch"):
        found: Methods = importlib.import_module("engine.methods").discover()
    method_info.remember(method_info.describe(method) for method in found.values())
    return found


def import_loader() -> None:
    """Import what reads models; seconds the first time."""
    with collector_paused("engine.models.loader"):
        importlib.import_module("engine.models.loader")


def load_model(model: str) -> Backbone:
    """Read a model by its id or folder. Raises ModelMissing, ModelBroken."""
    from engine.models.loader import load

    return load(model)
