"""Entries of an input, in whatever format it was written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.intake.problems import InputError, Problem
from engine.intake.shared_fields import SHARED, with_shared
from engine.text.strict.values import LIST_NAMES, MAX_DEPTH, TOO_DEEP, RefusedValue
from engine.text.terminal import quoted

MAX_ENTRIES = 2_000_000
"""Maximum number of entries of one input."""
MAX_ENTRY_CHARACTERS = 1 << 20
"""Maximum number of characters of one entry's texts."""
TEXT_FIELD = "prompt"
"""Field that an entry consisting of only a text fills."""


@dataclass(frozen=True, slots=True)
class InputEntry:
    """One entry as it was written, not yet validated.

    Attributes:
        number: Its position in the input, from 1.
        line: The line it starts on, from 1, if the format has lines.
        data: Its fields by name: plain data.
        axes: Labels by axis, in order, of a cell of a grid.
        settings: Settings that an axis sets, of the recipe or `BACKEND.key`.
        group: Id of the entry that a cell comes from; its cells share their seed.
    """

    number: int
    line: int | None
    data: dict[str, Any]
    axes: dict[str, str] | None = None
    settings: dict[str, Any] | None = None
    group: str = ""


def unpack(file: str, document: Any) -> list[Any]:
    """Return the entries of a document: a list, an object with one list of them, or one object.

    Beside the list, the object may have `model` and `styles`, which are for all entries.

    Raises:
        InputError: The document has another shape.
    """
    if isinstance(document, list):
        return document
    if not isinstance(document, dict):
        raise InputError.of(
            file, "holds neither a list of prompts nor an object with a list `prompts`"
        )
    name = next((name for name in LIST_NAMES if isinstance(document.get(name), list)), None)
    if name is None:
        return [document]
    shared = {other: document[other] for other in SHARED if other in document}
    if others := [other for other in document if other != name and other not in shared]:
        raise InputError.of(
            file,
            f"has {quoted(', '.join(others))} beside `{name}`, where nothing else is read; "
            "move it into the entries",
        )
    return with_shared(shared, document[name])


def to_entry(file: str, number: int, line: int | None, value: Any) -> InputEntry | list[Problem]:
    """Return an entry of a parsed value, or all that is wrong with it as plain data."""

    def problem(message: str, field: str = "") -> Problem:
        return Problem(file=file, entry=number, line=line, field=field, message=message)

    if isinstance(value, str):
        value = {TEXT_FIELD: value}
    if isinstance(value, RefusedValue):
        return [problem(value.reason)]
    if not isinstance(value, dict):
        return [problem("must be a text or an object with the field 'prompt'")]
    size = sum(len(text) for text in value.values() if isinstance(text, str))
    if size > MAX_ENTRY_CHARACTERS:
        return [problem(f"has {size} characters; an entry may have {MAX_ENTRY_CHARACTERS}")]
    if faults := [problem(reason, field) for field, reason in _faults(value, "", 1)]:
        return faults
    return InputEntry(number, line, value)


def _faults(value: dict[str, Any] | list[Any], path: str, depth: int) -> Iterator[tuple[str, str]]:
    """Yield field and reason of every refused value in parsed data."""
    if depth > MAX_DEPTH:
        yield path, TOO_DEEP
        return
    pairs = value.items() if isinstance(value, dict) else enumerate(value, 1)
    for name, inner in pairs:
        if isinstance(inner, RefusedValue):
            yield f"{path}{name}", inner.reason
        elif isinstance(inner, dict | list):
            yield from _faults(inner, f"{path}{name}.", depth + 1)


def numbered(
    file: str, values: Sequence[Any], places: Sequence[int] | None = None
) -> Iterator[InputEntry | Problem]:
    """Yield entries of a document's values; `places` holds the line of each, if known."""
    for index, value in enumerate(values):
        entry = to_entry(file, index + 1, places[index] if places else None, value)
        if isinstance(entry, InputEntry):
            yield entry
        else:
            yield from entry
