"""A model's thoughts, before, around and instead of its answer."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contract import Permanent
from engine.contract.chat.conversation import ChatTurn, Conversation
from engine.contract.chat.replies import ModelReply, parse, structured
from engine.contract.chat.thoughts import has_thoughts, without_thoughts
from engine.recipes.refine.agents.evaluator import EvaluatorAnswer
from engine.testing.context import MemoryContext
from tests.backends.chat_cases import ANTHROPIC, GENAI, GENERATIVEAI, OLLAMA, OPENAI, judge
from tests.support.providers.chat import JUDGED
from tests.support.providers.misbehaviour import instead
from tests.support.providers.server import ProviderServer

PLAIN = json.dumps(JUDGED)
DRAFT = json.dumps({**JUDGED, "score": 40})
MARKED = json.dumps({**JUDGED, "description": 'The sign says "</think>".'})


@pytest.mark.parametrize(
    "text",
    [
        f"<think>{DRAFT}</think>{PLAIN}",
        f"Let me see: {DRAFT}. No.\n</think>\n{PLAIN}",
        f"<thinking>{DRAFT}</thinking>\n{PLAIN}",
        f"<think>a</think>{PLAIN}<think>Perhaps {DRAFT}</think>",
        f"{PLAIN}\n<think>Or {DRAFT}",
        f"<think>a<think>b</think>{PLAIN}",
        f"◁think▷{DRAFT}◁/think▷{PLAIN}",
        f"[THINK]{DRAFT}[/THINK]{PLAIN}",
        f"<|channel|>analysis<|message|>{DRAFT}<|end|><|channel|>final<|message|>{PLAIN}",
        f"<THINK>{DRAFT}</THINK>{PLAIN}",
    ],
    ids=range(10),
)
def test_thoughts_are_no_answer(text: str) -> None:
    assert parse(text, EvaluatorAnswer) == EvaluatorAnswer.model_validate(JUDGED)


def test_marks_in_the_answer_s_own_strings_are_its_words() -> None:
    assert without_thoughts(MARKED) == MARKED
    assert (
        parse(f"<think>x</think>{MARKED}", EvaluatorAnswer).description
        == 'The sign says "</think>".'
    )


def test_a_reply_of_many_marks_is_read_in_a_moment() -> None:
    text = '{"a": "' + "</think>" * 25_000
    assert without_thoughts(text) == text
    assert not without_thoughts("<think>" * 25_000)


@given(st.text(alphabet='<think>/{}"\\ a[]THINK', max_size=80))
def test_no_text_makes_it_fail(text: str) -> None:
    assert len(without_thoughts(text)) <= len(text)
    assert has_thoughts(text) == (without_thoughts(text) != text)


@pytest.mark.parametrize(
    "reply",
    [ModelReply("", thoughts=True), ModelReply(f"<think>{PLAIN}"), ModelReply("hm</think> \n")],
    ids=range(3),
)
async def test_only_thoughts_are_asked_about_once_and_then_told(reply: ModelReply) -> None:
    asked: list[Conversation] = []

    async def ask(talk: Conversation) -> ModelReply:
        asked.append(talk)
        return reply

    talk = Conversation("judge", (ChatTurn("user", "look"),), EvaluatorAnswer)
    with pytest.raises(Permanent, match="only thoughts") as caught:
        await structured(ask, talk, EvaluatorAnswer, MemoryContext(), "toy")
    assert "think less" in caught.value.remedy
    assert len(asked) == 2
    assert "only thoughts" in asked[1].turns[-1].text


async def test_thoughts_that_fill_the_limit_of_tokens_are_told_apart() -> None:
    async def ask(talk: Conversation) -> ModelReply:
        return ModelReply("<think>on and on", "length")

    talk = Conversation("judge", (ChatTurn("user", "look"),), EvaluatorAnswer)
    with pytest.raises(Permanent, match="while it was thinking"):
        await structured(ask, talk, EvaluatorAnswer, MemoryContext(), "toy")


OPENAI_SAID = {"choices": [{"message": {"content": None, "reasoning_content": PLAIN}}]}
ANTHROPIC_SAID = {"content": [{"type": "thinking", "thinking": PLAIN}], "stop_reason": "end_turn"}
GEMINI_SAID = {"candidates": [{"content": {"parts": [{"text": PLAIN, "thought": True}]}}]}
OLLAMA_SAID = {"message": {"content": "", "thinking": PLAIN}, "done_reason": "stop"}


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        (OPENAI, OPENAI_SAID),
        (ANTHROPIC, ANTHROPIC_SAID),
        (GENAI, GEMINI_SAID),
        (GENERATIVEAI, GEMINI_SAID),
        (OLLAMA, OLLAMA_SAID),
    ],
    ids=lambda one: getattr(one, "label", ""),
)
async def test_each_provider_s_own_place_for_thoughts_is_known(provider, said) -> None:
    with ProviderServer(provider.route()) as server:
        server.misbehave(instead(said), times=2)
        with pytest.raises(Permanent, match="only thoughts"):
            await judge(provider.backend(server), MemoryContext())


@pytest.mark.parametrize("think", [True, False, "low"])
async def test_ollama_is_told_whether_to_think(think: bool | str) -> None:
    with ProviderServer(OLLAMA.route()) as server:
        backend = OLLAMA.backend(server, think=think)
        await judge(backend, MemoryContext())
        assert server.ledger[0].json["think"] == think
        assert backend.info.version.endswith(f"+think={str(think).lower()}")
        await judge(OLLAMA.backend(server), MemoryContext())
        assert server.ledger[1].json.get("think") is None
        assert "think" not in OLLAMA.backend(server).info.version
