"""The refiner: writes the next prompt from the problems of the best take."""

import json
from typing import Any

from engine.contract.agent import Agent, Rule, RuleInput
from engine.contract.backend import Request
from engine.contract.chat.answers import PromptAnswer, WrittenPrompt
from engine.contract.chat.prompt_files import fence, prompt_beside
from engine.recipes.sound_effect.judging import Problem


class SoundRefineRequest(Request):
    """Request for a better prompt of a sound effect.

    Attributes:
        brief: Words of the operator.
        seconds: Length that is asked for.
        prompt: Prompt of the last takes.
        negative_prompt: Their negative prompt.
        problems: Problems of the best of them, the worst first.
    """

    brief: str
    seconds: float
    prompt: str
    negative_prompt: str = ""
    problems: tuple[Problem, ...] = ()


class SoundRefinement(WrittenPrompt):
    """A better prompt, and why it should be better."""


def message(request: SoundRefineRequest) -> str:
    """Return the brief, the prompt and the problems, each in a fence."""
    problems = json.dumps([one.message for one in request.problems], ensure_ascii=False, indent=1)
    blocks = [
        fence("BRIEF", request.brief),
        f"SECONDS: {request.seconds:g}",
        fence("PROMPT", request.prompt),
        fence("PROBLEMS", problems),
    ]
    if request.negative_prompt:
        blocks.insert(3, fence("NEGATIVE PROMPT", request.negative_prompt))
    return "\n\n".join(blocks)


def by_rule(inputs: RuleInput) -> dict[str, Any]:
    """Return the prompt with words against its problems: the fields of the result."""
    from engine.recipes.sound_effect.rules.refining import refined
    from engine.recipes.sound_effect.wishes import wishes_of

    request = SoundRefineRequest.model_validate(inputs.request)
    wishes = wishes_of(request.brief, request.seconds)
    better = refined(request.prompt, request.negative_prompt, request.problems, wishes)
    return {
        "prompt": better.prompt,
        "negative_prompt": better.negative_prompt,
        "reason": " ".join(better.changes) or "No words are known against these problems.",
        "author": inputs.author,
    }


REFINER = Agent(
    id="refine_sound",
    prompt=prompt_beside(__file__),
    request=SoundRefineRequest,
    result=SoundRefinement,
    message=message,
    answer=PromptAnswer,
    finish=SoundRefinement.of,
    rule=Rule(by_rule, name="sound-refiner"),
)
"""Writes a better prompt of a sound effect."""
