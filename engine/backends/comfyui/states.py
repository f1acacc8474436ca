"""States of a prompt on a ComfyUI server."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class PromptQueued:
    """In the queue.

    Attributes:
        before: How many prompts come before it; None if the queue is too long to be read.
    """

    before: int | None


@dataclass(frozen=True, slots=True)
class PromptRunning:
    """Being generated."""


@dataclass(frozen=True, slots=True)
class PromptFinished:
    """Over, with what the server says of it.

    Attributes:
        outputs: What each node left behind, by its id.
        status: `status_str`, and `messages`.
    """

    outputs: dict[str, Any] = field(default_factory=dict)
    status: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PromptUnclear:
    """Not over, and in a queue that cannot be read: it may be there or not."""


PromptState = PromptQueued | PromptRunning | PromptFinished | PromptUnclear
