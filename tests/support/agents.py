"""Agents in tests: a base for fake chat backends, and the agents of the recipes by their ids."""

from collections.abc import Callable, Sequence
from typing import Any

from engine.contract import AnyAgent, BaseChatBackend, Call, CallContext
from engine.recipes.refine.agents.answers import ANSWERER
from engine.recipes.refine.agents.comparer import COMPARER
from engine.recipes.refine.agents.evaluator import EVALUATOR, EvaluateRequest, Evaluation
from engine.recipes.refine.agents.guard import GUARD
from engine.recipes.refine.agents.questions import QUESTIONER
from engine.recipes.refine.agents.refiner import REFINER, Attempt, Refinement, RefineRequest
from engine.recipes.storyboard.agents.cinematographer import CINEMATOGRAPHER
from engine.recipes.storyboard.agents.prompt_engineer import PROMPT_ENGINEER
from engine.recipes.storyboard.agents.scene_writer import SCENE_WRITER

AGENTS: dict[str, AnyAgent] = {
    agent.id: agent
    for agent in (
        EVALUATOR,
        REFINER,
        QUESTIONER,
        ANSWERER,
        COMPARER,
        GUARD,
        SCENE_WRITER,
        CINEMATOGRAPHER,
        PROMPT_ENGINEER,
    )
}


PROMPTS = {agent.prompt.name: agent.prompt for agent in AGENTS.values()}
"""Their instructions, by the name of the file."""


class ByOperation(BaseChatBackend):
    """Chat backend that runs an agent by its own method of the agent's id."""

    def version_of(self, agent: AnyAgent) -> str:
        return self.info.version

    async def structured(self, agent: AnyAgent, request: Any, context: CallContext) -> Any:
        return await getattr(self, agent.id)(request, context)


async def run_agent(backend: Any, id_: str, request: Any, context: Any) -> Any:
    """Run an agent of the recipes on a backend."""
    return await backend.structured(AGENTS[id_], request, context)


def refining(job: Any) -> Callable[..., Call[Refinement]]:
    """Describe calls of the refiner by brief and attempts."""

    def describe(brief: str, attempts: Sequence[Attempt] = ()) -> Call[Refinement]:
        request = RefineRequest(brief=brief, attempts=tuple(attempts))
        call: Call[Refinement] = job.text.structured(REFINER, request)
        return call

    return describe


def evaluating(job: Any) -> Callable[..., Call[Evaluation]]:
    """Describe calls of the evaluator by image and brief."""

    def describe(image: Any, brief: str) -> Call[Evaluation]:
        request = EvaluateRequest(image=image, brief=brief)
        call: Call[Evaluation] = job.vision.structured(EVALUATOR, request)
        return call

    return describe
