"""Runs as a process of its own: the program as it is, with a heartbeat in the window's thread. Prints one line of JSON.

Arguments: the moment it was started (time.monotonic() of the parent), "window" or "edit", a models folder or "".
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

STARTED, PART, MODELS = float(sys.argv[1]), sys.argv[2], sys.argv[3]
BEAT = 10  # ms
RUNS = 3  # edits one after the other
LONGEST = 180_000  # ms


class Watch:
    """Follows one window from its first paint to the end of its last edit."""

    def __init__(self, application: Any, window: Any) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.application, self.window, self.later = application, window, QTimer.singleShot
        self.found: dict[str, Any] = {"beats": [], "seconds": []}
        self.phase, self.last, self.began = "start", time.monotonic(), 0.0
        self.timer = QTimer()
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.setInterval(BEAT)
        self.timer.timeout.connect(self.beat)
        window.first_painted.connect(self.shown)
        self.later(LONGEST, application.quit)

    def beat(self) -> None:
        """Note the phase and the milliseconds since the last beat."""
        now = time.monotonic()
        self.found["beats"].append((self.phase, 1000 * (now - self.last)))
        self.last = now

    def shown(self) -> None:
        self.found.update(
            shown=time.monotonic() - STARTED,
            cpu=time.process_time(),
            torch="torch" in sys.modules,
            listed=len(self.window.options.methods),
            visible=self.window.isVisible(),
        )
        if PART == "window":
            print(json.dumps(self.found), flush=True)
            os._exit(0)  # without waiting for the engine
        self.phase, self.last = "import", time.monotonic()
        self.timer.start()
        self.later(0, self.follow)

    def follow(self) -> None:
        """Listen to the engine as soon as the window has one."""
        engine = self.window.engine
        if engine is None:
            self.later(5, self.follow)
            return
        engine.methods_found.connect(self.ready)
        engine.job_changed.connect(self.job_changed)
        engine.idle.connect(self.idle)
        engine.failed.connect(self.failed)

    def ready(self, _methods: object) -> None:
        """Open the first sample and fill in what it suggests."""
        from app.samples import samples

        self.found["methods"] = time.monotonic() - STARTED
        self.phase = "opening"
        if MODELS:
            from engine.models import store

            store.models_folder = lambda: Path(MODELS)
        sample = samples()[0]
        words = {"prompt": sample.prompt, "negative_prompt": sample.negative_prompt, "seed": sample.seed}
        self.window.options.fill(sample.method, {**words, **sample.parameters})
        self.window.files.open_sample(sample.document, sample.title, lambda _: self.later(300, self.run))

    def run(self) -> None:
        self.phase = "edit" if self.found["seconds"] else "loading"
        self.began = time.monotonic()
        self.window.commands["run"].trigger()

    def job_changed(self, job: Any) -> None:
        if job.status == "running" and self.phase == "loading":
            self.phase = "edit"

    def idle(self) -> None:
        self.found["seconds"].append(time.monotonic() - self.began)
        self.later(200, self.run if len(self.found["seconds"]) < RUNS else self.finish)

    def failed(self, _job: int, sentence: str, _details: str) -> None:
        self.found["failed"] = sentence
        self.finish()

    def finish(self) -> None:
        self.timer.stop()
        print(json.dumps(self.found), flush=True)
        for document in self.window.documents:
            document.history.mark_saved()  # so that closing asks nothing
        self.window.close()
        self.application.quit()


def run_window(paths: list[Path]) -> int:
    """What `app.application.run_window` does, watched."""
    from app.application import start

    application, window = start(paths)
    watch = Watch(application, window)
    code = int(application.exec())
    del watch
    return code


if __name__ == "__main__":
    import app.application
    import app.cli

    app.application.run_window = run_window
    app.cli.main([])
