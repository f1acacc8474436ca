"""The refiner: writes the next prompt from everything that was tried."""

import json
from typing import Annotated

from pydantic import Field

from engine.agents.conversation import ChatTurn, Conversation
from engine.agents.prompt_files import fence, prompt_file
from engine.agents.replies import Answer, CleanText, OptionalText
from engine.contract import Attempt, Refinement, RefineRequest

MAX_PROMPT = 4000
"""Characters of a prompt at most."""


class RefinerAnswer(Answer):
    """A prompt as an agent answers with it, with the reason first."""

    reason: Annotated[CleanText, Field(min_length=1, max_length=8000)]
    prompt: Annotated[CleanText, Field(min_length=1, max_length=MAX_PROMPT)]
    negative_prompt: Annotated[OptionalText, Field(max_length=MAX_PROMPT)] = ""


def version() -> str:
    """Version of what the refiner is told, part of every fingerprint that rests on it."""
    return prompt_file("refiner").version


def conversation(request: RefineRequest) -> Conversation:
    """What the refiner is told: the brief, and every attempt with its score."""
    attempts = json.dumps(
        [_told(number, attempt) for number, attempt in enumerate(request.attempts, 1)],
        ensure_ascii=False,
        indent=1,
    )
    text = f"{fence('BRIEF', request.brief)}\n\n{fence('ATTEMPTS', attempts)}"
    return Conversation(prompt_file("refiner").text, (ChatTurn("user", text),), RefinerAnswer)


def _told(number: int, attempt: Attempt) -> dict[str, object]:
    judged = attempt.evaluation
    return {
        "attempt": number,
        "prompt": attempt.prompt,
        "negative_prompt": attempt.negative_prompt,
        "score": round(judged.score, 1),
        "description": judged.description,
        "reasons": list(judged.reasons),
        "missing": list(judged.missing),
    }


def refinement(answer: RefinerAnswer, author: str) -> Refinement:
    """The answer as a result.

    Args:
        answer: The refiner's answer.
        author: Who wrote it: backend, model and version.
    """
    return Refinement(
        prompt=answer.prompt,
        negative_prompt=answer.negative_prompt,
        reason=answer.reason,
        author=author,
    )
