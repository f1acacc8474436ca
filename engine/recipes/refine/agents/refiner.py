"""The refiner: writes the next prompt from everything that was tried."""

import json
from collections.abc import Iterator
from typing import Any

from pydantic import Field

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


def _is_missing(value: object) -> bool:
    return value is None or value == ()


class RefineRequest(Request):
    """Request for a better prompt.

    All fields but the first two came later; they are left out of the stored request if they are
    empty, so that earlier fingerprints hold.

    Attributes:
        brief: What the operator asked for.
        attempts: Every prompt tried so far with its evaluation, oldest first, at least one.
        best: Number of the best attempt, from 1, if the scores do not say which it is.
        keep: Demands that the best attempt meets.
        avoid: Terms and changes that did not help with the model before.
        others: Prompts that were written in the same round, to be different from.
        lost: Demands of the brief that the last draft, the last of `others`, has lost.
    """

    brief: str
    attempts: tuple[Attempt, ...]
    best: int | None = Field(default=None, ge=1, exclude_if=_is_missing)
    keep: tuple[str, ...] = Field(default=(), exclude_if=_is_missing)
    avoid: tuple[str, ...] = Field(default=(), exclude_if=_is_missing)
    others: tuple[str, ...] = Field(default=(), exclude_if=_is_missing)
    lost: tuple[str, ...] = Field(default=(), exclude_if=_is_missing)

    @property
    def best_index(self) -> int:
        """Index of the best attempt, from 0; of equal ones the first."""
        if self.best is not None:
            return self.best - 1
        scores = [attempt.evaluation.score for attempt in self.attempts]
        return scores.index(max(scores))


class Refinement(WrittenPrompt):
    """A better prompt, and why it should be better."""


FURTHER = {
    "keep": (
        "MET",
        "The best attempt meets these demands. What makes it meet them stays in the prompt.",
    ),
    "avoid": (
        "VAIN",
        "With this model these terms and changes did not help before. Leave them out.",
    ),
    "others": (
        "OTHERS",
        "These prompts were written in this round already. Try something else than they do.",
    ),
    "lost": (
        "LOST",
        "The last of those prompts lost these demands of the brief. Write it with all of them.",
    ),
}
"""Label and sentence of each further list of a request, which is sent only if it has entries."""


def message(request: RefineRequest) -> str:
    """Return the brief, and every attempt with its score."""
    attempts = json.dumps(
        [_as_data(number, attempt) for number, attempt in enumerate(request.attempts, 1)],
        ensure_ascii=False,
        indent=1,
    )
    parts = [fence("BRIEF", request.brief), fence("ATTEMPTS", attempts), *_further(request)]
    return "\n\n".join(parts)


def _further(request: RefineRequest) -> Iterator[str]:
    """Yield what else is known, each with a sentence that says what to do with it."""
    if request.best is not None:
        number = request.best
        yield f"Attempt {number} is the best: it won when pictures were compared in pairs."
    for name, (label, sentence) in FURTHER.items():
        if lines := getattr(request, name):
            yield f"{sentence}\n\n{fence(label, json.dumps(lines, ensure_ascii=False, indent=1))}"


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
            description=attempt.evaluation.description,
            missing=attempt.evaluation.missing,
            measurements=attempt.evaluation.measurements,
        )
        for attempt in request.attempts
    ]
    advice = refine(
        request.brief,
        tried,
        inputs.strength,
        best=request.best_index,
        avoid=request.avoid,
        others=len(request.others),
    )
    return {**advice.model_dump(), "author": inputs.author}


REFINER = Agent(
    id="refine",
    prompt=prompt_beside(__file__),
    request=RefineRequest,
    result=Refinement,
    message=message,
    answer=PromptAnswer,
    finish=Refinement.of,
    rule=Rule(by_rule, version="2"),
)
"""Writes a better prompt from the history of attempts."""
