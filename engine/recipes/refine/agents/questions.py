"""The questioner: turns a brief into a checklist of yes/no questions, once per job."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from engine.contract.agent import Agent, Rule, RuleInput
from engine.contract.backend import Request
from engine.contract.chat.answers import Answer, CleanText, OptionalText, TextList
from engine.contract.chat.prompt_files import fence, prompt_beside
from engine.recipes.refine.checklist import MAX_QUESTIONS, Checklist, Question, QuestionKind

KINDS = ("object", "count", "colour", "position", "attribute", "relation", "style", "other")
"""Kinds of questions, in the order in which the instructions name them."""


class QuestionsRequest(Request):
    """Request for the questions of a brief.

    Attributes:
        brief: What the operator asked for, in full.
    """

    brief: str


def _kind(value: Any) -> Any:
    """Return a kind by what a model calls it; `other` for one that is not known."""
    name = value.strip().casefold() if isinstance(value, str) else ""
    name = "colour" if name == "color" else name
    return name if name in KINDS else "other"


class QuestionAnswer(Answer):
    """One question of the answer."""

    id: Annotated[CleanText, Field(min_length=1, max_length=40)]
    text: Annotated[CleanText, Field(min_length=1, max_length=400)]
    kind: Annotated[QuestionKind, BeforeValidator(_kind)] = "other"
    depends_on: Annotated[TextList, Field(default_factory=list, max_length=MAX_QUESTIONS)]
    subject: Annotated[OptionalText, Field(max_length=200)] = ""
    value: Annotated[OptionalText, Field(max_length=200)] = ""


class QuestionsAnswer(Answer):
    """The questioner's answer."""

    questions: Annotated[list[QuestionAnswer], Field(min_length=1, max_length=MAX_QUESTIONS)]

    def doubt(self, *, asked: bool) -> str:
        """Ask about ids that name two questions."""
        names = [one.id for one in self.questions]
        twice = sorted({name for name in names if names.count(name) > 1})
        return f"The id {twice[0]} names two questions. Give each its own." if twice else ""


def message(request: QuestionsRequest) -> str:
    """Return the brief between fences."""
    return f"Write the questions of this brief.\n\n{fence('BRIEF', request.brief)}"


def checklist(answer: QuestionsAnswer, _request: QuestionsRequest, author: str) -> Checklist:
    """Return the result of an answer: numbered questions, dependencies on earlier ones only.

    A dependency on a question that is not there, or comes later, is left out.
    """
    ids: dict[str, str] = {}
    questions: list[Question] = []
    for number, one in enumerate(answer.questions, 1):
        depends_on = tuple(dict.fromkeys(ids[name] for name in one.depends_on if name in ids))
        ids[one.id] = f"q{number}"
        fields = one.model_dump(include={"text", "kind", "subject", "value"})
        questions.append(Question(id=f"q{number}", depends_on=depends_on, **fields))
    return Checklist(questions=tuple(questions), author=author)


def by_rule(inputs: RuleInput) -> dict[str, Any]:
    """Return the questions that the vocabulary of the embedded family finds in a brief."""
    from engine.recipes.refine.rules.questions import questions

    return {"questions": questions(inputs.request["brief"]), "author": inputs.author}


QUESTIONER = Agent(
    id="write_questions",
    prompt=prompt_beside(__file__),
    request=QuestionsRequest,
    result=Checklist,
    message=message,
    answer=QuestionsAnswer,
    finish=checklist,
    rule=Rule(by_rule, name="questions"),
)
"""Turns a brief into a checklist."""
