"""A toy recipe with gates: a plan that is approved, then a verse for each line of it."""

from typing import Any

from pydantic import BaseModel, Field

from engine.contract import ChatBackend, Rejected
from engine.contract.decision_points import Approval, FreeText
from engine.contract.recipe import AnyRecipe, GatedSettings, Headline, Recipe
from engine.contract.recipe_input import RecipeInput
from tests.support.agents import refining


class SongInput(RecipeInput):
    """One song."""

    id: str | None = None
    prompt: str


class Plan(BaseModel):
    """Parts of a song."""

    title: str
    verses: list[str] = Field(min_length=1, max_length=4)


class SongSettings(GatedSettings):
    """Backend, and whether a rejected plan is replaced."""

    text: str = "toy"
    plans: int = 1


class Song(BaseModel):
    """A song."""

    title: str
    verses: list[str]


def at_most_three(_shape: Any, key: str, value: Any) -> str:
    return f"{key} has more than three verses." if len(value["verses"]) > 3 else ""


async def sing(job: Any) -> Song:
    """Plans a song, has the plan approved, and writes its verses."""
    title = (await job.step("title", refining(job), job.input.prompt, [])).prompt
    plan = Plan(title=title, verses=["one", "two"])
    for number in range(1, job.settings.plans + 1):
        try:
            plan = await job.scope(f"draft-{number}").approve("plan", plan)
            break
        except Rejected:
            if number == job.settings.plans:
                raise
            plan = Plan(title=title, verses=["another"])
    verses = []
    for number, line in enumerate(plan.verses, 1):
        scope = job.scope(f"verse-{number}")
        verses.append((await scope.step("write", refining(job), line, [])).prompt)
    final = await job.approve("words", verses)
    return Song(title=plan.title, verses=final)


SONG: AnyRecipe = Recipe(
    name="toy",
    version="1",
    summary="Writes a song by a plan.",
    input=SongInput,
    settings=SongSettings,
    uses={"text": ChatBackend},
    run=sing,
    headline=Headline("score", 0, 100),
    decisions=(
        Approval("draft-*/plan", Plan, at_most_three),
        Approval("words", list[str]),
        FreeText("note"),
    ),
)
