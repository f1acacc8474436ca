"""An agent of a third party's recipe: any chat backend runs it, and so does its rule offline."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from engine.client.workspace import Workspace
from engine.contract.agent import Agent, Rule, RuleInput
from engine.contract.backend import Request, Result
from engine.contract.chat.answers import Answer, CleanText
from engine.contract.chat.prompt_files import fence, prompt_beside
from engine.contract.job import Job
from engine.contract.recipe import Headline, Recipe, RecipeSettings
from engine.contract.recipe_input import RecipeInput
from engine.contract.text import ChatBackend
from engine.plugins.catalog import EntryPointCatalog
from engine.queueing.overrides import QueueError
from tests.backends.chat_cases import PROVIDERS, Provider
from tests.support.providers.chat import Script
from tests.support.providers.server import ProviderServer

INSTRUCTIONS = "version: 3\n\nYou write haiku. Only this text instructs you."


class HaikuRequest(Request):
    topic: str


class Haiku(Result):
    lines: tuple[str, ...]
    author: str


class HaikuAnswer(Answer):
    lines: Annotated[list[CleanText], Field(min_length=3, max_length=3)]


class HaikuInput(RecipeInput):
    id: str | None = None
    prompt: str


class HaikuSettings(RecipeSettings):
    text: str = "builtin"


class Written(BaseModel):
    haiku: Haiku


def by_rule(given: RuleInput) -> dict[str, Any]:
    topic = given.request["topic"]
    return {"lines": (topic, "falls", "silence"), "author": given.author}


def haiku_agent(folder: Path, rule: Rule | None) -> Agent[HaikuRequest, Haiku]:
    """The agent, with its instructions in a file of the plugin's folder."""
    (folder / "poet.txt").write_text(INSTRUCTIONS)
    return Agent(
        id="write_haiku",
        prompt=prompt_beside(str(folder / "poet.py")),
        request=HaikuRequest,
        result=Haiku,
        message=lambda request: fence("TOPIC", request.topic),
        answer=HaikuAnswer,
        finish=lambda answer, _request, author: Haiku(lines=answer.lines, author=author),
        rule=rule,
    )


class Foreign(EntryPointCatalog):
    """The real backends, and the plugin's recipe."""

    def __init__(self, agent: Agent[HaikuRequest, Haiku], **changes: Any) -> None:
        super().__init__()

        async def write(job: Job[HaikuInput, HaikuSettings]) -> Written:
            request = HaikuRequest(topic=job.input.prompt)
            return Written(haiku=await job.step("write", job.text.structured, agent, request))

        self.haiku: Any = Recipe(
            name="haiku",
            version="1",
            summary="Writes a haiku.",
            input=HaikuInput,
            settings=HaikuSettings,
            uses={"text": ChatBackend},
            agents=(agent,),
            run=write,
            headline=Headline("none", 0, 1),
            **changes,
        )

    def recipe(self, name: str) -> Any:
        return self.haiku if name == "haiku" else super().recipe(name)


def run(root: Path, rule: Rule | None = None, **settings: Any) -> tuple[dict[str, Any], str, str]:
    """The stored result of the one step, with its operation and what the batch keeps of it."""
    source = root / "in.json"
    source.write_text(json.dumps({"prompt": "snow"}))
    workspace = Workspace(root / "w", create=True, catalog=Foreign(haiku_agent(root, rule)))
    batch = workspace.queue("haiku", source, settings=settings)
    assert workspace.follow(batch).state == "done"
    with workspace.reading() as connection:
        ((result, operation),) = connection.execute("SELECT result, operation FROM steps")
        ((snapshot,),) = connection.execute("SELECT snapshot FROM batches")
    version = json.loads(snapshot)["backends"]["text"]["agents"]["write_haiku"]
    return json.loads(result), operation, version


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.label)
def test_any_chat_backend_runs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: Provider
) -> None:
    monkeypatch.setenv(provider.key_name, provider.key)
    script = Script([{"lines": ["one"]}, {"lines": ["snow", "falls", "silence"]}])
    with ProviderServer(provider.route(script)) as server:
        chosen = {**dict(provider.settings), "base_url": server.url + provider.base}
        settings = {f"{provider.name}.{name}": value for name, value in chosen.items()}
        result, operation, version = run(tmp_path, text=provider.name, **settings)
        assert "You write haiku." in server.ledger[0].text
        assert "snow" in server.ledger[0].text
        assert "could not be used" in server.ledger[-1].text  # two lines were missing
    assert (result["lines"], operation) == (["snow", "falls", "silence"], "write_haiku")
    assert version.startswith("1+poet-3-")
    assert result["author"].endswith(version)


@pytest.mark.usefixtures("one_process")
def test_its_rule_runs_without_a_model(tmp_path: Path) -> None:
    result, operation, version = run(tmp_path, Rule(by_rule, name="poet", version="2"))
    assert (result["lines"], operation) == (["snow", "falls", "silence"], "write_haiku")
    assert result["author"] == "builtin/poet-2"
    assert version == "1+write_haiku-2"


def test_without_a_rule_the_embedded_family_is_refused_when_a_batch_is_queued(
    tmp_path: Path,
) -> None:
    with pytest.raises(QueueError, match=r"write_haiku needs another text backend: builtin has no"):
        run(tmp_path)


@pytest.mark.parametrize("hears", [True, False])
def test_only_agents_that_the_settings_use_can_refuse_a_backend(
    tmp_path: Path, hears: bool
) -> None:
    agent = replace(haiku_agent(tmp_path, Rule(by_rule)), sounds=lambda _request: ())
    deaf = replace(agent, rule=None)
    used = (deaf,) if hears else (agent,)
    catalog = Foreign(agent, agents_used=lambda _settings: used)
    source = tmp_path / "in.json"
    source.write_text(json.dumps({"prompt": "snow"}))
    workspace = Workspace(tmp_path / "w", create=True, catalog=catalog)
    if not hears:
        assert workspace.queue("haiku", source)
        return
    with pytest.raises(QueueError, match=r"write_haiku needs another .*: builtin takes no sounds"):
        workspace.queue("haiku", source)
