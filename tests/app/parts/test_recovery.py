"""After a crash: what is offered, what opening, discarding and leaving it do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.errors import Message
from app.main_window import MainWindow
from app.recovery_offer import RecoveryOffer
from editor.document import Document
from editor.files import open_document, save_document
from editor.leavings import Leavings, autosaved_in
from tests.editor.test_autosave import abandon

Wait = Callable[[], None]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where a dead program left "second" (saved before as second.ora), "third" and "first"."""
    abandon(tmp_path / "autosave")
    return tmp_path / "autosave"


@pytest.fixture
def settled(qtbot: QtBot, window: MainWindow, wait: Wait) -> Wait:
    def done() -> None:
        wait()
        qtbot.waitUntil(lambda: not window.autosaving._writer.busy, timeout=20_000)

    return done


@pytest.fixture
def offer(window: MainWindow, place: Path, settled: Wait) -> RecoveryOffer:
    window.autosaving.begin(place)
    window.recovery.begin(place)
    settled()
    assert window.recovery.offer is not None
    return window.recovery.offer


def titled(window: MainWindow) -> dict[str, Document]:
    return {document.title: document for document in window.documents}


def test_all_are_offered_newest_first_with_their_pictures(offer: RecoveryOffer) -> None:
    assert offer.isVisible()
    assert [row.left.title for row in offer.rows] == ["second", "third", "first"]
    assert [row.where.text() for row in offer.rows][1:] == ["Never saved", "Never saved"]
    sizes = [row.picture.pixmap().deviceIndependentSize().toSize().toTuple() for row in offer.rows]
    assert sizes == [(96, 72)] * 3
    assert offer.main.text() == "Open all 3"


def test_nothing_is_offered_where_nothing_was_left(window: MainWindow, tmp_path: Path, settled: Wait) -> None:
    window.recovery.begin(tmp_path / "nowhere")
    settled()
    assert window.recovery.offer is None


def test_opened_ones_are_changed_documents_and_kept_until_saved(
    window: MainWindow, offer: RecoveryOffer, place: Path, tmp_path: Path, settled: Wait
) -> None:
    offer.main.click()
    settled()
    assert window.recovery.offer is None
    found = titled(window)
    assert sorted(found) == ["first", "second", "third"]
    assert all(document.modified for document in found.values())
    assert [found[title].path for title in sorted(found)] == [None, tmp_path / "second.ora", None]
    assert not (tmp_path / "second.ora").exists()  # nothing is saved unasked
    own = next(folder for folder in place.iterdir() if autosaved_in(folder))
    assert len(autosaved_in(own)) == 3
    window.documents.choose(found["second"])
    window.files.save()
    settled()
    assert (tmp_path / "second.ora").exists()
    assert not found["second"].modified
    assert len(autosaved_in(own)) == 2


def test_an_opened_one_is_not_offered_again_once_closed(
    window: MainWindow, offer: RecoveryOffer, place: Path, settled: Wait
) -> None:
    offer.rows[1].open_button.click()
    settled()
    assert [row.left.title for row in offer.rows] == ["second", "first"]
    assert offer.isVisible()
    assert offer.main.text() == "Open all 2"
    window.documents.close(titled(window)["third"])
    settled()
    offer.later.click()
    window.autosaving.end()
    window.recovery.end()
    leavings = Leavings(place)
    assert [left.title for left in leavings.documents] == ["second", "first"]
    leavings.close()


def test_a_file_that_was_saved_later_is_not_the_place_to_save_to(
    window: MainWindow, place: Path, tmp_path: Path, settled: Wait
) -> None:
    save_document(Document(20, 10), tmp_path / "second.ora")
    content = (tmp_path / "second.ora").read_bytes()
    window.recovery.begin(place)
    settled()
    offer = window.recovery.offer
    assert offer is not None
    assert offer.rows[0].where.toolTip() == f"The saved file is newer: {tmp_path / 'second.ora'}"
    offer.rows[0].open_button.click()
    settled()
    (document,) = window.documents
    assert document.path is None
    assert document.title == "second (recovered)"
    assert (tmp_path / "second.ora").read_bytes() == content


def test_one_that_is_open_already_is_opened_as_a_copy(
    window: MainWindow, offer: RecoveryOffer, tmp_path: Path, settled: Wait
) -> None:
    save_document(Document(20, 10), tmp_path / "second.ora")
    os.utime(tmp_path / "second.ora", (1.0, 1.0))
    window.files.open_paths([tmp_path / "second.ora"])
    settled()
    offer.rows[0].open_button.click()
    settled()
    assert {document.title: document.path for document in window.documents} == {
        "second": tmp_path / "second.ora",
        "second (recovered)": None,
    }


def test_discarding_can_be_taken_back_until_the_offer_is_closed(
    window: MainWindow, offer: RecoveryOffer, place: Path, settled: Wait
) -> None:
    second, third = offer.rows[:2]
    for row in (second, third):
        row.discard_button.click()
        assert not row.open_button.isVisible()
        assert row.when.text() == "Will be deleted for good"
    third.discard_button.click()
    assert second.left.file.exists()
    offer.later.click()
    assert not second.left.file.exists()
    assert third.left.file.exists()
    window.recovery.end()
    leavings = Leavings(place)
    assert [left.title for left in leavings.documents] == ["third", "first"]
    leavings.close()


def test_all_discarded(window: MainWindow, offer: RecoveryOffer, place: Path) -> None:
    for row in offer.rows:
        row.discard_button.click()
    assert offer.main.text() == "Discard"
    offer.main.click()
    window.recovery.end()
    assert len(window.documents) == 0
    assert list(place.iterdir()) == []


def test_what_cannot_be_opened_is_told_and_stays(
    window: MainWindow, offer: RecoveryOffer, settled: Wait, posted: list[Message]
) -> None:
    left = offer.rows[0].left
    left.file.write_bytes(b"damaged")
    offer.main.click()
    settled()
    assert sorted(titled(window)) == ["first", "third"]
    assert [message.level for message in posted] == ["error"]
    assert left.file.exists()


def test_what_was_recovered_survives_another_crash_at_once(
    window: MainWindow, offer: RecoveryOffer, place: Path, settled: Wait
) -> None:
    offer.main.click()
    settled()
    own = next(folder for folder in place.iterdir() if autosaved_in(folder))
    held = Leavings(place)
    assert held.documents == ()  # this program runs
    held.close()
    assert {open_document(file).title for file in autosaved_in(own)} == {"first", "second", "third"}
