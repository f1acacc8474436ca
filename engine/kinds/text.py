"""Kinds of text: plain text, and JSON of no known meaning."""

import codecs
import json
from collections.abc import Sequence
from typing import Any

from engine.contract.kinds import (
    HEAD_BYTES,
    Content,
    Drawing,
    Face,
    Item,
    Kind,
    Lines,
    Recognition,
    Size,
    Span,
)
from engine.text import quantities

MAX_JSON_BYTES = 8 * 1024 * 1024
"""The largest text that is parsed to find out that it is JSON."""

MAX_SHOWN = 64 * 1024
"""Bytes or characters of a text that are shown, at most."""

JSON = "application/json"

_CONTROLS = bytes(set(range(32)) - set(b"\t\n\f\r\x1b"))


class TextKind(Kind):
    """Text in UTF-8."""

    name = "text"
    title = "text"
    face: Face = "hidden"
    suffixes = {"text/plain": ".txt"}  # noqa: RUF012 - a constant of the class

    def recognise(self, content: Content) -> Recognition | None:
        """Return plain text if the start is text."""
        return None if as_text(content.head) is None else Recognition("text/plain")

    def facts(self, item: Item) -> Sequence[tuple[str, str]]:
        """Return the size."""
        return [("bytes", quantities.size(item.size))]

    def full(self, item: Item, size: Size) -> Drawing | None:
        """Return the first lines."""
        return Lines(tuple((Span(line),) for line in read_lines(item, size.rows)))


class DataKind(Kind):
    """JSON."""

    name = "data"
    title = "data"
    face: Face = "hidden"
    suffixes = {JSON: ".json"}  # noqa: RUF012 - a constant of the class

    def recognise(self, content: Content) -> Recognition | None:
        """Return JSON if all of it is an object or a list of JSON."""
        start = content.head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        if start not in {b"{", b"["} or content.size > MAX_JSON_BYTES:
            return None
        with content.open() as stream:
            data = parse(stream.read(MAX_JSON_BYTES + 1))
        if data is None:
            return None
        return Recognition(JSON, facts={"entries": len(data)})

    def facts(self, item: Item) -> Sequence[tuple[str, str]]:
        """Return the number of entries."""
        count = item.facts.get("entries")
        return [("entries", str(count))] if count is not None else []

    def full(self, item: Item, size: Size) -> Drawing | None:
        """Return the JSON on several lines."""
        text = json.dumps(data_of(item), indent=1, ensure_ascii=False)[:MAX_SHOWN]
        return Lines(tuple((Span(line),) for line in text.splitlines()[: size.rows]))


def read_lines(item: Item, count: int) -> list[str]:
    """Return the first lines of a text file."""
    if item.open is None:
        return []
    with item.open() as stream:
        text = stream.read(MAX_SHOWN).decode("utf-8-sig", "replace")
    return text.splitlines()[:count]


def data_of(item: Item) -> Any:
    """Return a result, or a file of JSON, as plain data; None if it is not JSON."""
    if item.open is None:
        return item.data
    with item.open() as stream:
        return parse(stream.read(MAX_JSON_BYTES + 1)) if item.size <= MAX_JSON_BYTES else None


def parse(data: bytes) -> "dict[str, Any] | list[Any] | None":
    """Return JSON in UTF-8 as plain data if it is an object or a list, else None."""
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict | list) else None


def as_text(head: bytes) -> str | None:
    """Return the start of a file as text, or None if it is empty or not UTF-8 text."""
    if not head or head.translate(None, _CONTROLS) != head:
        return None
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head, len(head) < HEAD_BYTES)
    except UnicodeDecodeError:
        return None
    return text or None
