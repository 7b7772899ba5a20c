"""`python -m tests.benchmarks NAME [--json FILE]`: measure, print, compare with the goals."""

from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path
from typing import Annotated

import typer

import tests.benchmarks as package
from tests.benchmarks import harness

_SHARED = ("__main__", "cases", "drag_runs", "exemplar_runs", "harness", "plain_drag", "worded")


def names() -> list[str]:
    """Modules of this folder that measure something."""
    found = (module.name for module in pkgutil.iter_modules(package.__path__))
    return sorted(name for name in found if name not in _SHARED and not name.startswith("test_"))


def main(
    name: Annotated[str, typer.Argument(help="Which benchmark; 'list' shows them.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report there, too.")] = None,
    count: Annotated[int | None, typer.Option(help="Repeats or scenes.")] = None,
    first_seed: Annotated[int | None, typer.Option(help="First scene seed.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only this part (may be repeated).")] = None,
    folder: Annotated[Path | None, typer.Option(help="Write pictures into this folder.")] = None,
    published: Annotated[bool, typer.Option("--published", help="Judge the scenes of published figures.")] = False,
) -> None:
    """Run one benchmark; the exit code is 1 when a goal does not hold.

    Example: python -m tests.benchmarks sdedit --json sdedit.json
    """
    if name == "list":
        typer.echo("\n".join(names()))
        return
    if name not in names():
        raise typer.BadParameter(f"there is no benchmark {name!r}; there are {', '.join(names())}")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    module = importlib.import_module(f"tests.benchmarks.{name}")
    report = module.measure(harness.Options(count, first_seed, tuple(only or ()), folder, published))
    typer.echo(json.dumps(harness.as_json(name, report), indent=2, default=str))
    if json_file is not None:
        harness.dump(json_file, name, report)
    raise typer.Exit(0 if all(goal.holds for goal in report.goals.values()) else 1)


if __name__ == "__main__":
    typer.run(main)
