r"""Prompts with choices: `{red|blue}`, `{2$$a|b|c}`, `{1-2$$ and $$a|b}` and `__colours__`.

A choice of several takes each set once, in the order in which its options are written. Options may
hold choices. A weight (`0.3::red`) is read and has no effect: every variant is a cell. A backslash
before `{`, `}`, `|`, `_`, `$` or `\` takes their meaning away.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from engine.intake.grid.nodes import MAX_TABLE, Fixed, Joined, Node, OneOf, SomeOf
from engine.text.terminal import quoted

MAX_DEPTH = 32
"""Maximum number of choices inside each other, those of wildcard files included."""
MAX_CHOICES = 500
"""Maximum number of choices of one text."""
MAX_OPTIONS = 200_000
"""Maximum number of options of one choice."""

ReadOptions = Callable[[str, int], tuple[Node, ...]]
"""Returns the options of a wildcard file; gets its name and the depth of what is read."""

_NUMBER = re.compile(r"(?=[\d-])(\d{1,4})?(?:-(\d{1,4})?)?\$\$")
_SEPARATOR = re.compile(r"([^{}|$]{0,40})\$\$")
_WEIGHT = re.compile(r"\s*\d{0,6}(?:\.\d{0,6})?::")
_WILDCARD = re.compile(r"__(?=[^\s_])([^\n{}|$]{1,120}?)__")
_ESCAPED = frozenset("{}|_$\\")


class BadTemplate(ValueError):
    """A text with choices cannot be read; the message is the end of a sentence about it."""


def parse(text: str, read_options: ReadOptions, depth: int = 0) -> Joined:
    """Return a text with choices as a tree.

    Args:
        text: The text.
        read_options: Reads wildcard files.
        depth: Depth of the text in other choices.

    Raises:
        BadTemplate: A choice has no end, holds too many others, or a file cannot be read.
    """
    if not _ESCAPED.intersection(text):
        return Joined((Fixed(text),))
    reader = _Reader(text, read_options)
    parts = reader.parts(depth, inside=False)
    return Joined(parts)


@dataclass(slots=True)
class _Reader:
    """Recursive descent over one text."""

    text: str
    read_options: ReadOptions
    at: int = 0
    choices: int = 0

    def parts(self, depth: int, *, inside: bool) -> tuple[Node, ...]:
        """Read up to the end of an option, or of the text."""
        parts: list[Node] = []
        plain: list[str] = []
        while self.at < len(self.text):
            letter = self.text[self.at]
            if inside and letter in "|}":
                break
            node = self._node(letter, depth)
            if node is None:
                plain.append(self._letter(letter))
                continue
            if plain:
                parts.append(Fixed("".join(plain)))
                plain = []
            parts.append(node)
        if plain or not parts:
            parts.append(Fixed("".join(plain)))
        return tuple(parts)

    def _letter(self, letter: str) -> str:
        following = self.text[self.at + 1 : self.at + 2]
        is_escaped = letter == "\\" and following != "" and following in _ESCAPED
        self.at += 2 if is_escaped else 1
        return following if is_escaped else letter

    def _node(self, letter: str, depth: int) -> Node | None:
        if letter == "$" and self.text.startswith("${", self.at):
            self._refuse("has a variable (${...}), which is not read; write \\${ for the text")
        if letter == "{":
            self._count()
            return self._choice(depth + 1)
        if letter == "_" and (match := _WILDCARD.match(self.text, self.at)):
            self._count()
            self.at = match.end()
            return OneOf(self.read_options(match[1], depth + 1), match[1])
        return None

    def _count(self) -> None:
        self.choices += 1
        if self.choices > MAX_CHOICES:
            self._refuse(f"has more than {MAX_CHOICES} choices")

    def _choice(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            self._refuse(f"has more than {MAX_DEPTH} choices inside each other")
        start = self.at
        self.at += 1
        counts, separator = self._head()
        options: list[Node] = []
        while True:
            if match := _WEIGHT.match(self.text, self.at):
                self.at = match.end()
            parts = self.parts(depth, inside=True)
            options.append(parts[0] if len(parts) == 1 else Joined(parts))
            if len(options) > MAX_OPTIONS:
                self._refuse(f"has a choice of more than {MAX_OPTIONS} options")
            if self.at >= len(self.text):
                self.at = start
                self._refuse("has a { without its }; write \\{ for the text")
            self.at += 1
            if self.text[self.at - 1] == "}":
                break
        return OneOf(tuple(options)) if counts is None else self._some(options, counts, separator)

    def _head(self) -> tuple[tuple[int | None, int | None] | None, str]:
        """Return how many options are taken, None for one, and the text between them."""
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            return None, ""
        self.at = match.end()
        least, most = (int(n) if n else None for n in match.groups())
        if "-" not in match[0]:
            most = least
        separator = ", "
        if match := _SEPARATOR.match(self.text, self.at):
            self.at, separator = match.end(), match[1]
        return (least, most), separator

    def _some(
        self, options: list[Node], counts: tuple[int | None, int | None], separator: str
    ) -> Node:
        name, chosen = "", tuple(options)
        if len(chosen) == 1 and isinstance(one := chosen[0], OneOf):  # several lines of a file
            chosen, name = one.options, one.name
        least = 1 if counts[0] is None else counts[0]
        most = len(chosen) if counts[1] is None else counts[1]
        if not least <= most <= len(chosen):
            amount = f"{least}" if least == most else f"{least} to {most}"
            self._refuse(f"asks for {amount} of {len(chosen)} options")
        if len(chosen) * (most + 1) > MAX_TABLE:
            self._refuse(f"asks for {most} of {len(chosen)} options, which are too many")
        return SomeOf(chosen, least, most, separator, name)

    def _refuse(self, message: str) -> NoReturn:
        raise BadTemplate(f"{message}, at {quoted(self.text[self.at : self.at + 24])}")
