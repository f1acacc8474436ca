"""Capability `text`: writing, here the refinement of a prompt from what was seen."""

from collections.abc import Sequence
from typing import ClassVar, Protocol, cast, runtime_checkable

from engine.contract.backend import (
    Backend,
    Call,
    CallContext,
    FrozenModel,
    PromptVersion,
    Request,
    Result,
)
from engine.contract.capability import Capability
from engine.contract.storyboard_text import (
    Draft,
    Film,
    PlannedScene,
    ReviewRequest,
    Scenes,
    ScenesRequest,
    Shot,
    ShotRequest,
    ShotReview,
    StoryBackend,
)
from engine.contract.vision import Evaluation


class Attempt(FrozenModel):
    """One turn of the loop, as the next writer is told about it."""

    prompt: str
    negative_prompt: str = ""
    evaluation: Evaluation


class RefineRequest(Request):
    """Asks for a better prompt.

    Attributes:
        brief: What the operator asked for.
        attempts: Every prompt tried so far with its evaluation, oldest first, at least one.
    """

    brief: str
    attempts: tuple[Attempt, ...]


class Refinement(Result):
    """A better prompt, and why it should be better."""

    kind: ClassVar[str] = "prompt"

    prompt: str
    negative_prompt: str = ""
    reason: str
    author: str

    def prompts(self) -> list[PromptVersion]:
        """The new prompt as a version of its own."""
        return [
            PromptVersion(
                text=self.prompt,
                negative=self.negative_prompt,
                author=self.author,
                reason=self.reason,
            )
        ]


@runtime_checkable
class TextBackend(Backend, Protocol):
    """Writes."""

    async def refine(self, request: RefineRequest, context: CallContext) -> Refinement:
        """Writes a better prompt from the history of attempts."""
        ...


class TextProxy:
    """The text capability as a recipe sees it."""

    def __init__(self, backend: TextBackend) -> None:
        self.backend = backend

    def refine(self, brief: str, attempts: Sequence[Attempt]) -> Call[Refinement]:
        """Describes the refinement of a prompt."""
        request = RefineRequest(brief=brief, attempts=tuple(attempts))
        return Call(
            self.backend, "refine", request, Refinement, lambda b, r, context: b.refine(r, context)
        )

    @property
    def _story(self) -> StoryBackend:
        return cast("StoryBackend", self.backend)

    def scenes(self, film: Film, count: int) -> Call[Scenes]:
        """Describes the splitting of a brief into scenes."""
        return Call(
            self._story,
            "write_scenes",
            ScenesRequest(film=film, count=count),
            Scenes,
            lambda b, r, context: b.write_scenes(r, context),
        )

    def shot(
        self, film: Film, scene: PlannedScene, number: int, total: int, drafts: Sequence[Draft]
    ) -> Call[Shot]:
        """Describes the writing of a shot's prompt by the Cinematographer."""
        request = ShotRequest(
            film=film, scene=scene, number=number, total=total, drafts=tuple(drafts)
        )
        return Call(
            self._story, "write_shot", request, Shot, lambda b, r, context: b.write_shot(r, context)
        )

    def review(
        self, film: Film, scene: PlannedScene, prompt: str, weights: Sequence[float]
    ) -> Call[ShotReview]:
        """Describes the judgement of a shot's prompt by the Prompt Engineer."""
        request = ReviewRequest(film=film, scene=scene, prompt=prompt, weights=tuple(weights))
        return Call(
            self._story,
            "review_shot",
            request,
            ShotReview,
            lambda b, r, context: b.review_shot(r, context),
        )


TEXT = Capability("text", "Writing by a language model.", TextBackend, TextProxy)
"""The capability `text`."""
