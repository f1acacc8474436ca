"""Texts with choices as trees that count their variants and give any one by its number."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from math import prod
from typing import Protocol

MAX_TABLE = 2_000_000
"""Maximum size of the table that combinations of many options are counted with."""


class Node(Protocol):
    """A part of a text that has variants, numbered from 0."""

    @property
    def count(self) -> int:
        """Number of variants, at least 1."""
        ...

    def at(self, index: int) -> str:
        """Return the variant of a number below `count`."""
        ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """Text without choices."""

    text: str
    count: int = field(default=1, init=False)

    def at(self, index: int) -> str:
        """Return the text."""
        return self.text


@dataclass(frozen=True)
class Joined:
    """Parts one after the other; all of their variants are combined, the last varies fastest."""

    parts: tuple[Node, ...]

    @cached_property
    def count(self) -> int:
        """The product of the parts' counts."""
        return prod(part.count for part in self.parts)

    def at(self, index: int) -> str:
        """Return a combination."""
        numbers = digits(index, [part.count for part in self.parts])
        return "".join(part.at(n) for part, n in zip(self.parts, numbers, strict=True))


@dataclass(frozen=True)
class OneOf:
    """One of some options.

    Attributes:
        options: The options.
        name: Name of the file that they come from; empty if they stand in the text.
    """

    options: tuple[Node, ...]
    name: str = ""

    @cached_property
    def _ends(self) -> list[int]:
        ends = [0]
        for option in self.options:
            ends.append(ends[-1] + option.count)
        return ends

    @property
    def count(self) -> int:
        """The sum of the options' counts."""
        return self._ends[-1]

    def at(self, index: int) -> str:
        """Return the option that a number belongs to."""
        from bisect import bisect_right

        place = bisect_right(self._ends, index) - 1
        return self.options[place].at(index - self._ends[place])


@dataclass(frozen=True)
class SomeOf:
    """Several different options in their order, joined.

    Attributes:
        options: The options.
        least: Minimum number that is taken.
        most: Maximum number.
        separator: Text between them.
        name: Name of the file that they come from; empty if they stand in the text.
    """

    options: tuple[Node, ...]
    least: int
    most: int
    separator: str
    name: str = ""

    @cached_property
    def _table(self) -> list[list[int]]:
        """Number of selections of k of the options from the j-th on, by j and k."""
        rows = [[1] + [0] * self.most]
        for option in reversed(self.options):
            after = rows[-1]
            rows.append([1, *(b + a * option.count for a, b in pairwise(after))])
        return rows[::-1]

    @cached_property
    def count(self) -> int:
        """Number of selections, whatever their order."""
        return sum(self._table[0][self.least : self.most + 1])

    def at(self, index: int) -> str:
        """Return a selection; those of fewer options come first."""
        left = self.least
        while index >= self._table[0][left]:
            index -= self._table[0][left]
            left += 1
        texts = []
        for place, option in enumerate(self.options):
            if not left:
                break
            rest = self._table[place + 1]
            if index < option.count * rest[left - 1]:
                inner, index = divmod(index, rest[left - 1])
                texts.append(option.at(inner))
                left -= 1
            else:
                index -= option.count * rest[left - 1]
        return self.separator.join(texts)


def digits(index: int, counts: Sequence[int]) -> list[int]:
    """Return the digits of a number in a mixed radix; the last varies fastest."""
    places = []
    for count in reversed(counts):
        index, digit = divmod(index, count)
        places.append(digit)
    return places[::-1]
