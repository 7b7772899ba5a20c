"""Undo steps: commands kept in order, the far ones compressed on disk, so that memory stays bounded."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from editor.commands.base import Command
from editor.document import Change, Document, What
from editor.errors import DocumentError
from editor.identity import Identity
from editor.spill import SpillFolder

MEMORY_LIMIT = 256 * 2**20  # bytes of steps held in memory
SMALL = 4096  # a step below this many bytes is not worth a file
_NOWHERE = -1  # no state has this id


@dataclass(frozen=True)
class HistoryStep:
    """What the History panel shows of a step; `id` never comes back for another step."""

    title: str
    id: int


class History:
    """The steps of one document.

    Args:
        memory_limit: bytes of pixels that steps may hold in memory; those farthest from the position go to disk.
        spill_folder: where the temporary folder is made; None = the user's cache.
    """

    def __init__(self, document: Document, memory_limit: int = MEMORY_LIMIT, spill_folder: Path | None = None) -> None:
        self._document = document
        self.memory_limit = memory_limit
        self._parent = spill_folder
        self._folder: SpillFolder | None = None
        self._writer: ThreadPoolExecutor | None = None
        self._steps: list[_Step] = []
        self._position = 0
        self._last_id = 0
        self._base = 0  # id of the state at position 0; another one when steps before it were lost
        self._saved: int = 0
        self._sealed = True

    # reading

    @property
    def steps(self) -> list[HistoryStep]:
        """Every step, oldest first; those from `position` on are undone."""
        return [step.shown for step in self._steps]

    @property
    def position(self) -> int:
        """How many steps are applied."""
        return self._position

    @property
    def can_undo(self) -> bool:
        return self._position > 0

    @property
    def can_redo(self) -> bool:
        return self._position < len(self._steps)

    @property
    def modified(self) -> bool:
        """Whether the position is not the saved one."""
        return self._current_id() != self._saved

    @property
    def state(self) -> int:
        """Names the document's present state among all that its history knows."""
        return self._current_id()

    @property
    def memory(self) -> int:
        """Bytes of pixels that the steps hold in memory, those still being written included."""
        return sum(step.memory for step in self._steps)

    # changing

    def do(self, command: Command, *, merge: bool = False) -> None:
        """Apply a command as a new step; what was undone is dropped.

        Args:
            merge: let it flow into the last step where that can be (a slider's drag), until `seal`.

        Raises:
            DocumentError: the change may not be made (e.g. LayerLocked); nothing changed.
        """
        command.check(self._document)
        last = self._steps[self._position - 1] if self._position else None
        if merge and last and last.done and not self._sealed and self._position == len(self._steps):
            merged = last.done.merged_with(command)
            if merged is not None and self._current_id() != self._saved:
                command.apply(self._document)
                last.done = merged
                last.shown = HistoryStep(merged.title, self._next_id())
                self._tell()
                return
        undo = command.apply(self._document)
        self._push(command.title, undo, command if merge else None)

    def record(self, title: str, undo: Command) -> None:
        """Add a step for a gesture that was already shown live; `undo` takes it back."""
        self._push(title, undo, None)

    def seal(self) -> None:
        """The gesture is over: the next command starts a step of its own."""
        self._sealed = True

    def undo(self) -> None:
        """Take the last applied step back; nothing happens at the start.

        Raises:
            DocumentError: the step could not be read back from the disk; it and all before it are dropped.
        """
        if self.can_undo:
            self._apply(self._position - 1, self._position - 1)

    def redo(self) -> None:
        """Apply the next undone step again; nothing happens at the end.

        Raises:
            DocumentError: the step could not be read back from the disk; it and all after it are dropped.
        """
        if self.can_redo:
            self._apply(self._position, self._position + 1)

    def go_to(self, position: int) -> None:
        """Undo or redo until `position` steps are applied; DocumentError as in `undo` and `redo`."""
        wanted = min(max(position, 0), len(self._steps))
        while self._position > wanted:
            self.undo()
        while self._position < wanted:
            self.redo()

    def mark_saved(self) -> None:
        """The document was saved as it is now."""
        self._saved = self._current_id()
        self._sealed = True
        self._tell()

    def mark_unsaved(self) -> None:
        """No state of the document is saved: it counts as changed until it is."""
        self._saved = _NOWHERE
        self._tell()

    def close(self) -> None:
        """Drop all steps and the temporary folder."""
        if self._writer:
            self._writer.shutdown(cancel_futures=True)
        if self._folder:
            self._folder.close()
        self._writer = self._folder = None
        self._saved = _NOWHERE if self.modified else 0
        self._steps.clear()
        self._position = self._base = 0

    def wait(self) -> None:
        """Return when every step on its way to the disk has got there."""
        for step in self._steps:
            step.settle()

    # inside

    def _push(self, title: str, undo: Command, done: Command | None) -> None:
        for dropped in self._steps[self._position :]:
            dropped.discard()
        del self._steps[self._position :]
        self._steps.append(_Step(HistoryStep(title, self._next_id()), undo, done))
        self._position += 1
        self._sealed = done is None
        self._bound_memory()
        self._tell()

    def _apply(self, index: int, position: int) -> None:
        """Run a step's command, keep what takes it back, and only then stand at `position`."""
        step = self._steps[index]
        try:
            command = step.load()
        except MemoryError as error:
            raise DocumentError(
                "There is not enough memory to read this step back. Close other pictures and try again."
            ) from error
        except Exception as error:  # a file that is gone or damaged; unpickling damage raises anything
            self._drop_beyond(index)
            raise DocumentError(
                "This step could not be read back from the disk, so the History panel no longer lists it and the steps "
                "beyond it. The picture is as it was; save it now."
            ) from error
        inverse = command.apply(self._document)
        step.discard()
        step.put(inverse)
        self._position = position
        self._sealed = True
        self._bound_memory()
        self._tell()

    def _drop_beyond(self, lost: int) -> None:
        """Forget a step that is lost and those that can be reached only through it."""
        if lost < self._position:
            self._base = self._current_id()
            gone, self._steps = self._steps[: lost + 1], self._steps[lost + 1 :]
            self._position = 0
        else:
            gone, self._steps = self._steps[lost:], self._steps[:lost]
        for step in gone:
            step.discard()
        self._sealed = True
        self._tell()

    def _bound_memory(self) -> None:
        """Send the steps farthest from the position to disk until the others fit."""
        held = sum(step.nbytes for step in self._steps if step.in_memory)
        if held <= self.memory_limit:
            return
        disk = self._disk()
        if disk is None:
            return  # as with a full disk: the steps stay in memory, which costs space but loses nothing
        far_first = sorted(range(len(self._steps)), key=lambda i: -abs(i + 0.5 - self._position))
        for index in far_first:
            if held <= self.memory_limit:
                break
            step = self._steps[index]
            if step.in_memory and step.nbytes > SMALL:
                step.spill(*disk)
                held -= step.nbytes
        while self.memory > 2 * self.memory_limit and any(step.settle() for step in self._steps):
            pass  # the disk is slower than the artist: wait rather than grow

    def _disk(self) -> tuple[SpillFolder, ThreadPoolExecutor] | None:
        """Where steps go and who writes them; None where no folder can be made."""
        if self._folder is None:
            try:
                self._folder = SpillFolder(self._parent)
            except OSError:
                return None
        if self._writer is None:
            self._writer = ThreadPoolExecutor(1, "undo-spill")
        return self._folder, self._writer

    def _current_id(self) -> int:
        return self._steps[self._position - 1].shown.id if self._position else self._base

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _tell(self) -> None:
        self._document.notify(Change(What.HISTORY))


class _Step:
    """One step: the command that undoes it (or, once undone, that redoes it), in memory or in a file."""

    def __init__(self, shown: HistoryStep, command: Command, done: Command | None) -> None:
        self.shown = shown
        self.done = done  # what was applied, while a later command may still merge with it
        self._command: Command | None = command
        self._path: Path | None = None
        self._writing: Future[None] | None = None
        self._identities: tuple[Identity, ...] = ()  # of the pictures in the file
        self.nbytes = command.nbytes

    @property
    def in_memory(self) -> bool:
        """Whether it is neither in a file nor on its way there."""
        return self._path is None

    @property
    def memory(self) -> int:
        return self.nbytes if self._command is not None else 0

    def spill(self, folder: SpillFolder, writer: ThreadPoolExecutor) -> None:
        """Start writing it to a file; the pixels stay until they are safely there."""
        self._path = folder.reserve()
        self.done = None
        self._writing = writer.submit(self._write, folder, self._path, cast(Command, self._command))

    def _write(self, folder: SpillFolder, path: Path, command: Command) -> None:
        try:
            self._identities = folder.write(path, command)
        except Exception:  # a full disk, no memory: whatever it is must not come up later in the middle of an undo
            return  # the step stays in memory, which costs space but loses nothing
        self._command = None

    def settle(self) -> bool:
        """Wait for the writing; True when there was something to wait for."""
        if self._writing is None:
            return False
        self._writing.result()
        self._writing = None
        return True

    def load(self) -> Command:
        """The command, read back from its file where it lies there; whatever `SpillFolder.read` raises."""
        self.settle()
        if self._command is None and self._path is not None:
            return cast(Command, SpillFolder.read(self._path, self._identities))
        return cast(Command, self._command)

    def put(self, command: Command) -> None:
        self._command = command
        self.nbytes = command.nbytes

    def discard(self) -> None:
        """Delete its file."""
        self.settle()
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink()
            self._path = None
        self._identities = ()
        self.done = None
