"""The scene writer: splits a film's brief into scenes."""

import functools
from typing import Annotated, Any

from pydantic import Field, create_model

from engine.contract.agent import Agent, Rule, RuleInput
from engine.contract.backend import Request, Result
from engine.contract.chat.answers import MAX_PROMPT, Answer, CleanText, Number, OptionalText
from engine.contract.chat.prompt_files import prompt_beside
from engine.recipes.storyboard.agents.film_data import film_block
from engine.recipes.storyboard.film import Film, PlannedScene

MIN_SECONDS, MAX_SECONDS = 0.001, 3600.0
"""The shortest and the longest scene, in seconds."""


class ScenesRequest(Request):
    """Request to split a brief into scenes.

    Attributes:
        film: The brief and what belongs to it.
        count: Number of scenes, 1 to 100.
    """

    film: Film
    count: int = Field(ge=1, le=100)


class Scenes(Result):
    """A brief as scenes, in order, as many as were asked for."""

    scenes: tuple[PlannedScene, ...]
    author: str


class SceneAnswer(Answer):
    """One scene of the answer."""

    prompt: Annotated[CleanText, Field(min_length=1, max_length=MAX_PROMPT)]
    duration: Annotated[Number, Field(gt=0, le=MAX_SECONDS, allow_inf_nan=False)]
    notes: Annotated[OptionalText, Field(max_length=MAX_PROMPT)] = ""


class Script(Answer):
    """The scene writer's answer."""

    scenes: list[SceneAnswer]


@functools.cache
def script_of(count: int) -> type[Script]:
    """Return the shape of an answer of so many scenes: one more or less is invalid."""
    listed = Annotated[list[SceneAnswer], Field(min_length=count, max_length=count)]
    return create_model("Script", __base__=Script, scenes=(listed, ...))


def message(request: ScenesRequest) -> str:
    """Return the film, and how many scenes to write."""
    return f"Write {request.count} scenes of this film.\n\n{film_block(request.film)}"


def scenes(script: Script, request: ScenesRequest, author: str) -> Scenes:
    """Return the result of an answer.

    Durations are the model's; if the film has a target duration they are scaled to add up to it,
    since models add badly, and keep their proportions.
    """
    target = request.film.target_duration
    factor = 1.0 if target is None else target / sum(one.duration for one in script.scenes)
    written = tuple(
        PlannedScene(
            prompt=one.prompt,
            duration=max(MIN_SECONDS, round(one.duration * factor, 3)),
            notes=one.notes,
        )
        for one in script.scenes
    )
    return Scenes(scenes=written, author=author)


def by_rule(inputs: RuleInput) -> dict[str, Any]:
    """Return scenes by what the brief lists, else by dramatic beats."""
    from engine.recipes.storyboard.rules.scenes import split

    request = ScenesRequest.model_validate(inputs.request)
    return {"scenes": split(request.film, request.count), "author": inputs.author}


SCENE_WRITER = Agent(
    id="write_scenes",
    prompt=prompt_beside(__file__),
    request=ScenesRequest,
    result=Scenes,
    message=message,
    answer=lambda request: script_of(request.count),
    finish=scenes,
    rule=Rule(by_rule, name="beats"),
)
"""Splits a film's brief into scenes."""
