"""Agents with sounds: how each provider's client sends them, and which backends refuse them."""

import base64
import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.audio.excerpt import RATE, SECONDS
from engine.audio.wav import read_wav, write_wav
from engine.backends.common import inline_sounds
from engine.backends.common.inline_sounds import Excerpts, heard
from engine.contract.errors import Permanent
from engine.plugins.catalog import EntryPointCatalog
from engine.recipes.visual_prompts.agents.writer import LISTENER, WRITER, VisualPromptRequest
from engine.testing.context import MemoryContext
from tests.backends.chat_cases import GENAI, GENERATIVEAI, OPENAI, PROVIDERS, Provider
from tests.support.music import random_features
from tests.support.providers.chat import Script
from tests.support.providers.server import ProviderServer

pytest.importorskip("soundfile")

ANSWER = {"visual_prompt": "A red boat on a calm lake. " * 20}
TONE = (12_000 * np.sin(np.arange(RATE) * 0.2)).astype("<i2")
HEARING = [(OPENAI, "gpt-audio"), (GENAI, "gemini-3.8-flash"), (GENERATIVEAI, "gemini-3.8-flash")]
hearing = pytest.mark.parametrize(
    ("provider", "model"), HEARING, ids=[one.label for one, _ in HEARING]
)


def wav(seconds: float = 1) -> bytes:
    return write_wav(np.resize(TONE, int(seconds * RATE)).tobytes(), RATE, 1)


def request(context: MemoryContext, sound: bytes) -> VisualPromptRequest:
    return VisualPromptRequest(
        features=random_features(1),
        mode="convergent",
        temperature=0.4,
        number=0,
        sound=context.give(sound, "audio/wav"),
    )


async def told(
    provider: Provider, model: str, sound: bytes, agent: Any = LISTENER, **settings: Any
) -> tuple[dict[str, Any], MemoryContext]:
    """The body that an agent's call sends."""
    context = MemoryContext()
    with ProviderServer(provider.route(Script([ANSWER]))) as server:
        backend = provider.backend(server, "text", model=model, **settings)
        result = await backend.structured(agent, request(context, sound), context)
        assert result.visual_prompt.startswith("A red boat")
        (call,) = server.ledger
    return call.json, context


def sounds_in(body: dict[str, Any]) -> list[tuple[str, bytes]]:
    """Types and bytes of the sounds in a request of either wire format."""
    found = []
    for message in body.get("messages", ()) or body.get("contents", ()):
        for part in message.get("content", ()) or message.get("parts", ()):
            if isinstance(part, dict) and part.get("type") == "input_audio":
                sound = part["input_audio"]
                found.append((f"audio/{sound['format']}", base64.b64decode(sound["data"])))
            if isinstance(part, dict) and "inlineData" in part:
                sound = part["inlineData"]
                kind = sound.get("mimeType") or sound["mime_type"]
                found.append((kind, base64.b64decode(sound["data"], altchars=b"-_")))
    return found


@hearing
async def test_the_sound_is_sent_with_the_features(provider: Provider, model: str) -> None:
    body, _ = await told(provider, model, wav())
    [(kind, data)] = sounds_in(body)
    assert (kind, data) == ("audio/wav", wav())
    assert "SOUND: attached" in str(body)
    assert "tempo_bpm" in str(body)


@hearing
async def test_of_a_long_sound_the_middle_is_sent(provider: Provider, model: str) -> None:
    body, _ = await told(provider, model, wav(SECONDS + 20))
    [(_, data)] = sounds_in(body)
    header = read_wav(io.BytesIO(data), len(data))
    assert header is not None
    assert (header.seconds, header.sample_rate, header.channels) == (SECONDS, RATE, 1)


@hearing
async def test_an_agent_without_sounds_sends_none(provider: Provider, model: str) -> None:
    body, _ = await told(provider, model, wav(), WRITER)
    assert sounds_in(body) == []


@pytest.mark.parametrize("provider", [GENAI, GENERATIVEAI], ids=lambda one: one.label)
async def test_gemini_still_answers_by_schema(provider: Provider) -> None:
    body, _ = await told(provider, "gemini-3.8-flash", wav())
    assert body["generationConfig"]["responseMimeType"] == "application/json"


async def test_the_excerpts_of_the_sounds_used_last_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context, excerpts, decoded = MemoryContext(), Excerpts(), list[bytes]()

    def counted(data: bytes) -> Any:
        decoded.append(data)
        return heard(data)

    monkeypatch.setattr(inline_sounds, "heard", counted)
    monkeypatch.setattr(inline_sounds, "MAX_KEPT", 2)
    sounds = [context.give(wav(length), "audio/wav") for length in (0.1, 0.2, 0.3)]
    for number in (0, 1, 0, 2, 0, 1):
        assert (await excerpts.of(sounds[number], context)).data == wav((number + 1) / 10)
    assert [len(data) for data in decoded] == [len(wav(n)) for n in (0.1, 0.2, 0.3, 0.2)]


async def test_what_is_no_sound_is_not_sent() -> None:
    context = MemoryContext()
    with ProviderServer(OPENAI.route(Script([ANSWER]))) as server:
        backend = OPENAI.backend(server, "text", model="gpt-audio")
        with pytest.raises(Permanent, match="The sound is no sound"):
            await backend.structured(LISTENER, request(context, b"RIFFnothing"), context)
        assert not server.ledger


@pytest.mark.parametrize(
    ("name", "model", "refused"),
    [
        ("openai", "gpt-5.6-luna", True),
        ("openai", "gpt-4o-audio-preview", False),
        ("openai", "qwen2-audio-7b", False),
        ("gemini", "gemini-3.8-flash", False),
        ("gemini", "models/gemini-3.8-pro", False),
        ("gemini", "gemma-4", True),
        ("anthropic", "claude-opus-5", True),
        ("ollama", "gemma3n", True),
    ],
)
def test_a_model_that_takes_no_sounds_is_refused(name: str, model: str, refused: bool) -> None:
    backend: Any = EntryPointCatalog().backend("text", name, {"model": model}, {})
    assert backend.refusal_of(LISTENER) == (f"{name} ({model}) takes no sounds" if refused else "")
    assert backend.refusal_of(WRITER) == ""


@pytest.mark.parametrize("hears", [True, False])
def test_the_setting_decides_before_the_name(hears: bool) -> None:
    given = {"model": "my-model" if hears else "gpt-audio", "hears": hears}
    backend: Any = EntryPointCatalog().backend("text", "openai", given, {})
    assert (backend.refusal_of(LISTENER) == "") is hears


def test_the_embedded_writer_is_refused_with_the_reason() -> None:
    backend: Any = EntryPointCatalog().backend("text", "builtin", {}, {})
    assert "takes no sounds" in backend.refusal_of(LISTENER)


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.label)
def test_the_version_of_an_agent_does_not_depend_on_its_sounds(provider: Provider) -> None:
    backend: Any = EntryPointCatalog().backend("text", provider.name, {}, {})
    without = replace(LISTENER, sounds=None)
    assert backend.version_of(LISTENER) == backend.version_of(without)


async def test_tokens_of_sound_have_their_own_price() -> None:
    context = MemoryContext()
    with ProviderServer(_Counting(Script([ANSWER], tokens=(1000, 10)))) as server:
        prices = {"price_input": 1, "price_output": 2, "price_sound": 10}
        backend = OPENAI.backend(server, "text", model="gpt-audio", **prices)
        await backend.structured(LISTENER, request(context, wav()), context)
    assert context.spent == 400 * 1 + 600 * 10 + 10 * 2


class _Counting(OPENAI.route):  # type: ignore[misc, name-defined]
    """Counts 600 tokens of sound."""

    def __call__(self, call: Any, server: Any) -> Any:
        reply = super().__call__(call, server)
        reply.content["usage"]["prompt_tokens_details"] = {"audio_tokens": 600}
        return reply


def test_the_worst_cost_of_a_sound_needs_its_price() -> None:
    context = MemoryContext()
    asked = request(context, wav())

    def worst(agent: Any, **prices: float) -> int | None:
        given = {"model": "gpt-audio", "price_input": 1, "price_output": 2, **prices}
        backend: Any = EntryPointCatalog().backend("text", "openai", given, {})
        found: int | None = backend.worst_cost(asked, agent)
        return found

    assert worst(LISTENER) is None
    without, heard = worst(WRITER), worst(LISTENER, price_sound=10)
    assert without is not None
    assert heard is not None
    assert heard - without >= 10 * 2 * 60 * 32
