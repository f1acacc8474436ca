"""A film as its agents see it: what all scenes share, a scene, a draft of a shot and its review."""

from collections.abc import Iterable
from typing import Any, ClassVar, Literal, Self, get_args

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


SubjectKind = Literal["person", "animal", "product", "place", "object"]
SUBJECT_KINDS: tuple[SubjectKind, ...] = get_args(SubjectKind)


def _is_empty(value: Any) -> bool:
    return not value


class Subject(FrozenModel):
    """Somebody or something that looks the same in all scenes that show it.

    Attributes:
        name: Its name in the film's scenes.
        kind: Sort of subject.
        description: Its looks, which prompts of those scenes repeat word for word; empty if they
            are not known.
    """

    name: str = Field(min_length=1)
    kind: SubjectKind = "object"
    description: str = ""


class Film(FrozenModel):
    """Common data of all scenes of a storyboard.

    Attributes:
        brief: Subject of the whole; empty if there are only scenes.
        target_duration: Length of the whole in seconds, if it is set.
        brand: Demands of the brand.
        consistency: What stays the same from scene to scene, one short phrase each.
        subjects: Its subjects; those of one scene if it is the film as that scene has it. A field
            that came later: it is left out of stored requests if it is empty.
    """

    brief: str = ""
    target_duration: float | None = Field(None, gt=0)
    brand: Brand = Brand()
    consistency: tuple[str, ...] = ()
    subjects: tuple[Subject, ...] = Field((), exclude_if=_is_empty)

    def showing(self, names: Iterable[str]) -> Self:
        """Return the film with the subjects of some names only."""
        shown = {key_of(name) for name in names}
        subjects = tuple(one for one in self.subjects if key_of(one.name) in shown)
        return self.model_copy(update={"subjects": subjects})


class PlannedScene(FrozenModel):
    """One scene: what is to be seen, for how many seconds, and what else to keep in mind.

    Attributes:
        prompt: What is to be seen.
        duration: Its length in seconds, if that is set.
        notes: What else is to be kept in mind.
        subjects: Names of the subjects that it shows; left out of stored requests if empty.
    """

    prompt: str = Field(min_length=1)
    duration: float | None = Field(None, gt=0)
    notes: str = ""
    subjects: tuple[str, ...] = Field((), exclude_if=_is_empty)


def key_of(name: str) -> str:
    """Return what tells the names of subjects apart: not their case, nor the spaces in them."""
    return " ".join(name.split()).casefold()


def carrying(prompt: str, film: Film) -> str:
    """Return a prompt that has the description of each subject of a film, word for word."""
    text = key_of(prompt)
    lacking = [
        one for one in film.subjects if one.description and key_of(one.description) not in text
    ]
    if not lacking:
        return prompt
    sentences = (f"{one.name}: {one.description.rstrip(' .')}." for one in lacking)
    return f"{_ended(prompt)} {' '.join(sentences)}"


def _ended(sentence: str) -> str:
    text = sentence.rstrip()
    return text if text.endswith((".", "!", "?", "。")) else f"{text}."


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
