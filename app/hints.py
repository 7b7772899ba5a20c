"""What the status line tells by the way: of the tool in hand, of what is under way, and of what could be done next."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.documents import Documents
from app.jobs.queue import JobState
from app.panels.tool_options import ToolOptionsBar
from app.parts.clicks import ClicksPart
from app.parts.exemplars import ExemplarsPart
from app.parts.learning import LearningPart
from app.parts.recipes import RecipesPart
from app.parts.runs import RunsPart
from app.parts.start import StartPart
from app.parts.tools import ToolsPart
from app.parts.words import WordsPart
from app.status import StatusLine
from editor.layers import LayerId


class Hints(QObject):
    """Passes on what the parts have to say, and lets go of it when it no longer holds."""

    def __init__(
        self,
        documents: Documents,
        tools: ToolsPart,
        clicks: ClicksPart,
        start: StartPart,
        words: WordsPart,
        exemplars: ExemplarsPart,
        learning: LearningPart,
        recipes: RecipesPart,
        runs: RunsPart,
        option_bar: ToolOptionsBar,
        status: StatusLine,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._documents, self._recipes, self._runs, self._status = documents, recipes, runs, status
        tools.tool_changed.connect(lambda _: status.show_hint(""))  # it was about what was in hand before
        for part in (start, words, exemplars):
            part.hint.connect(status.show_hint)
        bar = option_bar
        pages = (bar.select_page, bar.points_page, bar.transform_page, bar.box_page)
        self._of_tools = [page.hint for page in pages]  # of which one is shown
        for hint in self._of_tools:
            hint.left_out.connect(lambda _: self._show_untold())
        learning.told.connect(status.show_aside)
        clicks.looking.connect(self._show_look)
        runs.applied.connect(self._hint_at_recipe)
        runs.job_changed.connect(lambda _: status.show_hint(""))
        runs.job_changed.connect(lambda _: status.show_job(runs.current_job))

    def _show_untold(self) -> None:
        """Say of a tool what its page had no room for."""
        self._status.show_tool_hint("".join(hint.untold for hint in self._of_tools))

    def _show_look(self, state: JobState | None) -> None:
        self._status.show_job(self._runs.current_job or state)

    def _hint_at_recipe(self, _job: object, _result: object, layer: LayerId) -> None:
        hint = self.tr("Double-click the new layer in the Layers panel to change a word or the seed and run it again.")
        drag = self._recipes.drag is not None
        if drag:
            hint = self.tr("Not quite there? Move a target and run again: the new layer is made anew.")

        def holds() -> bool:
            document = self._documents.current
            if document is None:
                return False
            return self._recipes.replaced_in(document) == layer if drag else layer in document

        self._status.show_hint(hint, holds)
