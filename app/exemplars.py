"""The examples of the open documents: what is to be brought in, or whose looks are wanted; one for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Signal

from app.exemplar import Exemplar
from app.jobs.method_info import TASK, MethodInfo
from app.jobs.regions import MOVE
from editor.document import Document
from engine.request import Input


class Exemplars(QObject):
    """No part of the document: it is neither undone nor saved, but every recipe holds the one that it was made with.

    Signals:
        changed: a Document has another example, or none.
    """

    changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept: WeakKeyDictionary[Document, Exemplar] = WeakKeyDictionary()

    def of(self, document: Document | None) -> Exemplar | None:
        """A document's example."""
        return self._kept.get(document) if document is not None else None

    def put(self, document: Document, exemplar: Exemplar | None) -> None:
        """Give a document another example, or none."""
        if exemplar is not None:
            self._kept[document] = exemplar
        elif self._kept.pop(document, None) is None:
            return
        self.changed.emit(document)


def wants_example(method: MethodInfo | None, values: Mapping[str, Any]) -> bool:
    """Whether an edit with these parameters makes use of an example."""
    return method is not None and method.takes(Input.EXEMPLAR) and values.get(TASK) != MOVE
