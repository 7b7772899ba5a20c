"""Write resources/samples: studio scenes as documents with strokes, selections, drag points and boxes already placed.

`make samples` runs it. The scenes come from the validation seeds; the files are committed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from app.samples import FOLDER
from editor.document import Document
from editor.events import Phase, PointerEvent
from editor.files import save_document
from editor.geometry import Point, Rect
from editor.layers import ImageLayer
from editor.masks import ellipse
from editor.points import PointPair
from editor.strokes import Brush
from editor.tiles import TiledImage
from editor.tools.brush import BrushTool
from editor.tools.options import Settings, ToolOptions
from engine.studio.world import exemplar_scene, render, sample_scene

SIZE = 512  # pixels a side
FIRST_OBJECT = 2  # its id among those of a rendered scene
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Line:
    """One stroke of a hand: colour, brush size and the points it passes, all in pixels of a SIZE² picture."""

    colour: Colour
    size: float
    points: Sequence[Point]
    hardness: float = 0.9


@dataclass(frozen=True)
class Plan:
    """One sample: a scene, what is painted on it, and the edit that it suggests.

    Inputs that a document carries are strokes, the selection, drag points and the box; words stand in the listing.
    """

    id: str
    title: str
    scene: int
    lines: Sequence[Line]
    prompt: str
    method: str = "sdedit"
    selection: tuple[float, float, float, float] | None = None  # ellipse: left, top, right, bottom
    seed: int = 7
    parameters: dict[str, Any] = field(default_factory=lambda: {"strength": 0.5, "steps": 40, "guidance": 3.0})
    reference_prompt: str = ""
    drags: Sequence[PointPair] = ()  # of the scene's first object, which is then selected
    box: Rect | None = None
    exemplar: tuple[int, int] | None = None  # scene and object: it is rendered elsewhere, its background taken away
    exemplar_name: str = ""  # of the file


RED, DARK_RED, PALE_RED = (206, 34, 32), (120, 14, 18), (250, 170, 160)
SHADOW_ON_SAND = (178, 152, 104)

PLANS = (
    Plan(
        "strokes",
        "Paint a red ball on the beach",
        1_000_024,
        (
            Line(SHADOW_ON_SAND, 30, [(270, 398), (330, 402), (384, 398)], 0.5),
            Line(RED, 92, [(372, 330), (384, 346), (372, 356)]),
            Line(RED, 60, [(346, 320), (340, 350), (362, 376), (396, 372), (408, 340), (388, 312), (352, 318)]),
            Line(DARK_RED, 26, [(356, 388), (384, 392), (408, 376)], 0.5),
            Line(PALE_RED, 20, [(352, 318), (360, 312)], 0.6),
        ),
        "a blue egg and a large shiny red ball on sand, clear sky",
    ),
    Plan(
        "strokes-selected",
        "Paint a yellow cone inside a selection",
        1_000_049,
        (
            Line((62, 110, 40), 30, [(150, 424), (210, 426), (240, 420)], 0.5),
            Line((244, 206, 30), 26, [(152, 300), (128, 408), (186, 412), (152, 300)]),
            Line((244, 206, 30), 40, [(152, 340), (146, 392), (166, 396)]),
            Line((190, 150, 14), 16, [(160, 312), (188, 404)], 0.6),
        ),
        "a large yellow cone and a small red ball on grass, cloudy sky, trees",
        selection=(80, 262, 262, 452),
        seed=3,
    ),
    Plan(
        "words",
        "Turn the meadow into a beach with words alone",
        1_000_294,
        (),
        "a large shiny orange ball on sand, clear sky",
        method="diffedit",
        # More than usual is taken in, to reach the hazy horizon; a weaker change keeps the ball's own lower edge.
        parameters={"threshold": 0.4, "strength": 0.7, "guidance": 5.0},
        reference_prompt="a large shiny orange ball on grass, clear sky",
    ),
    Plan(
        "points",
        "Drag an orange ball to the right",
        1_000_316,
        (),
        "snow, clear sky",  # what is to be seen where the ball was
        method="warp_drag",
        parameters={},
        drags=(PointPair((306.0, 262.0), (410.0, 268.0)),),
    ),
    Plan(
        "example",
        "Put a star on the beach",
        1_000_452,
        (),
        "",
        method="paint_by_example",
        parameters={},
        box=Rect(300, 196, 150, 150),
        exemplar=(1_000_420, 0),
        exemplar_name="star.png",
    ),
)


def paint(document: Document, line: Line) -> None:
    """Paint one stroke with the brush tool, as an artist's hand would."""
    red, green, blue = (channel / 255 for channel in line.colour)
    brush = Brush(size=line.size, hardness=line.hardness, pressure_size=False)
    tool = BrushTool(ToolOptions(Settings(colour=(red, green, blue, 1.0), brush=brush)))
    (x, y), *rest = line.points
    tool.press(document, PointerEvent(Phase.PRESS, x, y))
    for x, y in rest:
        tool.move(document, PointerEvent(Phase.MOVE, x, y))
    tool.release(document, PointerEvent(Phase.RELEASE, x, y))


def build(plan: Plan) -> Document:
    """The sample's document: the scene as the photo, the strokes above it, the selection, the drag points."""
    rendered = render([sample_scene(plan.scene)], SIZE)
    picture = rendered.images[0]
    document = Document(SIZE, SIZE)
    photo = ImageLayer(
        name="Photo", pixels=TiledImage.from_array(np.dstack([picture, np.full_like(picture[..., 0], 255)]))
    )
    document.insert(photo, None, 0)
    document.activate(photo.id)
    for line in plan.lines:
        paint(document, line)
    if plan.selection is not None:
        document.select(ellipse(*plan.selection, document.canvas))
    if plan.drags:
        thing = (rendered.ids[0] == FIRST_OBJECT).astype(np.uint8) * np.uint8(255)
        document.select(TiledImage.from_array(thing))
        document.place_points(tuple(plan.drags))
    document.place_box(plan.box)
    return document


def write_exemplar(plan: Plan, path: Path) -> None:
    """The object alone, on nothing."""
    assert plan.exemplar is not None
    scene, index = plan.exemplar
    rendered = render([exemplar_scene(sample_scene(scene), index, plan.seed)], SIZE)
    alpha = (rendered.ids[0] == FIRST_OBJECT).astype(np.uint8) * np.uint8(255)
    Image.fromarray(np.dstack([rendered.images[0], alpha])).save(path, optimize=True)


def main() -> None:
    """Write every sample and the listing that `app.samples` reads."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    entries = []
    for plan in PLANS:
        save_document(build(plan), FOLDER / f"{plan.id}.ora")
        if plan.exemplar is not None:
            write_exemplar(plan, FOLDER / plan.exemplar_name)
        entries.append(
            {
                "id": plan.id,
                "title": plan.title,
                "document": f"{plan.id}.ora",
                "method": plan.method,
                "prompt": plan.prompt,
                **({"reference_prompt": plan.reference_prompt} if plan.reference_prompt else {}),
                "seed": plan.seed,
                "parameters": plan.parameters,
                **({"exemplar": plan.exemplar_name} if plan.exemplar is not None else {}),
            }
        )
    (FOLDER / "samples.json").write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
