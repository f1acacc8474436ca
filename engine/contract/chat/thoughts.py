"""Separate a model's thoughts from its answer in one text."""

import re

_NAMES = "think|thinking|thought|thoughts|reasoning|reflection|seed:think"
_OPEN = rf"<(?:{_NAMES})>|◁think▷|\[THINK\]|<\|channel\|>analysis<\|message\|>"
_CLOSE = (
    rf"</(?:{_NAMES})>|◁/think▷|\[/THINK\]"
    r"|<\|end\|>(?:<\|start\|>assistant)?<\|channel\|>final<\|message\|>"
)
_MARK = re.compile(rf"(?P<open>{_OPEN})|(?P<close>{_CLOSE})", re.IGNORECASE)
_TOKEN = re.compile(rf"{_MARK.pattern}|\\.|[\"{{}}]", re.IGNORECASE | re.DOTALL)


def has_thoughts(text: str) -> bool:
    """True if a reply has thoughts between marks."""
    return without_thoughts(text) != text


def without_thoughts(text: str) -> str:
    """Return a reply without the thoughts before, between and after its answer.

    An end without a beginning ends thoughts that began with the reply, since many servers leave
    the first mark out. A beginning without an end is of thoughts that were cut off. Marks inside
    the answer's own strings are its words.
    """
    if not _MARK.search(text):
        return text
    said: list[str] = []
    start, thinking, place = 0, False, _Place()
    for token in _TOKEN.finditer(text):
        if not (token["open"] or token["close"]):
            if not thinking:
                place.pass_by(token[0])
            continue
        if place.in_string:
            continue
        if token["close"] and not thinking:
            said.clear()
        elif token["open"] and not thinking:
            said.append(text[start : token.start()])
        start, thinking, place = token.end(), bool(token["open"]), _Place()
    if not thinking:
        said.append(text[start:])
    return "".join(said)


class _Place:
    """Position within an object."""

    def __init__(self) -> None:
        self.depth, self.in_string = 0, False

    def pass_by(self, mark: str) -> None:
        """Move past a brace, a quotation mark or an escaped character."""
        if mark == '"':
            self.in_string = self.depth > 0 and not self.in_string
        elif not self.in_string and mark in "{}":
            self.depth = max(0, self.depth + (1 if mark == "{" else -1))
