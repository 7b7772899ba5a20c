"""The Help menu."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from app import dialogs
from app.errors import Messages


class HelpPart(QObject):
    """Args:
    log_file: where the log is written; None where it is not.
    """

    def __init__(self, messages: Messages, log_file: Path | None, window: QWidget) -> None:
        super().__init__(window)
        self._messages, self._log_file, self._window = messages, log_file, window

    def shortcuts(self) -> None:
        dialogs.show_shortcuts(self._window)

    def show_log(self) -> None:
        """Open the log file, and say where it lies."""
        if self._log_file is None:
            self._messages.info(self.tr("No log is written: the folder for it cannot be written to."))
            return
        self._messages.info(self.tr("Log file: {}").format(self._log_file))
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._log_file)))

    def about(self) -> None:
        dialogs.show_about(self._window, self._log_file)
