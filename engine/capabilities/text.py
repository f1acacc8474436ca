"""Capability `text`: writing, here the refinement of a prompt from what was seen."""

from collections.abc import Sequence
from typing import Protocol

from engine.capabilities.base import (
    Backend,
    Call,
    CallContext,
    Plain,
    PromptVersion,
    Request,
    Result,
)
from engine.capabilities.vision import Evaluation


class Attempt(Plain):
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


class TextBackend(Backend, Protocol):
    """Writes."""

    async def refine(self, request: RefineRequest, context: CallContext) -> Refinement:
        """Writes a better prompt from the history of attempts."""
        ...


class Text:
    """The text capability as a recipe sees it."""

    def __init__(self, backend: TextBackend) -> None:
        self.backend = backend

    def refine(self, brief: str, attempts: Sequence[Attempt]) -> Call[Refinement]:
        """Describes the refinement of a prompt."""
        request = RefineRequest(brief=brief, attempts=tuple(attempts))
        return Call(self.backend, "refine", request, Refinement)
