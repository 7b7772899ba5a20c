"""What the next edit will use: method, words, seed, parameters. The method panel and the floating bar both show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.exemplars import Exemplars
from app.jobs.method_info import MethodInfo, ParameterInfo
from app.seeds import SEED_LIMIT
from app.settings import Settings

WORDS = ("prompt", "negative_prompt", "reference_prompt")
LONGEST_PROMPT = 10_000  # characters
SAVE_DELAY = 500  # ms


class EditOptions(QObject):
    """The values of every method, remembered in the settings; and the examples, which are not.

    Attributes:
        exemplars: the second pictures of the open documents.

    Signals:
        methods_changed: other methods are known.
        method_changed: another method is chosen.
        changed: a value was set: one of `WORDS`, "seed" or a parameter's name.
        live_changed: the Live switch.
    """

    methods_changed = Signal()
    method_changed = Signal()
    changed = Signal(str)
    live_changed = Signal(bool)

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.exemplars = Exemplars(self)
        self.methods: list[MethodInfo] = []
        self.method: MethodInfo | None = None
        self._values: dict[str, Any] = {}
        self._live = False
        self._save = QTimer(self, singleShot=True, interval=SAVE_DELAY)
        self._save.timeout.connect(self.remember)

    def set_methods(self, methods: Sequence[MethodInfo]) -> None:
        """Know these methods; the chosen one stays chosen, and its values are kept."""
        if list(methods) == self.methods:
            return
        wanted = self.method.id if self.method else self._settings.method
        kept = dict(self._values)
        self.methods = list(methods)
        self.methods_changed.emit()
        if self.methods:
            known = [info.id for info in self.methods]
            self.choose(wanted if wanted in known else known[0], kept)

    def choose(self, method: str, values: Mapping[str, Any] | None = None) -> None:
        """Take another method, with the values it had last and `values` on top; KeyError for an unknown one."""
        info = self.info(method)
        if info is None:
            raise KeyError(method)
        self.remember()
        self.method = info
        self._settings.method = info.id
        self._values = self._checked(info, {**self._settings.edit_values(info.id), **(values or {})})
        self.method_changed.emit()

    def fill(self, method: str, values: Mapping[str, Any]) -> None:
        """Take a recipe: the method with exactly these values, defaults for the others."""
        info = self.info(method)
        if info is None:
            raise KeyError(method)
        self.choose(method, {**dict.fromkeys(WORDS, ""), "seed": 0, **info.defaults(), **values})
        self._save.start()

    def info(self, method: str) -> MethodInfo | None:
        """The description of a method, None when it is not known."""
        return next((info for info in self.methods if info.id == method), None)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def set(self, name: str, value: Any) -> None:
        """Change one value of the chosen method; out of range is brought into range."""
        if self.method is None:
            return
        value = self._checked(self.method, {**self._values, name: value})[name]
        if self._values[name] != value:
            self._values[name] = value
            self._save.start()
            self.changed.emit(name)

    def parameters(self) -> dict[str, Any]:
        """The method's own parameters by name."""
        return {each.name: self._values[each.name] for each in self.method.parameters} if self.method else {}

    @property
    def live(self) -> bool:
        """Whether every change starts a short run."""
        return self._live

    @live.setter
    def live(self, on: bool) -> None:
        if on != self._live:
            self._live = on
            self.live_changed.emit(on)

    def remember(self) -> None:
        """Write the values of the chosen method into the settings."""
        if self.method is not None:
            self._settings.remember_edit_values(self.method.id, self._values)

    @staticmethod
    def _checked(info: MethodInfo, values: Mapping[str, Any]) -> dict[str, Any]:
        checked: dict[str, Any] = {name: str(values.get(name, ""))[:LONGEST_PROMPT] for name in WORDS}
        seed = values.get("seed", 0)
        checked["seed"] = min(max(0, seed), SEED_LIMIT) if isinstance(seed, int) else 0
        for parameter in info.parameters:
            checked[parameter.name] = _in_range(parameter, values.get(parameter.name, parameter.default))
        return checked


def _in_range(parameter: ParameterInfo, value: Any) -> Any:
    """The value as the parameter's type within its limits; the default where it makes no sense."""
    if parameter.type == "bool":
        return value if isinstance(value, bool) else parameter.default
    if parameter.type == "str":
        fits = isinstance(value, str) and (not parameter.choices or value in parameter.choices)
        return value if fits else parameter.default
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return parameter.default
    if parameter.low is not None and parameter.high is not None:
        value = min(parameter.high, max(parameter.low, value))
    return round(value) if parameter.type == "int" else float(value)
