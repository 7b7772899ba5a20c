"""What the window and the command line know of the methods before torch is imported.

Describing a method needs its module, and that needs torch (seconds). So the descriptions are kept: in the user's cache
folder for exactly these program files, else in `resources/methods.json`, which the program brings along.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields, make_dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from engine.request import Input, Method, Parameters, knob

PROGRAM = Path(__file__).resolve().parents[2]
SHIPPED = PROGRAM / "resources" / "methods.json"
TASK, FIND, EDIT = "task", "find", "edit"  # the parameter that asks for the mask only, and its two values
PULLS = "pulls"  # the parameter for the most steps in which handles are pulled; a drag that has it can be led on
IDENTITY = "identity"  # the parameter for how long a picture's looks are learnt; others of it begin with the word
_TYPES = {"bool": bool, "int": int, "float": float, "str": str}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ParameterInfo:
    """One knob of a method.

    Attributes:
        type: "bool", "int", "float" or "str".
        low, high: inclusive limits of a number, None for the other types.
        choices: the strings that are allowed, empty = any.
    """

    name: str
    title: str
    type: str
    default: bool | int | float | str
    low: float | None
    high: float | None
    help: str
    advanced: bool = False
    unit: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class MethodInfo:
    """One method as the window shows it.

    Attributes:
        inputs: values of `engine.request.Input`.
        model: id of the model that it runs on where nobody asks for another.
    """

    id: str
    title: str
    help: str
    inputs: tuple[str, ...]
    parameters: tuple[ParameterInfo, ...]
    model: str = "studio"

    def defaults(self) -> dict[str, bool | int | float | str]:
        """Every parameter's default by name."""
        return {parameter.name: parameter.default for parameter in self.parameters}

    @property
    def finds(self) -> bool:
        """Whether the method can be asked for nothing but the mask: its parameter `TASK` may be `FIND`."""
        return any(each.name == TASK and FIND in each.choices for each in self.parameters)

    @property
    def leads_on(self) -> bool:
        """Whether the method drags step by step, so that it can be stopped, and led on from where it came to."""
        return any(each.name == PULLS for each in self.parameters)

    @property
    def learns(self) -> bool:
        """Whether the method learns what a picture's things look like, which can be done ahead."""
        return any(each.name == IDENTITY for each in self.parameters)

    def takes(self, kind: Input) -> bool:
        """Whether the method makes use of an input."""
        return kind.value in self.inputs


def describe(method: Method) -> MethodInfo:
    """The torch-free description of a method."""
    inputs = tuple(kind.value for kind in Input if kind in method.inputs)
    parameters = _describe_parameters(method.parameters)
    return MethodInfo(method.id, method.title, method.help, inputs, parameters, method.model)


def _describe_parameters(parameters: type[Parameters]) -> tuple[ParameterInfo, ...]:
    described = []
    for spec in fields(parameters):
        if spec.default is MISSING:
            raise TypeError(f"{parameters.__name__}.{spec.name} needs a default: use knob()")
        about = spec.metadata
        title = about.get("title") or spec.name.replace("_", " ").capitalize()
        described.append(
            ParameterInfo(
                spec.name, title, type(spec.default).__name__, spec.default, about.get("low"), about.get("high"),
                about.get("help", ""), about.get("advanced", False), about.get("unit", ""), about.get("choices", ()),
            )
        )  # fmt: skip
    return tuple(described)


@cache
def parameters_class(info: MethodInfo) -> type[Parameters]:
    """A stand-in for the method's own Parameters with the same names, types and limits, made without torch.

    The engine thread exchanges it for the method's own class just before the run; recipes and digests are the same.
    """
    specs = [
        (
            each.name,
            _TYPES[each.type],
            knob(each.default, each.low, each.high, each.help, title=each.title, advanced=each.advanced, unit=each.unit,
                 choices=each.choices),
        )
        for each in info.parameters
    ]  # fmt: skip
    made = make_dataclass(f"{info.id}_parameters", specs, bases=(Parameters,), frozen=True)
    return cast("type[Parameters]", made)


def stand_in(info: MethodInfo) -> Method:
    """A Method that can be asked for everything but a run, for reading recipes without torch."""

    def run(_backbone: object, _request: object) -> Any:
        raise RuntimeError(f"{info.id} is only described here; the engine thread runs it")

    inputs = frozenset(Input(kind) for kind in info.inputs)
    return Method(info.id, info.title, parameters_class(info), run, inputs, info.help, info.model)


def as_own(method: Method, parameters: Parameters) -> Parameters:
    """A stand-in's values as the method's own class. Raises BadRecipe where the method does not take them."""
    if isinstance(parameters, method.parameters):
        return parameters
    return method.parameters.from_json(asdict(parameters))


def to_json(methods: Iterable[MethodInfo]) -> list[dict[str, Any]]:
    """Plain values for `json.dump`; a parameter's limits stand as "range": [low, high] or null."""
    listed = []
    for info in methods:
        entry = asdict(info)
        for parameter in entry["parameters"]:
            low, high = parameter.pop("low"), parameter.pop("high")
            parameter["range"] = None if low is None else [low, high]
        listed.append(json.loads(json.dumps(entry)))  # tuples become lists, as they are after reading
    return listed


def from_json(entries: Iterable[Mapping[str, Any]]) -> list[MethodInfo]:
    """The descriptions that `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    return [
        MethodInfo(
            entry["id"], entry["title"], entry["help"], tuple(entry["inputs"]),
            tuple(_parameter_from_json(parameter) for parameter in entry["parameters"]), entry["model"],
        )
        for entry in entries
    ]  # fmt: skip


def _parameter_from_json(entry: Mapping[str, Any]) -> ParameterInfo:
    low, high = entry["range"] or (None, None)
    if entry["type"] not in _TYPES:
        raise ValueError(f"unknown type {entry['type']!r}")
    plain = {key: value for key, value in entry.items() if key not in ("range", "choices")}
    return ParameterInfo(**plain, low=low, high=high, choices=tuple(entry["choices"]))


@cache
def program_fingerprint() -> str:
    """Changes whenever a file changes that a description could come from."""
    sha = hashlib.sha256(b"2")  # the format of the cache
    engine = PROGRAM / "engine"
    for source in sorted([*engine.glob("*.py"), *(engine / "methods").glob("*.py")]):
        sha.update(source.name.encode())
        sha.update(source.read_bytes())
    return sha.hexdigest()


def cache_file() -> Path:
    """Where the descriptions of this computer's last start are kept."""
    from platformdirs import user_cache_path

    return user_cache_path("pentimento", appauthor=False) / "methods.json"


def remembered_methods() -> list[MethodInfo] | None:
    """What the last start with exactly these program files found; None when there was none."""
    try:
        kept = json.loads(cache_file().read_text(encoding="utf-8"))
        return from_json(kept["methods"]) if kept["program"] == program_fingerprint() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def cached_methods() -> list[MethodInfo]:
    """The methods without importing torch: those of the last start of these files, else those that were shipped."""
    remembered = remembered_methods()
    if remembered is not None:
        return remembered
    try:
        return from_json(json.loads(SHIPPED.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as problem:
        _log.warning("The list of methods that came with the program cannot be read: %s", problem)
        return []


def remember(methods: Iterable[MethodInfo]) -> None:
    """Keep the descriptions for the next start; where that is not possible the next start uses the shipped ones."""
    target = cache_file()
    content = json.dumps({"program": program_fingerprint(), "methods": to_json(methods)}, indent=1)
    beside = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(content, encoding="utf-8")
        beside.replace(target)
    except OSError as problem:
        _log.info("The list of methods was not kept: %s", problem)
