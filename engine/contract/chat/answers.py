"""Shapes of agents' answers: a base, and field types that forgive what models do to JSON."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from engine.contract.data import PromptVersion, Request, Result
from engine.text.terminal import clean

MAX_PROMPT = 4000
"""Maximum length of a prompt that an agent writes, in characters."""


def _cleaned(value: Any) -> Any:
    return clean(value, None, keep_newlines=True).strip() if isinstance(value, str) else value


def _left_out(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return "" if value is None else value


def _listed(value: Any) -> Any:
    if value is None:
        return []
    return ([value] if value.strip() else []) if isinstance(value, str) else value


def _no_truth(value: Any) -> Any:
    if isinstance(value, bool):
        # Pydantic would take it for 1 or 0, and takes only this error for one of validation.
        raise ValueError("is true or false, not a number")  # noqa: TRY004
    return value


CleanText = Annotated[str, BeforeValidator(_cleaned)]
"""Text without what cannot be shown: escape sequences, direction marks, half characters."""

OptionalText = Annotated[CleanText, BeforeValidator(_left_out)]
"""Text that may be left out: null is an empty text, and a list is its phrases."""

TextList = Annotated[list[CleanText], BeforeValidator(_listed)]
"""List of phrases: one phrase or null may stand for a list."""

Number = Annotated[float, BeforeValidator(_no_truth)]
"""Number: digits in a string are one, true and false are not."""


class Answer(BaseModel):
    """Answer of an agent."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    def doubt(self, *, asked: bool) -> str:
        """Return a question about the answer, fit to be shown to the model.

        Args:
            asked: True if the model has already been asked once.

        Returns:
            An empty string if the answer is accepted.
        """
        return ""


class PromptAnswer(Answer):
    """A prompt for an image, with the reason first."""

    reason: Annotated[CleanText, Field(min_length=1, max_length=8000)]
    prompt: Annotated[CleanText, Field(min_length=1, max_length=MAX_PROMPT)]
    negative_prompt: Annotated[OptionalText, Field(max_length=MAX_PROMPT)] = ""


class SampledResult(Result):
    """Result of an agent that asks for a temperature.

    Attributes:
        temperature: Temperature that the model was sent; None if it takes none, or for a rule.
    """

    temperature: float | None = None


class WrittenPrompt(Result):
    """A prompt that an agent wrote for an image, and why it is as it is.

    Attributes:
        prompt: The prompt.
        negative_prompt: What to avoid.
        reason: Reason for it, in words.
        author: Backend, model and version.
    """

    kind: ClassVar[str] = "prompt"

    prompt: str
    negative_prompt: str = ""
    reason: str
    author: str

    @classmethod
    def of(cls, answer: PromptAnswer, _request: Request, author: str) -> Self:
        """Return the result of an answer; the function `finish` of an agent."""
        return cls(
            prompt=answer.prompt,
            negative_prompt=answer.negative_prompt,
            reason=answer.reason,
            author=author,
        )

    def prompts(self) -> list[PromptVersion]:
        """Return the prompt as a version of its own."""
        return [
            PromptVersion(
                text=self.prompt,
                negative=self.negative_prompt,
                author=self.author,
                reason=self.reason,
            )
        ]


def other_scale(scores: Sequence[float]) -> str:
    """Return a sentence about scores on a scale to 1 or 10; empty if they run to 100.

    Zeros are zeros on every scale.
    """
    highest = max(scores)
    if highest > 10 or highest == 0:
        return ""
    given = "between 0 and 1" if highest <= 1 else "between 0 and 10"
    return f"Scores run from 0 to 100, and all that were given are {given}. Give each from 0 to 100"
