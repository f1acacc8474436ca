"""What is said to a model, in a form that every provider's client can send."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import BaseModel

from engine.agents.prompt_files import prompt_file

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
class ChatTurn:
    """One turn of a conversation."""

    role: Literal["user", "assistant"]
    text: str
    images: tuple[InlineImage, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is said to a model, and the shape of the answer that is asked for.

    Attributes:
        system: What instructs it; text from outside is never in it.
        turns: What was said, oldest first; the first and the last by the user.
        shape: The model of the answer.
    """

    system: str
    turns: tuple[ChatTurn, ...]
    shape: type[BaseModel]

    def repaired(self, answer: str, problem: str) -> "Conversation":
        """The conversation with a broken answer and what is wrong with it."""
        text = prompt_file("repair").text.format(problem=problem, schema=plain_schema(self.shape))
        answered = ChatTurn("assistant", answer[:MAX_ECHO] or "(nothing)")
        return replace(self, turns=(*self.turns, answered, ChatTurn("user", text)))


_KEPT = frozenset({"type", "properties", "items", "enum", "required", "anyOf"})


def plain_schema(shape: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of an answer in the subset that all providers' schema modes take.

    Every property is required and none is allowed beside them; bounds and lengths are left out,
    because some providers refuse them. They are checked when the answer has come. What a schema
    refers to stands in the place of the reference, because not all of them follow one.
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
