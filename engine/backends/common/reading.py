"""Lenient reading of a provider's reply: what is needed is required, all else decides nothing.

A picture or an answer that has been paid for is never lost over a count, a seed or a flag of a
shape that was not expected.
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
"""The largest count that is taken for one."""

MAX_DEPTH = 100
"""How deep the lists and objects of a reply may lie in each other, which no provider comes near."""

_LONGEST_NUMBER = 40
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.|\\\Z)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)
_DIGITS = re.compile(r"\s*-?\d{1,20}(?:\.0{1,9})?\s*", re.ASCII)
_ERROR_EVENT = re.compile(r"^data:\s*(\{.*\"error\".*)$", re.MULTILINE)
_SPOKEN = frozenset({"text", "output_text", ""})
"""Types of parts that hold words of the answer; other parts hold thoughts, pictures, calls."""


class Lenient(BaseModel):
    """A part of a reply: a field of a shape that was not expected is as if it were not there."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    @property
    def holds_answer(self) -> bool:
        """Whether it holds what was asked for, so that an error beside it decides nothing."""
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
    """A reply's JSON as plain data; of a stream, which is never asked for, the error in it.

    Returns:
        None where it is not JSON, or nested too deep to be read.
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
    for found in _STRING_OR_BRACKET.finditer(text):
        if found[0] in "[{":
            depth += 1
        elif found[0] in "]}":
            depth -= 1
        if depth > MAX_DEPTH:
            return True
    return False


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else float(digits)


def whole_number(value: Any) -> int | None:
    """An integer, also where it is written as a float or in quotes; None where it is none."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value.partition(".")[0])
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not value.is_integer():  # neither are infinity and NaN
        return None
    return int(value)


def _count(value: Any) -> int | None:
    found = whole_number(value)
    return found if found is not None and 0 <= found <= MAX_COUNT else None


def _seed(value: Any) -> int | None:
    found = whole_number(value)
    return found if found is not None and 0 <= found < 2**63 else None


def _spoken(value: Any) -> str:
    """The words of a text, or of the parts of one that hold words."""
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
"""A count of tokens; None where it is not known."""

Seed = Annotated[int | None, BeforeValidator(_seed)]
"""A seed from 0 to 2**63 - 1; None where there is none that can be stored."""

Text = Annotated[str, BeforeValidator(_spoken)]
"""Words, as one text or in parts; empty where there are none."""

Items = Annotated[tuple[T, ...], BeforeValidator(_mappings)]
"""The objects of a list; what else is in it is passed over."""


def _as_files(value: Any) -> Any:
    value = [value] if isinstance(value, str | Mapping) else value
    if not isinstance(value, list):
        return value
    return [{"url": one} if isinstance(one, str) else one for one in value]


class File(Lenient):
    """A picture in a reply: its bytes in base64, or the address where it lies."""

    b64_json: str = Field("", validation_alias=AliasChoices("b64_json", "base64"))
    url: str = ""


Files = Annotated[Items[File], BeforeValidator(_as_files)]
"""Pictures; one alone, or addresses in their place, are taken as well."""


class MadeFiles(Lenient):
    """The pictures of a reply, under whichever of their usual names they come."""

    data: Files = ()
    images: Files = ()
    image: Files = ()

    @property
    def holds_answer(self) -> bool:
        """Whether it holds a picture."""
        return self.first is not None

    @property
    def names_some(self) -> bool:
        """Whether the reply has a place for pictures, be it an empty one."""
        return not self.model_fields_set.isdisjoint({"data", "images", "image"})

    @property
    def first(self) -> File | None:
        """The first picture; None where there is none."""
        found = (one for one in (*self.data, *self.images, *self.image) if one.b64_json or one.url)
        return next(found, None)


def word(value: Any) -> str:
    """A text, or a number as text; empty for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and abs(value) < 10**15 else ""
