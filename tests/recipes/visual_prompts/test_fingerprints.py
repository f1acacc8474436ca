"""Fingerprints of the steps of the writer, against recorded ones.

The features are fixed: measured ones differ in their last digits from machine to machine.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.client.workspace import Workspace
from tests.backends.chat_cases import PROVIDERS, Provider
from tests.recipes.visual_prompts.test_checks import GOOD
from tests.recipes.visual_prompts.test_writing import Catalog
from tests.support.providers.chat import Script
from tests.support.providers.server import ProviderServer

RECORDED = json.loads((Path(__file__).parents[1] / "agent_fingerprints.json").read_text())
MODELS = {"gemini": "gemini-3.8-flash", "ollama": "gemma3"}


def replies() -> Script:
    """A prompt of a wrong form, the same again, and the second prompt."""
    return Script([{"visual_prompt": text} for text in ("A song.", GOOD, GOOD)])


def steps(root: Path, **settings: Any) -> list[list[str]]:
    """Key, operation, backend, model and fingerprint of each step, by key."""
    source = root / "in.json"
    source.write_text(json.dumps({"id": "a"}))
    workspace = Workspace(root / "w", create=True, catalog=Catalog())
    chosen = {"convergent": 1, "divergent": 1, "seed": 3, **settings}
    assert workspace.follow(workspace.queue("writing", source, settings=chosen)).state == "done"
    with workspace.reading() as connection:
        rows = connection.execute("SELECT key, operation, backend, model, fingerprint FROM steps")
        return sorted(list(row) for row in rows)


def test_the_embedded_writer_keeps_its_fingerprint(tmp_path: Path) -> None:
    """The request of a second prompt has the first one in it, whose words may change."""
    assert steps(tmp_path, divergent=0) == RECORDED["visual-prompts builtin"]


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.label)
def test_a_chat_family_keeps_its_fingerprints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: Provider
) -> None:
    monkeypatch.setenv(provider.key_name, provider.key)
    chosen = {"model": MODELS.get(provider.name, "some-model"), **dict(provider.settings)}
    with ProviderServer(provider.route(replies())) as server:
        chosen["base_url"] = server.url + provider.base
        settings = {f"{provider.name}.{name}": value for name, value in chosen.items()}
        found = steps(tmp_path, text=provider.name, **settings)
    assert found == RECORDED[f"visual-prompts {provider.label}"]
