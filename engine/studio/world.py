"""The studio world: captioned scenes by ray casting, each with ground truths for every kind of edit.

The bundled model learns this world; the tests judge edits against it (shared design, "studio").
"""

from engine.studio.captions import captions
from engine.studio.edits import EDIT_KINDS, changed_object, edit
from engine.studio.render import Rendered, render
from engine.studio.scene import (
    COLOURS,
    GROUNDS,
    MATERIALS,
    PUBLISHED_SEEDS,
    SHAPES,
    SIZES,
    SKIES,
    TRAINING_SEEDS,
    VALIDATION_SEEDS,
    Camera,
    Scene,
    SceneObject,
    Sun,
    sample_scene,
)
from engine.studio.strokes import stroke_guide
from engine.studio.truth import change_mask, changed_pixels, correspondences, exemplar_scene, render_exemplar

__all__ = [
    "COLOURS",
    "EDIT_KINDS",
    "GROUNDS",
    "MATERIALS",
    "PUBLISHED_SEEDS",
    "SHAPES",
    "SIZES",
    "SKIES",
    "TRAINING_SEEDS",
    "VALIDATION_SEEDS",
    "Camera",
    "Rendered",
    "Scene",
    "SceneObject",
    "Sun",
    "captions",
    "change_mask",
    "changed_object",
    "changed_pixels",
    "correspondences",
    "edit",
    "exemplar_scene",
    "render",
    "render_exemplar",
    "sample_scene",
    "stroke_guide",
]
