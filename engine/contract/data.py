"""Plain data of requests and results: handles of artifacts, and what a result leaves behind.

Nothing here holds an open file, a path of one machine or a bound object, so a call can run in this
process, in a process pool, in a model host or on another machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from engine.contract.info import BackendInfo


class FrozenModel(BaseModel):
    """Immutable plain data that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Facts = Mapping[str, int | float | str]
"""Facts of a stored file, by their names."""


def _implied_kind(values: dict[str, Any]) -> str:
    return "image" if str(values.get("media_type", "")).startswith("image/") else "file"


def _is_implied(kind: str) -> bool:
    return kind in {"image", "file"}


def _is_empty(facts: Facts) -> bool:
    return not facts


class Artifact(FrozenModel):
    """A handle of stored bytes, by content.

    Attributes:
        hash: SHA-256 of the bytes, 64 lower-case hexadecimal digits.
        media_type: What the bytes are, for example `image/png`.
        size: Length in bytes.
        width: Width in pixels; None unless it is an image or a video.
        height: Height in pixels; None unless it is an image or a video.
        kind: Name of its kind, for example `image` or `audio`.
        facts: Facts of its kind, read from its content: `seconds`, `sample_rate`, `channels`,
            `frames`, `frame_rate` and others; numbers and short texts.
    """

    hash: str = Field(pattern="^[0-9a-f]{64}$")
    media_type: str
    size: int
    width: int | None = None
    height: int | None = None
    # Left out of stored requests and results where earlier handles say the same without it.
    kind: str = Field(default_factory=_implied_kind, exclude_if=_is_implied)
    facts: Facts = Field(default_factory=dict, exclude_if=_is_empty)

    def __hash__(self) -> int:
        """The hash of the content's hash: facts are a mapping, which has none."""
        return hash(self.hash)


@dataclass(frozen=True, slots=True)
class OpenFile:
    """An artifact that a function in the process pool gets as an open stream, not as bytes.

    The stream is seekable and at its start; it is closed when the function returns.

    Attributes:
        artifact: The artifact.
    """

    artifact: Artifact


class Request(FrozenModel):
    """Base of every typed request. All its fields are part of the step's fingerprint."""

    def simplified(self, prompt: str, negative_prompt: str) -> Self | None:
        """Return the request for one more attempt after it has failed for good.

        Args:
            prompt: The prompt that the job began with.
            negative_prompt: Its negative prompt.

        Returns:
            None if there is nothing to simplify.
        """
        return None

    def suited_to(self, info: BackendInfo) -> Self:
        """Return the request for a fallback, without what that backend does not take."""
        return self


class PromptedRequest(Request):
    """Base of requests for something generated from a prompt.

    Attributes:
        prompt: Description of what to generate.
        negative_prompt: Description of what to avoid; ignored by backends without the notion.
        seed: Source of all randomness, 0 to 2**63 - 1.
    """

    prompt: str
    negative_prompt: str = ""
    seed: int = Field(ge=0, lt=2**63)

    def simplified(self, prompt: str, negative_prompt: str) -> Self | None:
        """Return the same request with the prompt that the job began with.

        Returns:
            None if it has that prompt already.
        """
        simple = self.model_copy(update={"prompt": prompt, "negative_prompt": negative_prompt})
        return None if simple == self else simple


class Result(FrozenModel):
    """Base of every typed result. It is stored as JSON and returned as it was on resume.

    Attributes:
        kind: Name of the kind that draws it, for example `scores`; `data` is drawn as JSON.
    """

    kind: ClassVar[str] = "data"

    def scores(self) -> "list[Score]":
        """Return the scores of this result, each stored as a separate row."""
        return []

    def critiques(self) -> "list[Critique]":
        """The critiques that this result leaves behind."""
        return []

    def prompts(self) -> "list[PromptVersion]":
        """The versions of a prompt that this result leaves behind."""
        return []


class Score(FrozenModel):
    """One number that a judge gave.

    Attributes:
        metric: What was scored, for example `overall`.
        value: The score as shown, in the metric's own range.
        raw: The judge's own number before it was mapped, if there was one.
        scorer: Who gave it: backend and version.
        image: Hash of the image that was scored, where a step scores several.
    """

    metric: str
    value: float
    raw: float | None = None
    scorer: str = ""
    image: str | None = None


Verdict = Literal["met", "partly", "unmet", "unknown"]
"""Verdict of a check; `unknown` if the judge cannot tell."""


class Check(FrozenModel):
    """One thing that a judge has looked for.

    Attributes:
        name: The thing, a few words: `centre of weight`.
        verdict: The verdict.
        value: What the judge has seen or measured, as a short text; empty if nothing.
        expected: What was expected, as a short text; empty if the name says it.
    """

    name: str
    verdict: Verdict
    value: str = ""
    expected: str = ""


class Critique(FrozenModel):
    """A judgement in words, with the measurements behind it."""

    text: str
    missing: tuple[str, ...] = ()
    measurements: dict[str, float] = Field(default_factory=dict)


class PromptVersion(FrozenModel):
    """A prompt that somebody wrote, and why."""

    text: str
    negative: str = ""
    author: str
    reason: str = ""


class Material(FrozenModel):
    """Something that results are generated with, and that has a licence.

    Attributes:
        name: Its name, for example `org/model@1a2b3c4d5e6f`; no path of this machine.
        role: What it is: `weights`, `lora`, `adapter`, `song`, ...
        licence: Its licence as it states it itself; empty if it states none. Never a guess.
        stated_in: Where the licence stands, for example `model card`; empty without one.
    """

    name: str
    role: str
    licence: str = ""
    stated_in: str = ""


class MissingRequirement(FrozenModel):
    """Something a backend needs and does not have.

    Attributes:
        what: What it is, for example `FAL_KEY`.
        remedy: The way to mend it, as a sentence.
        reason: Why jobs that need it are parked.
        elsewhere: True if it is for models, so that another machine of `hosts.machines` may have
            it instead of this one.
    """

    what: str
    remedy: str
    reason: Literal["key", "weights", "backend"] = "key"
    elsewhere: bool = False
