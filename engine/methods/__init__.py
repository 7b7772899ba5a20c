"""One file per method; a file that has a `METHOD` is one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

from engine.request import EditResult, Method, Run, Step


def discover() -> dict[str, Method]:
    """Every method in this folder by its id, in name order. Imports torch."""
    found: dict[str, Method] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        method = getattr(importlib.import_module(f"{__name__}.{module.name}"), "METHOD", None)
        if isinstance(method, Method):
            found[method.id] = method
    return found


def finish(run: Run, watch: Callable[[Step], None] | None = None) -> EditResult:
    """Run an edit to its end without a window.

    Args:
        watch: called after each network step.
    """
    while True:
        try:
            step = next(run)
        except StopIteration as stop:
            result: EditResult = stop.value
            return result
        if watch is not None:
            watch(step)
