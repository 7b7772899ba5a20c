"""What is remembered comes back; what is broken counts as never set."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray

from app.settings import RECENT_LIMIT, Settings


def again(settings: Settings) -> Settings:
    settings.flush()
    return Settings(settings.path)


def test_values_survive_a_restart(settings: Settings, tmp_path: Path) -> None:
    settings.theme = "light"
    settings.folder = tmp_path
    settings.method = "sdedit"
    settings.remember_edit_values("sdedit", {"prompt": "a “cat”", "steps": 7, "strength": 0.25, "exact": True})
    settings.remember_tool_values({"brush": {"size": 3.5}})
    settings.remember_window(QByteArray(b"\x00\x01g"), QByteArray(b"s\xff"))
    new = again(settings)
    assert (new.theme, new.folder, new.method) == ("light", tmp_path, "sdedit")
    assert new.edit_values("sdedit") == {"prompt": "a “cat”", "steps": 7, "strength": 0.25, "exact": True}
    assert new.tool_values() == {"brush": {"size": 3.5}}
    assert [bytes(part.data()) for part in new.window()] == [b"\x00\x01g", b"s\xff"]


def test_first_start(settings: Settings) -> None:
    assert settings.theme == "dark"
    assert settings.recent == []
    assert settings.edit_values("sdedit") == {}
    assert all(part.isEmpty() for part in settings.window())


def test_recent_files_are_newest_first_without_those_that_are_gone(settings: Settings, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.ora" for number in range(RECENT_LIMIT + 3)]
    for path in paths:
        path.touch()
        settings.add_recent(path)
    settings.add_recent(paths[5])
    assert again(settings).recent[:2] == [paths[5], paths[-1]]
    assert len(settings.recent) == RECENT_LIMIT
    paths[5].unlink()
    assert paths[5] not in settings.recent
    settings.clear_recent()
    assert settings.recent == []


def test_a_damaged_file_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "settings.ini"
    path.write_bytes(b"\x00\xff[[garbage\nrecent={not json\n[methods]\nsdedit=[1,2\n")
    settings = Settings(path)
    assert settings.recent == []
    assert settings.edit_values("sdedit") == {}
    assert settings.theme == "dark"


def test_how_often_to_autosave(settings: Settings) -> None:
    assert settings.autosave_minutes == 1
    for stored, told in ((5, 5), (0, 0), (-3, 0), (999, 60)):
        settings.autosave_minutes = stored
        assert settings.autosave_minutes == told
    settings._store.setValue("autosave_minutes", "often")
    assert settings.autosave_minutes == 1
