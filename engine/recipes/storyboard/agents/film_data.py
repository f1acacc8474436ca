"""A film and its scenes as fenced data in the agents' messages."""

import json
from typing import Any

from engine.contract.chat.prompt_files import fence
from engine.recipes.storyboard.film import Film, PlannedScene


def film_block(film: Film) -> str:
    """Return a film between fences; empty fields are left out."""
    return fence("FILM", as_json(film.model_dump(exclude_defaults=True)))


def scene_block(scene: PlannedScene, number: int | None = None, total: int | None = None) -> str:
    """Return a scene between fences.

    Args:
        scene: The scene.
        number: Its number from 1, if that matters.
        total: Number of scenes.
    """
    position = {} if number is None else {"number": number, "of": total}
    return fence("SCENE", as_json(position | scene.model_dump(exclude_defaults=True)))


def as_json(plain: Any) -> str:
    """Return plain data as JSON that a model reads and an operator can read in a trace."""
    return json.dumps(plain, ensure_ascii=False, indent=1)
