"""ComfyUI's sounds: slots, lengths, the sound to start from, and what images do as well."""

import asyncio
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.audio.decode import decode
from engine.backends.comfyui import FAMILY, ComfySettings
from engine.backends.comfyui.audio import ComfySounds
from engine.backends.comfyui.media import SOUND
from engine.backends.comfyui.sounds import LATENT_RATE, LATENT_SAMPLES, whole_latent
from engine.backends.comfyui.workflow import BUILT_IN, load
from engine.contract import Permanent, StepError
from engine.contract.audio import AudioBackend, AudioRequest
from engine.testing.context import MemoryContext
from safelight.testing import AudioBackendContract
from tests.backends.test_comfyui_slots import Graph, node
from tests.support.engines import eventually
from tests.support.providers.comfyui import ComfyUI, Socket, event, preview
from tests.support.providers.images import image
from tests.support.providers.misbehaviour import instead
from tests.support.providers.server import ProviderServer

soundfile = pytest.importorskip("soundfile")


def flac(seconds: float, rate: int = 44_100, channels: int = 2) -> bytes:
    """A tone, as SaveAudio encodes it."""
    tone = 0.3 * np.sin(np.arange(round(seconds * rate)) * 0.05, dtype=np.float32)
    out = io.BytesIO()
    soundfile.write(out, np.stack([tone] * channels, axis=1), rate, format="FLAC")
    return out.getvalue()


def backend(server: ProviderServer, **settings: Any) -> ComfySounds:
    options = {"base_url": server.url, "timeout": 20, "poll_seconds": 0.005, **settings}
    return ComfySounds(ComfySettings(**options))


def request(**fields: Any) -> AudioRequest:
    return AudioRequest(**{"prompt": "rain on a tin roof", "seed": 2**62, "seconds": 1.5} | fields)


async def failure(made: ComfySounds, **fields: Any) -> StepError:
    with pytest.raises(StepError) as caught:
        await made.generate_audio(request(**fields), MemoryContext())
    return caught.value


@pytest.fixture
def provider() -> ComfyUI:
    return ComfyUI(sound=flac(1.6))


class TestComfySounds(AudioBackendContract):
    @pytest.fixture(autouse=True)
    def _with_server(self, server: ProviderServer) -> Iterator[None]:
        self.server = server
        yield

    def make_backend(self) -> AudioBackend:
        return backend(self.server)


async def test_a_sound_workflow_is_filled_followed_and_its_sound_cut(server, provider):
    context = MemoryContext()
    asked = request(negative_prompt="wind", steps=12, guidance=3.5, sampler="euler")
    made = await backend(server).generate_audio(asked, context)
    (run,) = provider.executions
    sampler = run.graph["3"]["inputs"]
    assert (sampler["seed"], sampler["steps"], sampler["cfg"]) == (2**62, 12, 3.5)
    assert (sampler["sampler_name"], sampler["denoise"]) == ("euler", 1.0)
    assert run.graph["6"]["inputs"]["text"] == "rain on a tin roof"
    assert run.graph["7"]["inputs"]["text"] == "wind"
    assert run.graph["10"]["inputs"]["seconds_total"] == 1.5
    assert run.graph["11"]["inputs"]["seconds"] * LATENT_RATE == whole_latent(1.5)
    assert context.submissions == [run.prompt_id]
    sound = decode(await context.read(made.audio))
    assert sound.samples.shape == (2, round(1.5 * 44_100))
    assert np.array_equal(sound.samples, decode(provider.sound).samples[:, : round(1.5 * 44_100)])
    assert (made.seed, made.notes) == (2**62, ())
    assert (None, "in ComfyUI's queue, 0 before it") in context.shown


async def test_the_workflow_s_own_values_stay_where_nothing_is_asked_for(server, provider):
    await backend(server, steps=3, cfg=1.0).generate_audio(request(), MemoryContext())
    sampler = provider.executions[0].graph["3"]["inputs"]
    assert (sampler["steps"], sampler["cfg"], sampler["sampler_name"]) == (50, 4.98, "dpmpp_3m_sde")


async def test_a_sound_of_the_right_length_is_kept_as_it_came(server, provider):
    provider.sound = flac(1.5)
    context = MemoryContext()
    made = await backend(server).generate_audio(request(), context)
    assert await context.read(made.audio) == provider.sound
    assert made.audio.media_type == "audio/flac"


async def test_a_shorter_sound_and_another_rate_are_said(server, provider):
    provider.sound = flac(1.25, 48_000, 1)
    made = await backend(server).generate_audio(request(), MemoryContext())
    short, other = made.notes
    assert "0.25 seconds shorter than the 1.5 requested" in short
    assert other == "The sound has 48000 Hz and 1 channel(s), not 44100 Hz and 2."


@pytest.mark.parametrize("seconds", [0.1, 1.0, 1.5, 10.03, 46.99, 47.0])
def test_a_latent_holds_all_of_the_sound_and_comfyui_rounds_it_to_itself(seconds):
    samples = whole_latent(seconds)
    assert max(1.0, seconds) * LATENT_RATE <= samples < (seconds + 1) * LATENT_RATE + LATENT_SAMPLES
    assert round((samples / LATENT_RATE * LATENT_RATE / 2048) / 2) * 2 * 2048 == samples


async def test_a_sound_to_start_from_is_fitted_and_sent(server, provider):
    context = MemoryContext()
    init = context.give(flac(0.5))
    asked = request(init_audio=init, init_noise=0.7)
    await backend(server).generate_audio(asked, context)
    (upload,), (run,) = provider.uploads, provider.executions
    sent = decode(upload["image"])
    assert sent.samples.shape[1] == whole_latent(1.5)
    assert np.allclose(sent.samples[:, :22_050], decode(flac(0.5)).samples, atol=2**-22)
    assert not sent.samples[:, 22_050:].any()
    assert run.graph["13"]["inputs"]["audio"] == "safe/reference (1).png"
    assert run.graph["3"]["inputs"]["denoise"] == 0.7


async def test_a_sound_to_start_from_that_has_no_place_or_is_none_is_refused(server, provider):
    context = MemoryContext()
    init = context.give(flac(0.5))
    error = await failure(backend(server, sound_init_workflow=None), init_audio=init)
    assert "no place for a sound to start from" in error.message
    broken = context.give(b"no sound", "audio/wav")
    with pytest.raises(Permanent, match="cannot be decoded"):
        await backend(server).generate_audio(request(init_audio=broken), context)
    assert (
        "needs a sound"
        in (await failure(backend(server, sound_workflow="stable-audio-init"))).message
    )
    assert provider.executions == []


async def test_a_sound_beyond_the_limit_is_refused_before_it_is_sent(server, provider):
    assert "0.1 to 47 seconds, not of 60" in (await failure(backend(server), seconds=60)).message
    assert provider.executions == []


@pytest.mark.parametrize("data", [b"<html>", flac(1.6)[:4000], b""], ids=len)
async def test_what_is_no_whole_sound_is_fetched_three_times_and_made_once(server, provider, data):
    server.misbehave(instead(data, headers={}), path="^/view", times=float("inf"))
    error = await failure(backend(server))
    assert isinstance(error, Permanent)
    assert "no sound" in error.message
    assert len(server.calls("^/view")) == 3
    assert len(provider.executions) == 1


async def test_a_run_that_left_no_sound_fails_for_good(server, provider):
    provider.outputs = {"9": {"images": [{"filename": "x.png", "type": "output"}]}}
    error = await failure(backend(server))
    assert isinstance(error, Permanent)
    assert error.message == "The workflow has left no sound behind."


async def test_a_prompt_is_found_again_and_not_sent_twice(server, provider):
    first = MemoryContext()
    await backend(server).generate_audio(request(), first)
    again = MemoryContext(first.request_id)
    await backend(server).generate_audio(request(), again)
    assert len(provider.executions) == 1
    assert again.submissions == []


async def test_a_sound_whose_file_was_deleted_is_made_again_past_the_cache(server, provider):
    provider.lost_files = 1
    await backend(server).generate_audio(request(), MemoryContext())
    first, second = provider.executions
    assert second.graph["9"]["inputs"].items() > first.graph["9"]["inputs"].items()


async def test_a_cancelled_call_withdraws_its_prompt(server, provider):
    provider.hold = "running"
    context = MemoryContext()
    mine = asyncio.create_task(backend(server).generate_audio(request(), context))
    await eventually(lambda: provider.executions and provider.executions[0].state == "running")
    context.withdrawn = True
    mine.cancel()
    with pytest.raises(asyncio.CancelledError):
        await mine
    assert provider.interrupted == [provider.executions[0].prompt_id]


async def test_progress_is_shown_and_previews_are_not(server, provider):
    provider.hold = "running"
    frames: list[str | bytes] = [
        preview(image("JPEG")),
        event("progress", value=5, max=20, node="3"),
    ]
    server.misbehave(Socket(frames), path="^/ws")
    context = MemoryContext()
    task = asyncio.create_task(backend(server).generate_audio(request(), context))
    await eventually(lambda: (0.25, "step 5 of 20") in context.shown)
    provider.hold = None
    await task
    assert context.previews == []


async def test_a_price_is_counted(server):
    context, made = MemoryContext(), backend(server, price_per_sound=0.02, price_per_image=9)
    assert (made.info.paid, made.worst_cost(request())) == (True, 20_000)
    await made.generate_audio(request(), context)
    assert context.spent == 20_000
    free = backend(server, price_per_image=9)
    assert (free.info.paid, free.worst_cost(request()), free.usual_cost()) == (False, None, None)


# -- slots --------------------------------------------------------------------------------------


def exported(**more: dict[str, Any]) -> Graph:
    """The graph of the built-in workflow without its slots, and other nodes in place of its own."""
    graph = {
        id_: {"class_type": one.class_type, "inputs": one.inputs}
        for id_, one in ComfySettings().sound_workflow.graph.items()
    }
    return graph | {name.removeprefix("n"): made for name, made in more.items()}


def read(tmp_path: Path, graph: Graph, **settings: Any) -> ComfySounds:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(graph))
    return ComfySounds(ComfySettings(sound_workflow=str(file), **settings))


@pytest.mark.parametrize("name", BUILT_IN["sound"])
def test_the_slots_of_a_built_in_workflow_are_those_that_are_found_in_it(tmp_path, name):
    declared = load(name, medium=SOUND)
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(declared["graph"]))
    found = load(str(file), medium=SOUND)
    slots = {key: places for key, places in found["slots"].items() if places}
    wanted = {"denoise": ["3.denoise"]} | declared["slots"]
    assert slots == wanted
    assert found["output"] == declared["output"] == "9"


def test_guiders_numbers_and_other_savers_are_followed(tmp_path):
    made = read(
        tmp_path,
        exported(
            n3=node(
                "SamplerCustomAdvanced",
                noise=["25", 0],
                guider=["22", 0],
                sampler=["16", 0],
                sigmas=["17", 0],
                latent_image=["11", 0],
            ),
            n9=node("SaveAudioMP3", audio=["12", 0], filename_prefix="x", quality="V0"),
            n11=node("EmptyLatentAudio", seconds=["30", 0], batch_size=1),
            n16=node("KSamplerSelect", sampler_name="euler"),
            n17=node("BasicScheduler", scheduler="simple", steps=20, denoise=1.0, model=["4", 0]),
            n22=node("CFGGuider", model=["4", 0], positive=["10", 0], negative=["10", 1], cfg=5.0),
            n25=node("RandomNoise", noise_seed=7),
            n30=node("PrimitiveFloat", value=20.0),
            n40=node("PreviewAudio", audio=["12", 0]),
        ),
    )
    slots = made.workflow.slots
    assert (slots["prompt"], slots["negative"]) == (["6.text"], ["7.text"])
    assert (slots["seed"], slots["steps"], slots["cfg"]) == (
        ["25.noise_seed"],
        ["17.steps"],
        ["22.cfg"],
    )
    assert (slots["sampler"], slots["latent_seconds"]) == (["16.sampler_name"], ["30.value"])
    assert made.workflow.output == "9"
    assert made.refusal() == ""


def test_ace_step_is_told_by_its_tags(tmp_path):
    words = node(
        "TextEncodeAceStepAudio", tags="lo-fi", lyrics="", lyrics_strength=1.0, clip=["4", 1]
    )
    latent = node("EmptyAceStepLatentAudio", seconds=120.0, batch_size=1)
    empty = node("ConditioningZeroOut", conditioning=["6", 0])
    sampler = {**exported()["3"]["inputs"], "positive": ["6", 0], "negative": ["7", 0]}
    graph = exported(n3=node("KSampler", **sampler), n6=words, n7=empty, n11=latent)
    made = read(tmp_path, graph)
    assert made.workflow.slots["prompt"] == ["6.tags"]
    assert "negative" not in made.workflow.slots
    assert "negative_prompt" not in made.info.takes
    assert made.notes() == ["The workflow mine has no place for the negative prompt."]


def test_several_savers_are_refused_until_one_is_chosen(tmp_path):
    graph = exported(n20=node("SaveAudioOpus", audio=["12", 0]))
    assert "--set comfyui.sound_output=9" in read(tmp_path, graph).refusal()
    chosen = read(tmp_path, graph, sound_output=20)
    assert (chosen.refusal(), chosen.workflow.output) == ("", "20")


def test_a_prompt_without_a_place_is_refused_and_slots_of_the_settings_come_first(tmp_path):
    unknown = exported(n6=node("Mystery", words="x"))
    assert "--set comfyui.sound_slots.prompt=" in read(tmp_path, unknown).refusal()
    made = read(tmp_path, unknown, sound_slots={"prompt": "6.words"})
    assert made.refusal() == ""
    assert any(line.startswith("prompt: 6.words") for line in made.details())


def test_it_takes_what_its_workflow_has_a_place_for():
    made = FAMILY.factories["audio"](ComfySettings(), {})
    assert isinstance(made, ComfySounds)
    assert made.info.takes == {
        *("negative_prompt", "seed", "steps", "guidance", "sampler", "init_audio")
    }
    other = ComfySounds(ComfySettings(sound_model="small.safetensors"))
    assert other.info.model == "small.safetensors"
    assert other.info.version != made.info.version
    assert made.info.lane == FAMILY.factories["image"](ComfySettings(), {}).info.lane
