"""Replies of the Interactions API, read as they came.

Wire format: https://ai.google.dev/api/interactions-api
"""

import re
from typing import Any

from engine.backends.common.reading import Items, Lenient, ReplyText, word

_UNDER_WAY = frozenset({"queued", "in_progress", "idle"})
_FILE = re.compile(r"(?:^|/)(files/[A-Za-z0-9_-]{1,128})(?::|\?|$)")
_REFUSED = re.compile(
    r"safety|prohibited|policy|policies|blocked|responsible ai|sensitive", re.IGNORECASE
)
_OUR_FAULT = re.compile(r"invalid|unsupported|not supported|bad[_ ]request", re.IGNORECASE)


class OutputContent(Lenient):
    """Content of an output: words or a clip."""

    type: str = ""
    text: ReplyText = ""
    data: str = ""
    uri: str = ""


class InteractionStep(Lenient):
    """Step of an interaction."""

    type: str = ""
    content: Items[OutputContent] = ()
    error: Any = None


class Interaction(Lenient):
    """An interaction."""

    id: str = ""
    status: str = ""
    steps: Items[InteractionStep] = ()
    errors: tuple[Any, ...] = ()

    @property
    def is_under_way(self) -> bool:
        """True if it waits or runs."""
        return self.status in _UNDER_WAY

    @property
    def clip(self) -> OutputContent | None:
        """The last clip of the output, or None."""
        clips = [one for one in self._output() if one.type == "video" and (one.data or one.uri)]
        return clips[-1] if clips else None

    @property
    def reason(self) -> str:
        """Why there is no clip, in the model's words or those of its errors; may be empty."""
        faults = [*self.errors, *(step.error for step in self.steps)]
        words = [_message(one) for one in faults] + [one.text for one in self._output()]
        return " ".join(filter(None, words)) or ("" if self.status == "completed" else self.status)

    def _output(self) -> list[OutputContent]:
        return [one for step in self.steps if step.type == "model_output" for one in step.content]


class FileState(Lenient):
    """State of a stored file."""

    state: str = ""


def file_in(uri: str) -> str:
    """Return the name of a stored file, such as `files/abc`, in its address; empty if none."""
    match = _FILE.search(uri.partition("?")[0])
    return match[1] if match else ""


def is_refusal(reason: str) -> bool:
    """Return True if a reason is about what may not be shown."""
    return bool(_REFUSED.search(reason))


def is_our_fault(reason: str) -> bool:
    """Return True if the same request fails again."""
    return bool(_OUR_FAULT.search(reason))


def _message(fault: Any) -> str:
    if not isinstance(fault, dict):
        return word(fault)
    return " ".join(filter(None, (word(fault.get("code")), word(fault.get("message")))))
