"""A film as its agents see it: what all scenes share, a scene, a draft of a shot and its review."""

from typing import ClassVar

from pydantic import Field

from engine.contract.backend import Critique, FrozenModel, Result, Score

CRITERIA = (
    "completeness",
    "specificity",
    "professionalism",
    "cinematography",
    "brand_alignment",
)
"""Criteria of a shot's prompt, 0 to 100 each, in this order."""


class Brand(FrozenModel):
    """Demands of a brand on every image.

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
    """Common data of all scenes of a storyboard.

    Attributes:
        brief: Subject of the whole; empty if there are only scenes.
        target_duration: Length of the whole in seconds, if it is set.
        brand: Demands of the brand.
        consistency: What stays the same from scene to scene, one short phrase each.
    """

    brief: str = ""
    target_duration: float | None = Field(None, gt=0)
    brand: Brand = Brand()
    consistency: tuple[str, ...] = ()


class PlannedScene(FrozenModel):
    """One scene: what is to be seen, for how many seconds, and what else to keep in mind."""

    prompt: str = Field(min_length=1)
    duration: float | None = Field(None, gt=0)
    notes: str = ""


class ShotReview(Result):
    """The Prompt Engineer's review of a shot's prompt.

    Attributes:
        completeness: All that a shot needs is there, 0 to 100, as the others.
        specificity: Only one image fits the words.
        professionalism: In the words of the trade, without noise.
        cinematography: Camera, lens, light and composition.
        brand_alignment: It serves the brand and what stays the same.
        overall: Their weighted average, by the weights of the request.
        critique: Reasons, in words.
        suggestions: Changes, one sentence each.
        scorer: Judge: method or model, with its version.
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
        """Return the overall score first, then the five."""
        names = ("overall", *CRITERIA)
        return [Score(metric=n, value=getattr(self, n), scorer=self.scorer) for n in names]

    def critiques(self) -> list[Critique]:
        """Return critique and suggestions as one critique."""
        measured = {name: float(getattr(self, name)) for name in CRITERIA}
        return [Critique(text=self.critique, missing=self.suggestions, measurements=measured)]


class Draft(FrozenModel):
    """A prompt that was written for a shot, and its review."""

    prompt: str
    review: ShotReview
