"""A gate that a crash can come between: paid calls before and after an approval."""

from typing import Any

from pydantic import BaseModel

from engine.contract import ChatBackend, ImageBackend
from engine.contract.decision_points import Approval
from engine.contract.recipe import AnyRecipe, GatedSettings, Headline, Recipe
from tests.support.agents import refining
from tests.support.chaos_corpus import Text, attempts
from tests.support.chaos_recipe import ChaosInput


class Plan(BaseModel):
    """Value that is approved."""

    words: str


class GateSettings(GatedSettings):
    """The backends, and the gate."""

    image: str = "chaos"
    vision: str = "chaos"
    text: str = "chaos"
    approve: tuple[str, ...] = ("plan",)


async def plan_and_write(job: Any) -> Text:
    """Pays for a plan, has it approved, and pays for a text by it."""
    said = await job.step("think", refining(job), job.input.prompt, attempts("plan"))
    plan = await job.approve("plan", Plan(words=said.prompt))
    return Text(text=(await job.step("write", refining(job), "by", attempts(plan.words))).prompt)


GATED: AnyRecipe = Recipe(
    name="gated",
    version="1",
    summary="A gate between two paid calls.",
    input=ChaosInput,
    settings=GateSettings,
    uses={"image": ImageBackend, "vision": ChatBackend, "text": ChatBackend},
    run=plan_and_write,
    headline=Headline("score", 0, 100),
    decisions=(Approval("plan", Plan),),
)
