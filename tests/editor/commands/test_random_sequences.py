"""Any commands and gestures in any order, undone and redone at will, give equal documents, also from disk."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from editor import commands
from editor.clipboard import paste_layer
from editor.commands import Command
from editor.document import Document, Snapshot
from editor.errors import DocumentError
from editor.events import Modifier
from editor.geometry import Rect
from editor.history import History
from editor.layers import BlendMode, GroupLayer, ImageLayer, Layer, LayerId, Role
from editor.placement import Placement
from editor.points import PointPair
from editor.strokes import Brush
from editor.tiles import UINT8, TiledImage, full_value
from editor.tools import TOOLS, ToolOptions
from editor.tools.base import Tool
from tests.editor.builders import event, gesture, same_state

SIZE = (300, 70)
offsets = st.tuples(st.integers(-90, 90), st.integers(-90, 90))
boxes = st.none() | st.builds(Rect, *[st.integers(-40, 320)] * 2, *[st.integers(-1, 400)] * 2)
points = st.tuples(st.floats(-20, 320), st.floats(-20, 90))
modifiers = st.sampled_from([Modifier.NONE, Modifier.SHIFT, Modifier.ALT, Modifier.SHIFT | Modifier.ALT])
flags = st.booleans()


@st.composite
def pictures(draw: st.DrawFn, dtype: Any, channels: int = 4, default: int = 0) -> TiledImage:
    """A few rectangles of random colours."""
    image = TiledImage(channels, np.dtype(dtype), default)
    for _ in range(draw(st.integers(0, 2))):
        x, y, width, height = draw(st.tuples(*[st.integers(-80, 260)] * 2, *[st.integers(1, 90)] * 2))
        values = draw(st.lists(st.integers(0, full_value(image.dtype)), min_size=channels, max_size=channels))
        image = image.write(Rect(x, y, width, height), np.full((height, width, channels), values, image.dtype))
    return image


class AnyOrder(RuleBasedStateMachine):
    """Holds the document against the snapshots taken when each step was made.

    Attributes:
        went_back: how often, in all runs, an earlier state was gone back to and found as it had been.
    """

    dtype: type = np.uint8
    went_back = 0

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        self.document = Document(*SIZE, self.dtype)
        self.history = self.document.history = History(self.document, memory_limit=300_000)
        photo = TiledImage(dtype=self.document.dtype).fill(Rect(0, 0, *SIZE), full_value(self.document.dtype) // 3 * 2)
        self.document.insert(ImageLayer(name="Photo", pixels=photo), None, 0)
        self.options = ToolOptions()
        self.in_hand: Tool | None = None  # it may react to its options until it is put away
        self.states: list[Snapshot] = [self.document.snapshot()]

    def teardown(self) -> None:
        if hasattr(self, "history"):
            for position in (0, len(self.states) - 1):
                self._go_to(position)
            self.history.close()

    @invariant()
    def every_state_is_the_one_it_was(self) -> None:
        if hasattr(self, "states"):
            assert same_state(self.document.snapshot(), self.states[self.history.position])
            assert self.document.active is None or self.document.active in self.document
            assert self.history.memory <= 2 * self.history.memory_limit + 2 * 2**20  # the step just made may be large

    def _go_to(self, position: int) -> None:
        earlier = position < self.history.position
        self.history.go_to(position)
        assert same_state(self.document.snapshot(), self.states[position])
        type(self).went_back += earlier

    def _did(self, act: Any) -> None:
        """Run something that may add a step, or change the last one, or be refused."""
        before, position = self.document.snapshot(), self.history.position
        try:
            act()
        except DocumentError:
            assert self.history.position == position
            assert same_state(self.document.snapshot(), before)
            return
        if self.history.position > position:
            self.states[position + 1 :] = [self.document.snapshot()]
        elif len(self.states) == position + 1 > 1:  # merged into the last step, or nothing happened
            self.states[position] = self.document.snapshot()

    def _layer(self, data: st.DataObject, kind: type[Layer] = Layer) -> LayerId | None:
        ids = [layer.id for layer in self.document.walk() if isinstance(layer, kind)]
        return data.draw(st.sampled_from(ids)) if ids else None

    @rule(
        data=st.data(),
        name=st.sampled_from(["opacity", "visible", "blend", "locked", "alpha", "mask", "name"]),
        merge=flags,
    )
    def set_property(self, data: st.DataObject, name: str, merge: bool) -> None:
        layer = self._layer(data)
        if layer is None:
            return
        command: Command = {
            "opacity": lambda: commands.SetOpacity(layer, data.draw(st.sampled_from([0.0, 0.3, 1.0]))),
            "visible": lambda: commands.SetVisible(layer, data.draw(flags)),
            "blend": lambda: commands.SetBlend(layer, data.draw(st.sampled_from(BlendMode))),
            "locked": lambda: commands.SetLocked(layer, data.draw(st.sampled_from([False, False, True]))),
            "alpha": lambda: commands.SetAlphaLocked(layer, data.draw(flags)),
            "mask": lambda: commands.SetMaskEnabled(layer, data.draw(flags)),
            "name": lambda: commands.Rename(layer, data.draw(st.text(max_size=5))),
        }[name]()
        self._did(lambda: self.history.do(command, merge=merge))

    @rule(
        data=st.data(),
        what=st.sampled_from(["pixels", "mask", "no mask", "move", "selection", "points", "box", "recipe"]),
        offset=offsets,
    )
    def change_pixels(self, data: st.DataObject, what: str, offset: tuple[int, int]) -> None:
        layer, depth = self._layer(data), self.document.dtype
        image = self._layer(data, ImageLayer)
        if layer is None or image is None:
            return
        default = data.draw(st.sampled_from([0, 255]))
        command: Command = {
            "pixels": lambda: commands.ReplacePixels(image, data.draw(pictures(depth))),
            "mask": lambda: commands.ReplaceMask(layer, data.draw(pictures(UINT8, 1, default))),
            "no mask": lambda: commands.ReplaceMask(layer, None),
            "move": lambda: commands.MoveLayer(layer, offset),
            "selection": lambda: commands.SetSelection(data.draw(pictures(UINT8, 1))),
            "points": lambda: commands.SetPoints(tuple(data.draw(st.lists(st.builds(PointPair, points, points))))),
            "box": lambda: commands.SetBox(data.draw(boxes)),
            "recipe": lambda: commands.ReplaceResult(image, data.draw(pictures(depth)), None, b"recipe", "again"),
        }[what]()
        self._did(lambda: self.history.do(command, merge=what == "move"))

    @rule(shift=offsets, merge=flags)
    def place(self, shift: tuple[int, int], merge: bool) -> None:
        self._did(
            lambda: self.history.do(
                commands.SetPlacement.in_document(self.document, Placement(shift).tidy()), merge=merge
            )
        )

    @rule(data=st.data(), what=st.sampled_from(["add", "group", "result", "remove", "reorder", "duplicate", "paste"]))
    def change_tree(self, data: st.DataObject, what: str) -> None:
        layer, group = self._layer(data), self._layer(data, GroupLayer)
        if layer is None or (len(list(self.document.walk())) > 9 and what != "remove"):
            return
        parent = data.draw(st.sampled_from([None, group]))
        new = ImageLayer(
            name="new",
            role=data.draw(st.sampled_from(Role)),
            pixels=data.draw(pictures(self.document.dtype)),
            offset=data.draw(offsets),
        )
        index = data.draw(st.integers(0, len(self.document.children_of(parent))))
        command: Command | None = {
            "add": lambda: commands.AddLayer(new, parent, index),
            "group": lambda: commands.AddLayer(GroupLayer(children=(new,), opacity=0.7), parent, index),
            "result": lambda: commands.AddResult(replace(new, role=Role.RESULT), layer, hide=(layer,)),
            "remove": lambda: commands.RemoveLayer(layer),
            "reorder": lambda: self._reorder(data, layer, parent),
            "duplicate": lambda: commands.DuplicateLayer(layer),
            "paste": lambda: None,
        }[what]()
        if command is None:
            self._did(lambda: paste_layer(self.document, np.full((9, 12, 3), 99, self.dtype), data.draw(offsets)))
        else:
            self._did(lambda: self.history.do(command))

    def _reorder(self, data: st.DataObject, layer: LayerId, parent: LayerId | None) -> Command:
        others = [other for other in self.document.children_of(parent) if other.id != layer]
        return commands.ReorderLayer(layer, parent, data.draw(st.integers(0, len(others))))

    @rule(data=st.data(), what=st.sampled_from(["merge", "flatten", "group", "ungroup", "crop", "resize"]))
    def change_much(self, data: st.DataObject, what: str) -> None:
        layer, group = self._layer(data), self._layer(data, GroupLayer)
        if layer is None:
            return
        siblings = [other.id for other in self.document.children_of(self.document.place_of(layer)[0])]
        some = data.draw(st.lists(st.sampled_from(siblings), min_size=1, unique=True))
        x, y = data.draw(offsets)
        command: Command = {
            "merge": lambda: commands.MergeDown(layer),
            "flatten": commands.Flatten,
            "group": lambda: commands.GroupLayers(tuple(some)),
            "ungroup": lambda: commands.Ungroup(group or layer),
            "crop": lambda: commands.Crop(Rect(x, y, 250, 60)),
            "resize": lambda: commands.ResizeCanvas(310, 65, (x, y)),
        }[what]()
        self._did(lambda: self.history.do(command))

    @rule(
        data=st.data(),
        tool=st.sampled_from(sorted(TOOLS)),
        way=st.lists(points, min_size=1, max_size=3),
        keys=modifiers,
        size=st.sampled_from([1.0, 20.0, 90.0]),
        cancel=st.sampled_from([False, False, False, True]),
    )
    def use_tool(
        self, data: st.DataObject, tool: str, way: list[tuple[float, float]], keys: Modifier, size: float, cancel: bool
    ) -> None:
        brush = Brush(size=size, hardness=0.5, flow=0.7, opacity=0.8, spacing=0.25, smoothing=0.3)
        soft = {"fill_tolerance": 0.2, "feather": size / 30}
        self._did(lambda: self.options.change(brush=brush, eraser=brush, mask_brush=brush, **soft))
        if self.in_hand is not None:
            self.in_hand.abandon()
        colour = data.draw(st.tuples(*[st.sampled_from([0.0, 0.5, 1.0])] * 3, st.sampled_from([1.0, 0.4])))
        self.options.change(colour=colour, fill_contiguous=data.draw(flags))
        if (layer := self._layer(data)) is not None:
            self.document.activate(layer)
            self.document.paint_on_mask = data.draw(flags)
        self.in_hand = one = TOOLS[tool](self.options)
        if not cancel:
            self._did(lambda: gesture(one, self.document, *way, modifiers=keys))
            assert not one.active
            return
        before = self.document.snapshot()

        def broken_off() -> None:
            one.press(self.document, event(*way[0], modifiers=keys))
            for point in way[1:]:
                one.move(self.document, event(*point, modifiers=keys))
            one.cancel(self.document)

        position = self.history.position
        self._did(broken_off)
        if self.history.position == position:  # a click of the fill tool is done at once
            assert same_state(self.document.snapshot(), before)

    @rule()
    def undo(self) -> None:
        position = self.history.position
        self.history.undo()
        if position:
            assert same_state(self.document.snapshot(), self.states[position - 1])
            type(self).went_back += 1

    @rule()
    def redo(self) -> None:
        self.history.redo()

    @rule(data=st.data())
    def jump(self, data: st.DataObject) -> None:
        self._go_to(data.draw(st.integers(0, len(self.history.steps))))

    @rule()
    def save(self) -> None:
        self.history.mark_saved()
        assert not self.document.modified

    @rule()
    def let_go(self) -> None:
        self.history.seal()


class AnyOrder16(AnyOrder):
    dtype = np.uint16


@pytest.mark.parametrize("machine", [AnyOrder, AnyOrder16])
def test_undo_gives_equal_documents(machine: type[AnyOrder]) -> None:
    machine.went_back = 0
    run_state_machine_as_test(  # raises what one of its assertions raised
        machine,
        settings=settings(
            max_examples=80,
            stateful_step_count=50,
            deadline=None,
            print_blob=True,  # so that an example that fails can be run again
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert machine.went_back > 100
