"""Checks of decisions on a storyboard: its scenes, and the images that a scene has."""

from typing import Any

from engine.contract.decisions import SELECT, JobShape, numbered
from engine.recipes.storyboard.agents.scene_writer import Scenes
from engine.recipes.storyboard.film import key_of
from engine.recipes.storyboard.scenes import (
    BY_RULE,
    SCENES,
    SUBJECTS,
    named_scenes,
    scene_count,
    scope_of,
    whole_film,
)
from engine.text.plural import pluralize
from engine.text.terminal import quoted


def check_decision(shape: JobShape, key: str, value: Any) -> str:
    """Return the reason to refuse a decision on a storyboard, as a sentence; empty if it fits."""
    scene, total = numbered(key, "scene"), _scenes(shape)
    if scene is None or scene > total:
        named = key.partition("/")[0]
        return f"There is no {named}: the storyboard has {pluralize(total, 'scene')}."
    if scene == 1 and _is_own_image(shape):
        return "Scene 1 is the entry's own image; nothing is generated or chosen for it."
    name = key.rpartition("/")[2]
    if name == SUBJECTS:
        return _check_subjects(shape, value)
    return _check_select(shape, scene, value) if name == SELECT else ""


def _check_subjects(shape: JobShape, value: str) -> str:
    """Return what is wrong with the names of who is in a scene."""
    names = [one.name for one in whole_film(shape.input, _written(shape)).subjects]
    known = {key_of(name) for name in names}
    unknown = [one.strip() for one in value.split(",") if one.strip() not in {"", "-"}]
    unknown = [one for one in unknown if key_of(one) not in known]
    if not unknown:
        return ""
    if not names:
        return "The storyboard has no subjects; name them in the entry."
    listed = ", ".join(map(quoted, names))
    return f"There is no subject {quoted(unknown[0])}; there are {listed}, and - is nobody."


def _check_select(shape: JobShape, scene: int, value: int) -> str:
    scope = scope_of(scene)
    if shape.result_of(scope, "select") is not None:
        there = shape.numbers(f"{scope}/variation", "generate")
    else:
        settings = shape.input.over(shape.settings)
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
    written = _written(shape)
    if written is None:
        return scene_count(shape.input, shape.settings)
    return len(named_scenes(shape.input, written))


def _written(shape: JobShape) -> Scenes | None:
    """Return what the brief was split into, if it was."""
    if shape.input.scenes:
        return None
    results = (shape.result_of("", name) for name in (SCENES, BY_RULE))
    split = next(filter(None, results), None)
    return None if split is None else Scenes.model_validate_json(split)


def _is_own_image(shape: JobShape) -> bool:
    return (
        shape.input.reference_image is not None and shape.settings.reference_mode == "first_scene"
    )
