"""Checks of decisions on a storyboard: its scenes, and the images that a scene has."""

from typing import Any

from engine.contract.decisions import SELECT, JobShape, numbered
from engine.recipes.storyboard.agents.scene_writer import Scenes
from engine.recipes.storyboard.scenes import named_scenes, scene_count, scope_of
from engine.text.plural import pluralize


def check_decision(shape: JobShape, key: str, value: Any) -> str:
    """Return the reason to refuse a decision on a storyboard, as a sentence; empty if it fits."""
    scene, total = numbered(key, "scene"), _scenes(shape)
    if scene is None or scene > total:
        named = key.partition("/")[0]
        return f"There is no {named}: the storyboard has {pluralize(total, 'scene')}."
    if scene == 1 and _is_own_image(shape):
        return "Scene 1 is the entry's own image; nothing is generated or chosen for it."
    return _check_select(shape, scene, value) if key.rpartition("/")[2] == SELECT else ""


def _check_select(shape: JobShape, scene: int, value: int) -> str:
    scope = scope_of(scene)
    if shape.result_of(scope, "select") is not None:
        there = shape.numbers(f"{scope}/variation", "generate")
    else:
        settings = shape.settings
        there = list(range(1, settings.variations * (settings.most_regenerations + 1) + 1))
    if value in (0, *there):
        return ""
    images = ", ".join(map(str, there))
    return (
        f"There is no variation {value} of scene {scene}; its images are {images}, and 0 is "
        "the one that the scores choose."
    )


def _scenes(shape: JobShape) -> int:
    """Return the number of scenes that the storyboard has, or will have."""
    split = None if shape.input.scenes else shape.result_of("", "scenes")
    if split is None:
        return scene_count(shape.input, shape.settings)
    return len(named_scenes(shape.input, Scenes.model_validate_json(split).scenes))


def _is_own_image(shape: JobShape) -> bool:
    return (
        shape.input.reference_image is not None and shape.settings.reference_mode == "first_scene"
    )
