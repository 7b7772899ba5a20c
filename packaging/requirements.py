"""Print the dependencies of pyproject.toml, one per word; extras as arguments. `make` feeds them to pip.

The program runs from its folder (weights, icons and samples lie beside the code), so only what it needs is
installed, not itself.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path


def requirements(extras: list[str]) -> list[str]:
    """The base requirements without extras named, else those of the named extras."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    if not extras:
        return list(project["dependencies"])
    return [line for extra in extras for line in project["optional-dependencies"][extra]]


if __name__ == "__main__":
    print(" ".join(requirements(sys.argv[1:])))
