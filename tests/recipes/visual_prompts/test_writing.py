"""Prompts of a sample on a chat backend: temperatures, mends, and wordings that stay."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from engine.client.workspace import Workspace
from engine.contract.job import Job
from engine.contract.recipe import Headline, Recipe
from engine.contract.recipe_input import RecipeInput
from engine.contract.text import ChatBackend
from engine.plugins.catalog import EntryPointCatalog
from engine.recipes.visual_prompts.agents.writer import WRITER
from engine.recipes.visual_prompts.report import PromptReport
from engine.recipes.visual_prompts.settings import VisualPromptsSettings
from engine.recipes.visual_prompts.writing import Music, write_prompts
from tests.backends.chat_cases import PROVIDERS
from tests.recipes.visual_prompts.test_checks import GOOD
from tests.recipes.visual_prompts.test_writer import FEATURES
from tests.support.providers.chat import Script
from tests.support.providers.server import ProviderServer

PROVIDER = PROVIDERS[0]


class Entry(RecipeInput):
    id: str | None = None


class Written(BaseModel):
    prompts: tuple[PromptReport, ...]


async def _loop(job: Job[Entry, VisualPromptsSettings]) -> Written:
    return Written(prompts=await write_prompts(job, Music(features=FEATURES, abc="X:1\nK:C\n")))


class Catalog(EntryPointCatalog):
    """The real backends, and a recipe of the part that writes prompts."""

    def recipe(self, name: str) -> Any:
        return Recipe(
            name="writing",
            version="1",
            summary="Writes prompts.",
            input=Entry,
            settings=VisualPromptsSettings,
            uses={"text": ChatBackend},
            agents=(WRITER,),
            run=_loop,
            headline=Headline("none", 0, 1),
        )


def _run(
    root: Path, monkeypatch: pytest.MonkeyPatch, replies: list[str], **settings: int
) -> tuple[list[PromptReport], list[Any], list[str]]:
    """The prompts, the calls as they were sent, and the keys of the steps."""
    source = root / "in.json"
    source.write_text(json.dumps({"id": "a"}))
    monkeypatch.setenv(PROVIDER.key_name, PROVIDER.key)
    script = Script([{"visual_prompt": reply} for reply in replies])
    with ProviderServer(PROVIDER.route(script)) as server:
        chosen = {**dict(PROVIDER.settings), "base_url": server.url + PROVIDER.base}
        given: dict[str, Any] = {f"{PROVIDER.name}.{name}": one for name, one in chosen.items()}
        workspace = Workspace(root / "w", create=True, catalog=Catalog())
        batch = workspace.queue(
            "writing", source, settings={**given, "text": PROVIDER.name, **settings}
        )
        assert workspace.follow(batch).state == "done"
        calls = [call.json for call in server.ledger]
    with workspace.reading() as connection:
        ((result,),) = connection.execute("SELECT result FROM jobs")
        steps = connection.execute("SELECT scope, name FROM steps ORDER BY id").fetchall()
    found = Written.model_validate_json(result)
    return list(found.prompts), calls, ["/".join(filter(None, step)) for step in steps]


def test_temperatures_are_sent_and_a_wrong_form_is_mended_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies = ["A song.", GOOD, f'Here is it: "{GOOD}"']
    prompts, calls, steps = _run(tmp_path, monkeypatch, replies, convergent=1, divergent=1)
    assert [call["temperature"] for call in calls] == [0.4, 0.4, 0.8]
    assert [one.sent_temperature for one in prompts] == [0.4, 0.8]
    assert [(one.text, one.mended, one.problems) for one in prompts] == [
        (GOOD, True, ()),
        (GOOD, False, ()),
    ]
    assert [one.partition("@")[0] for one in steps] == ["prompt-0", "prompt-0/mend", "prompt-1"]
    mend, second = json.dumps(calls[1]), json.dumps(calls[2])
    assert "A song." in mend and "talks of music: song" in mend
    assert "A grey heron" in second and "PREVIOUS" in second


def test_a_mend_that_is_no_better_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies = ["A short one.", "Short again."]
    prompts, _, _ = _run(tmp_path, monkeypatch, replies, convergent=1, divergent=0)
    assert [(one.text, one.mended) for one in prompts] == [("A short one.", False)]
    assert prompts[0].problems == ("It has 3 words, not 100 to 300.",)
