"""Puts the program together: settings, log, theme, window, engine. Importing this imports no Qt."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from app.main_window import MainWindow

# library -> Debian package; what the Qt wheels expect of the system
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libglib-2.0.so.0": "libglib2.0-0",
}
XCB_LIBRARIES = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}


def check_qt_libraries() -> str:
    """Look for the system libraries that Qt needs for a window.

    Returns:
        One sentence with the packages to install; "" when everything is there.
    """
    if not sys.platform.startswith("linux"):
        return ""
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    x11 = platform.startswith("xcb") or (not platform and not os.environ.get("WAYLAND_DISPLAY"))
    wanted = {**QT_LIBRARIES, **(XCB_LIBRARIES if x11 else {})}
    packages = sorted({package for library, package in wanted.items() if not _loads(library)})
    if not packages:
        return ""
    return f"Qt needs system libraries that are missing: sudo apt install {' '.join(packages)}"


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def run_window(paths: list[Path]) -> int:
    """Show the window with these files open and stay until it is closed; returns the exit code."""
    app, window = start(paths)
    code = app.exec()
    window.close()
    return code


def start(paths: list[Path], settings_path: Path | None = None) -> tuple[QApplication, MainWindow]:
    """Build the program and show its window; the engine starts after the first paint.

    Args:
        settings_path: the settings file; None = the system's place.
    """
    from PySide6.QtGui import QIcon
    from PySide6.QtWidgets import QApplication

    from app.collector import Collector
    from app.errors import Messages, start_log
    from app.main_window import MainWindow
    from app.settings import Settings
    from app.start import app_icon_path
    from app.theme import apply_theme

    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("pentimento")
    app.setApplicationDisplayName("Pentimento")
    app.setDesktopFileName("pentimento")
    settings = Settings(settings_path)
    log_file = start_log()
    messages = Messages()
    messages.catch_everything()
    apply_theme(app, settings.theme)
    app.setWindowIcon(QIcon(str(app_icon_path())))
    window = MainWindow(settings, messages, log_file)
    Collector(window)
    window.first_painted.connect(lambda: _start_engine(window))
    window.first_painted.connect(window.autosaving.begin)
    window.first_painted.connect(window.recovery.begin)
    window.show()
    if paths:
        window.files.open_paths(paths)
    return app, window


def _start_engine(window: MainWindow) -> None:
    """Begin the slow part once the artist sees something."""
    from app.jobs.engine_thread import EngineThread

    engine = EngineThread(parent=window)
    window.attach_engine(engine)
    engine.start()
