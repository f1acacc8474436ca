"""Decisions of an operator on sections and images, and the checks of what is approved."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from engine.contract.decisions import JobShape, numbered
from engine.contract.job import Job
from engine.recipes.common.films import JOIN
from engine.recipes.music_video.effects import EFFECTS as EFFECT_WORDS
from engine.recipes.music_video.effects import effects_of
from engine.recipes.music_video.fields import KnownMotion, KnownTransition
from engine.recipes.music_video.film_sections import FilmSection
from engine.recipes.music_video.images import GENERATE, SEED, SELECT, seed_of
from engine.recipes.music_video.names import FILM
from engine.recipes.music_video.spec import Palette
from engine.recipes.music_video.vocabulary import MOTIONS, SOURCES, TRANSITIONS, Source
from engine.text.plural import pluralize
from engine.text.terminal import quoted

PROMPT, PALETTE, MOTION, TRANSITION, SOURCE = "prompt", "palette", "motion", "transition", "source"
EFFECTS = "effects"
"""Decisions on a section: texts, empty for the plan's."""

HINTS = {
    PROMPT: "words for the images of the section",
    PALETTE: "colours as #RRGGBB, with commas between them",
    EFFECTS: f"amounts, as grain 0.5, bloom off: {', '.join(EFFECT_WORDS)}",
    MOTION: ", ".join(MOTIONS),
    TRANSITION: ", ".join(TRANSITIONS),
    SOURCE: ", ".join(SOURCES),
}
"""Texts that fit, by the kind of decision."""

SEED_HINT = "another whole number gives another image; empty for the first one"
"""Hint on the seed of an image."""

_TYPES: dict[str, Any] = {
    PALETTE: TypeAdapter(Palette),
    MOTION: TypeAdapter(KnownMotion),
    TRANSITION: TypeAdapter(KnownTransition),
    SOURCE: TypeAdapter(Source),
}


def parsed(kind: str, text: str) -> Any:
    """Return the value that a text of a decision means.

    Raises:
        ValueError: It means none; a sentence.
    """
    if kind == PROMPT:
        return text.strip()
    if kind == EFFECTS:
        return _effects(text)
    value: Any = text.strip()
    if kind == PALETTE:
        value = tuple(part.strip() for part in text.split(",") if part.strip())
    try:
        return _TYPES[kind].validate_python(value)
    except ValidationError as error:
        message = error.errors(include_url=False, include_input=False)[0]["msg"]
        hint = f" It is one of: {', '.join(SOURCES)}." if kind == SOURCE else ""
        raise ValueError(f"{message.removeprefix('Value error, ')}.{hint}") from None


def _effects(text: str) -> dict[str, float]:
    try:
        return effects_of(text)
    except ValueError as error:
        raise ValueError(f"{error}.") from None


def check_decision(shape: JobShape, key: str, value: Any) -> str:
    """Return why a decision on a section does not fit a film, as a sentence; empty if it does."""
    section, count = numbered(key, "section"), _sections(shape)
    if section is None or (count is not None and section > count):
        has = "" if count is None else f": the film has {pluralize(count, 'section')}"
        return f"There is no {key.partition('/')[0]}{has}."
    image, _, kind = key.rpartition("/")
    if kind == SELECT:
        return _no_candidate(shape, image, value)
    if kind == SEED:
        return _no_seed(shape, image, key, value)
    if kind not in HINTS or not isinstance(value, str) or not value.strip():
        return ""
    try:
        parsed(kind, value)
    except ValueError as error:
        return f"{key}: {error}"
    return ""


def _no_candidate(shape: JobShape, image: str, number: int) -> str:
    """Return why a candidate of an image cannot be taken, as a sentence; empty if it can."""
    numbers = shape.numbers(f"{image}/candidate", GENERATE)
    is_over = shape.result_of(FILM, JOIN) is not None
    if is_over and not numbers:
        return f"The film has no {image}."
    if number and number not in numbers and (is_over or number > shape.settings.candidates):
        return f"{image} has no candidate {number}; 0 takes the best."
    return ""


def _no_seed(shape: JobShape, image: str, key: str, text: str) -> str:
    """Return why an image cannot be generated of a seed, as a sentence; empty if it can."""
    if shape.result_of(FILM, JOIN) is not None and not shape.numbers(
        f"{image}/candidate", GENERATE
    ):
        return f"The film has no {image}."
    if text.strip() and seed_of(text) is None:
        return f"{key}: {quoted(text, 24)} is not a whole number from 0."
    return ""


def _sections(shape: JobShape) -> int | None:
    """Return the number of sections of a film; None before its song is analysed."""
    from engine.recipes.music_video.steps import Song

    song = shape.result_of("", "analyse")
    return None if song is None else len(Song.model_validate_json(song).sections)


async def decided_sections(
    job: Job[Any, Any], sections: Sequence[FilmSection]
) -> tuple[FilmSection, ...]:
    """Return the sections with what an operator has decided about them."""
    return tuple([await _decided(job, section) for section in sections])


async def _decided(job: Job[Any, Any], section: FilmSection) -> FilmSection:
    scope, spec = job.scope(f"section-{section.number}"), section.spec
    values: dict[str, Any] = {}
    for kind in HINTS:
        text = await scope.decide(kind, default="")
        try:
            values[kind] = parsed(kind, text) if text.strip() else None
        except ValueError as error:
            values[kind] = None
            await job.warn(f"The decision {scope.key(kind)} is ignored: {error}")
    changes = {
        "ai_prompt": values[PROMPT],
        "keyframe_prompts": () if values[PROMPT] else None,
        "color_palette": values[PALETTE],
        "motion_style": values[MOTION],
    }
    kept = {name: value for name, value in changes.items() if value is not None}
    return replace(
        section,
        spec=spec.model_copy(update=kept),
        transition=values[TRANSITION] or section.transition,
        source=values[SOURCE] or section.source,
        effects=values[EFFECTS] or {},
    )
