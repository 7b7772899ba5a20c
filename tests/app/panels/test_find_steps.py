"""The three steps say whose mask it is, what can be done with it, and when it no longer fits."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from app.jobs.method_info import EDIT, FIND, TASK, MethodInfo, ParameterInfo
from app.main_window import MainWindow
from app.mask_state import MaskState, Stale, Whose
from app.panels.method import MethodPanel

WORDS = MethodInfo(
    "worded", "Worded", "Finds and changes.", ("prompt", "reference", "mask"),
    (
        ParameterInfo(TASK, "Do", "str", EDIT, None, None, "What", choices=(EDIT, FIND)),
        ParameterInfo("threshold", "Threshold", "float", 0.5, 0.0, 1.0, "How sure"),
        ParameterInfo("strength", "Strength", "float", 0.8, 0.0, 1.0, "How much"),
    ),
)  # fmt: skip
FILL = MethodInfo("filling", "Filling", "", ("prompt", "mask"), ())


@pytest.fixture
def panel(qtbot: QtBot, window: MainWindow) -> MethodPanel:
    window.options.set_methods([WORDS, FILL])
    window.options.choose("worded")
    return window.method_panel


@pytest.mark.parametrize(
    ("state", "sentence", "find", "run", "warned", "cuts"),
    [
        (MaskState(), "No mask yet", "Find the place", "Run", False, True),
        (MaskState(Whose.FOUND), "Found. Change it", "Find again", "Apply", False, True),
        (MaskState(Whose.CHANGED), "changed by hand", "Find again", "Apply", False, False),
        (MaskState(Whose.HAND), "Your own selection", "Find the place", "Apply", False, False),
        (MaskState(Whose.FOUND, Stale.WORDS), "other words", "Find again", "Apply", True, True),
        (MaskState(Whose.CHANGED, Stale.PICTURE), "picture has changed", "Find again", "Apply", True, False),
        (MaskState(Whose.FOUND, Stale.APPLIED), "Applied.", "Find again", "Apply", False, True),
    ],
)
def test_each_state_is_said(
    panel: MethodPanel, state: MaskState, sentence: str, find: str, run: str, warned: bool, cuts: bool
) -> None:
    panel.show_mask(state)
    steps = panel.steps
    assert sentence in steps.text.text()
    assert (steps.text.property("role") == "warning") is warned
    assert (steps.find.text(), panel.run.text()) == (find, run)
    assert (steps.find.property("main") == "true") is warned
    assert (panel.run.property("main") == "true") is not warned
    assert panel.control("threshold").isEnabled() is cuts
    assert ("by hand" in panel.control("threshold").toolTip()) is not cuts


def test_the_steps_are_there_only_for_a_method_that_finds(window: MainWindow, panel: MethodPanel) -> None:
    assert panel.steps.isVisible()
    assert panel.reference.isVisible()
    assert panel.control("threshold").parentWidget() is panel.steps
    with pytest.raises(KeyError):
        panel.control(TASK)  # the steps have buttons for it
    window._refresh_state()
    assert not window.commands["find"].isEnabled()  # there is no picture
    window.options.choose("filling")
    panel.show_mask(MaskState(Whose.FOUND))
    assert not panel.steps.isVisible()
    assert not panel.reference.isVisible()
    assert panel.run.text() == "Run"
    assert panel.prompt.placeholderText() == "What should be there; empty: remove it"


def test_both_texts_are_entered_and_remembered(window: MainWindow, panel: MethodPanel) -> None:
    panel.reference.setPlainText("a red ball")
    panel.prompt.setPlainText("a blue cube")
    assert (window.options["reference_prompt"], window.options["prompt"]) == ("a red ball", "a blue cube")
    window.options.choose("filling")
    assert window.options["prompt"] == ""
    window.options.choose("worded")
    assert panel.reference.toPlainText() == "a red ball"
