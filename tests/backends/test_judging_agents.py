"""Agents of refine's checklists and pairs on every chat backend, by its provider's own client."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from engine.contract import Permanent, Request
from engine.recipes.refine.agents.answers import AnswersRequest
from engine.recipes.refine.agents.comparer import PairRequest
from engine.recipes.refine.agents.guard import GuardRequest
from engine.recipes.refine.agents.questions import QuestionsRequest
from engine.recipes.refine.checklist import Question
from engine.testing.context import MemoryContext
from tests.backends.chat_cases import BRIEF, PROVIDERS, Provider, png
from tests.backends.film_cases import INJECTIONS
from tests.support.agents import AGENTS, run_agent
from tests.support.providers.chat import ANSWERED, COMPARED, GUARDED, QUESTIONED, Script
from tests.support.providers.server import ProviderServer

Make = Callable[[MemoryContext, str], Request]
FENCED = re.compile(r"<<<([A-Z]+) ([0-9a-f]{16})\n.*?\n\1 \2>>>", re.DOTALL)


def asked(context: MemoryContext, text: str) -> AnswersRequest:
    """A request with three questions, one of which is a text from outside."""
    texts = ["Is there a barn?", text, "Is there a moon?"]
    questions = tuple(Question(id=f"q{n}", text=one) for n, one in enumerate(texts, 1))
    return AnswersRequest(image=context.give(png()), questions=questions, brief="the brief")


def paired(context: MemoryContext, text: str) -> PairRequest:
    """A request with two images."""
    first, second = context.give(png()), context.give(png(48, 48))
    return PairRequest(first=first, second=second, brief=text)


@dataclass(frozen=True)
class Part:
    """One agent: a request, an answer, what is broken in it, and the word for that."""

    agent: str
    request: Make
    answer: dict[str, Any]
    broken: dict[str, Any]
    problem: str
    images: int = 0


PARTS = (
    Part(
        "write_questions",
        lambda _, text: QuestionsRequest(brief=text),
        QUESTIONED,
        {"questions": []},
        "questions",
    ),
    Part("answer_questions", asked, ANSWERED, {"answers": []}, "description", images=1),
    Part("compare_images", paired, COMPARED, {**COMPARED, "winner": "third"}, "winner", images=2),
    Part(
        "guard_brief",
        lambda _, text: GuardRequest(brief=text, prompt="a barn"),
        GUARDED,
        {"lost": 3},
        "lost",
    ),
)
every = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.label)
each = pytest.mark.parametrize("part", PARTS, ids=lambda one: one.agent)


def backend_of(provider: Provider, part: Part, server: ProviderServer) -> Any:
    return provider.backend(server, AGENTS[part.agent].capability)


@each
@every
async def test_an_answer_becomes_a_result(part: Part, provider: Provider) -> None:
    context = MemoryContext()
    with ProviderServer(provider.route(Script([part.answer]))) as server:
        backend = backend_of(provider, part, server)
        result = await run_agent(backend, part.agent, part.request(context, BRIEF), context)
        [call] = server.ledger
    agent = AGENTS[part.agent]
    assert agent.result.model_validate_json(result.model_dump_json()) == result
    assert provider.name in (getattr(result, "author", "") or result.scorer)
    body = json.dumps(call.json)
    assert body.count(BRIEF) == 1
    assert "the brief" not in body or part.agent != "answer_questions"
    assert sum(body.count(mark) for mark in ("iVBORw0KGgo", "/9j/")) == part.images


@each
async def test_a_broken_answer_is_asked_for_once_more_and_then_refused(part: Part) -> None:
    provider, context = PROVIDERS[0], MemoryContext()
    with ProviderServer(provider.route(Script([part.broken]))) as server:
        backend = backend_of(provider, part, server)
        with pytest.raises(Permanent, match=part.problem):
            await run_agent(backend, part.agent, part.request(context, BRIEF), context)
        assert len(server.ledger) == 2


@each
@pytest.mark.parametrize("text", INJECTIONS)
async def test_text_from_outside_stays_between_its_fences(part: Part, text: str) -> None:
    provider, context = PROVIDERS[0], MemoryContext()
    with ProviderServer(provider.route(Script([part.answer]))) as server:
        backend = backend_of(provider, part, server)
        await run_agent(backend, part.agent, part.request(context, text), context)
        system, user = server.ledger[0].json["messages"]
    content = user["content"]
    message = content if isinstance(content, str) else content[0]["text"]
    assert system["content"] == AGENTS[part.agent].prompt.text
    outside = re.sub(FENCED, "", message)
    assert outside != message
    assert not any(word in outside for word in text.split() if len(word) > 12)
    assert text.splitlines()[-1] not in outside
