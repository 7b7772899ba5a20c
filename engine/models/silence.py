"""Libraries that read models, kept from printing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

_LIBRARIES = (diffusers_logging, transformers_logging)


@contextmanager
def silenced() -> Iterator[None]:
    """No progress bars; what the libraries warn about is either harmless here or becomes an error of ours."""
    before = [(library, library.get_verbosity(), library.is_progress_bar_enabled()) for library in _LIBRARIES]
    for library in _LIBRARIES:
        library.set_verbosity_error()
        library.disable_progress_bar()
    try:
        yield
    finally:
        for library, level, bars in before:
            library.set_verbosity(level)
            if bars:
                library.enable_progress_bar()
