"""The scene writer: splits a film's brief into scenes."""

import functools
from typing import Annotated

from pydantic import Field, create_model

from engine.agents.conversation import ChatTurn, Conversation
from engine.agents.films import told_film
from engine.agents.prompt_files import prompt_file
from engine.agents.refiner import MAX_PROMPT
from engine.agents.replies import Answer, CleanText, Number, OptionalText
from engine.contract import PlannedScene, Scenes, ScenesRequest

MIN_SECONDS, MAX_SECONDS = 0.001, 3600.0
"""The shortest and the longest scene, in seconds."""


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
    """The shape of an answer of so many scenes: one more or less is invalid."""
    listed = Annotated[list[SceneAnswer], Field(min_length=count, max_length=count)]
    return create_model("Script", __base__=Script, scenes=(listed, ...))


def version() -> str:
    """Version of what the scene writer is told, part of every fingerprint that rests on it."""
    return prompt_file("scene_writer").version


def conversation(request: ScenesRequest) -> Conversation:
    """What the scene writer is told: the film, and how many scenes there are to be."""
    text = f"Write {request.count} scenes of this film.\n\n{told_film(request.film)}"
    shape = script_of(request.count)
    return Conversation(prompt_file("scene_writer").text, (ChatTurn("user", text),), shape)


def scenes(script: Script, request: ScenesRequest, author: str) -> Scenes:
    """The answer as a result.

    Durations are what the model gave; where the film has a target duration they are scaled to add
    up to it, since models add badly, and keep their proportions.

    Args:
        script: The scene writer's answer.
        request: What it was asked.
        author: Who wrote it: backend, model and version.
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
