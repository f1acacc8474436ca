"""Fingerprints of every step that an agent takes part in, against recorded ones.

A finished step is found again by its fingerprint, so none may change unless the version of an
agent, a rule or a recipe does. `agent_fingerprints.json` was recorded before agents moved into
their recipes. The embedded critic's words are data of the refiner's requests, so they are part of
these too.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.audio.wav import write_wav
from engine.client.workspace import Workspace
from engine.contract import Backend, CallContext, ImageRequest
from engine.contract.audio import AudioRequest, GeneratedAudio
from engine.testing.fakes import FakeAudioBackend
from tests.backends.chat_cases import PROVIDERS, Provider
from tests.support import films
from tests.support.optional import needs
from tests.support.providers.server import ProviderServer

pytestmark = pytest.mark.usefixtures("one_process")

RECORDED = json.loads(Path(__file__).with_name("agent_fingerprints.json").read_text())
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAGUlEQVR4nGOssNFgIAUwkaR6VMOohiGlAQDUhgD8"
    "LxwI/gAAAABJRU5ErkJggg=="
)
ENTRIES = {
    "refine": {
        "id": "barn",
        "title": "Last light",
        "prompt": "a red barn under a full moon, in snow",
        "negative_prompt": "people",
        "seed": 3,
    },
    "storyboard": {
        "id": "coffee",
        "prompt": "a coffee advert at dawn. Steam rises from a cup; then hands close around it.",
        "target_duration": 15,
        "brand": {"name": "Bean", "colours": ["#aa5500"], "avoid": ["plastic cups"]},
        "consistency": ["a red cup"],
        "seed": 3,
    },
    "sound-effect": {"id": "boots", "prompt": "heavy boots walking on marble", "seed": 3},
}
SETTINGS: dict[str, dict[str, Any]] = {
    "refine": {"max_iterations": 3, "target_score": 100},
    "storyboard": {
        "score": "crew",
        "num_variations": 1,
        "max_enhancement_iterations": 2,
        "score_threshold": 100,
    },
    "sound-effect": {"audio": "crew", "num_variations": 1, "max_iterations": 2},
}
SIDES = {"image": "crew", "width": 64, "height": 64}
MODELS = {"gemini": "gemini-3.8-flash", "ollama": "gemma3"}
MARKS = ("evaluate", "refine", "scenes", "write", "review")


class FixedPainter(films.Painter):
    """The same image for every request, so that no encoder is part of a fingerprint."""

    async def generate(self, request: ImageRequest, context: CallContext) -> Any:
        made = await super().generate(request, context)
        image = await context.keep(PNG, role="image")
        return type(made)(image=image, seed=request.seed)


class FixedMicrophone(FakeAudioBackend):
    """Silence for every request, so that no measure is part of a fingerprint."""

    async def generate_audio(self, request: AudioRequest, context: CallContext) -> GeneratedAudio:
        silence = write_wav(bytes(16_000), 8000, 1)
        return GeneratedAudio(audio=await context.keep(silence), seed=request.seed)


class FixedCatalog(films.CrewCatalog):
    """The real recipes and backends; images and sounds are always the same."""

    def backend(
        self,
        capability: Any,
        name: str,
        settings: Mapping[str, Any],
        environment: Mapping[str, str],
    ) -> Backend:
        if capability == "image":
            return FixedPainter(films.Crew(), "image", name)  # type: ignore[return-value]
        if capability == "audio":
            return FixedMicrophone()
        return super().backend(capability, name, settings, environment)


def steps(root: Path, recipe: str, settings: Mapping[str, Any]) -> list[list[str]]:
    """Key, operation, backend and fingerprint of each step of an agent, by key."""
    source = root / "in.json"
    source.write_text(json.dumps(ENTRIES[recipe]))
    workspace = Workspace(root / "w", create=True, catalog=FixedCatalog(films.Crew()))
    if recipe == "sound-effect":
        needs("soundfile", "scipy")
    sides = {} if recipe == "sound-effect" else SIDES
    chosen = {**sides, **SETTINGS[recipe], **settings}
    batch = workspace.queue(recipe, source, settings=chosen)
    assert workspace.follow(batch).state == "done"
    with workspace.reading() as connection:
        rows = connection.execute("SELECT key, operation, backend, model, fingerprint FROM steps")
        found = sorted(list(row) for row in rows)
    return [row for row in found if row[0].rpartition("/")[2] in MARKS]


def by_family(recipe: str, name: str) -> dict[str, Any]:
    """Settings that name a backend for what the agents of a recipe need."""
    return dict.fromkeys({"refine": ("vision", "text")}.get(recipe, ("text",)), name)


@pytest.mark.parametrize("recipe", ENTRIES)
@pytest.mark.parametrize("boldness", [1.0, 1.5])
def test_the_embedded_family_keeps_its_fingerprints(
    tmp_path: Path, recipe: str, boldness: float
) -> None:
    settings = {**by_family(recipe, "builtin"), "builtin.boldness": boldness}
    assert steps(tmp_path, recipe, settings) == RECORDED[f"{recipe} builtin {boldness:g}"]


@pytest.mark.parametrize("recipe", ENTRIES)
@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.label)
def test_a_chat_family_keeps_its_fingerprints_and_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: str, provider: Provider
) -> None:
    monkeypatch.setenv(provider.key_name, provider.key)
    model = MODELS.get(provider.name, "some-model")
    chosen = {"model": model, **dict(provider.settings)}
    if provider.name != "anthropic":  # whose models take none
        chosen["temperature"] = 0.5
    with ProviderServer(provider.route()) as server:
        chosen["base_url"] = server.url + provider.base
        settings = {f"{provider.name}.{name}": value for name, value in chosen.items()}
        found = steps(tmp_path, recipe, {**by_family(recipe, provider.name), **settings})
        asked = [call.json for call in server.ledger]
    assert found == RECORDED[f"{recipe} {provider.label}"]
    if provider.name == "openai":
        words = sorted(hashlib.sha256(json.dumps(one).encode()).hexdigest() for one in asked)
        assert words == RECORDED[f"{recipe} sent"]
