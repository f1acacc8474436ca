"""What the agents of films are told about a film and its scenes, as fenced data."""

import json
from typing import Any

from engine.agents.prompt_files import fence
from engine.contract import Film, PlannedScene


def told_film(film: Film) -> str:
    """A film, between fences; what is empty is left out."""
    plain = film.model_dump(exclude_defaults=True)
    return fence("FILM", as_json(plain))


def told_scene(scene: PlannedScene, number: int | None = None, total: int | None = None) -> str:
    """A scene, between fences.

    Args:
        scene: The scene.
        number: Which one it is, from 1, where that matters.
        total: How many there are.
    """
    place = {} if number is None else {"number": number, "of": total}
    return fence("SCENE", as_json(place | scene.model_dump(exclude_defaults=True)))


def as_json(plain: Any) -> str:
    """Plain data as JSON that a model reads and an operator can read in a trace."""
    return json.dumps(plain, ensure_ascii=False, indent=1)
