"""Lenient reading of a provider's reply: required fields are required, all others are optional.

A paid image or answer is never lost because a count, a seed or a flag has an unexpected type.
"""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)

T = TypeVar("T")

MAX_COUNT = 10**12
"""Largest number that is accepted as a count."""

MAX_DEPTH = 100
"""Deepest nesting of lists and objects in a reply; no provider comes near it."""

_LONGEST_NUMBER = 40
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.|\\\Z)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)
_DIGITS = re.compile(r"\s*-?\d{1,20}(?:\.0{1,9})?\s*", re.ASCII)
_ERROR_EVENT = re.compile(r"^data:\s*(\{.*\"error\".*)$", re.MULTILINE)
_SPOKEN = frozenset({"text", "output_text", ""})
"""Types of parts that are text of the answer; others are thoughts, images or calls."""


class Lenient(BaseModel):
    """Part of a reply; an optional field with an unexpected value gets its default."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    @property
    def holds_answer(self) -> bool:
        """True if the answer is there, so that an error beside it can be ignored."""
        return True

    @field_validator("*", mode="wrap")
    @classmethod
    def _or_default(
        cls, value: Any, read: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> Any:
        field = cls.model_fields[info.field_name or ""]
        try:
            return read(value)
        except ValidationError:
            if field.is_required():
                raise
            return field.get_default(call_default_factory=True)


def plain(body: bytes | bytearray | str) -> Any:
    """Parse a reply's JSON; of an event stream, which is never requested, only an error in it.

    Returns:
        Plain data, or None for anything but JSON and for JSON nested deeper than `MAX_DEPTH`.
    """
    text = body if isinstance(body, str) else body.decode("utf-8-sig", "replace")
    if text[:64].lstrip()[:1] in {":", "d", "e", "i"}:
        event = _ERROR_EVENT.search(text)
        text = event[1] if event else ""
    try:
        return None if _is_too_deep(text) else json.loads(text, parse_int=_whole)
    except ValueError:
        return None


def _is_too_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        if match[0] in "[{":
            depth += 1
        elif match[0] in "]}":
            depth -= 1
        if depth > MAX_DEPTH:
            return True
    return False


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else float(digits)


def whole_number(value: Any) -> int | None:
    """Return an integer, also from a whole float or a string; None for anything else."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value.partition(".")[0])
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not value.is_integer():  # neither are infinity and NaN
        return None
    return int(value)


def _count(value: Any) -> int | None:
    number = whole_number(value)
    return number if number is not None and 0 <= number <= MAX_COUNT else None


def _seed(value: Any) -> int | None:
    number = whole_number(value)
    return number if number is not None and 0 <= number < 2**63 else None


def _spoken(value: Any) -> str:
    """Return a text, or the text parts of a list joined."""
    if isinstance(value, list):
        return "".join(map(_part, value))
    return value if isinstance(value, str) else ""


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict) or part.get("type", "") not in _SPOKEN:
        return ""
    return _spoken(part.get("text"))


def _mappings(value: Any) -> Any:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else value


Count = Annotated[int | None, BeforeValidator(_count)]
"""Count of tokens, or None if unknown."""

Seed = Annotated[int | None, BeforeValidator(_seed)]
"""Seed from 0 to 2**63 - 1, or None."""

ReplyText = Annotated[str, BeforeValidator(_spoken)]
"""Text, given as a string or in parts; empty by default."""

Items = Annotated[tuple[T, ...], BeforeValidator(_mappings)]
"""Objects of a list; other items are skipped."""


def _as_files(value: Any) -> Any:
    value = [value] if isinstance(value, str | Mapping) else value
    if not isinstance(value, list):
        return value
    return [{"url": one} if isinstance(one, str) else one for one in value]


def _address(value: Any) -> str:
    """Return an address that can be stored; empty if it holds NUL or half a character."""
    if not isinstance(value, str) or "\0" in value:
        return ""
    try:
        value.encode()
    except UnicodeEncodeError:
        return ""
    return value


class FunctionCall(Lenient):
    """The function of a tool call; some servers send the arguments as JSON, others as an object."""

    arguments: Any = None


class ToolCall(Lenient):
    """A call of a tool in a chat reply, in the form of OpenAI and Ollama."""

    function: FunctionCall = FunctionCall()


class ReplyFile(Lenient):
    """Image in a reply: its bytes in base64, or its address."""

    b64_json: str = Field("", validation_alias=AliasChoices("b64_json", "base64"))
    url: Annotated[str, BeforeValidator(_address)] = ""


Files = Annotated[Items[ReplyFile], BeforeValidator(_as_files)]
"""Images as a list of objects; a single one and bare addresses are accepted as well."""


class GeneratedFiles(Lenient):
    """Images of a reply, under any of their usual names."""

    data: Files = ()
    images: Files = ()
    image: Files = ()

    @property
    def holds_answer(self) -> bool:
        """True if there is an image."""
        return self.first is not None

    @property
    def names_some(self) -> bool:
        """True if the reply has a field for images, even an empty one."""
        return not self.model_fields_set.isdisjoint({"data", "images", "image"})

    @property
    def first(self) -> ReplyFile | None:
        """First image, or None."""
        entries = (
            one for one in (*self.data, *self.images, *self.image) if one.b64_json or one.url
        )
        return next(entries, None)


def word(value: Any) -> str:
    """Return a string, or a number as one; empty for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and abs(value) < 10**15 else ""
