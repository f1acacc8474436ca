"""Fake backends: small, free and deterministic; they depend on their request alone."""

import hashlib
import io
import math
import wave
from array import array
from collections.abc import Callable, Mapping
from typing import Any

from engine.contract.agent import AnyAgent, RuleInput
from engine.contract.audio import AudioInfo, AudioRequest, GeneratedAudio
from engine.contract.backend import BackendInfo, BaseBackend, CallContext, Limits, Request
from engine.contract.errors import Permanent
from engine.contract.image import GeneratedImage, ImageInfo, ImageRequest
from engine.contract.score import (
    CompareRequest,
    Comparison,
    ImageScore,
    Medium,
    ScoreInfo,
    ScoreRequest,
    ScorerScores,
    ScoreTable,
    Similarity,
)
from engine.contract.text import BaseChatBackend

NAME = "fake"
"""Name of the fake backends, as in `--set image=fake`."""

Answer = Callable[[Any], Mapping[str, Any]] | Mapping[str, Any]
"""Fields of an agent's answer, or a function of its request that returns them."""

_COMMON: dict[str, Any] = {
    "name": NAME,
    "model": "fake-1",
    "version": "1",
    "lane": NAME,
    "limits": Limits(concurrency=4),
}


def digest(request: Request) -> bytes:
    """Return the SHA-256 of a request."""
    return hashlib.sha256(request.model_dump_json().encode()).digest()


class FakeImageBackend(BaseBackend):
    """Generates images of one colour, which depends on the request."""

    def __init__(self) -> None:
        self.info: ImageInfo = ImageInfo(**_COMMON)

    async def generate(self, request: ImageRequest, context: CallContext) -> GeneratedImage:
        """Generate an image of the requested size."""
        from PIL import Image

        red, green, blue, *_ = digest(request)
        buffer = io.BytesIO()
        Image.new("RGB", (request.width, request.height), (red, green, blue)).save(buffer, "PNG")
        context.progress(1.0)
        return GeneratedImage(image=await context.keep(buffer.getvalue()), seed=request.seed)


class FakeAudioBackend(BaseBackend):
    """Generates sine tones, whose pitch depends on the request."""

    def __init__(self, sample_rate: int = 8000) -> None:
        self.info: AudioInfo = AudioInfo(**_COMMON, sample_rate=sample_rate, channels=1)

    async def generate_audio(self, request: AudioRequest, context: CallContext) -> GeneratedAudio:
        """Generate a sound of the requested length."""
        rate = self.info.sample_rate
        hertz = 110 * 2 ** (digest(request)[0] / 64)
        count = round(request.seconds * rate)
        samples = (round(8000 * math.sin(2 * math.pi * hertz * n / rate)) for n in range(count))
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(array("h", samples).tobytes())
        context.progress(1.0)
        return GeneratedAudio(audio=await context.keep(buffer.getvalue()), seed=request.seed)


class FakeScoreBackend(BaseBackend):
    """Scores images, or sounds, by their hash.

    Args:
        metrics: Names of its scorers.
        media: Kinds of what it scores.
    """

    def __init__(
        self,
        metrics: tuple[str, ...] = ("fake",),
        media: frozenset[Medium] = frozenset({"image"}),
    ) -> None:
        self.info: ScoreInfo = ScoreInfo(**_COMMON, metrics=metrics, media=media)

    async def score(self, request: ScoreRequest, context: CallContext) -> ScoreTable:
        """Score images from 0 to 100."""
        metrics = request.metrics or self.info.metrics
        columns = tuple(
            ScorerScores(
                metric=metric,
                scorer=f"{self.info.signature()} {metric}",
                text="none",
                marks=tuple(_score(metric, image.hash) for image in request.images),
            )
            for metric in metrics
        )
        return ScoreTable(images=request.images, columns=columns)

    async def compare(self, request: CompareRequest, context: CallContext) -> Comparison:
        """Compare images: 1 for the same bytes, else 0."""
        values = tuple(
            tuple(float(one.hash == other.hash) for other in request.images)
            for one in request.images
        )
        same = Similarity(
            measure="same_bytes",
            method=self.info.signature(),
            higher_is_more_similar=True,
            values=values,
        )
        return Comparison(likenesses=(same,))


def _score(metric: str, hash_: str) -> ImageScore:
    raw = hashlib.sha256(f"{metric} {hash_}".encode()).digest()[0]
    return ImageScore(raw=raw, value=100 * raw / 255)


class FakeChatBackend(BaseChatBackend):
    """Runs agents by prepared answers, else by their offline rules.

    Args:
        answers: Answers by the agent's id. Each is validated as the answer of a model would be.
        capability: `text` or `vision`.
    """

    def __init__(
        self, answers: Mapping[str, Answer] | None = None, *, capability: str = "text"
    ) -> None:
        self.info: BackendInfo = BackendInfo(**_COMMON, capability=capability)
        self.answers = dict(answers or {})

    async def structured(self, agent: AnyAgent, request: Any, context: CallContext) -> Any:
        """Run an agent.

        Raises:
            Permanent: It has neither an answer nor a rule.
        """
        author = self.info.signature(agent.id)
        if agent.id in self.answers:
            answer = self.answers[agent.id]
            fields = answer(request) if callable(answer) else answer
            parsed = agent.shape_of(request).model_validate(dict(fields))
            return agent.finish(parsed, request, author)
        if agent.rule is None:
            raise Permanent(f"FakeChatBackend has no answer for the agent {agent.id!r}.")
        images = [await context.read(image) for image in agent.images_of(request)]
        data = RuleInput(request.model_dump(mode="json"), tuple(images), 1.0, author)
        return agent.result.model_validate(agent.rule.run(data))
