"""Capabilities `audio`, `video` and `embedding`: limits, requests, and a recipe that uses them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from engine.contract import CallContext, Permanent
from engine.contract.audio import (
    AUDIO,
    AudioBackend,
    AudioInfo,
    AudioProxy,
    AudioRequest,
    GeneratedAudio,
)
from engine.contract.backend import Artifact
from engine.contract.capability import Capability
from engine.contract.embedding import (
    EMBEDDING,
    MAX_INPUTS,
    EmbeddingBackend,
    EmbeddingInfo,
    Embeddings,
    EmbedRequest,
)
from engine.contract.recipe import AnyRecipe, Headline, Recipe, RecipeSettings
from engine.contract.video import (
    VIDEO,
    FrameCounts,
    GeneratedVideo,
    VideoBackend,
    VideoInfo,
    VideoRequest,
)
from tests.support.backends import InfoBackend, toy_info
from tests.support.engines import Toy
from tests.support.media_files import mp4, wav
from tests.support.toys import ToyInput

SOUND = Artifact(hash="a" * 64, media_type="audio/wav", size=9, kind="audio")
IMAGE = Artifact(hash="b" * 64, media_type="image/png", size=9)

# -- audio ---------------------------------------------------------------------------------------


def sound(**fields: Any) -> AudioRequest:
    return AudioRequest(**{"prompt": "boots", "seconds": 6.0, "seed": 1, **fields})


@pytest.mark.parametrize(
    "fields",
    [{"seconds": 0}, {"seconds": 601}, {"seed": -1}, {"steps": 0}, {"init_noise": 1.1}, {"x": 1}],
)
def test_a_sound_that_cannot_be_is_no_request(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        sound(**fields)


@pytest.mark.parametrize(
    ("fields", "trouble"),
    [
        ({}, ""),
        ({"seconds": 47.6}, "toy (toy-1) generates sounds of 0.5 to 47.5 seconds, not of 47.6."),
        ({"seconds": 0.4}, "toy (toy-1) generates sounds of 0.5 to 47.5 seconds, not of 0.4."),
        ({"steps": 251}, "toy (toy-1) takes at most 250 steps, not 251."),
        ({"guidance": 26.0}, "toy (toy-1) takes a guidance scale of at most 25, not 26."),
        ({"steps": 250, "guidance": 25.0, "seconds": 47.5}, ""),
    ],
)
def test_the_limits_of_a_model_are_named(fields: dict[str, Any], trouble: str) -> None:
    limits = {"min_seconds": 0.5, "max_seconds": 47.5, "max_steps": 250, "max_guidance": 25.0}
    assert toy_info("toy", "audio", AudioInfo, **limits).trouble(sound(**fields)) == trouble


def test_a_fallback_gets_a_sound_without_what_it_does_not_take() -> None:
    request = sound(steps=100, sampler="k-heun", guidance=7.0, init_audio=SOUND)
    plain = InfoBackend(toy_info("toy", "audio", AudioInfo))
    assert request.suited_to(plain.info) == sound()
    follows = toy_info("toy", "audio", AudioInfo, takes=frozenset({"init_audio"}))
    assert request.suited_to(follows) == sound(init_audio=SOUND)
    assert request.suited_to(toy_info("toy", "image")) is request


def test_a_simpler_request_has_the_first_prompt() -> None:
    assert sound(prompt="boots, louder").simplified("boots", "") == sound()
    assert sound().simplified("boots", "") is None


# -- video ---------------------------------------------------------------------------------------


def clip(**fields: Any) -> VideoRequest:
    usual = {"prompt": "waves", "seed": 1, "width": 640, "height": 360, "seconds": 5.0}
    return VideoRequest(**{**usual, **fields})


counts = st.builds(
    lambda step, offset, least, span: FrameCounts(step, offset % step, least, least + step + span),
    st.integers(1, 16),
    st.integers(0, 15),
    st.integers(1, 60),
    st.integers(0, 400),
)


@given(counts, st.floats(0, 600))
def test_a_number_of_frames_is_legal_and_near(legal: FrameCounts, wanted: float) -> None:
    every = [n for n in range(legal.least, legal.most + 1) if n % legal.step == legal.offset]
    below, above = legal.within(wanted), legal.at_least(wanted)
    assert below == max((n for n in every if n <= wanted + 1e-9), default=every[0])
    assert above == min((n for n in every if n >= wanted - 1e-9), default=every[-1])


def test_a_clip_is_never_longer_than_its_section() -> None:
    ltx = toy_info("ltx", "video", VideoInfo, frames=FrameCounts(8, 1, 9, 257))
    assert ltx.longest_within(5.0) == 113 / 24
    assert ltx.shortest_from(5.0) == 121 / 24
    assert ltx.longest_within(5.0, frame_rate=60) == 113 / 24, "it has one frame rate"
    sold = toy_info("sold", "video", VideoInfo, lengths=(4.0, 6.0, 8.0))
    assert [sold.longest_within(s) for s in (3, 4, 7.9, 60)] == [4, 4, 6, 8]
    assert [sold.shortest_from(s) for s in (3, 4.1, 8, 60)] == [4, 6, 8, 8]


def test_a_size_is_the_nearest_by_shape_and_then_by_area() -> None:
    sizes = ((1280, 720), (720, 1280), (1920, 1080), (1024, 1024))
    sold = toy_info("sold", "video", VideoInfo, sizes=sizes)
    assert sold.nearest_size(640, 360) == (1280, 720)
    assert sold.nearest_size(1900, 1070) == (1920, 1080)
    assert sold.nearest_size(500, 900) == (720, 1280)
    steps = toy_info("local", "video", VideoInfo, side_step=32)
    assert steps.nearest_size(641, 365) == (640, 352)
    assert steps.nearest_size(5, 5) == (32, 32)


def test_a_fallback_gets_a_legal_clip() -> None:
    info = toy_info(
        "spare",
        "video",
        VideoInfo,
        frame_rates=(24.0, 30.0),
        lengths=(4.0, 8.0),
        sizes=((1280, 720),),
        max_references=1,
        takes=frozenset({"prompt", "first_image"}),
    )
    asked = clip(
        frame_rate=29.97,
        first_image=IMAGE,
        last_image=IMAGE,
        references=(IMAGE, IMAGE),
        steps=30,
        guidance=5.0,
    )
    expected = clip(
        width=1280, height=720, seconds=4.0, frame_rate=30, first_image=IMAGE, references=(IMAGE,)
    )
    assert asked.suited_to(info) == expected


# -- embedding -----------------------------------------------------------------------------------


def test_vectors_are_kept_exactly_as_32_bit_floats() -> None:
    rows = np.random.default_rng(3).normal(size=(4, 7)).astype(np.float32)
    stored = Embeddings.of(rows, "toy").model_dump_json()
    again = Embeddings.model_validate_json(stored)
    assert np.array_equal(again.array(), rows)
    assert (again.dimensions, again.array().dtype) == (7, np.float32)


@pytest.mark.parametrize("wrong", [[], [[]], [[1.0, 2.0], [1.0]], [[1.0, float("nan")]], [1.0]])
def test_vectors_that_are_none_are_refused(wrong: Any) -> None:
    with pytest.raises(ValueError):
        Embeddings.of(wrong, "toy")


def test_similarities_are_cosines() -> None:
    found = Embeddings.of([[1, 0], [0, 2], [3, 3], [0, 0]], "toy")
    root: float = 2**-0.5
    expected = [[1, 0, root, 0], [0, 1, root, 0], [root, root, 1, 0], [0, 0, 0, 0]]
    assert np.allclose(np.array(found.similarities()), np.array(expected), atol=1e-7)
    other = Embeddings.of([[0, -1]], "toy")
    assert np.allclose(
        np.array(found.similarities(other)), np.array([[0], [-1], [-root], [0]]), atol=1e-7
    )


def test_inputs_are_counted_and_bounded() -> None:
    request = EmbedRequest(texts=("a", "b"), audio=(SOUND,))
    assert (request.count, request.modalities) == (3, {"text", "audio"})
    for wrong in ((), ("x",) * (MAX_INPUTS + 1)):
        with pytest.raises(ValidationError, match=f"not 1 to {MAX_INPUTS}"):
            EmbedRequest(texts=wrong)


# -- a recipe that uses all three ----------------------------------------------------------------


class Studio(InfoBackend):
    """Sounds, clips and vectors; counts what it was asked."""

    def __init__(self, capability: str, kind: type[Any]) -> None:
        super().__init__(toy_info(capability, capability, kind))
        self.asked: list[Any] = []

    async def generate_audio(self, request: AudioRequest, context: CallContext) -> GeneratedAudio:
        self.asked.append(request)
        return GeneratedAudio(audio=await context.keep(wav(request.seconds)), seed=request.seed)

    async def generate_video(self, request: VideoRequest, context: CallContext) -> GeneratedVideo:
        self.asked.append(request)
        return GeneratedVideo(video=await context.keep(mp4()), seed=request.seed)

    async def embed(self, request: EmbedRequest, context: CallContext) -> Embeddings:
        self.asked.append(request)
        if "image" in request.modalities:
            raise Permanent("No images.")
        return Embeddings.of([[len(text), 1] for text in request.texts], self.info.signature())


class StudioSettings(RecipeSettings):
    audio: str = "audio"
    video: str = "video"
    embedding: str = "embedding"


class Likeness(BaseModel):
    likeness: float


async def produce(job: Any) -> Likeness:
    """A sound, a clip with it, and how alike two texts are."""
    request = AudioRequest(prompt=job.input.prompt, seconds=2, seed=5)
    sound = await job.step("sound", job.use(AUDIO).generate, request)
    assert isinstance(job.use(AUDIO), AudioProxy)
    assert sound.audio.kind == "audio"
    seconds = job.use(VIDEO).info.longest_within(sound.audio.facts["seconds"])
    await job.step("clip", job.use(VIDEO).generate, clip(seconds=seconds))
    texts = EmbedRequest(texts=("boots", "shoes"))
    vectors = await job.step("embed", job.use(EMBEDDING).embed, texts)
    return Likeness(likeness=float(vectors.similarities()[0, 1]))


def recipe(run: Any = produce) -> AnyRecipe:
    return Recipe(
        name="toy",
        version="1",
        summary="Uses all three.",
        input=ToyInput,
        settings=StudioSettings,
        uses={"audio": AudioBackend, "video": VideoBackend, "embedding": EmbeddingBackend},
        headline=Headline("likeness", 0, 1),
        run=run,
    )


@pytest.fixture
def studio(tmp_path: Path) -> Toy:
    toy = Toy(tmp_path)
    toy.catalog.known_recipes["toy"] = recipe()
    for name, kind in (("audio", AudioInfo), ("video", VideoInfo), ("embedding", EmbeddingInfo)):
        toy.catalog.add(Studio(name, kind))
    return toy


async def test_a_recipe_uses_them_as_durable_steps(studio: Toy) -> None:
    studio.queue()
    await studio.run()
    assert studio.job().state == "done"
    steps = studio.steps()
    assert [(step.key, step.operation, step.state) for step in steps] == [
        ("sound", "generate_audio", "done"),
        ("clip", "generate_video", "done"),
        ("embed", "embed", "done"),
    ]
    assert [step.kind for step in steps] == ["audio", "video", "data"]
    request = json.loads(steps[1].request)
    assert (request["seconds"], request["first_image"]) == (2.0, None)
    video = studio.catalog.family("video").factories["video"](None, {})
    assert isinstance(video, Studio)
    assert len(video.asked) == 1


async def test_a_capability_that_a_recipe_does_not_name_is_a_sentence(studio: Toy) -> None:
    smell = Capability("smell", "Smells.", AudioBackend, AudioProxy)

    async def sniff(job: Any) -> Likeness:
        job.use(smell)
        return Likeness(likeness=0)

    studio.catalog.known_recipes["toy"] = recipe(sniff)
    studio.queue()
    await studio.run()
    assert studio.job().state == "failed"
    error = studio.read(lambda c: c.execute("SELECT message FROM errors").fetchone()[0])
    assert "The recipe toy does not name 'smell' in its uses." in error


@pytest.mark.parametrize("capability", [AUDIO, VIDEO, EMBEDDING])
def test_a_capability_knows_its_backends(capability: Capability[Any]) -> None:
    kinds = {"audio": AudioInfo, "video": VideoInfo, "embedding": EmbeddingInfo}
    backend = Studio(capability.name, kinds[capability.name])
    assert capability.is_done_by(backend)
    assert not capability.is_done_by(InfoBackend(backend.info))
    assert capability.proxy(backend).info is backend.info
