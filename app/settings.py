"""What the program remembers between two starts: one INI file that an artist may delete."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

RECENT_LIMIT = 12
AUTOSAVE_LIMIT = 60  # minutes


def default_path() -> Path:
    """The settings file in the place that the system has for it."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppConfigLocation)
    return Path(folder) / "settings.ini"


class Settings:
    """Typed access to the settings file; what cannot be read counts as never set.

    Args:
        path: the file; None = the system's place.
    """

    def __init__(self, path: Path | None = None) -> None:
        data = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppLocalDataLocation)
        self._data = path.parent if path is not None else Path(data)
        self._store = QSettings(str(path or default_path()), QSettings.Format.IniFormat)

    @property
    def path(self) -> Path:
        return Path(self._store.fileName())

    @property
    def examples_folder(self) -> Path:
        """Where the examples that were used last are kept; beside a settings file that has a place of its own."""
        return self._data / "examples"

    def flush(self) -> None:
        """Write what changed to disk now."""
        self._store.sync()

    @property
    def theme(self) -> str:
        """ "dark", "light" or "system"."""
        return str(self._store.value("theme", "dark"))

    @theme.setter
    def theme(self, name: str) -> None:
        self._store.setValue("theme", name)

    @property
    def folder(self) -> Path:
        """Where files were last opened or saved."""
        pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        return Path(str(self._store.value("folder", pictures)))

    @folder.setter
    def folder(self, folder: Path) -> None:
        self._store.setValue("folder", str(folder))

    @property
    def recent(self) -> list[Path]:
        """Files opened or saved last, newest first, those that are gone left out."""
        paths = [Path(str(entry)) for entry in self._json("recent", [])]
        return [path for path in paths if path.is_file()]

    def add_recent(self, path: Path) -> None:
        """Put `path` at the top of the recent files."""
        kept = [entry for entry in self.recent if entry != path]
        self._store.setValue("recent", json.dumps([str(entry) for entry in (path, *kept)][:RECENT_LIMIT]))

    def clear_recent(self) -> None:
        self._store.remove("recent")

    @property
    def autosave_minutes(self) -> int:
        """Minutes between two autosaves; 0 = never."""
        try:
            return min(max(int(str(self._store.value("autosave_minutes", 1))), 0), AUTOSAVE_LIMIT)
        except ValueError:
            return 1

    @autosave_minutes.setter
    def autosave_minutes(self, minutes: int) -> None:
        self._store.setValue("autosave_minutes", minutes)

    @property
    def method(self) -> str:
        """Id of the method chosen last."""
        return str(self._store.value("method", "sdedit"))

    @method.setter
    def method(self, method: str) -> None:
        self._store.setValue("method", method)

    @property
    def variations(self) -> int:
        """How many variations one run makes; 0 = never said."""
        return int(self._json("variations", 0))

    @variations.setter
    def variations(self, count: int) -> None:
        self._store.setValue("variations", json.dumps(count))

    def edit_values(self, method: str) -> dict[str, Any]:
        """What was entered last for a method: its parameters by name, the words and "seed"."""
        return dict(self._json(f"methods/{method}", {}))

    def remember_edit_values(self, method: str, values: dict[str, Any]) -> None:
        self._store.setValue(f"methods/{method}", json.dumps(values))

    def tool_values(self) -> dict[str, Any]:
        """Tool options by name, as plain values."""
        return dict(self._json("tools", {}))

    def remember_tool_values(self, values: dict[str, Any]) -> None:
        self._store.setValue("tools", json.dumps(values))

    @property
    def segmenter(self) -> str:
        """Who finds what is pointed at: "" = as it fits the picture, "grabcut", "studio-sam" or a checkpoint's path."""
        return str(self._store.value("segmenter", ""))

    @segmenter.setter
    def segmenter(self, model: str) -> None:
        self._store.setValue("segmenter", model)

    @property
    def checkpoint(self) -> Path | None:
        """The segment-anything checkpoint that was chosen last; None where there is none, or it is gone."""
        path = Path(str(self._store.value("checkpoint", "")))
        return path if path.is_file() else None

    @checkpoint.setter
    def checkpoint(self, path: Path) -> None:
        self._store.setValue("checkpoint", str(path))

    def window(self) -> tuple[QByteArray, QByteArray]:
        """(geometry, state of bars and docks) as Qt saved them, empty at first."""
        geometry, state = self._store.value("window/geometry"), self._store.value("window/state")
        return (
            geometry if isinstance(geometry, QByteArray) else QByteArray(),
            state if isinstance(state, QByteArray) else QByteArray(),
        )

    def remember_window(self, geometry: QByteArray, state: QByteArray) -> None:
        self._store.setValue("window/geometry", geometry)
        self._store.setValue("window/state", state)

    def _json(self, key: str, default: Any) -> Any:
        try:
            value = json.loads(str(self._store.value(key, "")))
        except ValueError:
            return default
        return value if isinstance(value, type(default)) else default
