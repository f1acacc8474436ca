"""Capability `text`, for films: scenes from a brief, a shot's prompt, and what is wrong with it."""

from collections.abc import Sequence
from typing import ClassVar, Protocol

from pydantic import Field

from engine.contract.backend import (
    Backend,
    CallContext,
    Critique,
    FrozenModel,
    PromptVersion,
    Request,
    Result,
    Score,
)

CRITERIA = (
    "completeness",
    "specificity",
    "professionalism",
    "cinematography",
    "brand_alignment",
)
"""What a shot's prompt is scored by, 0 to 100 each, in this order."""


class Brand(FrozenModel):
    """What a brand asks of every image.

    Attributes:
        name: Its name.
        colours: Colours as `#rrggbb`, the most important first.
        use: What should be seen, one short phrase each.
        avoid: What must not be seen, one short phrase each.
    """

    name: str = ""
    colours: tuple[str, ...] = ()
    use: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()


class Film(FrozenModel):
    """What all scenes of a storyboard have in common.

    Attributes:
        brief: What the whole is about; empty where there are only scenes.
        target_duration: Length of the whole in seconds, where it is set.
        brand: What the brand asks for.
        consistency: What stays the same from scene to scene, one short phrase each.
    """

    brief: str = ""
    target_duration: float | None = Field(None, gt=0)
    brand: Brand = Brand()
    consistency: tuple[str, ...] = ()


class PlannedScene(FrozenModel):
    """One scene: what is to be seen, for how many seconds, and what else is to be kept in mind."""

    prompt: str = Field(min_length=1)
    duration: float | None = Field(None, gt=0)
    notes: str = ""


class ScenesRequest(Request):
    """Asks for a brief to be split into scenes.

    Attributes:
        film: The brief and what belongs to it.
        count: How many scenes, 1 to 100.
    """

    film: Film
    count: int = Field(ge=1, le=100)


class Scenes(Result):
    """A brief as scenes, in order, as many as were asked for."""

    scenes: tuple[PlannedScene, ...]
    author: str


class ShotReview(Result):
    """What the Prompt Engineer thinks of a shot's prompt.

    Attributes:
        completeness: Whether all that a shot needs is said, 0 to 100, as the others.
        specificity: Whether it is said so that only one image fits.
        professionalism: Whether it is said in the words of the trade, without noise.
        cinematography: Camera, lens, light and composition.
        brand_alignment: Whether it serves the brand and what stays the same.
        overall: Their weighted average, by the weights of the request.
        critique: Why, in words.
        suggestions: What to change, one sentence each.
        scorer: Who judged: method or model, with its version.
    """

    kind: ClassVar[str] = "critique"

    completeness: float = Field(ge=0, le=100)
    specificity: float = Field(ge=0, le=100)
    professionalism: float = Field(ge=0, le=100)
    cinematography: float = Field(ge=0, le=100)
    brand_alignment: float = Field(ge=0, le=100)
    overall: float = Field(ge=0, le=100)
    critique: str
    suggestions: tuple[str, ...] = ()
    scorer: str

    def scores(self) -> list[Score]:
        """The overall score first, then the five."""
        names = ("overall", *CRITERIA)
        return [Score(metric=n, value=getattr(self, n), scorer=self.scorer) for n in names]

    def critiques(self) -> list[Critique]:
        """Critique and suggestions as one critique."""
        measured = {name: float(getattr(self, name)) for name in CRITERIA}
        return [Critique(text=self.critique, missing=self.suggestions, measurements=measured)]


class Draft(FrozenModel):
    """A prompt that was written for a shot, and what was thought of it."""

    prompt: str
    review: ShotReview


class ShotRequest(Request):
    """Asks the Cinematographer for a shot's prompt.

    Attributes:
        film: What all scenes have in common.
        scene: The scene.
        number: Which scene it is, from 1.
        total: How many there are.
        drafts: What was written for it so far, oldest first, each with its review.
    """

    film: Film
    scene: PlannedScene
    number: int = Field(ge=1)
    total: int = Field(ge=1)
    drafts: tuple[Draft, ...] = ()


class Shot(Result):
    """A shot's prompt, and why it is as it is."""

    kind: ClassVar[str] = "prompt"

    prompt: str = Field(min_length=1)
    negative_prompt: str = ""
    reason: str
    author: str

    def prompts(self) -> list[PromptVersion]:
        """The prompt as a version of its own."""
        return [
            PromptVersion(
                text=self.prompt,
                negative=self.negative_prompt,
                author=self.author,
                reason=self.reason,
            )
        ]


class ReviewRequest(Request):
    """Asks the Prompt Engineer what a shot's prompt is worth.

    Attributes:
        film: What all scenes have in common.
        scene: The scene as it was asked for.
        prompt: The prompt to judge.
        weights: Weight of each of `CRITERIA` in the overall score, in their order.
    """

    film: Film
    scene: PlannedScene
    prompt: str
    weights: tuple[float, ...] = Field((1.0,) * len(CRITERIA), min_length=5, max_length=5)

    def overall(self, scores: Sequence[float]) -> float:
        """The weighted average of five scores in the order of `CRITERIA`."""
        total = sum(self.weights)
        weighed = sum(w * s for w, s in zip(self.weights, scores, strict=True))
        return round(weighed / total, 2) if total else 0.0


class StoryBackend(Backend, Protocol):
    """Writes for films; a backend of capability `text` that does so has these three as well."""

    async def write_scenes(self, request: ScenesRequest, context: CallContext) -> Scenes:
        """Splits a brief into scenes."""
        ...

    async def write_shot(self, request: ShotRequest, context: CallContext) -> Shot:
        """Writes a shot's prompt, as the Cinematographer."""
        ...

    async def review_shot(self, request: ReviewRequest, context: CallContext) -> ShotReview:
        """Judges a shot's prompt, as the Prompt Engineer."""
        ...
