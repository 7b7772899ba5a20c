"""The command line: the window by default, and the same edits without one. Importing it imports no Qt and no torch."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from app.failures import EXPECTED, PROGRAM, WRONG_USE, sentence_of

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=False)


@app.callback(invoke_without_command=True)
def window(context: typer.Context) -> None:
    """Pentimento: paint over a photo and have it become real.

    Without a command the window opens, with any photos that are named.

    Example: python main.py photo.jpg
    """
    if context.invoked_subcommand is None:
        raise typer.Exit(show_window([]))


@app.command("open")
def open_files(
    photos: Annotated[list[Path], typer.Argument(metavar="PHOTO...", help="Photos or .ora documents.")],
) -> None:
    """Open photos in the window; the word “open” may be left out.

    Example: python main.py open photo.jpg painting.ora
    """
    for photo in photos:
        if not photo.exists():
            hint = f" The commands are {', '.join(_commands())}." if not photo.suffix else ""
            raise _wrong_use(f"There is no file “{photo}”.{hint}")
    raise typer.Exit(show_window(photos))


@app.command()
def methods(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")] = False,
) -> None:
    """List the methods: id, title, inputs, and parameters with type, default, range and help.

    Example: python main.py methods --json
    """
    from app.headless import list_methods
    from app.jobs.method_info import to_json

    found = to_json(list_methods())
    if as_json:
        typer.echo(json.dumps(found, indent=1, ensure_ascii=False))
        return
    for entry in found:
        typer.echo(f"{entry['id']}: {entry['title']} (takes {', '.join(entry['inputs'])})")
        if entry["help"]:
            typer.echo(f"    {entry['help']}")
        for parameter in entry["parameters"]:
            typer.echo(f"    {parameter['name']} ({_about(parameter)}): {parameter['help']}")


def _about(parameter: dict[str, Any]) -> str:
    """Type, default and limits of a parameter, e.g. "float, 0.6, 0.0 to 1.0"."""
    parts = [parameter["type"], str(parameter["default"])]
    if parameter["range"]:
        parts.append(" to ".join(str(limit) for limit in parameter["range"]))
    elif parameter["choices"]:
        parts.append("one of: " + " | ".join(parameter["choices"]))
    return ", ".join(parts)


@app.command()
def run(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="A recipe, or a recipe.json beside its arrays.")],
    out: Annotated[
        Path,
        typer.Option(
            "--out", help="Where to write: .png flat, .ora or .psd with all layers; of several pictures a folder."
        ),
    ],
    image: Annotated[
        list[Path] | None,
        typer.Option("--image", help="Photo to use instead of the recipe's own; may be named several times."),
    ] = None,
    kind: Annotated[
        str, typer.Option("--format", metavar="KIND", help="What to write into a folder: ora (default), png, jpg, …")
    ] = "",
    carry: Annotated[
        bool, typer.Option("--recipe/--no-recipe", help="Whether a PNG carries its recipe, up to 1 MB of it.")
    ] = True,
) -> None:
    """Run a recipe without a window. An .ora keeps the photo, the strokes and the result as layers.

    Several pictures, or one and a folder: the recipe is applied to each, its strokes, mask, points, box and lengths
    scaled to the picture's size; results are named after the pictures, and no file is ever replaced. What fails is
    passed over and told at the end; the exit code is then 1.

    Example: python main.py run edit.recipe --image photo.jpg --out painted.ora

    Example: python main.py run edit.recipe --image a.jpg --image b.jpg --out painted --format png
    """
    from app import headless

    pictures = image or []
    if len(pictures) > 1 or (pictures and out.is_dir()):
        raise typer.Exit(_run_batch(recipe, pictures, out, kind, carry))
    if kind:
        raise _wrong_use("“--format” is for several pictures; the name after “--out” says what to write of one.")
    headless.check_target(out)
    picture = pictures[0] if pictures else None
    request = headless.read_recipe(recipe, picture)
    result = headless.Bench().run(request, headless.Progress(request.method))
    headless.write_result(result, out, (picture or recipe).stem, carry=carry, say=_note)
    for note in result.notes:
        _note(note)
    typer.echo(out)


def _run_batch(recipe: Path, pictures: Sequence[Path], folder: Path, kind: str, carry: bool) -> int:
    """Apply a recipe to every picture; returns the exit code."""
    from app.batch import FORMATS, Batch
    from app.headless import Progress

    kind = kind.lower().removeprefix(".") or "ora"
    if kind not in FORMATS:
        raise _wrong_use(f"There is no format “{kind}”. There are {', '.join(FORMATS)}.")
    if folder.suffix.lower().removeprefix(".") in FORMATS and not folder.is_dir():
        raise _wrong_use(f"Several pictures need a folder to write to, and “{folder.name}” is the name of a file.")
    batch = Batch(recipe, folder, kind, carry)
    try:
        for path in batch.run(pictures, Progress, _note):
            typer.echo(path)
    finally:
        typer.echo(batch.summary, err=True)
    return EXPECTED if batch.summary.failed else 0


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for the pictures; it is made where needed.")] = Path(
        "demo"
    ),
    chosen: Annotated[str, typer.Option("--methods", metavar="A,B", help="Only these methods.")] = "",
) -> None:
    """Show what every method does on the bundled samples: pictures, a document and a report.

    Writes per method ID.png (before, input marks, after), then demo.ora and report.json.

    Example: python main.py demo --out demo --methods sdedit
    """
    from app.demo import run_demo
    from app.headless import list_methods

    known = [info.id for info in list_methods()]
    wanted = [name.strip() for name in chosen.split(",") if name.strip()] or known
    for name in wanted:
        if name not in known:
            raise _wrong_use(f"There is no method “{name}”. There are {', '.join(known)}.")
    run_demo(out, wanted, lambda text: typer.echo(text, err=True))


@app.command()
def scene(
    seed: Annotated[int, typer.Option("--seed", help="Which scene, 0 to 2999999. Below a million: training.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the files; it is made where needed.")],
    kind: Annotated[str, typer.Option("--edit", metavar="KIND", help="Also write the scene after an edit.")] = "",
) -> None:
    """Write a scene of the bundled model's world with all that is true of it: picture, object ids, words, boxes.

    With an edit also what it should become, its change mask and point pairs. Kinds: recolour, reshape, resize, move,
    turn, add, remove, ground, sky.

    Example: python main.py scene --seed 1000003 --edit move --out scene
    """
    from app.scenes import write_scene
    from engine.studio.edits import EDIT_KINDS

    if kind and kind not in EDIT_KINDS:
        raise _wrong_use(f"There is no edit “{kind}”. There are {', '.join(EDIT_KINDS)}.")
    for path in write_scene(seed, kind, out):
        typer.echo(path)


def show_window(photos: Sequence[Path]) -> int:
    """Open the window, or run the demo where there is no display; returns the exit code."""
    if not has_display():
        folder = Path("demo").absolute()
        typer.echo(f"No display found: running the demo instead. Pictures will be in {folder}", err=True)
        demo(folder, "")
        return 0
    from app.application import check_qt_libraries, run_window

    missing = check_qt_libraries()
    if missing:
        typer.echo(missing, err=True)
        return EXPECTED
    return run_window(list(photos))


def has_display() -> bool:
    """Whether a window can be shown: always on Windows and macOS; elsewhere a display server must answer."""
    if not sys.platform.startswith(("linux", "freebsd")):
        return True
    chosen = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0]
    if chosen not in ("", "xcb", "wayland"):
        return True  # offscreen, vnc, eglfs: the user knows
    return _wayland_answers() or _x_answers(os.environ.get("DISPLAY", ""))


def _wayland_answers() -> bool:
    name = os.environ.get("WAYLAND_DISPLAY", "")
    return bool(name) and _answers(str(Path(os.environ.get("XDG_RUNTIME_DIR", "/")) / name))


def _x_answers(display: str) -> bool:
    """DISPLAY is [host]:number[.screen]; without a host the server listens on a socket file."""
    host, separator, rest = display.rpartition(":")
    number = rest.split(".")[0]
    if not separator or not number.isdigit():
        return False
    if host in ("", "unix"):
        name = f"/tmp/.X11-unix/X{number}"
        return _answers(name) or _answers(f"\0{name}")
    try:
        socket.create_connection((host.removesuffix("/unix"), 6000 + int(number)), timeout=2).close()
    except OSError:
        return False
    return True


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2)
        try:
            probe.connect(path)
        except OSError:
            return False
    return True


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 it went wrong, 2 wrong arguments or a bad recipe; never a traceback."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and not words[0].startswith("-") and words[0] not in _commands():
        words.insert(0, "open")
    try:
        app(words, prog_name="python main.py" if Path(sys.argv[0]).name == "main.py" else PROGRAM)
    except (KeyboardInterrupt, EOFError):
        typer.echo("Stopped.", err=True)
        sys.exit(130)
    except Exception as error:
        sentence, code = sentence_of(error)
        typer.echo(sentence, err=True)
        sys.exit(code)


def _commands() -> list[str]:
    return [command.name or str(getattr(command.callback, "__name__", "")) for command in app.registered_commands]


def _note(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _wrong_use(sentence: str) -> typer.Exit:
    typer.echo(sentence, err=True)
    return typer.Exit(WRONG_USE)
