"""Conversations with a model, in a form that every provider's client can send."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel

from engine.contract.chat.prompt_files import PromptFile, prompt_beside

MAX_ECHO = 20_000
"""Characters of a broken answer that are shown to the model again."""


@dataclass(frozen=True, slots=True)
class InlineImage:
    """An image that is sent with the text.

    Attributes:
        data: Its bytes.
        media_type: Their type, for example `image/png`.
    """

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class InlineSound:
    """A sound that is sent with the text.

    Attributes:
        data: Its bytes.
        media_type: Their type, for example `audio/wav`.
    """

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """One turn of a conversation."""

    role: Literal["user", "assistant"]
    text: str
    images: tuple[InlineImage, ...] = ()
    sounds: tuple[InlineSound, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """Messages for a model, and the shape of the answer.

    Attributes:
        system: Instructions; never text from outside.
        turns: Turns, oldest first; the first and the last by the user.
        shape: Model of the answer.
        temperature: Temperature of the replies; None for the model's own.
    """

    system: str
    turns: tuple[ChatTurn, ...]
    shape: type[BaseModel]
    temperature: float | None = None

    def repaired(self, answer: str, problem: str) -> "Conversation":
        """Return the conversation with a broken answer and the problem with it."""
        text = _repair_prompt().text.format(problem=problem, schema=plain_schema(self.shape))
        answered = ChatTurn("assistant", answer[:MAX_ECHO] or "(nothing)")
        return replace(self, turns=(*self.turns, answered, ChatTurn("user", text)))


@cache
def _repair_prompt() -> PromptFile:
    return prompt_beside(__file__, "repair")


_KEPT = frozenset({"type", "properties", "items", "enum", "required", "anyOf"})


def plain_schema(shape: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of an answer in the subset that all providers' schema modes take.

    Every property is required and no others are allowed; bounds and lengths are left out, because
    some providers refuse them. They are checked on the answer. References are resolved, because
    some providers do not follow them.
    """
    schema = shape.model_json_schema()
    reduced: dict[str, Any] = _reduced(schema, schema.get("$defs", {}))
    return reduced


def _reduced(schema: Any, named: dict[str, Any]) -> Any:
    if not isinstance(schema, dict):
        return schema
    schema = named.get(schema.get("$ref", "").rpartition("/")[2], schema)
    kept: dict[str, Any] = {key: value for key, value in schema.items() if key in _KEPT}
    if isinstance(kept.get("items"), dict):
        kept["items"] = _reduced(kept["items"], named)
    if isinstance(kept.get("properties"), dict):
        properties = {name: _reduced(value, named) for name, value in kept["properties"].items()}
        kept |= {
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
    return kept
