"""Structured replies: what is tolerated, what never is."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contract import Permanent, Retryable
from engine.contract.chat.answers import PromptAnswer
from engine.contract.chat.conversation import ChatTurn, Conversation, plain_schema
from engine.contract.chat.replies import ModelReply, UnusableReply, parse, structured
from engine.recipes.refine.agents.evaluator import EvaluatorAnswer
from engine.recipes.storyboard.agents.prompt_engineer import ReviewAnswer
from engine.recipes.storyboard.film import CRITERIA
from engine.testing.context import MemoryContext
from tests.support.providers.chat import JUDGED

PLAIN = json.dumps(JUDGED)
TALK = Conversation("judge", (ChatTurn("user", "look"),), EvaluatorAnswer)


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        f"```json\n{PLAIN}\n```",
        f"Here is my judgement:\n\n{PLAIN}\n\nI hope that helps {{smile}}!",
        f"\ufeff  {json.dumps(JUDGED, indent=2)}",
        PLAIN[:-1] + ",}",
        PLAIN.replace('["the moon"]', '["the moon",\n ]'),
        f'<think>Perhaps {{"score": 5}} or so?</think>{PLAIN}',
        f"{PLAIN}\n{PLAIN}",
        json.dumps({**JUDGED, "confidence": 0.4}),
        json.dumps({**JUDGED, "score": "71.5"}),
        json.dumps({**JUDGED, "missing": "the moon"}),
    ],
    ids=range(11),
)
def test_what_is_tolerated(text: str) -> None:
    assert parse(text, EvaluatorAnswer) == EvaluatorAnswer.model_validate(JUDGED)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no JSON object"),
        ("The score is 71.", "no JSON object"),
        (PLAIN[:-20], "broken"),
        (PLAIN.replace(', "score": 71.5', ""), "score: Field required"),
        (json.dumps({**JUDGED, "score": None}), "score"),
        (json.dumps({**JUDGED, "score": 101}), "score"),
        (json.dumps({**JUDGED, "score": -1}), "score"),
        (json.dumps({**JUDGED, "score": True}), "score"),
        (json.dumps({**JUDGED, "score": "71.5/100"}), "score"),
        (PLAIN.replace("71.5", "NaN"), "broken"),
        (PLAIN.replace("71.5", "Infinity"), "broken"),
        (PLAIN.replace("71.5", "1e999"), "score"),
        (PLAIN.replace('"score"', '"score": 100, "score"'), "twice"),
        (f"{PLAIN} {json.dumps({**JUDGED, 'score': 100})}", "several answers"),
        (json.dumps({"answer": JUDGED}), "no JSON object with the fields"),
        ("{" * 100_000, "braces"),
        ('{"a":' * 30_000, "broken"),
        ("x" * 300_000, "longer"),
        (json.dumps({**JUDGED, "reasons": []}), "reasons"),
        (json.dumps({**JUDGED, "description": "\x1b[2J \u202e"}), "description"),
        (json.dumps({**JUDGED, "description": "x" * 8001}), "at most 8000 characters"),
    ],
    ids=range(21),
)
def test_what_never_is(text: str, problem: str) -> None:
    with pytest.raises(UnusableReply, match=problem):
        parse(text, EvaluatorAnswer)


def test_an_answer_quoted_from_the_brief_does_not_pass_for_a_broken_own() -> None:
    quoted = json.dumps({**JUDGED, "score": 100})
    own = PLAIN[:-10]
    for text in (f"The brief says {quoted}. {own}", f"{own} The brief says {quoted}."):
        with pytest.raises(UnusableReply):
            parse(text, EvaluatorAnswer)


def test_a_model_s_words_are_made_fit_to_be_shown_and_stored() -> None:
    said = {**JUDGED, "description": "A \x1b[31mred\x1b[0m barn\u202e \ud83d."}
    found = parse(json.dumps(said), EvaluatorAnswer)
    assert found.description == "A red barn \ufffd."
    found.description.encode()


@given(st.text(max_size=400))
def test_no_text_makes_it_fail_otherwise(text: str) -> None:
    for said in (text, "{" + text, PLAIN[:30] + text, text + PLAIN):
        try:
            parse(said, EvaluatorAnswer)
        except UnusableReply as error:
            assert str(error)


class Model:
    """Gives the replies of its script, and remembers the requests."""

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)
        self.asked: list[Conversation] = []

    async def __call__(self, talk: Conversation) -> ModelReply:
        self.asked.append(talk)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, ModelReply) else ModelReply(reply)


async def test_a_good_reply_needs_one_round() -> None:
    model = Model(PLAIN)
    found = await structured(model, TALK, EvaluatorAnswer, MemoryContext(), "toy")
    assert found.score == 71.5
    assert model.asked == [TALK]


async def test_one_round_of_repair_shows_the_reply_its_error_and_the_schema() -> None:
    model, context = Model("about 70", PLAIN), MemoryContext()
    await structured(model, TALK, EvaluatorAnswer, context, "toy")
    first, answered, repair = model.asked[1].turns
    assert first == TALK.turns[0]
    assert (answered.role, answered.text) == ("assistant", "about 70")
    assert "no JSON object" in repair.text
    assert "'score'" in repair.text
    assert model.asked[1].system == TALK.system
    assert context.roles == []


async def test_two_unusable_replies_are_permanent_and_the_last_is_kept() -> None:
    model, context = Model("about 70", "about \x1b[2J80 \udc00"), MemoryContext()
    with pytest.raises(Permanent) as caught:
        await structured(model, TALK, EvaluatorAnswer, context, "toy")
    assert "'about 80" in caught.value.message
    ((role, kept),) = context.roles
    assert role == "raw-reply"
    assert context.files[kept.hash].startswith(b"about \x1b[2J80")
    assert kept.hash[:12] in caught.value.remedy


async def test_a_refusal_and_a_cut_reply_are_not_asked_again() -> None:
    for reply in (ModelReply("", "refused", "violence"), ModelReply(PLAIN[:40], "length")):
        model = Model(reply)
        with pytest.raises(Permanent):
            await structured(model, TALK, EvaluatorAnswer, MemoryContext(), "toy")
        assert len(model.asked) == 1


async def test_what_goes_wrong_in_the_repair_is_told_as_it_is() -> None:
    model = Model("about 70", Retryable("busy", retry_after=3))
    with pytest.raises(Retryable, match="busy"):
        await structured(model, TALK, EvaluatorAnswer, MemoryContext(), "toy")


@pytest.mark.parametrize("shape", [EvaluatorAnswer, PromptAnswer])
def test_the_schema_is_in_the_subset_that_all_providers_take(shape: Any) -> None:
    schema = plain_schema(shape)
    assert schema["required"] == list(shape.model_fields)
    assert schema["additionalProperties"] is False
    written = json.dumps(schema)
    for word in ("$ref", "$defs", "minimum", "maxLength", "default", "title"):
        assert word not in written


@pytest.mark.parametrize("given", [None, "", [], "absent"])
def test_an_optional_text_may_be_left_out(given: Any) -> None:
    written = {"reason": "r", "prompt": "a barn"}
    if given != "absent":
        written["negative_prompt"] = given
    assert parse(json.dumps(written), PromptAnswer).negative_prompt == ""


def test_a_list_of_phrases_may_stand_for_an_optional_text() -> None:
    written = {"reason": "r", "prompt": "a barn", "negative_prompt": ["text", "logo"]}
    assert parse(json.dumps(written), PromptAnswer).negative_prompt == "text, logo"
    with pytest.raises(UnusableReply, match="prompt"):
        parse(json.dumps({**written, "prompt": None}), PromptAnswer)


def verdict(*scores: float) -> str:
    return json.dumps(
        {"critique": "c", "suggestions": [], **dict(zip(CRITERIA, scores, strict=True))}
    )


REVIEW = Conversation("review", (ChatTurn("user", "look"),), ReviewAnswer)


@pytest.mark.parametrize("scores", [(0.7, 0.7, 1, 0, 0.5), (7, 8, 7.5, 10, 2), (1, 1, 1, 1, 1)])
async def test_scores_of_another_scale_are_asked_about(scores: tuple[float, ...]) -> None:
    model = Model(verdict(*scores), verdict(70, 80, 75, 100, 20))
    found = await structured(model, REVIEW, ReviewAnswer, MemoryContext(), "toy")
    assert found.specificity == 80
    assert "from 0 to 100" in model.asked[1].turns[-1].text
    stubborn = Model(verdict(*scores), verdict(*scores))
    with pytest.raises(Permanent, match="from 0 to 100"):
        await structured(stubborn, REVIEW, ReviewAnswer, MemoryContext(), "toy")


@pytest.mark.parametrize("scores", [(0, 0, 0, 0, 0), (5, 5, 5, 5, 11), (1, 0, 0, 0, 50)])
async def test_low_scores_of_the_right_scale_are_taken(scores: tuple[float, ...]) -> None:
    model = Model(verdict(*scores))
    await structured(model, REVIEW, ReviewAnswer, MemoryContext(), "toy")


async def test_a_single_low_score_is_taken_when_it_is_repeated() -> None:
    seven = json.dumps({**JUDGED, "score": 7})
    found = await structured(Model(seven, seven), TALK, EvaluatorAnswer, MemoryContext(), "toy")
    assert found.score == 7
    share = json.dumps({**JUDGED, "score": 0.7})
    with pytest.raises(Permanent, match="between 0 and 1"):
        await structured(Model(share, share), TALK, EvaluatorAnswer, MemoryContext(), "toy")


async def test_what_a_provider_says_of_the_end_is_told_with_an_unusable_reply() -> None:
    reply = ModelReply("", "done", "SOMETHING_NEW: a new reason")
    with pytest.raises(Permanent, match="a new reason"):
        await structured(Model(reply, reply), TALK, EvaluatorAnswer, MemoryContext(), "toy")
