"""The guard: checks that a rewritten prompt still asks for everything that the brief asks for."""

import json
from typing import Annotated, Any

from pydantic import Field

from engine.contract.agent import Agent, Rule, RuleInput
from engine.contract.backend import Request, Result
from engine.contract.chat.answers import Answer, TextList
from engine.contract.chat.prompt_files import fence, prompt_beside


class GuardRequest(Request):
    """Request for a check of a prompt.

    Attributes:
        brief: What the operator asked for, in full.
        prompt: The prompt.
        negative_prompt: What it wants to avoid.
        questions: Questions of the brief's checklist; empty if it has none.
    """

    brief: str
    prompt: str
    negative_prompt: str = ""
    questions: tuple[str, ...] = ()


class Guarded(Result):
    """Check of a prompt.

    Attributes:
        lost: Demands of the brief that the prompt does not make, or contradicts.
        author: Who checked it: backend, model and version.
    """

    lost: tuple[str, ...] = ()
    author: str


class GuardAnswer(Answer):
    """The guard's answer."""

    lost: Annotated[TextList, Field(max_length=50)]
    contradicted: Annotated[TextList, Field(default_factory=list, max_length=50)]


def message(request: GuardRequest) -> str:
    """Return brief and prompt, with the questions of the checklist if there are any."""
    fields = {"prompt": request.prompt, "negative_prompt": request.negative_prompt}
    prompt = json.dumps(fields, ensure_ascii=False, indent=1)
    parts = [fence("BRIEF", request.brief), fence("PROMPT", prompt)]
    if request.questions:
        lines = (f"- {' '.join(question.split())}" for question in request.questions)
        parts.append(f"Its demands as questions:\n\n{fence('QUESTIONS', chr(10).join(lines))}")
    return "\n\n".join(parts)


def guarded(answer: GuardAnswer, _request: GuardRequest, author: str) -> Guarded:
    """Return the result of an answer."""
    return Guarded(lost=tuple(dict.fromkeys([*answer.lost, *answer.contradicted])), author=author)


def by_rule(inputs: RuleInput) -> dict[str, Any]:
    """Return a check by the words that the brief names and the prompt does not."""
    from engine.recipes.refine.rules.guard import lost

    request = inputs.request
    names = lost(request["brief"], request["prompt"], request["negative_prompt"])
    return {"lost": names, "author": inputs.author}


GUARD = Agent(
    id="guard_brief",
    prompt=prompt_beside(__file__),
    request=GuardRequest,
    result=Guarded,
    message=message,
    answer=GuardAnswer,
    finish=guarded,
    rule=Rule(by_rule, name="guard"),
)
"""Checks that a prompt still asks for the brief."""
