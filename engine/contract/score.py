"""Capability `score`: numbers for the images or sounds of one set, and how alike they are."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol, Self, runtime_checkable

from pydantic import AliasChoices, Field

from engine.contract.backend import (
    Artifact,
    Backend,
    BackendInfo,
    Call,
    CallContext,
    FrozenModel,
    Request,
    Result,
    Score,
)
from engine.contract.capability import Capability
from engine.contract.errors import Permanent

_FORMER_DIRECTION = "higher_is_more_alike"
"""Key of `Similarity.higher_is_more_similar` in results of earlier releases."""

MAX_IMAGES = 64
"""Images or sounds in one set at most."""

MAX_QUESTIONS = 64
"""Questions that are asked about a set at most."""

Medium = Literal["image", "audio"]
"""Kind of what a backend scores."""


class ScoreRequest(Request):
    """Request for scores of images, or of sounds, of the same text.

    Attributes:
        images: The images, in order; sounds for a backend of sounds.
        brief: What they are of, short: for models that read no more than 77 tokens.
        prompt: Their whole prompt: for models that read long texts.
        metrics: What to score them by, for example `pickscore`; empty for all that the backend has.
    """

    images: tuple[Artifact, ...] = Field(min_length=1, max_length=MAX_IMAGES)
    brief: str
    prompt: str
    metrics: tuple[str, ...] = ()

    def suited_to(self, info: BackendInfo) -> Self:
        """The same for those of the metrics that the backend has; for all it has if it has none."""
        has = info.metrics if isinstance(info, ScoreInfo) else self.metrics
        return self.model_copy(update={"metrics": tuple(m for m in self.metrics if m in has)})


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreInfo(BackendInfo):
    """Description of a score backend.

    Attributes:
        metrics: Metrics it can score by, in its own order.
        media: Kinds of what it scores.
        answers: True if it answers yes/no questions about images, by `ask`.
        subject_measures: Measures of its comparison that see what is in an image, as CLIP does;
            colours and layouts are none.
    """

    capability: str = "score"
    metrics: tuple[str, ...] = ()
    media: frozenset[Medium] = frozenset({"image"})
    answers: bool = False
    subject_measures: tuple[str, ...] = ()


class ImageScore(FrozenModel):
    """Score of one image by one scorer.

    Attributes:
        raw: The scorer's own number; None if it gave none.
        value: The number mapped to 0 to 100, higher is better; None if there is none.
        note: Why there is none.
    """

    raw: float | None = None
    value: float | None = Field(None, ge=0, le=100)
    note: str = ""


class ScorerScores(FrozenModel):
    """Scores of a set of images by one scorer.

    Attributes:
        metric: Its name, for example `pickscore`.
        scorer: Who it is exactly: model, variant, precision and version of the map.
        text: Which text it was given, if any.
        cut: Whether that text was longer than what the scorer reads.
        marks: One for each image, in order.
    """

    metric: str
    scorer: str
    text: Literal["brief", "prompt", "none"]
    cut: bool = False
    marks: tuple[ImageScore, ...]


class ScoreTable(Result):
    """The scores of a set of images, a column for each scorer."""

    kind: ClassVar[str] = "scores"

    images: tuple[Artifact, ...]
    columns: tuple[ScorerScores, ...]

    def scores(self) -> list[Score]:
        """Every number that there is, each with its image."""
        return [
            Score(
                metric=column.metric,
                value=mark.value,
                raw=mark.raw,
                scorer=column.scorer,
                image=image.hash,
            )
            for column in self.columns
            for image, mark in zip(self.images, column.marks, strict=True)
            if mark.value is not None
        ]


class CompareRequest(Request):
    """Asks how alike images or sounds are, each with every other.

    Attributes:
        images: The images or sounds, in order, at least two.
    """

    images: tuple[Artifact, ...] = Field(min_length=2, max_length=MAX_IMAGES)


class Similarity(FrozenModel):
    """Similarity of images by one measure.

    Attributes:
        measure: Its name, for example `clip_similarity` or `palette_distance`.
        method: How it is measured: model or formula, with its version.
        higher_is_more_similar: Whether a greater number means more alike.
        values: For each image its number with each other one, a symmetric square.
    """

    measure: str
    method: str
    higher_is_more_similar: bool = Field(
        validation_alias=AliasChoices("higher_is_more_similar", _FORMER_DIRECTION)
    )
    values: tuple[tuple[float, ...], ...]


class Comparison(Result):
    """Similarity of images, by each measure that the backend has."""

    kind: ClassVar[str] = "similarity"

    likenesses: tuple[Similarity, ...]


class AskRequest(Request):
    """Request for answers to yes/no questions about images.

    Attributes:
        images: The images, in order.
        questions: The questions, each asked about each image alone.
    """

    images: tuple[Artifact, ...] = Field(min_length=1, max_length=MAX_IMAGES)
    questions: tuple[str, ...] = Field(min_length=1, max_length=MAX_QUESTIONS)


class YesLikelihoods(Result):
    """Likelihood that a model answers yes, for each image and question.

    Attributes:
        scorer: Who answered: model, variant and precision.
        values: For each image a number per question, 0 to 1; None if there is none.
        notes: For each image why there are none, empty otherwise.
    """

    kind: ClassVar[str] = "data"

    scorer: str
    values: tuple[tuple[float | None, ...], ...]
    notes: tuple[str, ...]


@runtime_checkable
class ScoreBackend(Backend, Protocol):
    """Scores images, sounds, or both, as its info has it."""

    @property
    def info(self) -> ScoreInfo:
        """Description of the backend."""
        ...

    async def score(self, request: ScoreRequest, context: CallContext) -> ScoreTable:
        """Score the images of one set."""
        ...

    async def compare(self, request: CompareRequest, context: CallContext) -> Comparison:
        """Measure the similarity of images."""
        ...


@runtime_checkable
class AskedBackend(ScoreBackend, Protocol):
    """Scores images, and answers yes/no questions about them."""

    async def ask(self, request: AskRequest, context: CallContext) -> YesLikelihoods:
        """Answer the questions about each image."""
        ...


class ScoreProxy:
    """The score capability as a recipe sees it."""

    def __init__(self, backend: ScoreBackend) -> None:
        self.backend = backend

    @property
    def info(self) -> ScoreInfo:
        """Description of the backend: its metrics, and what it scores."""
        return self.backend.info

    def score(
        self, images: Sequence[Artifact], *, brief: str, prompt: str, metrics: Sequence[str] = ()
    ) -> Call[ScoreTable]:
        """Describe the scoring of a set of images or sounds."""
        request = ScoreRequest(
            images=tuple(images), brief=brief, prompt=prompt, metrics=tuple(metrics)
        )
        return Call(self.backend, "score", request, ScoreTable, _score)

    def compare(self, images: Sequence[Artifact]) -> Call[Comparison]:
        """Describe the comparison of images or sounds."""
        request = CompareRequest(images=tuple(images))
        return Call(self.backend, "compare", request, Comparison, _compare)

    def ask(self, images: Sequence[Artifact], questions: Sequence[str]) -> Call[YesLikelihoods]:
        """Describe the answering of yes/no questions about images."""
        request = AskRequest(images=tuple(images), questions=tuple(questions))
        return Call(self.backend, "ask", request, YesLikelihoods, _ask)


async def _ask(backend: ScoreBackend, request: AskRequest, context: CallContext) -> YesLikelihoods:
    if not isinstance(backend, AskedBackend):
        raise Permanent(
            f"The backend {backend.info.name} scores images and answers no questions.",
            remedy="Take one with vqascore: --set score=local.",
        )
    return await backend.ask(request, context)


def _score(
    backend: ScoreBackend, request: ScoreRequest, context: CallContext
) -> Awaitable[ScoreTable]:
    return backend.score(request, context)


def _compare(
    backend: ScoreBackend, request: CompareRequest, context: CallContext
) -> Awaitable[Comparison]:
    return backend.compare(request, context)


SCORE = Capability(
    "score", "Scores of images or sounds, and how similar they are.", ScoreBackend, ScoreProxy
)
"""The capability `score`."""
