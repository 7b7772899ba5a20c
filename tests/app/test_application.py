"""Starting: quick, without torch, and with one sentence where Qt cannot run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import application

PROBE = """
import json, sys, time
from pathlib import Path
from app import application
application._start_engine = lambda window: None
app, window = application.start([], Path(sys.argv[1]))
from PySide6.QtCore import QEventLoop
loop = QEventLoop()
window.first_painted.connect(loop.quit)
loop.exec()
heavy = [name for name in ("torch", "diffusers", "transformers", "psd_tools") if name in sys.modules]
print(json.dumps({"heavy": heavy, "visible": window.isVisible()}))
window.close()
"""


def test_the_window_is_shown_without_torch(tmp_path: Path) -> None:
    root = Path(application.__file__).parents[1]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_DATA_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(tmp_path / "settings.ini")],
        cwd=root, env=environment, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["visible"]
    assert told["heavy"] == []


def test_asking_for_qts_libraries_imports_no_qt() -> None:
    code = "import sys; from app.application import check_qt_libraries as c; c(); print('PySide6' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(application.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"


def test_missing_libraries_are_one_sentence_with_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    monkeypatch.setattr(application, "_loads", lambda library: library not in ("libxcb-cursor.so.0", "libEGL.so.1"))
    sentence = application.check_qt_libraries()
    assert sentence.endswith("sudo apt install libegl1 libxcb-cursor0")
    assert "\n" not in sentence
    monkeypatch.setattr(application, "_loads", lambda library: True)
    assert application.check_qt_libraries() == ""


def test_x11_libraries_are_not_asked_for_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr(application, "_loads", lambda library: "xcb" not in library)
    assert application.check_qt_libraries() == ""
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(application, "_loads", lambda library: False)
    assert application.check_qt_libraries() == ""
