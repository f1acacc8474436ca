"""Strict YAML as plain data: no tags, no alias bombs, and words stay words.

A document is first walked event by event, without building anything, and refused because of tags,
depth or repetition by aliases; only then is it composed. Plain scalars become
null (`null`, `~`, nothing), booleans (`true`, `false`), decimal numbers, and otherwise text: `no`,
`on`, `2024-01-01`, `12:30` and `007` remain the texts they look like, as intended in a prompt.
An empty value followed by an apparent value that starts with # is refused: `colour: #e8b04a`.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from engine.text.strict.values import (
    LIST_NAMES,
    MAX_DEPTH,
    TOO_DEEP,
    RefusedValue,
    UnreadableInput,
    real_number,
    whole_number,
)
from engine.text.terminal import quoted

try:
    from yaml import CSafeLoader as _Base  # ten times as fast; missing if libyaml is
except ImportError:  # pragma: no cover - depends on how PyYAML was built
    from yaml import SafeLoader as _Base  # type: ignore[assignment]

_VALUE_AS_COMMENT = re.compile(r"[ \t]+(#[^\s#].*)")

MAX_REPEATED = 1_000_000
"""Maximum number of characters and nodes that aliases of one document may repeat."""

_LOOKAHEAD = 2048
"""Number of characters before an error in which brackets are counted."""

_PREFIX = "tag:yaml.org,2002:"
_NULL = _PREFIX + "null"
_PLAIN_TAGS = {_PREFIX + name for name in ("null", "bool", "int", "float", "str", "seq", "map")}


class _Loader(_Base):
    yaml_implicit_resolvers = {}  # noqa: RUF012 - the name and kind are PyYAML's


for _name, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", list("-+0123456789")),
    ("float", r"(?:[-+]?[0-9]+)?\.[0-9]+(?:[eE][-+][0-9]+)?", list("-+.0123456789")),
):
    _Loader.add_implicit_resolver(_PREFIX + _name, re.compile(rf"(?:{_pattern})\Z"), _first)


def decode(text: str) -> tuple[Any, list[int]]:
    """Return the plain data of a YAML text, and the lines of its entries.

    Returns:
        The data, with `RefusedValue` for values that must not be used; and the line, from 1, of
        each entry: of a list, of the list in an object around them, or of the one object.

    Raises:
        UnreadableInput: The text is not YAML, or uses a refused feature.
    """
    try:
        _Guard().check(yaml.parse(text, Loader=_Loader))
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if mark and _brackets_open_at(text, mark.index) > MAX_DEPTH:
            raise UnreadableInput(TOO_DEEP, mark.line + 1) from None
        column = f" at column {mark.column + 1}" if mark else ""
        line = mark.line + 1 if mark else None
        message = f"is not YAML: {error.problem or error.context}{column}"
        raise UnreadableInput(message + _advice(text, line), line) from None
    except UnreadableInput:
        raise
    except RecursionError:
        raise UnreadableInput(TOO_DEEP) from None
    except (yaml.YAMLError, ValueError) as error:
        raise UnreadableInput(f"is not YAML: {error}") from None
    return (None, []) if node is None else (_plain(node, text), _lines(node))


def _brackets_open_at(text: str, index: int) -> int:
    """Count the brackets left open before an error.

    PyYAML reads up to 1024 characters ahead of its events to see whether a key follows, so its
    own limit on depth can be met before `_Guard` has seen the lists that break ours.
    """
    head = text[max(0, index - _LOOKAHEAD) : index + 1]
    return sum(head.count(opening) for opening in "[{") - sum(head.count(end) for end in "]}")


def _advice(text: str, line: int | None) -> str:
    """Return advice about the commonest mistake: a text with ': ' in it and no quotation marks."""
    written = text.splitlines()[line - 1 : line] if line else []
    if sum(row.count(": ") for row in written) < 2 or any('"' in row for row in written):
        return ""
    return "; put a text with ': ' in it in quotation marks"


class _Guard:
    """Guard that walks the events of a text and refuses what must not be composed."""

    def __init__(self) -> None:
        self.documents = 0
        self.size = 0  # characters and nodes so far, as if aliases were written out
        self.repeated = 0
        self.open: list[tuple[str | None, int]] = []  # anchor, and size at its start
        self.anchors: dict[str, int] = {}

    def check(self, events: Iterator[yaml.Event]) -> None:
        for event in events:
            line = event.start_mark.line + 1 if event.start_mark else None
            if isinstance(event, yaml.DocumentStartEvent):
                self.documents += 1
                if self.documents > 1:
                    raise UnreadableInput("holds several YAML documents; keep one per file", line)
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event, line)
            elif isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
                self._node(event, line)
            elif isinstance(event, yaml.CollectionEndEvent):
                anchor, before = self.open.pop()
                self._keep(anchor, self.size - before)

    def _node(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, line: int | None) -> None:
        if event.tag is not None and event.tag not in _PLAIN_TAGS:
            raise UnreadableInput(f"has the tag '{event.tag}'; only plain data is read", line)
        if isinstance(event, yaml.ScalarEvent):
            self.size += 1 + len(event.value)
            self._keep(event.anchor, 1 + len(event.value))
            return
        self.open.append((event.anchor, self.size))
        self.size += 1
        if len(self.open) > MAX_DEPTH:
            raise UnreadableInput(TOO_DEEP, line)

    def _alias(self, event: yaml.AliasEvent, line: int | None) -> None:
        if event.anchor not in self.anchors:
            raise UnreadableInput(
                f"has the alias '*{event.anchor}' of something that is not complete before it", line
            )
        self.size += self.anchors[event.anchor]
        self.repeated += self.anchors[event.anchor]
        if self.repeated > MAX_REPEATED:
            raise UnreadableInput("has aliases that repeat too much; write the values out", line)

    def _keep(self, anchor: str | None, size: int) -> None:
        if anchor is not None:
            self.anchors[anchor] = size


def _plain(node: Node, text: str) -> Any:
    if isinstance(node, SequenceNode):
        return [_plain(child, text) for child in node.value]
    if isinstance(node, MappingNode):
        return _mapping(node, text)
    return _nothing(node, text) if (node.tag, node.value) == (_NULL, "") else _scalar(node)


def _mapping(node: MappingNode, text: str) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, child in node.value:
        if not isinstance(key, ScalarNode):
            data["?"] = RefusedValue("is a list or an object used as the name of a field")
        elif key.value in data:
            data[key.value] = RefusedValue("is given twice in the same object; keep one of the two")
        else:
            data[key.value] = _plain(child, text)
    return data


def _nothing(node: Node, text: str) -> Any:
    """Return None for an empty scalar; refuse it if a comment seems to be its value."""
    comment = _VALUE_AS_COMMENT.match(text, node.end_mark.index)
    if comment is None:
        return None
    return RefusedValue(
        f"is empty, since {quoted(comment[1])} is a comment in YAML: write a value that starts "
        "with # in quotation marks, and a comment with a space after its #"
    )


def _scalar(node: Node) -> Any:
    kind, text = node.tag.removeprefix(_PREFIX), node.value
    try:
        if kind == "int":
            return whole_number(text)
        if kind == "float":
            return real_number(text)
    except ValueError:
        return RefusedValue(f"is tagged !!{kind} and is not one")
    if kind == "bool":
        return text.lower() == "true"
    return None if kind == "null" else text


def _lines(node: Node) -> list[int]:
    entries = [node]
    if isinstance(node, SequenceNode):
        entries = node.value
    elif isinstance(node, MappingNode):
        for key, child in node.value:
            if key.value in LIST_NAMES and isinstance(child, SequenceNode):
                entries = child.value
    return [entry.start_mark.line + 1 for entry in entries]
