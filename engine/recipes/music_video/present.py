"""Texts of a section that are in force, as an editor starts from them."""

import json
from typing import Any

from engine.contract.decisions import JobShape, numbered
from engine.recipes.music_video.deciding import EFFECTS, MOTION, PALETTE, PROMPT, SOURCE, TRANSITION
from engine.recipes.music_video.images import GENERATE, SEED
from engine.recipes.music_video.loop import OUTLINE


def present_text(shape: JobShape, key: str) -> str:
    """Return the text that a section has for a decision; empty before the film is outlined.

    Args:
        shape: The job.
        key: The decision, such as `section-3/palette`.
    """
    image, _, kind = key.rpartition("/")
    if kind == SEED:
        request = shape.request_of(f"{image}/candidate-1", GENERATE)
        return str(json.loads(request).get("seed") or "") if request else ""
    text, number = shape.request_of("", OUTLINE), numbered(key, "section")
    if text is None or number is None:
        return ""
    film = json.loads(text)
    section = film["sections"][number - 1]
    if kind == PALETTE:
        return ", ".join(section["palette"])
    if kind == TRANSITION:
        return _transition(film, section)
    return str(section.get(kind, "")) if kind in {PROMPT, MOTION, SOURCE, EFFECTS} else ""


def _transition(film: dict[str, Any], section: dict[str, Any]) -> str:
    """Return the transition into the first shot of a section."""
    shots = (shot for shot in film["shots"] if abs(shot["start"] - section["start"]) < 1e-3)
    return next((str(shot["transition"]) for shot in shots), "")
