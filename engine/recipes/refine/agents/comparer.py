"""The comparer: looks at two images and says which one answers a brief better."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from engine.contract.agent import Agent, Rule, RuleInput
from engine.contract.backend import Artifact, Request
from engine.contract.chat.answers import Answer, CleanText, SampledResult
from engine.contract.chat.prompt_files import fence, prompt_beside

Winner = Literal["first", "second", "tie"]
"""Outcome of a comparison."""

_WORDS = {"first": "first", "1": "first", "a": "first", "second": "second", "2": "second"}
_WORDS |= {"b": "second", "tie": "tie", "both": "tie", "neither": "tie", "equal": "tie"}


class PairRequest(Request):
    """Request for a comparison of two images.

    Attributes:
        first: The image that is shown first.
        second: The other one.
        brief: What the operator asked for, in full.
        ask: Which of several askings of the same judge it is, from 1.
        temperature: Temperature of the judge; None for its own.
    """

    first: Artifact
    second: Artifact
    brief: str
    ask: int = Field(default=1, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)


class PairVerdict(SampledResult):
    """Comparison of two images.

    Attributes:
        winner: The image that answers the brief better.
        reason: Reason in words.
        scorer: Judge: method or model, with its version.
    """

    winner: Winner
    reason: str
    scorer: str


def _winner(value: Any) -> Any:
    """Return the winner by what a model calls it; what is not known stays, and is refused."""
    return _WORDS.get(str(value).strip(" .").casefold(), value)


class PairAnswer(Answer):
    """The comparer's answer. The winner comes last, after what it rests on."""

    first: Annotated[CleanText, Field(min_length=1, max_length=4000)]
    second: Annotated[CleanText, Field(min_length=1, max_length=4000)]
    reason: Annotated[CleanText, Field(min_length=1, max_length=4000)]
    winner: Annotated[Winner, BeforeValidator(_winner)]


def message(request: PairRequest) -> str:
    """Return the brief between fences."""
    brief = fence("BRIEF", request.brief)
    return f"Two pictures are attached, the first and the second. The brief of both:\n\n{brief}"


def verdict(answer: PairAnswer, _request: PairRequest, author: str) -> PairVerdict:
    """Return the result of an answer."""
    return PairVerdict(winner=answer.winner, reason=answer.reason, scorer=author)


def by_rule(inputs: RuleInput) -> dict[str, Any]:
    """Return a comparison by measuring both images."""
    from engine.recipes.refine.rules.comparer import compare

    winner, reason = compare(inputs.images[0], inputs.images[1], inputs.request["brief"])
    return {"winner": winner, "reason": reason, "scorer": inputs.author}


COMPARER = Agent(
    id="compare_images",
    prompt=prompt_beside(__file__),
    request=PairRequest,
    result=PairVerdict,
    message=message,
    answer=PairAnswer,
    finish=verdict,
    images=lambda request: (request.first, request.second),
    rule=Rule(by_rule, name="comparer"),
    temperature=lambda request: request.temperature,
)
"""Compares two images by a brief."""
