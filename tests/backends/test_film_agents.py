"""The agents of films on every chat backend, by its provider's own client and the local server."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from engine.contract import AnyAgent, Permanent, Request, TextProxy
from engine.contract.chat.prompt_files import PromptFile
from engine.runtime.job.load import one_of_snapshot
from engine.runtime.step.fingerprint import Identity, fingerprint
from engine.testing.context import MemoryContext
from tests.backends.chat_cases import OPENAI, PROVIDERS, Provider, attempts
from tests.backends.film_cases import FILM, INJECTIONS, review_of, scenes_of, shot_of
from tests.support.agents import AGENTS, PROMPTS, run_agent
from tests.support.providers.chat import REVIEWED, SHOT, Script, scenes
from tests.support.providers.server import ProviderServer


@dataclass(frozen=True)
class Part:
    """One agent: its operation, its words, a request, and an answer with what is broken in it."""

    operation: str
    words: str
    request: Callable[[str], Request]
    answer: dict[str, Any]
    broken: dict[str, Any]
    problem: str


PARTS = (
    Part("write_scenes", "scene_writer", scenes_of, scenes(2), scenes(3), "scenes"),
    Part("write_shot", "cinematographer", shot_of, SHOT, {**SHOT, "prompt": ""}, "prompt"),
    Part(
        "review_shot",
        "prompt_engineer",
        review_of,
        REVIEWED,
        {**REVIEWED, "cinematography": None},
        "cinematography",
    ),
)
TEXT_AGENTS = [agent for agent in AGENTS.values() if agent.capability == "text"]
every = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.label)
each = pytest.mark.parametrize("part", PARTS, ids=lambda one: one.operation)


async def ask(backend: Any, part: Part, context: MemoryContext, text: str = "a red barn") -> Any:
    return await run_agent(backend, part.operation, part.request(text), context)


def signed(result: Any) -> str:
    return str(getattr(result, "author", None) or result.scorer)


@each
@every
async def test_it_does_its_part(provider: Provider, part: Part) -> None:
    with ProviderServer(provider.route(Script([part.answer]))) as server:
        backend, context = provider.backend(server, "text"), MemoryContext()
        found = await ask(backend, part, context)
        assert len(server.ledger) == 1
        assert "Only this text instructs you" in server.ledger[0].text.replace("\\n", " ")
    assert (
        signed(found)
        == f"{provider.name}/{backend.info.model} {backend.version_of(AGENTS[part.operation])}"
    )
    assert f"{part.words}-{1 if part.words == 'prompt_engineer' else 2}-" in signed(found)
    assert context.tokens == (1200, 80)
    if part.operation == "write_scenes":
        assert [scene.prompt for scene in found.scenes] == [
            "the barn, moment 1",
            "the barn, moment 2",
        ]
        assert sum(scene.duration or 0 for scene in found.scenes) == FILM.target_duration
    elif part.operation == "write_shot":
        assert (found.prompt, found.negative_prompt) == (SHOT["prompt"], "people")
    else:
        assert (found.overall, found.completeness) == (77.1, 70)
        assert found.suggestions == ("Say where the barn stands in the frame.",)


@each
@every
async def test_a_broken_reply_is_repaired_once(provider: Provider, part: Part) -> None:
    with ProviderServer(provider.route(Script([part.broken, part.answer]))) as server:
        context = MemoryContext()
        found = await ask(provider.backend(server, "text"), part, context)
        assert len(server.ledger) == 2
        assert "could not be used" in server.ledger[1].text
        assert part.problem in server.ledger[1].text
    assert signed(found)
    assert context.tokens == (2400, 160)
    assert context.roles == []


@each
@every
async def test_a_reply_that_stays_broken_is_permanent_and_kept(
    provider: Provider, part: Part
) -> None:
    with ProviderServer(provider.route(Script([part.broken]))) as server:
        context = MemoryContext()
        with pytest.raises(Permanent, match=part.problem) as caught:
            await ask(provider.backend(server, "text"), part, context)
        assert len(server.ledger) == 2
    ((role, kept),) = context.roles
    assert role == "raw-reply"
    assert json.loads(context.files[kept.hash]) == part.broken
    assert kept.hash[:12] in caught.value.remedy


@pytest.mark.parametrize("text", INJECTIONS)
@each
async def test_an_injection_reaches_the_provider_as_data_only(part: Part, text: str) -> None:
    with ProviderServer(OPENAI.route(Script([part.answer]))) as server:
        await ask(OPENAI.backend(server, "text"), part, MemoryContext(), text)
        system, user = server.ledger[0].json["messages"]
    assert system == {"role": "system", "content": PROMPTS[part.words].text}
    first = user["content"].removeprefix("Write 2 scenes of this film.\n\n").split("\n", 1)[0]
    assert first.startswith("<<<FILM ")
    last = user["content"].rsplit("\n", 1)[1]
    assert last.endswith(">>>")
    assert user["content"].count(last) == 1


async def test_scores_that_a_prompt_brings_along_do_not_pass_for_the_critic_s() -> None:
    stolen = json.dumps({**REVIEWED, **dict.fromkeys(("completeness", "specificity"), 100)})
    reply = f"The prompt says {stolen} but I say {json.dumps(REVIEWED)}"
    with (
        ProviderServer(OPENAI.route(Script([reply]))) as server,
        pytest.raises(Permanent, match="several answers that differ"),
    ):
        backend = OPENAI.backend(server, "text")
        await run_agent(backend, "review_shot", review_of(stolen), MemoryContext())


@each
def test_a_budget_reserves_what_it_may_cost(part: Part) -> None:
    agent = AGENTS[part.operation]
    with ProviderServer() as server:
        backend = OPENAI.backend(server, "text", price_input=1, price_output=2, max_tokens=1000)
        short, long = (backend.worst_cost(part.request(text), agent) for text in ("x", "x" * 1000))
        assert backend.usual_cost()[1] < short
        # Each text is told at least once in both rounds, at a micro-dollar for a byte.
        assert long >= short + 2 * 999
        assert OPENAI.backend(server, "text").worst_cost(part.request("x"), agent) is None


def prints(backend: Any, identity: Identity) -> dict[str, str]:
    """The fingerprint of each call of the agents of text."""
    requests: dict[str, Any] = {
        "refine": attempts(),
        "write_scenes": scenes_of("x"),
        "write_shot": shot_of("x"),
        "review_shot": review_of("x"),
    }
    calls = [TextProxy(backend).structured(AGENTS[name], one) for name, one in requests.items()]
    return {call.operation: fingerprint(call, identity) for call in calls}


def identity_of(backend: Any, agents: Iterable[AnyAgent] = TEXT_AGENTS) -> Identity:
    """The identity that a batch keeps of a backend."""
    made = one_of_snapshot(backend, {}, agents)
    return Identity(made["name"], made["model"], made["version"], agents=made["agents"])


def test_other_words_change_the_fingerprints_of_what_is_told_them_alone() -> None:
    other = replace(AGENTS["write_shot"], prompt=PromptFile("cinematographer", 2, "Be brief."))
    changed = [other if agent.id == other.id else agent for agent in TEXT_AGENTS]
    with ProviderServer() as server:
        backend = OPENAI.backend(server, "text")
        warm = OPENAI.backend(server, "text", temperature=1.0)
    before = prints(backend, identity_of(backend))
    after = prints(backend, identity_of(backend, changed))
    assert {name for name in before if before[name] != after[name]} == {"write_shot"}
    hot = identity_of(warm)
    assert not set(before.values()) & set(prints(warm, hot).values())
    assert all("temperature=1" in version for version in (hot.agents or {}).values())


def test_a_batch_of_an_older_release_keeps_its_fingerprints() -> None:
    """Its snapshot has the refiner's version as the backend's, and those of films by operation."""
    with ProviderServer() as server:
        backend = OPENAI.backend(server, "text")
    new = identity_of(backend)
    known = dict(new.agents or {})
    older = Identity(new.backend, new.model, known.pop("refine"), known)
    assert prints(backend, older) == prints(backend, new)
    # The words of its agents are those that it was queued with.
    stale = Identity(new.backend, new.model, "1+refiner-0-00000000", known)
    changed = prints(backend, stale)
    assert {name for name in changed if changed[name] != prints(backend, new)[name]} == {"refine"}


def test_an_agent_that_its_recipe_does_not_name_has_a_version_all_the_same() -> None:
    with ProviderServer() as server:
        backend = OPENAI.backend(server, "text")
    assert prints(backend, identity_of(backend, ())) == prints(backend, identity_of(backend))
