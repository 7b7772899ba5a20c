"""The form is made from a method's description; what is entered is remembered per method."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.edit_options import EditOptions
from app.jobs.method_info import MethodInfo, ParameterInfo
from app.main_window import MainWindow
from app.panels.method import MethodPanel
from app.settings import Settings
from app.widgets import NumberControl

MADE_UP = MethodInfo(
    "made_up", "Made up", "Shows every kind of control.", ("prompt", "strokes"),
    (
        ParameterInfo("strength", "Strength", "float", 0.6, 0.0, 1.0, "How far"),
        ParameterInfo("steps", "Steps", "int", 30, 1, 150, "How often", unit="steps"),
        ParameterInfo("exact", "Exact", "bool", False, None, None, "Or not"),
        ParameterInfo("solver", "Solver", "str", "ddim", None, None, "Which", choices=("ddim", "dpm")),
        ParameterInfo("note", "Note", "str", "", None, None, "Anything", advanced=True),
    ),
)  # fmt: skip
OTHER = MethodInfo("other", "Other", "", ("prompt",), (ParameterInfo("steps", "Steps", "int", 10, 1, 50, "How often"),))


@pytest.fixture
def options(settings: Settings) -> EditOptions:
    made = EditOptions(settings)
    made.set_methods([MADE_UP, OTHER])
    return made


@pytest.fixture
def panel(window: MainWindow, options: EditOptions) -> MethodPanel:
    made = MethodPanel(
        options, *(window.commands[name] for name in ("run", "variations", "live", "find", "select_none")), window
    )
    made.show()
    return made


def test_every_parameter_gets_the_control_of_its_type(panel: MethodPanel) -> None:
    strength, steps = panel.control("strength"), panel.control("steps")
    assert isinstance(strength, NumberControl)
    assert isinstance(steps, NumberControl)
    assert (strength.value, strength.field.maximum()) == (0.6, 1.0)
    assert (steps.value, steps.field.maximum(), steps.field.suffix().strip()) == (30, 150, "steps")
    assert isinstance(panel.control("exact"), QCheckBox)
    combo = panel.control("solver").findChild(QComboBox)
    assert combo is not None
    assert [combo.itemText(row) for row in range(combo.count())] == ["ddim", "dpm"]
    assert panel.control("strength").toolTip() == "How far"
    with pytest.raises(KeyError):
        panel.control("unknown")


def test_advanced_parameters_are_folded_away(panel: MethodPanel) -> None:
    assert panel.control("strength").isVisible()
    assert not panel.control("note").isVisible()
    assert not panel.negative.isVisible()


def test_what_is_entered_goes_into_the_options(panel: MethodPanel, options: EditOptions) -> None:
    strength, exact = panel.control("strength"), panel.control("exact")
    assert isinstance(strength, NumberControl)
    assert isinstance(exact, QCheckBox)
    strength.slider.setValue(strength.slider.maximum() // 4)
    exact.click()
    solver = panel.control("solver").findChild(QComboBox)
    note = panel.control("note").findChild(QLineEdit)
    assert solver is not None
    assert note is not None
    solver.setCurrentText("dpm")
    note.setText("hello")
    note.textEdited.emit("hello")
    panel.prompt.setPlainText("a cat")
    panel.negative.setPlainText("a dog")
    panel.seed.field.setValue(12)
    assert options.parameters() == {"strength": 0.25, "steps": 30, "exact": True, "solver": "dpm", "note": "hello"}
    assert (options["prompt"], options["negative_prompt"], options["seed"]) == ("a cat", "a dog", 12)


def test_the_die_rolls_another_seed(panel: MethodPanel, options: EditOptions) -> None:
    seeds = set()
    for _ in range(8):
        panel.seed.dice.click()
        seeds.add(options["seed"])
    assert len(seeds) >= 7
    assert all(0 <= seed < 1_000_000 for seed in seeds)


def test_values_are_remembered_per_method(panel: MethodPanel, options: EditOptions, settings: Settings) -> None:
    options.set("steps", 77)
    options.set("prompt", "a cat")
    options.choose("other")
    assert options.parameters() == {"steps": 10}
    assert options["prompt"] == ""
    options.choose("made_up")
    assert options["steps"] == 77
    assert panel.prompt.toPlainText() == "a cat"
    options.remember()
    settings.flush()
    again = EditOptions(Settings(settings.path))
    again.set_methods([MADE_UP, OTHER])
    assert again.method == MADE_UP
    assert (again["steps"], again["prompt"]) == (77, "a cat")


def test_choosing_a_method_makes_another_form(qtbot: QtBot, panel: MethodPanel) -> None:
    panel.methods.setCurrentIndex(1)
    panel.methods.activated.emit(1)
    steps = panel.control("steps")
    assert isinstance(steps, NumberControl)
    assert steps.field.maximum() == 50
    assert panel.help.text() == ""
    panel.advanced.header.click()
    qtbot.waitUntil(panel.negative.isVisible)
    panel.negative.setPlainText("a dog")
    assert panel._options["negative_prompt"] == "a dog"


def test_words_are_asked_for_only_where_the_method_reads_them(panel: MethodPanel, options: EditOptions) -> None:
    wordless = MethodInfo("wordless", "Wordless", "", ("box", "exemplar"), ())
    options.set_methods([MADE_UP, wordless])
    assert not panel.prompt.isHidden()
    options.choose("wordless")
    assert panel.prompt.isHidden()
    assert panel.negative.isHidden()
    options.choose("made_up")
    assert not panel.prompt.isHidden()


def test_everything_in_the_form_has_a_name(panel: MethodPanel) -> None:
    for kind in (NumberControl, QCheckBox, QComboBox, QLineEdit):
        for widget in panel.findChildren(kind):
            assert spoken(widget), widget


def spoken(widget: QWidget) -> str:
    if isinstance(widget, NumberControl):
        return widget.field.accessibleName() and widget.slider.accessibleName()
    own = widget.accessibleName() or getattr(widget, "text", lambda: "")()
    parent = widget.parent()
    return own or (parent.accessibleName() if isinstance(parent, QWidget) else "")


def test_the_form_of_the_real_method(window: MainWindow) -> None:
    info = window.options.method
    assert info is not None
    assert info.id == "sdedit"
    for parameter in info.parameters:
        assert window.method_panel.control(parameter.name) is not None
