"""Work on two documents as the window does, without one, until killed: `python -m tests.app.crashing FOLDER`.

For every seed that comes in on the standard input it forks a child that works, and says the child's number, and, when
the child is gone, which signal ended it: fifty starts need the libraries only once.

Every change counts up: the bottom layer is called by the number of the change and filled with a colour that says it, in
one undo step, so that who opens the file sees which state it holds, and whether name and pixels belong together.
What reached the disk is noted in FOLDER/journal after it is there.
"""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import random
import sys
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from app.background import Background
from app.documents import Documents
from app.errors import Messages
from app.parts.autosaving import AutosavingPart
from app.parts.files import FilesPart
from app.parts.recovery import RecoveryPart
from app.settings import Settings
from editor import commands
from editor.composite import composite
from editor.document import Document, Snapshot
from editor.layers import ImageLayer
from editor.tiles import TiledImage
from editor.tools import TOOLS, ToolOptions
from tests.app.crashing.journal import SIDE, TITLES, colour, number_of
from tests.editor.builders import gesture

MOST_LAYERS = 5
TICK, AUTOSAVE, SAVE, RUN = 3, 40, 70, 50  # ms
UNDO_MEMORY = 1 << 20  # so that undo spills, too


class Work(QObject):
    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__()
        self.folder, self.random = folder, random.Random(seed)
        self.journal = os.open(folder / "journal", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.window = QWidget()
        self.documents, self.background = Documents(self), Background(self)
        settings, messages = Settings(folder / "settings.ini"), Messages(self)
        messages.posted.connect(lambda message: self.note(f"! {message.sentence}"))
        self.files = FilesPart(self.documents, self.background, messages, settings, self.window)
        self.autosaving = AutosavingPart(self.documents, settings, self.window)
        self.recovery = RecoveryPart(self.documents, self.autosaving, self.background, messages, self.window)
        self.files.saved.connect(self.autosaving.note_saved)
        self.files.saved.connect(self._saved)
        self.autosaving.kept.connect(self._kept)
        self.numbers: dict[Document, int] = {}
        self.saving: dict[Document, int] = {}
        self.timers = [self._every(TICK, self.paint), self._every(AUTOSAVE, self.autosaving.autosave)]
        self.timers += [self._every(SAVE, self.save), self._every(RUN, self.run)]
        self.autosaving.begin(folder / "autosave")
        self.recovery.begin(folder / "autosave")
        QTimer.singleShot(0, self.recover)

    def _every(self, interval: int, call: object) -> QTimer:
        timer = QTimer(self, interval=interval)
        timer.timeout.connect(call)
        return timer

    def note(self, line: str) -> None:
        os.write(self.journal, f"{line}\n".encode())

    # what a dead program left

    def recover(self) -> None:
        """Open all that is offered, as an artist would, then what is missing."""
        if self.recovery.offer is not None:
            self.recovery.offer.main.click()
        if self.background.busy:
            QTimer.singleShot(1, self.recover)
            return
        saved = self.folder / f"{TITLES[0]}.ora"
        copy = self._titled(f"{TITLES[0]} (recovered)")
        if self._titled(TITLES[0]) is None and saved.exists():
            self.files.open_paths([saved])
            QTimer.singleShot(1, self.recover)
            return
        known = self._titled(TITLES[0])
        if copy is not None and known is not None:  # the saved file was written later than what was autosaved
            newer, older = sorted((copy, known), key=lambda document: -number_of(document.snapshot()))
            self.documents.close(older)
            newer.path, newer.title = saved, TITLES[0]
        for title in TITLES:
            document = self._titled(title) or self._new(title)
            document.history.memory_limit = UNDO_MEMORY
            self.numbers[document] = number_of(document.snapshot())
        self.note("ready")
        for timer in self.timers:
            timer.start()

    def _titled(self, title: str) -> Document | None:
        return next((document for document in self.documents if document.title == title), None)

    def _new(self, title: str) -> Document:
        document = self.files.add_empty((SIDE, SIDE))
        document.title = title
        document.path = self.folder / f"{title}.ora" if title == TITLES[0] else None  # the other one is never saved
        return document

    # work

    def paint(self) -> None:
        """A step that counts, or a real stroke."""
        document = self.random.choice(list(self.numbers))
        kind = self.random.random()
        if kind < 0.6:
            self.count(document)
        elif kind < 0.8:
            at = [(self.random.uniform(0, SIDE), self.random.uniform(0, SIDE)) for _ in range(4)]
            document.activate(document.layers[-1].id)
            gesture(TOOLS["brush"](ToolOptions()), document, *at)
        elif kind < 0.9:
            document.history.undo()
            document.history.redo()

    def count(self, document: Document) -> None:
        number = self.numbers[document] = self.numbers[document] + 1
        layer = document.layers[0]
        pixels = TiledImage.from_array(np.full((SIDE, SIDE, 4), colour(number), np.uint8))
        steps = (commands.Rename(layer.id, str(number)), commands.ReplacePixels(layer.id, pixels))
        document.history.do(commands.Sequence(steps))

    def run(self) -> None:
        """An edit: a worker thread composites, and what it found comes in as a layer, or in place of the last one."""
        document = self.random.choice(list(self.numbers))
        snapshot = document.snapshot()

        def done(found: np.ndarray) -> None:
            layer = ImageLayer(name="Result", pixels=TiledImage.from_array(found[: SIDE // 2]), opacity=0.5)
            if len(document.layers) >= MOST_LAYERS:
                document.history.do(commands.RemoveLayer(document.layers[-1].id))
            document.history.do(commands.AddResult(layer))

        self.autosaving.keep(document)
        self.background.run("", lambda: composite(snapshot), done)

    def save(self) -> None:
        document = next(document for document in self.numbers if document.title == TITLES[0])
        if document not in self.saving:
            self.saving[document] = number_of(document.snapshot())
            self.documents.choose(document)
            self.files.save()

    def _saved(self, document: Document) -> None:
        self.note(f"{document.title} {self.saving.pop(document)} saved")

    def _kept(self, document: Document, snapshot: Snapshot) -> None:
        self.note(f"{document.title} {number_of(snapshot)} autosaved")


def main(folder: Path) -> None:
    for seed in sys.stdin:
        child = os.fork()
        if child == 0:
            app = QApplication(sys.argv[:1])
            work = Work(folder, int(seed))
            app.exec()
            os._exit(len(work.documents))
        print(child, flush=True)
        print(os.WTERMSIG(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
