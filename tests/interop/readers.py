"""What other programs show of a .ora: each opens it in batch mode and writes a flat picture."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from editor.files import open_pixels

_SECONDS = 240  # Krita's first start unpacks its resources
_HOME = Path(tempfile.gettempdir()) / "pentimento-interop"  # kept between runs for that reason
_MYPAINT = Path("/usr/lib/mypaint")
_MYPAINT_PYTHON = Path("/usr/bin/python3")  # for which the system's packages of it are made
_PYORA_PYTHON = os.environ.get("PENTIMENTO_PYORA_PYTHON", sys.executable)

_MYPAINT_SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from lib import mypaintlib
import lib.document, lib.eotf
document = lib.document.Document(painting_only=True)
# as its window does with what the file says of its blending (gui/compatibility.py)
document.load_ora(sys.argv[2], compat_handler=lambda eotf, _: eotf is None or lib.eotf.set_eotf(float(eotf)))
document.set_frame_enabled(True)
document.save_png(sys.argv[3], alpha=True)
document.cleanup()
"""
_PYORA_SCRIPT = """
import sys
from pyora import Project
from pyora.Render import Renderer
Renderer(Project.load(sys.argv[1])).render().save(sys.argv[2])
"""


class NotInstalled(Exception):
    """Why a program cannot be used here."""


def krita(ora: Path, folder: Path) -> NDArray[Any]:
    """By Krita's own export; it wants a display, if only a virtual one."""
    command, out = (
        [_program("krita"), str(ora), "--export", "--export-filename", str(folder / "krita.png")],
        "krita.png",
    )
    if os.environ.get("DISPLAY"):
        return _flat(command, folder / out)
    with _display() as name:
        return _flat(command, folder / out, DISPLAY=name)


def mypaint(ora: Path, folder: Path) -> NDArray[Any]:
    """By MyPaint's document model, which its window stands on."""
    if not (_MYPAINT / "lib" / "document.py").exists() or not _MYPAINT_PYTHON.exists():
        raise NotInstalled("MyPaint is not installed (Debian: apt-get install mypaint)")
    out = folder / "mypaint.png"
    return _flat([str(_MYPAINT_PYTHON), "-c", _MYPAINT_SCRIPT, str(_MYPAINT), str(ora), str(out)], out)


def pyora(ora: Path, folder: Path) -> NDArray[Any]:
    """By pyora's renderer, another Python reader."""
    asked = subprocess.run([_PYORA_PYTHON, "-c", "import pyora"], capture_output=True, check=False, timeout=60)
    if asked.returncode:
        raise NotInstalled("pyora is not installed (name a Python that has it in PENTIMENTO_PYORA_PYTHON)")
    return _flat([_PYORA_PYTHON, "-c", _PYORA_SCRIPT, str(ora), str(folder / "pyora.png")], folder / "pyora.png")


READERS: dict[str, Callable[[Path, Path], NDArray[Any]]] = {"krita": krita, "mypaint": mypaint, "pyora": pyora}


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise NotInstalled(f"{name} is not installed (Debian: apt-get install {name.lower()})")
    return found


@contextmanager
def _display() -> Iterator[str]:
    """The name of a virtual display that answers (xvfb-run does not wait until it does)."""
    command = [_program("Xvfb"), "-displayfd", "1", "-screen", "0", "1024x768x24", "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        try:
            yield f":{server.stdout.readline().strip()}"
        finally:
            server.terminate()


def _flat(command: list[str], out: Path, **more: str) -> NDArray[Any]:
    """Run a program and read the picture that it wrote, (H, W, 4) at the depth that it chose."""
    _HOME.mkdir(mode=0o700, exist_ok=True)
    places = {"HOME": str(_HOME), "XDG_RUNTIME_DIR": str(_HOME), **more}
    kept = {name: value for name, value in os.environ.items() if name not in ("QT_QPA_PLATFORM", "PYTHONPATH")}
    done = subprocess.run(
        command, env=kept | places, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
    )
    if not out.exists():
        raise AssertionError(f"{command[0]} wrote nothing: {done.stdout[-500:]} {done.stderr[-2000:]}")
    return open_pixels(out).array
