"""Fill and remove as things to do with a selection: chosen and run at once, or chosen and asked for words."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.documents import Documents
from app.edit_options import EditOptions
from app.errors import Messages
from app.parts.recipes import RecipesPart
from app.parts.runs import RunsPart

METHOD = "inpaint"


class FillingPart(QObject):
    """Signals:
    words_wanted: the artist is to say what the selection shall be filled with.
    """

    words_wanted = Signal()

    def __init__(
        self,
        documents: Documents,
        options: EditOptions,
        recipes: RecipesPart,
        runs: RunsPart,
        messages: Messages,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._documents, self._options, self._recipes, self._runs = documents, options, recipes, runs
        self._messages = messages

    def remove(self) -> None:
        """Have what is selected replaced by what could be there instead."""
        if self._chosen():
            self._options.set("prompt", "")
            self._runs.run()

    def fill(self) -> None:
        """Ask for words that say what the selection shall be filled with."""
        if self._chosen():
            self.words_wanted.emit()

    def _chosen(self) -> bool:
        document = self._documents.current
        if document is None or document.selection is None:
            return False
        if self._options.info(METHOD) is None:
            self._messages.info(self.tr("“Fill and remove” is not installed, so the selection stays as it is."))
            return False
        self._recipes.end_replacing()  # it is a new edit of what is seen now
        if self._options.method is None or self._options.method.id != METHOD:
            self._options.choose(METHOD)
        return True
