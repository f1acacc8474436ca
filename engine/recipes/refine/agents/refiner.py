"""The refiner: writes the next prompt from everything that was tried."""

import json
from typing import Any

from engine.contract.agent import Agent, Rule, RuleInput
from engine.contract.backend import FrozenModel, Request
from engine.contract.chat.answers import PromptAnswer, WrittenPrompt
from engine.contract.chat.prompt_files import fence, prompt_beside
from engine.recipes.refine.agents.evaluator import Evaluation


class Attempt(FrozenModel):
    """One turn of the loop, as the refiner sees it."""

    prompt: str
    negative_prompt: str = ""
    evaluation: Evaluation


class RefineRequest(Request):
    """Request for a better prompt.

    Attributes:
        brief: What the operator asked for.
        attempts: Every prompt tried so far with its evaluation, oldest first, at least one.
    """

    brief: str
    attempts: tuple[Attempt, ...]


class Refinement(WrittenPrompt):
    """A better prompt, and why it should be better."""


def message(request: RefineRequest) -> str:
    """Return the brief, and every attempt with its score."""
    attempts = json.dumps(
        [_as_data(number, attempt) for number, attempt in enumerate(request.attempts, 1)],
        ensure_ascii=False,
        indent=1,
    )
    return f"{fence('BRIEF', request.brief)}\n\n{fence('ATTEMPTS', attempts)}"


def _as_data(number: int, attempt: Attempt) -> dict[str, object]:
    evaluation = attempt.evaluation
    return {
        "attempt": number,
        "prompt": attempt.prompt,
        "negative_prompt": attempt.negative_prompt,
        "score": round(evaluation.score, 1),
        "description": evaluation.description,
        "reasons": list(evaluation.reasons),
        "missing": list(evaluation.missing),
    }


def by_rule(inputs: RuleInput) -> dict[str, Any]:
    """Return a refinement: the brief with explicit corrections of what was measured."""
    from engine.recipes.refine.rules.refiner import PastAttempt, refine

    request = RefineRequest.model_validate(inputs.request)
    tried = [
        PastAttempt(
            prompt=attempt.prompt,
            negative_prompt=attempt.negative_prompt,
            score=attempt.evaluation.score,
            missing=attempt.evaluation.missing,
            measurements=attempt.evaluation.measurements,
        )
        for attempt in request.attempts
    ]
    advice = refine(request.brief, tried, inputs.strength)
    return {**advice.model_dump(), "author": inputs.author}


REFINER = Agent(
    id="refine",
    prompt=prompt_beside(__file__),
    request=RefineRequest,
    result=Refinement,
    message=message,
    answer=PromptAnswer,
    finish=Refinement.of,
    rule=Rule(by_rule),
)
"""Writes a better prompt from the history of attempts."""
