"""The one place where errors are shown: a bar with one sentence, details on demand, and a log file."""

from __future__ import annotations

import logging
import sys
import traceback
from collections import deque
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QEvent, QObject, QStandardPaths, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from app.theme import polish, set_icon
from app.widgets import icon_button
from editor.errors import DocumentError
from engine.errors import EngineError

log = logging.getLogger("pentimento")
LOG_BYTES = 1 << 20
INFO_SECONDS = 6
MARGIN = 12  # px around the bar
WIDEST = 880


def log_path() -> Path:
    """Where the log file lies."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppLocalDataLocation)
    return Path(folder) / "pentimento.log"


def start_log(path: Path | None = None) -> Path | None:
    """Write warnings and errors to the log file from now on.

    Returns:
        The file; None where it cannot be written (the program runs without).
    """
    path = path or log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8")
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    return path


@dataclass(frozen=True)
class Message:
    """Something to tell the artist.

    Attributes:
        level: "info", "warning" or "error".
        sentence: what happened and what to do next.
        details: for those who ask; may be empty.
    """

    level: str
    sentence: str
    details: str = ""


class Messages(QObject):
    """Where every part of the program says what went wrong."""

    posted = Signal(object)

    def info(self, sentence: str) -> None:
        self.posted.emit(Message("info", sentence))

    def warn(self, sentence: str, details: str = "") -> None:
        self.posted.emit(Message("warning", sentence, details))

    def error(self, sentence: str, details: str = "") -> None:
        log.error("%s\n%s", sentence, details)
        self.posted.emit(Message("error", sentence, details))

    def report(self, error: BaseException) -> None:
        """Show any exception: its own sentence where it was made to be shown, else a general one."""
        details = "".join(traceback.format_exception(error))
        if isinstance(error, DocumentError | EngineError):
            self.error(str(error), details)
        elif isinstance(error, MemoryError):
            self.error(
                self.tr("There is not enough memory for this. Close other pictures or programs and try again."), details
            )
        else:
            kind = type(error).__name__
            self.error(
                self.tr("Something went wrong inside Pentimento ({}). Your picture is as it was.").format(kind), details
            )

    def catch_everything(self) -> None:
        """Show exceptions that nobody caught instead of ending the program."""

        def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
            if issubclass(kind, KeyboardInterrupt):
                sys.__excepthook__(kind, error, trace)
            else:
                self.report(error.with_traceback(trace))

        sys.excepthook = hook


class MessageBar(QFrame):
    """Shows messages one at a time, lying over the top of its parent so that nothing below is moved.

    Args:
        log_file: shown with the details; None where no log is written.
    """

    def __init__(self, log_file: Path | None, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("messageBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        parent.installEventFilter(self)
        self._log_file = log_file
        self._waiting: deque[Message] = deque()
        self.message: Message | None = None
        self._timer = QTimer(self, singleShot=True, interval=INFO_SECONDS * 1000)
        self._timer.timeout.connect(self.dismiss)
        self._build()
        self.hide()

    def _build(self) -> None:
        self._icon = QLabel()
        self._text = QLabel(wordWrap=True, textInteractionFlags=Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setAccessibleName(self.tr("Message"))
        self._text.setMinimumWidth(80)
        self._more = QLabel()
        self._more.setProperty("role", "quiet")
        self.details_button = QPushButton(self.tr("Details"))
        self.details_button.setProperty("flat", "true")
        self.details_button.setCheckable(True)
        self.details_button.toggled.connect(self._show_details)
        self.close_button = icon_button("close", self.tr("Close this message"))
        self.close_button.clicked.connect(self.dismiss)
        row = QHBoxLayout()
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(8)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._text, 1)
        for widget in (self._more, self.details_button, self.close_button):
            row.addWidget(widget)
        self._details = QPlainTextEdit(readOnly=True)
        self._details.setAccessibleName(self.tr("Details of the message"))
        self._details.setFixedHeight(140)
        self._log_link = QPushButton()
        self._log_link.setProperty("link", "true")
        self._log_link.setAccessibleName(self.tr("Open the log file"))
        self._log_link.setToolTip(self.tr("Open the log file"))
        self._log_link.clicked.connect(self._open_log)
        self._below = QWidget()
        below = QVBoxLayout(self._below)
        below.setContentsMargins(12, 0, 12, 8)
        below.setSpacing(4)
        below.addWidget(self._details)
        below.addWidget(self._log_link)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self._below)

    def post(self, message: Message) -> None:
        """Show a message now; the one shown before is kept for after it, unless it was only information."""
        if self.message == message:
            return
        if self.message is not None and self.message.level != "info":
            self._waiting.append(self.message)
        self._show(message)

    def dismiss(self) -> None:
        """Take the message away; the one before comes back."""
        if self._waiting:
            self._show(self._waiting.pop())
        else:
            self.message = None
            self._timer.stop()
            self.hide()

    def _show(self, message: Message) -> None:
        self.message = message
        colour = {"error": "danger", "warning": "warning"}.get(message.level, "accent")
        set_icon(self._icon, message.level, colour)
        self._text.setText(message.sentence)
        self._more.setText(self.tr("{} more").format(len(self._waiting)) if self._waiting else "")
        self._details.setPlainText(message.details)
        self._log_link.setText(self.tr("Log file: {}").format(self._log_file))
        self._log_link.setVisible(self._log_file is not None)
        self.details_button.setVisible(bool(message.details))
        self.details_button.setChecked(False)
        self._show_details(False)
        self.setProperty("level", message.level)
        polish(self)
        self.show()
        self.place()
        if message.level == "info":
            self._timer.start()
        else:
            self._timer.stop()

    def _show_details(self, shown: bool) -> None:
        self._below.setVisible(shown and self.message is not None and bool(self.message.details))
        self.place()

    def place(self) -> None:
        """Lie over the top of the parent, as high as the message needs."""
        parent = self.parentWidget()
        if parent is not None:
            width = min(parent.width() - 2 * MARGIN, WIDEST)
            column = self.layout()
            if column is not None:
                column.activate()
            height = self.heightForWidth(width) if self.hasHeightForWidth() else self.sizeHint().height()
            self.setGeometry((parent.width() - width) // 2, MARGIN, width, height)
            self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self.parent():
            self.place()
        return False

    def _open_log(self) -> None:
        if self._log_file is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._log_file)))
