"""What the start page's cards do: open a sample with its inputs placed, ready to run."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.edit_options import WORDS, EditOptions
from app.exemplar import read_exemplar
from app.parts.files import FilesPart
from app.parts.tools import ToolsPart
from app.samples import sample_for, samples
from app.start import Card, method_for
from editor.document import Document
from engine.request import Input

EMPTY_SIZE = (512, 512)
TOOLS = {Input.POINTS: "points", Input.BOX: "box"}  # that place a method's inputs


class StartPart(QObject):
    """Signals:
    hint: what to do next, for the status line.
    """

    hint = Signal(str)

    def __init__(self, files: FilesPart, options: EditOptions, tools: ToolsPart, parent: QObject) -> None:
        super().__init__(parent)
        self._files, self._options, self._tools = files, options, tools

    def choose(self, card: Card) -> None:
        """Open the card's sample, or an empty canvas where none came with the program."""
        method = method_for(card, [info.id for info in self._options.methods])
        if method is None:
            return
        sample = sample_for(method) or next(iter(samples()), None)
        if sample is None:
            self._options.choose(method)
            self._files.add_empty(EMPTY_SIZE)
            return

        def placed(document: Document) -> None:
            words = {name: getattr(sample, name) for name in (*WORDS, "seed")}
            self._options.fill(method, {**words, **sample.parameters})
            if sample.exemplar is not None:
                self._options.exemplars.put(document, read_exemplar(sample.exemplar))
            for kind, tool in TOOLS.items():
                if self._options.method is not None and self._options.method.takes(kind):
                    self._tools.choose(tool)  # to move what is placed
            self.hint.emit(self.tr("Everything is placed already: press Run and watch."))

        self._files.open_sample(sample.document, sample.title, placed)
