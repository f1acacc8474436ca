"""Repair of a model's plan: unknown words become the nearest, gaps are filled by the rule."""

import math
from collections.abc import Sequence
from typing import Any

from engine.recipes.music_video.direction import (
    DirectorAnswer,
    DirectRequest,
    SectionAnswer,
)
from engine.recipes.music_video.fields import colour_of
from engine.recipes.music_video.rules.directing import directed
from engine.recipes.music_video.spec import MAX_COLOURS
from engine.recipes.music_video.vocabulary import MOTIONS, TRANSITIONS, VISUALS, nearest, spelled
from engine.text.terminal import clean, quoted

MAX_NOTES = 40
"""Notes of one plan, at most."""

_WORDS = {"motion": MOTIONS, "transition": TRANSITIONS, "visual": VISUALS}


def mended(answer: DirectorAnswer, request: DirectRequest) -> dict[str, Any]:
    """Return the fields of a plan: the answer, with the rule's words for what it lacks."""
    rule, notes = directed(request), list[str]()
    answers = _by_index(answer.sections, len(request.sections), notes)
    sections = [
        _section(answers.get(section.index), spare, section.label, notes)
        for section, spare in zip(request.sections, rule["sections"], strict=True)
    ]
    return {
        "style": clean(answer.style, 2000) or rule["style"],
        "modifiers": _phrases(answer.modifiers, 12) or rule["modifiers"],
        "motifs": _phrases(answer.motifs, 12) or rule["motifs"],
        "sections": sections,
        "notes": notes[:MAX_NOTES],
    }


def _by_index(
    answers: Sequence[SectionAnswer], count: int, notes: list[str]
) -> dict[int, SectionAnswer]:
    """Return the answers by the index of their section; by their place if they have none."""
    kept: dict[int, SectionAnswer] = {}
    numbers = [_whole(one.index) for one in answers]
    use_places = None in numbers or len(set(numbers)) < len(numbers)
    for place, (number, one) in enumerate(zip(numbers, answers, strict=True)):
        index = place if use_places or number is None else number
        if 0 <= index < count:
            kept[index] = one
        else:
            notes.append(f"The plan has a section {index}, which the song does not have.")
    return kept


def _whole(number: float | None) -> int | None:
    return int(number) if number is not None and math.isfinite(number) else None


def _section(
    answer: SectionAnswer | None, spare: dict[str, Any], label: str, notes: list[str]
) -> dict[str, Any]:
    if answer is None:
        notes.append(f"Section {label} was not planned; it is as the rule has it.")
        return spare
    known = {name: _word(answer, name, spare, label, notes) for name in _WORDS}
    prompts = _phrases(answer.prompts, 8, 2000)
    if not prompts:
        notes.append(f"Section {label} has no prompt; it has the rule's.")
    return {
        **known,
        "theme": clean(answer.theme, 300) or spare["theme"],
        "mood": clean(answer.mood, 300) or spare["mood"],
        "palette": _palette(answer.palette, spare["palette"], label, notes),
        "intensity": _share(answer.intensity, spare["intensity"]),
        "elements": _phrases(answer.elements, 24) or spare["elements"],
        "prompts": prompts or spare["prompts"],
    }


def _word(
    answer: SectionAnswer, name: str, spare: dict[str, Any], label: str, notes: list[str]
) -> str:
    word = getattr(answer, name)
    if not word:
        return str(spare[name])
    chosen = nearest(word, _WORDS[name], spare[name])
    if chosen != spelled(word):
        notes.append(f"Section {label}: {name} {quoted(word, 40)} is replaced by {chosen}.")
    return chosen


def _palette(
    colours: Sequence[str], spare: Sequence[str], label: str, notes: list[str]
) -> list[str]:
    kept: list[str] = []
    for colour in colours:
        try:
            kept.append(colour_of(colour))
        except ValueError as error:
            notes.append(f"Section {label}: {error}; it is left out.")
    return list(dict.fromkeys(kept))[:MAX_COLOURS] or list(spare)


def _share(number: float | None, spare: float) -> float:
    return min(1.0, max(0.0, number)) if number is not None and math.isfinite(number) else spare


def _phrases(phrases: Sequence[str], most: int, characters: int = 300) -> list[str]:
    return [clean(one, characters) for one in phrases if one.strip()][:most]
