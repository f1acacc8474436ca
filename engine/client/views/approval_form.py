"""The texts of a value that waits for approval, as fields of a form."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from engine.client.views.approval import is_file
from engine.text.terminal import clean

MAX_FIELDS = 60
"""Maximum fields of a form; a value with more texts is edited as JSON."""

Path = tuple[str | int, ...]
"""Names and indexes that lead to a part of a value; empty for all of it."""


@dataclass(frozen=True, slots=True)
class TextField:
    """One text of a value, cleaned.

    Attributes:
        path: Its place in the value.
        name: Its name, as `scenes 2 › prompt`.
        text: Its text.
    """

    path: Path
    name: str
    text: str


def text_fields(value: Any) -> tuple[TextField, ...]:
    """Return the texts of a value in their order; none if there are too many for a form."""
    fields = tuple(TextField(path, _name(path), shown(text)) for path, text in _texts(value, ()))
    return fields if len(fields) <= MAX_FIELDS else ()


def shown(text: str) -> str:
    """Return a text as it is shown and edited: without what could act on a terminal."""
    return clean(text, None, keep_newlines=True)


def with_texts(value: Any, texts: Mapping[Path, str]) -> Any:
    """Return a copy of a value with other texts; those that are the same as shown stay as they are.

    Args:
        value: Plain data.
        texts: The texts by their paths, as `text_fields` has them.
    """
    if () in texts:
        return value if texts[()] == shown(value) else shown(texts[()])
    changed = deepcopy(value)
    for path, text in texts.items():
        part = changed
        for step in path[:-1]:
            part = part[step]
        if shown(part[path[-1]]) != text:
            part[path[-1]] = shown(text)
    return changed


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping) and not is_file(value):
        for key, part in value.items():
            yield from _texts(part, (*path, key))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _texts(part, (*path, number))


def _name(path: Path) -> str:
    name = ""
    for step in path:
        if isinstance(step, int):
            name += f" {step + 1}"
        else:
            name += f" › {clean(step, 60)}" if name else clean(step, 60)
    return name.strip() or "text"
