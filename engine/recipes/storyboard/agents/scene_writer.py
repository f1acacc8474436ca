"""The scene writer: splits a film's brief into scenes, and names who is in which of them."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, computed_field, create_model, model_validator

from engine.contract.agent import Agent, Rule, RuleInput
from engine.contract.backend import Request, Result
from engine.contract.chat.answers import (
    MAX_PROMPT,
    Answer,
    CleanText,
    Number,
    OptionalText,
    TextList,
)
from engine.contract.chat.prompt_files import prompt_beside
from engine.recipes.storyboard.agents.film_data import film_block
from engine.recipes.storyboard.film import (
    SUBJECT_KINDS,
    Film,
    PlannedScene,
    Subject,
    SubjectKind,
    key_of,
)
from engine.recipes.storyboard.lengths import Bounds, fitted

MIN_SECONDS, MAX_SECONDS = 0.001, 3600.0
"""The shortest and the longest scene, in seconds."""

MAX_SUBJECTS = 12
"""Subjects that the scene writer may name."""

MAX_DESCRIPTION = 1000
"""Characters of a subject's description that are kept; more would crowd the scene out."""


def _is_unset(value: Any) -> bool:
    return not value


class ScenesRequest(Request):
    """Request to split a brief into scenes.

    Attributes:
        film: The brief and what belongs to it.
        count: Number of scenes, 1 to 100.
        bounds: Least and most seconds of a scene; None for any. Like the next, it came later and is
            left out of the stored request if it is not set.
        subjects: True to keep the subjects that are named.
    """

    film: Film
    count: int = Field(ge=1, le=100)
    bounds: Bounds | None = Field(None, exclude_if=_is_unset)
    subjects: bool = Field(False, exclude_if=_is_unset)


class Scenes(Result):
    """A brief as scenes, in order, as many as were asked for, and the subjects that they show.

    It is stored with a table of itself, which a dashboard draws.
    """

    kind: ClassVar[str] = "table"

    scenes: tuple[PlannedScene, ...]
    author: str
    subjects: tuple[Subject, ...] = Field((), exclude_if=_is_unset)

    @model_validator(mode="before")
    @classmethod
    def _without_table(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if name not in {"columns", "rows"}}

    @computed_field
    def columns(self) -> tuple[str, ...]:
        """Heads of the table."""
        return ("scene", "seconds", "shows", "prompt")

    @computed_field
    def rows(self) -> tuple[tuple[int | float | str | None, ...], ...]:
        """Rows of the table, one for each scene."""
        return tuple(
            (number, one.duration, ", ".join(one.subjects), one.prompt)
            for number, one in enumerate(self.scenes, 1)
        )


def _known_kind(value: Any) -> Any:
    return value if value in SUBJECT_KINDS else "object"


class SubjectAnswer(Answer):
    """One subject of the answer."""

    name: Annotated[CleanText, Field(min_length=1, max_length=200)]
    kind: Annotated[SubjectKind, BeforeValidator(_known_kind)] = "object"
    description: Annotated[OptionalText, Field(max_length=MAX_PROMPT)] = ""


class SceneAnswer(Answer):
    """One scene of the answer."""

    prompt: Annotated[CleanText, Field(min_length=1, max_length=MAX_PROMPT)]
    duration: Annotated[Number, Field(gt=0, le=MAX_SECONDS, allow_inf_nan=False)]
    notes: Annotated[OptionalText, Field(max_length=MAX_PROMPT)] = ""
    subjects: Annotated[TextList, Field(max_length=100)] = Field(default_factory=list)


def _listed(value: Any) -> Any:
    return [] if value is None else value


class Script(Answer):
    """The scene writer's answer."""

    subjects: Annotated[list[SubjectAnswer], BeforeValidator(_listed), Field(max_length=100)] = (
        Field(default_factory=list)
    )
    scenes: list[SceneAnswer]


@functools.cache
def script_of(count: int) -> type[Script]:
    """Return the shape of an answer of so many scenes: one more or less is invalid."""
    listed = Annotated[list[SceneAnswer], Field(min_length=count, max_length=count)]
    return create_model("Script", __base__=Script, scenes=(listed, ...))


def message(request: ScenesRequest) -> str:
    """Return the film, and how many scenes to write."""
    each = f", each {request.bounds[0]:g} to {request.bounds[1]:g} s long" if request.bounds else ""
    return f"Write {request.count} scenes of this film{each}.\n\n{film_block(request.film)}"


def scenes(script: Script, request: ScenesRequest, author: str) -> Scenes:
    """Return the result of an answer.

    Durations are the model's; if the film has a target duration they are scaled to add up to it,
    since models add badly, and keep their proportions as far as the bounds allow. Subjects that no
    scene shows are dropped, and so are names of nobody.
    """
    target = request.film.target_duration
    lengths = fitted([one.duration for one in script.scenes], target, request.bounds)
    named = subjects_of(request.film, script.subjects) if request.subjects else {}
    written = tuple(
        PlannedScene(
            prompt=one.prompt,
            duration=max(MIN_SECONDS, round(length, 3)),
            notes=one.notes,
            subjects=shown(one.subjects, named),
        )
        for one, length in zip(script.scenes, lengths, strict=True)
    )
    return Scenes(scenes=written, author=author, subjects=seen(request.film, named, written))


def subjects_of(film: Film, answers: Sequence[SubjectAnswer]) -> dict[str, Subject]:
    """Return the subjects of a film by the keys of their names: its own, then those of an answer.

    What an operator says of a subject holds; an answer describes those that have no description.
    """
    named = {key_of(one.name): one for one in film.subjects}
    for answer in answers[:MAX_SUBJECTS]:
        key, looks = key_of(answer.name), answer.description[:MAX_DESCRIPTION].strip()
        if key in named:
            listed = named[key]
            named[key] = listed.model_copy(update={"description": listed.description or looks})
        else:
            named[key] = Subject(name=answer.name.strip(), kind=answer.kind, description=looks)
    return named


def shown(names: Iterable[str], named: Mapping[str, Subject]) -> tuple[str, ...]:
    """Return the names of the subjects that some names mean, once each."""
    keys = dict.fromkeys(key_of(name) for name in names)
    return tuple(named[key].name for key in keys if key in named)


def seen(
    film: Film, named: Mapping[str, Subject], scenes: Sequence[PlannedScene]
) -> tuple[Subject, ...]:
    """Return the subjects that a film lists or a scene shows."""
    kept = {key_of(one.name) for one in film.subjects}
    kept |= {key_of(name) for scene in scenes for name in scene.subjects}
    return tuple(one for key, one in named.items() if key in kept)


def by_rule(inputs: RuleInput) -> dict[str, Any]:
    """Return scenes by what the brief lists, else by dramatic beats."""
    from engine.recipes.storyboard.rules.scenes import split

    request = ScenesRequest.model_validate(inputs.request)
    parts = split(request.film, request.count)
    if request.bounds and request.film.target_duration:
        lengths = [part["duration"] for part in parts]
        bounded = fitted(lengths, request.film.target_duration, request.bounds)
        for part, length in zip(parts, bounded, strict=True):
            part["duration"] = round(length, 3)
    named: dict[str, Subject] = {}
    if request.subjects:
        from engine.recipes.storyboard.rules.casting import cast

        named, names = cast(request.film, [part["prompt"] for part in parts])
        for part, present in zip(parts, names, strict=True):
            part["subjects"] = present
    return {"scenes": parts, "author": inputs.author, "subjects": list(named.values())}


SCENE_WRITER = Agent(
    id="write_scenes",
    prompt=prompt_beside(__file__),
    request=ScenesRequest,
    result=Scenes,
    message=message,
    answer=lambda request: script_of(request.count),
    finish=scenes,
    rule=Rule(by_rule, name="beats", version="2"),
)
"""Splits a film's brief into scenes."""
