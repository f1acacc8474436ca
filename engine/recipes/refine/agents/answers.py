"""The answerer: looks at an image and answers the questions of a checklist."""

import functools
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, create_model

from engine.contract.agent import Agent, Rule, RuleInput
from engine.contract.backend import Artifact, Request
from engine.contract.chat.answers import Answer, CleanText, Number, OptionalText
from engine.contract.chat.prompt_files import fence, prompt_beside
from engine.recipes.refine.checklist import Answered, Answers, AnswerVerdict, Question

UNKNOWN = -1.0
"""Confidence that was not given."""

_WORDS = {"yes": "yes", "true": "yes", "no": "no", "false": "no"}


class AnswersRequest(Request):
    """Request for the answers to a checklist.

    Attributes:
        image: The image.
        questions: The questions.
        brief: What the operator asked for: only for rules, a model is not shown it.
        ask: Which of several askings of the same judge it is, from 1.
        temperature: Temperature of the judge; None for its own.
    """

    image: Artifact
    questions: tuple[Question, ...] = Field(min_length=1)
    brief: str
    ask: int = Field(default=1, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)


def _verdict(value: Any) -> Any:
    """Return a verdict by what a model wrote; `cannot_tell` for what is neither yes nor no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    word = value.strip(" .!\"'").casefold() if isinstance(value, str) else ""
    return _WORDS.get(word, "cannot_tell")


def _unknown(value: Any) -> Any:
    return UNKNOWN if value is None else value


Confidence = Annotated[
    Number, BeforeValidator(_unknown), Field(ge=UNKNOWN, le=1, allow_inf_nan=False)
]
"""Confidence from 0 to 1; `UNKNOWN` if it is left out or null. Not every provider's schema has
optional numbers."""


class OneAnswer(Answer):
    """Answer to one question."""

    id: Annotated[CleanText, Field(min_length=1, max_length=40)]
    reason: Annotated[OptionalText, Field(max_length=2000)] = ""
    verdict: Annotated[AnswerVerdict, BeforeValidator(_verdict)]
    confidence: Confidence = UNKNOWN


class AnswersAnswer(Answer):
    """The answerer's answer."""

    ids: ClassVar[tuple[str, ...]] = ()

    description: Annotated[CleanText, Field(min_length=1, max_length=8000)]
    answers: list[OneAnswer]

    def doubt(self, *, asked: bool) -> str:
        """Ask once about questions without an answer; a second time they stay undecided."""
        answered = {one.id for one in self.answers}
        open_ids = [name for name in self.ids if name not in answered]
        if asked or not open_ids:
            return ""
        return f"There is no answer to {', '.join(open_ids)}. Answer every question."


@functools.lru_cache(maxsize=64)
def shape_of(count: int) -> type[AnswersAnswer]:
    """Return the shape of an answer to so many questions."""
    shape = create_model("AnswersAnswer", __base__=AnswersAnswer)
    shape.ids = tuple(f"q{number}" for number in range(1, count + 1))
    return shape


def message(request: AnswersRequest) -> str:
    """Return the questions between fences."""
    lines = [f"{one.id}: {' '.join(one.text.split())}" for one in request.questions]
    questions = fence("QUESTIONS", "\n".join(lines))
    return f"The picture is attached. The questions about it:\n\n{questions}"


def answers(answer: AnswersAnswer, request: AnswersRequest, author: str) -> Answers:
    """Return the result of an answer; a question that was left out is undecided."""
    written = {one.id: one for one in reversed(answer.answers)}
    return Answers(
        answers=tuple(
            _answered(question.id, written.get(question.id)) for question in request.questions
        ),
        description=answer.description,
        scorer=author,
    )


def _answered(name: str, one: OneAnswer | None) -> Answered:
    if one is None:
        return Answered(id=name, verdict="cannot_tell", reason="Left without an answer.")
    return Answered(id=name, verdict=one.verdict, confidence=_of_yes(one), reason=one.reason)


def _of_yes(one: OneAnswer) -> float | None:
    """Return the confidence that the answer is yes, from that in the answer itself."""
    if one.confidence < 0 or one.verdict == "cannot_tell":
        return None
    return round(one.confidence if one.verdict == "yes" else 1 - one.confidence, 4)


def by_rule(inputs: RuleInput) -> dict[str, Any]:
    """Return answers by measuring the image."""
    from engine.recipes.refine.rules.answers import answers as measured

    request = AnswersRequest.model_validate(inputs.request)
    fields = measured(inputs.images[0], request.questions, request.brief, inputs.strength)
    return {**fields, "scorer": inputs.author, "is_graded": True}


ANSWERER = Agent(
    id="answer_questions",
    prompt=prompt_beside(__file__),
    request=AnswersRequest,
    result=Answers,
    message=message,
    answer=lambda request: shape_of(len(request.questions)),
    finish=answers,
    images=lambda request: (request.image,),
    rule=Rule(by_rule, name="answers"),
    temperature=lambda request: request.temperature,
)
"""Answers a checklist for an image."""
