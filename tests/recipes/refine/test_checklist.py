"""Checklists: their questions, what answers add up to, and what a model's answer becomes."""

import io

import pytest
from PIL import Image
from pydantic import ValidationError

from engine.contract import Artifact
from engine.contract.agent import RuleInput
from engine.recipes.refine.agents import answers as answering
from engine.recipes.refine.agents import questions as asking
from engine.recipes.refine.agents.answers import AnswersRequest, OneAnswer
from engine.recipes.refine.agents.questions import QuestionsAnswer, QuestionsRequest
from engine.recipes.refine.checklist import (
    Answered,
    Answers,
    AnswerVerdict,
    Checklist,
    Question,
    in_effect,
    share_met,
)
from engine.recipes.refine.judging import ChecklistRequest

BRIEF = "a red barn in snow, on the left"
QUESTIONS = (
    Question(id="q1", text="Is there a barn?", kind="object"),
    Question(id="q2", text="Is the barn red?", kind="colour", depends_on=("q1",)),
    Question(id="q3", text="Is it a photograph?", kind="style"),
)


def verdicts(*values: AnswerVerdict) -> dict[str, AnswerVerdict]:
    given = {f"q{n}": Answered(id=f"q{n}", verdict=v) for n, v in enumerate(values, 1)}
    return in_effect(QUESTIONS, given)


def test_a_question_that_depends_on_an_unmet_one_is_unmet():
    assert verdicts("no", "yes", "yes") == {"q1": "no", "q2": "no", "q3": "yes"}
    assert verdicts("cannot_tell", "yes", "yes")["q2"] == "yes"


def test_what_cannot_be_told_does_not_count():
    assert share_met(verdicts("yes", "no", "cannot_tell")) == 50
    assert share_met(verdicts("yes", "yes")) == 100
    assert share_met(verdicts("cannot_tell", "cannot_tell", "cannot_tell")) is None


def written(*questions: dict[str, object]) -> QuestionsAnswer:
    return QuestionsAnswer.model_validate({"questions": list(questions)})


def test_questions_are_numbered_anew_and_depend_on_earlier_ones_only():
    answer = written(
        {"id": "barn", "text": "Is there a barn?", "kind": "Object", "depends_on": ["red"]},
        {"id": "red", "text": "Is it red?", "kind": "color", "depends_on": ["barn", "../x"]},
        {"id": "odd", "text": "Is it odd?", "kind": "[b]shape", "depends_on": None},
    )
    made = asking.checklist(answer, QuestionsRequest(brief=BRIEF), "model")
    assert [(one.id, one.kind, one.depends_on) for one in made.questions] == [
        ("q1", "object", ()),
        ("q2", "colour", ("q1",)),
        ("q3", "other", ()),
    ]


def test_an_id_of_two_questions_is_asked_about():
    answer = written({"id": "a", "text": "x?"}, {"id": "a", "text": "y?"})
    assert "names two questions" in answer.doubt(asked=False)


def request(**changes: object) -> AnswersRequest:
    image = Artifact(hash="0" * 64, media_type="image/png", size=1)
    return AnswersRequest.model_validate(
        {"image": image, "questions": QUESTIONS, "brief": BRIEF, **changes}
    )


def test_a_model_is_shown_the_questions_and_not_the_brief():
    text = answering.message(request())
    assert "q2: Is the barn red?" in text
    assert BRIEF not in text


def test_an_answer_that_is_left_out_is_asked_for_once_and_then_cannot_be_told():
    shape = answering.shape_of(3)
    reply = {"description": "x", "answers": [{"id": "q1", "verdict": "Yes.", "confidence": 0.9}]}
    answer = shape.model_validate(reply)
    assert answer.doubt(asked=False) == "There is no answer to q2, q3. Answer every question."
    assert answer.doubt(asked=True) == ""
    result = answering.answers(answer, request(), "model")
    assert [one.verdict for one in result.answers] == ["yes", "cannot_tell", "cannot_tell"]


@pytest.mark.parametrize(
    ("verdict", "meaning"),
    [
        (True, "yes"),
        ("NO", "no"),
        ("maybe", "cannot_tell"),
        (None, "cannot_tell"),
        (3, "cannot_tell"),
    ],
)
def test_a_verdict_is_read_as_models_write_it(verdict: object, meaning: str):
    assert OneAnswer.model_validate({"id": "q1", "verdict": verdict}).verdict == meaning


def test_a_confidence_is_one_of_yes():
    answer = answering.shape_of(1).model_validate(
        {"description": "x", "answers": [{"id": "q1", "verdict": "no", "confidence": 0.9}]}
    )
    result = answering.answers(answer, request(questions=QUESTIONS[:1]), "model")
    assert result.answers[0].confidence == 0.1
    with pytest.raises(ValidationError):
        OneAnswer.model_validate({"id": "q1", "verdict": "no", "confidence": 90})


def test_the_rules_ask_by_the_vocabulary_and_answer_by_measures():
    asked = asking.by_rule(RuleInput({"brief": BRIEF}, (), 1.0, "builtin"))
    made = Checklist.model_validate(asked)
    assert ("house", "object") in [(one.subject, one.kind) for one in made.questions]
    assert any(one.kind == "colour" and one.value == "red" for one in made.questions)
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "#d0312d").save(buffer, "PNG")
    wanted = request(questions=made.questions)
    rule = RuleInput(wanted.model_dump(mode="json"), (buffer.getvalue(),), 1.0, "builtin")
    result = Answers.model_validate(answering.by_rule(rule))
    of = {one.kind: result.by_id()[one.id].verdict for one in made.questions}
    assert of["object"] == of["colour"] == "cannot_tell", "a house is not seen in so small an image"
    assert of["position"] == "cannot_tell"
    assert result.measurements["lightness"] > 0


def test_graded_answers_score_by_degrees():
    answered = [Answered(id="q1", verdict="yes", confidence=0.9)]
    answered += [Answered(id="q2", verdict="no", confidence=0.5), Answered(id="q3", verdict="yes")]
    for is_graded, score in ((False, 66.67), (True, 70.0)):
        given = Answers(answers=tuple(answered), scorer="x", is_graded=is_graded)
        assert ChecklistRequest(questions=QUESTIONS, asked=(given,)).score == score
