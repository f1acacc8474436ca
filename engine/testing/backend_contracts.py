"""Contract suites of backends, to inherit from in a test module.

class TestMyBackend(ImageBackendContract):
    def make_backend(self) -> ImageBackend:
        return MyBackend()
"""

import asyncio
import io
import math
import wave
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from engine.contract.agent import Agent, AnyAgent
from engine.contract.audio import AUDIO, AudioBackend, AudioRequest, GeneratedAudio
from engine.contract.backend import Artifact, Backend, Request, Result
from engine.contract.capability import Capability
from engine.contract.chat.prompt_files import PromptFile
from engine.contract.embedding import EMBEDDING, EmbeddingBackend, Embeddings, EmbedRequest
from engine.contract.errors import Permanent
from engine.contract.image import IMAGE, GeneratedImage, ImageBackend, ImageRequest
from engine.contract.text import TEXT, ChatBackend
from engine.contract.video import VIDEO, GeneratedVideo, VideoBackend, VideoRequest
from engine.contract.vision import VISION
from engine.kinds.image import whole_size
from engine.testing.context import MemoryContext


class BackendContract:
    """Contract of a backend of any capability. A subclass has `make_backend` and `call`."""

    capability: ClassVar[Capability[Any]]

    def make_backend(self) -> Any:
        """Return a new backend that is ready for calls."""
        pytest.fail(f"{type(self).__name__} has to define make_backend")

    async def call(self, backend: Any, context: MemoryContext) -> Result:
        """Make an ordinary call, always the same one."""
        pytest.fail(f"{type(self).__name__} has to define call")

    def answer(self, context: MemoryContext | None = None) -> Result:
        """Return the result of the ordinary call on a new backend."""
        return asyncio.run(self.call(self.make_backend(), context or MemoryContext()))

    def test_it_has_the_operations_of_its_capability(self) -> None:
        """It implements the protocol."""
        backend = self.make_backend()
        assert isinstance(backend, Backend)
        assert self.capability.is_done_by(backend)
        assert backend.info.capability == self.capability.name

    def test_it_describes_itself(self) -> None:
        """Name, model, version and lane are set, and the limits are possible."""
        info = self.make_backend().info
        assert info.name == info.name.strip().lower()
        assert "," not in info.name
        assert all((info.name, info.model, info.version, info.lane))
        assert info.limits.concurrency >= 0
        per_minute = (info.limits.requests_per_minute, info.limits.tokens_per_minute)
        assert all(limit is None or limit > 0 for limit in per_minute)

    def test_two_of_them_describe_themselves_alike(self) -> None:
        """The info holds nothing of one process, since it is part of fingerprints."""
        assert self.make_backend().info == self.make_backend().info

    def test_what_is_missing_has_a_remedy(self) -> None:
        """Each missing requirement is named, with what to do."""
        for one in self.make_backend().missing():
            assert one.what
            assert one.remedy.endswith((".", "`", ")"))

    def test_a_result_survives_the_store(self) -> None:
        """The result is plain data: its JSON gives an equal result."""
        result = self.answer()
        assert type(result).model_validate_json(result.model_dump_json()) == result

    def test_its_files_are_kept(self) -> None:
        """Every file of the result was kept by the context."""
        context = MemoryContext()
        result = self.answer(context)
        assert {one.hash for one in artifacts_in(result)} <= set(context.files)

    def test_a_reusable_result_is_the_same_again(self) -> None:
        """The same call gives the same result, if `info.reusable` says so."""
        if not self.make_backend().info.reusable:
            pytest.skip("not reusable")
        assert self.answer() == self.answer()

    def test_its_cost_is_counted(self) -> None:
        """A call costs at most its worst cost, and nothing if it is not paid."""
        context, backend = MemoryContext(), self.make_backend()
        asyncio.run(self.call(backend, context))
        assert context.spent >= 0
        assert backend.info.paid or context.spent == 0
        if (usual := backend.usual_cost()) is not None:
            assert 0 <= usual[0] <= usual[1]

    def test_its_progress_is_a_fraction(self) -> None:
        """Progress is 0 to 1 or unknown, and never falls."""
        context = MemoryContext()
        self.answer(context)
        known = [fraction for fraction, _ in context.shown if fraction is not None]
        assert all(0 <= fraction <= 1 for fraction in known)
        assert known == sorted(known)

    def test_a_submitted_call_is_found_again(self) -> None:
        """A call with a request id fetches its result and submits nothing, if resumable."""
        if not self.make_backend().info.resumable:
            pytest.skip("not resumable")
        context = MemoryContext()
        first = self.answer(context)
        if not context.submissions:
            pytest.skip("this call is submitted and answered in one")
        again = MemoryContext(context.request_id)
        again.files.update(context.files)
        assert self.answer(again) == first
        assert not again.submissions


def artifacts_in(value: Any) -> list[Artifact]:
    """Return the artifacts in a result."""
    if isinstance(value, Artifact):
        return [value]
    if isinstance(value, BaseModel):
        return artifacts_in([getattr(value, name) for name in type(value).model_fields])
    if isinstance(value, dict):
        return artifacts_in(list(value.values()))
    if isinstance(value, list | tuple):
        return [artifact for item in value for artifact in artifacts_in(item)]
    return []


class ImageBackendContract(BackendContract):
    """Contract of image backends."""

    capability = IMAGE
    request: ClassVar = ImageRequest(prompt="a red boat on a lake", seed=7, width=256, height=256)

    def make_backend(self) -> ImageBackend:
        """Return a new backend that is ready for calls."""
        return super().make_backend()  # type: ignore[no-any-return]

    async def call(self, backend: ImageBackend, context: MemoryContext) -> GeneratedImage:
        """Generate the image of `request`."""
        return await backend.generate(self.request, context)

    def test_it_generates_an_image(self) -> None:
        """The file is a whole image, and the handle has its sides."""
        context = MemoryContext()
        result = self.answer(context)
        assert isinstance(result, GeneratedImage)
        data = context.files[result.image.hash]
        assert whole_size(data) == (result.image.width, result.image.height)

    def test_its_seed_can_be_asked_for_again(self) -> None:
        """The seed in the result is one that a request may have; None without seeds."""
        result = self.answer()
        assert isinstance(result, GeneratedImage)
        if result.seed is not None:
            ImageRequest.model_validate({**self.request.model_dump(), "seed": result.seed})


class AudioBackendContract(BackendContract):
    """Contract of audio backends."""

    capability = AUDIO
    request: ClassVar = AudioRequest(prompt="rain on a tin roof", seconds=1.5, seed=7)

    def make_backend(self) -> AudioBackend:
        """Return a new backend that is ready for calls."""
        return super().make_backend()  # type: ignore[no-any-return]

    async def call(self, backend: AudioBackend, context: MemoryContext) -> GeneratedAudio:
        """Generate the sound of `request`."""
        return await backend.generate_audio(self.request, context)

    def test_it_generates_a_sound_of_the_requested_length(self) -> None:
        """The sound has exactly `round(seconds * sample_rate)` samples per channel."""
        context, info = MemoryContext(), self.make_backend().info
        result = self.answer(context)
        assert isinstance(result, GeneratedAudio)
        facts = result.audio.facts
        assert result.audio.kind == "audio"
        assert facts["sample_rate"] == info.sample_rate
        assert facts["channels"] == info.channels
        assert math.isclose(float(facts["seconds"]), self.request.seconds, abs_tol=0.01)
        if result.audio.media_type == "audio/wav":
            with wave.open(io.BytesIO(context.files[result.audio.hash])) as file:
                assert file.getnframes() == round(self.request.seconds * info.sample_rate)

    def test_it_refuses_what_is_beyond_its_limits(self) -> None:
        """A sound that is too long has a sentence that says so."""
        info = self.make_backend().info
        if info.max_seconds >= 600:
            pytest.skip("no limit below that of requests")
        too_long = self.request.model_copy(update={"seconds": info.max_seconds + 1})
        assert f"{info.max_seconds:g}" in info.trouble(too_long)


class VideoBackendContract(BackendContract):
    """Contract of video backends."""

    capability = VIDEO
    request: ClassVar = VideoRequest(
        prompt="a red boat on a lake", seed=7, width=256, height=144, seconds=2.0
    )

    def make_backend(self) -> VideoBackend:
        """Return a new backend that is ready for calls."""
        return super().make_backend()  # type: ignore[no-any-return]

    async def call(self, backend: VideoBackend, context: MemoryContext) -> GeneratedVideo:
        """Generate the clip of `request`, at a legal length and size."""
        return await backend.generate_video(self.request.suited_to(backend.info), context)

    def test_it_generates_a_clip_of_a_legal_length_and_size(self) -> None:
        """Length and sides are the legal ones nearest to the request, or a note says otherwise."""
        info = self.make_backend().info
        result = self.answer()
        assert isinstance(result, GeneratedVideo)
        assert result.video.kind == "video"
        wanted = self.request.suited_to(info)
        frame = 1 / info.frame_rate(wanted.frame_rate)
        seconds = float(result.video.facts["seconds"])
        assert result.notes or math.isclose(seconds, wanted.seconds, abs_tol=1.5 * frame)
        size = result.video.width, result.video.height
        assert result.notes or size == (wanted.width, wanted.height)

    def test_its_legal_lengths_never_exceed_what_is_asked(self) -> None:
        """A clip is never longer than its section, unless the model has none as short."""
        info = self.make_backend().info
        shortest = info.longest_within(0.001)
        for seconds in (0.5, 2.0, 3.7, 10.0, 60.0):
            assert info.longest_within(seconds) <= max(seconds, shortest) + 1e-6
            legal = info.longest_within(seconds)
            assert math.isclose(info.longest_within(legal), legal)


class EmbeddingBackendContract(BackendContract):
    """Contract of embedding backends that embed texts."""

    capability = EMBEDDING
    request: ClassVar = EmbedRequest(
        texts=(
            "A red boat drifts on a calm lake at dawn.",
            "At dawn a red boat drifts across the calm lake.",
            "Engineers discuss the budget of a railway tunnel.",
        )
    )
    """Two texts that are alike, then one that is not."""

    def make_backend(self) -> EmbeddingBackend:
        """Return a new backend that is ready for calls."""
        return super().make_backend()  # type: ignore[no-any-return]

    async def call(self, backend: EmbeddingBackend, context: MemoryContext) -> Embeddings:
        """Embed `request`."""
        return await backend.embed(self.request, context)

    def test_it_gives_a_vector_per_input(self) -> None:
        """There are as many vectors as inputs, of the length that the info states, if any."""
        info, result = self.make_backend().info, self.answer()
        assert isinstance(result, Embeddings)
        assert result.array().shape == (self.request.count, result.dimensions)
        assert info.dimensions in (None, result.dimensions)
        assert info.name in result.embedder
        assert info.comparable == result.comparable

    def test_like_texts_are_near(self) -> None:
        """Two wordings of one sentence are nearer to each other than to another subject."""
        result = self.answer()
        assert isinstance(result, Embeddings)
        square = result.similarities()
        assert square[0, 1] > square[0, 2]
        assert square[0, 1] > square[1, 2]

    def test_it_refuses_what_it_cannot_embed(self) -> None:
        """A modality that is not in the info fails permanently, before it costs anything."""
        backend, context = self.make_backend(), MemoryContext()
        if backend.info.modalities >= {"image"}:
            pytest.skip("it embeds images")
        request = EmbedRequest(texts=("a boat",), images=(context.give(b"GIF89a", "image/gif"),))
        with pytest.raises(Permanent):
            asyncio.run(backend.embed(request, context))
        assert context.spent == 0


class SummaryRequest(Request):
    """Request of the suite's agent."""

    text: str


class Summary(Result):
    """Result of the suite's agent."""

    summary: str
    author: str


class SummaryAnswer(BaseModel):
    """Answer of the suite's agent."""

    summary: str


SUMMARIZER: AnyAgent = Agent(
    id="summarize",
    prompt=PromptFile("summarizer", 1, "Summarize the text in one sentence."),
    request=SummaryRequest,
    result=Summary,
    message=lambda request: request.text,
    answer=SummaryAnswer,
    finish=lambda answer, request, author: Summary(summary=answer.summary, author=author),
)
"""An agent of the suite's own, which no backend can know."""


class ChatBackendContract(BackendContract):
    """Contract of chat backends: they run agents that they have never seen."""

    capability: ClassVar[Capability[Any]] = TEXT
    agent: ClassVar = SUMMARIZER
    request: ClassVar[Request] = SummaryRequest(text="A red boat lies on a calm lake at dawn.")

    def make_backend(self) -> ChatBackend:
        """Return a new backend that answers `agent`."""
        return super().make_backend()  # type: ignore[no-any-return]

    async def call(self, backend: ChatBackend, context: MemoryContext) -> Result:
        """Run `agent` on `request`."""
        result: Result = await backend.structured(self.agent, self.request, context)
        return result

    def test_it_answers_in_the_agents_shape(self) -> None:
        """The result is one of the agent's model."""
        assert isinstance(self.answer(), self.agent.result)

    def test_it_can_run_the_agent(self) -> None:
        """It refuses no agent that it then runs."""
        assert self.make_backend().refusal_of(self.agent) == ""

    def test_the_version_is_that_of_the_prompt_too(self) -> None:
        """Another prompt gives another version, unless the agent's rule answers."""
        backend = self.make_backend()
        assert backend.version_of(self.agent)
        assert backend.version_of(self.agent) == self.make_backend().version_of(self.agent)
        if self.agent.rule is None:
            prompt = PromptFile("another", 1, "Answer in one word.")
            other = replace(self.agent, prompt=prompt)
            assert backend.version_of(other) != backend.version_of(self.agent)


class VisionBackendContract(ChatBackendContract):
    """Contract of chat backends that look at images. A subclass sets `agent` and `request`."""

    capability = VISION
