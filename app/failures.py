"""What went wrong on the command line, as one sentence; what nobody expected is written down as well."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

PROGRAM = "pentimento"
EXPECTED = 1  # exit code of what can go wrong with files, models and edits
WRONG_USE = 2  # exit code of arguments and recipes that cannot be used


def sentence_of(error: Exception) -> tuple[str, int]:
    """(what to say, the exit code). The details of a bug go into the log file that the sentence names."""
    from editor.errors import DocumentError
    from engine.errors import BadRecipe, EngineError

    if isinstance(error, DocumentError | EngineError):
        return str(error), WRONG_USE if isinstance(error, BadRecipe) else EXPECTED
    if isinstance(error, MemoryError):
        return "There is not enough memory for this. Close other programs or use a smaller picture.", EXPECTED
    log = _written_down(error)
    where = f" Details are in {log}" if log else ""
    return f"Something unexpected went wrong ({type(error).__name__}: {error}).{where}", EXPECTED


def _written_down(error: Exception) -> Path | None:
    """The log file that now holds the details, None where none can be written."""
    from platformdirs import user_log_path

    log = user_log_path(PROGRAM, appauthor=False) / "command-line.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    except OSError:
        logging.getLogger(__name__).debug("no log could be written", exc_info=True)
        return None
    return log
