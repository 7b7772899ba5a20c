from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from editor.files import zips
from editor.files.zips import opened_zip


def test_a_directory_is_read_only_up_to_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(200):
            archive.writestr(f"{number}", bytes(50_000))
    monkeypatch.setattr(zips, "_DIRECTORY", 20_000)
    with opened_zip(path) as archive:
        assert len(archive.namelist()) == 200
        assert len(archive.read("7")) == 50_000
    monkeypatch.setattr(zips, "_DIRECTORY", 5_000)
    with pytest.raises(zipfile.BadZipFile, match="too large"), opened_zip(path):
        pass
