"""Declarations of points at which an operator can decide or has to approve."""

import json
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from engine.contract.decisions import Again, Check, Present, written
from engine.text.terminal import quoted


@dataclass(frozen=True, slots=True)
class Choice:
    """The number of one of the scopes beside it, 0 for the one that the recipe chooses.

    Attributes:
        key: Its key in a job, with `*` for a part that varies: `scene-*/select`.
        check: Returns why a number does not fit a job as it is now; empty if it does.
        among: The scopes if they are not beside it, with `*`: `iteration-*/take-*`. Their last
            numbers are unique within the job, and the key has no `*`.
        again: Returns what is computed again, for the confirmation in the dashboard.
    """

    key: str
    check: Check | None = None
    among: str = ""
    again: Again | None = None

    def problem(self, value: Any) -> str:
        """Return why a value is of the wrong type, to follow the key; empty if it is not."""
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            return f"is a whole number from 0, and {written(value)} is none"
        return ""


@dataclass(frozen=True, slots=True)
class FreeText:
    """A text, empty for the one that the recipe has; further attributes as of `Choice`.

    Attributes:
        hint: Texts that fit, for the list in the dashboard.
        present: Returns the text that is in force, which the dashboard's editor starts from.
    """

    key: str
    check: Check | None = None
    hint: str = ""
    again: Again | None = None
    present: Present | None = None

    def problem(self, value: Any) -> str:
        """Return why a value is of the wrong type, to follow the key; empty if it is not."""
        if not isinstance(value, str):
            return f"is a text, and {written(value)} is none"
        if "\0" in value or not _is_unicode(value):
            return "must be text without NUL and without halves of characters"
        return ""


@dataclass(frozen=True, slots=True)
class Approval:
    """A gate: something that an operator approves, edits or rejects before the job continues.

    Attributes:
        key: Its key in a job, with `*` for a part that varies: `plan`, `scene-*/plan`.
        model: Type of what is approved: a pydantic model, or a type of plain data.
        check: Returns why an edited value does not fit a job; empty if it does.
        group: Name that stands for it in the setting `approve`, beside its key; empty for none.
    """

    key: str
    model: Any
    check: Check | None = None
    group: str = ""

    def problem(self, value: Any) -> str:
        """Return why a value is of the wrong type, to follow the key; empty if it is not."""
        try:
            TypeAdapter(self.model).validate_json(json.dumps(value))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            at = ".".join(str(part) for part in first["loc"])
            message = first["msg"].removeprefix("Value error, ")
            return f"does not fit{f', {quoted(at)}' if at else ''}: {message}"
        return ""


AnyDecision = Choice | FreeText | Approval


def plain(value: Any) -> Any:
    """Return a value that is approved as plain data.

    Raises:
        pydantic_core.PydanticSerializationError: It holds something else than plain data.
    """
    kind = type(value) if isinstance(value, BaseModel) else Any
    return TypeAdapter(kind).dump_python(value, mode="json")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
