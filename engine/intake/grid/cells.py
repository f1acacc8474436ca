"""Cells of a grid: an entry for each combination of its choices and of the axes."""

import random
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path
from typing import Any

from engine.intake.entries import InputEntry
from engine.intake.grid.axes import Axis, label_of
from engine.intake.grid.nodes import Joined, Node, OneOf, SomeOf, digits
from engine.intake.grid.template import BadTemplate, parse
from engine.intake.grid.wildcards import Wildcards
from engine.intake.ids import made_id
from engine.intake.problems import InputError, Problem
from engine.text.given_ids import MAX_ID_CHARACTERS, given_id

MAX_CELLS = 10_000
"""Maximum number of cells unless another is set."""
MOST_CELLS = 1_000_000
"""The greatest maximum that can be set."""
ENTRY = "entry"
"""Axis of the entries of an input with several."""
CHOICE_FIELDS = ("title", "scene", "mood", "prompt", "negative_prompt")
"""Fields of an entry in which choices are read."""

_ROOM = 24
_COUNTED = 10**18


@dataclass(frozen=True, slots=True)
class Grid:
    """Options of a grid.

    Attributes:
        axes: Axes beside the choices of prompts.
        dynamic: True if choices in prompts, such as `{red|blue}`, are expanded.
        wildcards: Folders of wildcard files.
        sample: Number of cells that are taken at random; None for all.
        max_cells: Maximum number of cells.
    """

    axes: tuple[Axis, ...] = ()
    dynamic: bool = False
    wildcards: tuple[Path, ...] = ()
    sample: int | None = None
    max_cells: int = MAX_CELLS

    def __bool__(self) -> bool:
        return bool(self.axes) or self.dynamic

    @property
    def settings(self) -> dict[str, list[Any]]:
        """All values of each name that an axis sets."""
        return {
            name: [row[place] for row in axis.rows]
            for axis in self.axes
            for place, name in enumerate(axis.names)
        }


@dataclass(frozen=True, slots=True)
class _Place:
    """Choice in a field, or an axis: it has a name, and each of its values a label."""

    name: str
    count: int
    node: Node | None = None
    axis: Axis | None = None

    def label(self, index: int) -> str:
        """Return the value at a place as text."""
        if self.axis is not None:
            return self.axis.label(index)
        return label_of(self.node.at(index) if self.node else "")


@dataclass(slots=True)
class _Expansion:
    """One entry and everything in it that varies.

    Attributes:
        entry: The entry.
        fields: Fields with choices, as trees.
        places: All that varies, the slowest first.
    """

    entry: InputEntry
    fields: dict[str, Joined]
    places: list[_Place] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Number of combinations."""
        return prod(place.count for place in self.places)

    def cell(self, index: int, fields: Collection[str], key: str) -> InputEntry:
        """Return the entry of a combination.

        Args:
            index: Its number, below `count`.
            fields: Fields that an entry may have.
            key: Its id.
        """
        numbers = digits(index, [place.count for place in self.places])
        data, settings, axes = dict(self.entry.data), dict(self.entry.settings or {}), {}
        taken = iter(numbers)
        for name, tree in self.fields.items():
            data[name] = "".join(
                part.at(next(taken)) if part.count > 1 else part.at(0) for part in tree.parts
            )
        for place, number in zip(self.places, numbers, strict=True):
            axes[place.name] = place.label(number)
            if place.axis is not None:
                for name, value in place.axis.at(number):
                    (data if name in fields else settings)[name] = value
        data["id"] = key
        return replace(self.entry, data=data, axes=axes, settings=settings or None)


def expand(
    entries: Iterable[InputEntry | Problem],
    grid: Grid,
    *,
    source: str,
    fields: Collection[str],
    offset: int = 0,
    seed: int = 0,
) -> Iterator[InputEntry | Problem]:
    """Yield the cells of all entries, and the problems.

    Args:
        entries: The entries of an input.
        grid: Options of the grid.
        source: Name of the input in messages.
        fields: Fields that an entry may have; any other name of an axis is a setting.
        offset: Number of entries that the batch already has.
        seed: Source of the sample.

    Raises:
        InputError: There are too many cells.
    """
    wildcards, expansions = Wildcards(grid.wildcards), []
    for entry in entries:
        expansion = entry if isinstance(entry, Problem) else _expansion(entry, grid, wildcards)
        if isinstance(expansion, Problem):
            yield expansion.model_copy(update={"file": expansion.file or source})
        else:
            expansions.append(expansion)
    total = sum(one.count for one in expansions)
    wanted = total if grid.sample is None else min(grid.sample, total)
    if wanted > grid.max_cells:
        raise InputError.of(
            source,
            f"makes {_amount(total)} cells, and {grid.max_cells} are the limit; raise it with "
            "--max-cells, or take some of them with --sample N",
        )
    chosen = None if wanted == total else _sample(total, wanted, seed)
    yield from _cells(expansions, fields, offset, chosen)


def _cells(
    expansions: Sequence[_Expansion],
    fields: Collection[str],
    offset: int,
    chosen: Sequence[int] | None,
) -> Iterator[InputEntry]:
    """Yield the cells of some numbers over all entries; None for all."""
    several, start, left = len(expansions) > 1, 0, iter(chosen or ())
    following = next(left, None)
    for one in expansions:
        count, base = one.count, _key(one.entry, offset)
        width = len(str(count))
        numbers: Iterable[int] = range(count)
        if chosen is not None:
            picked = []
            while following is not None and following < start + count:
                picked.append(following - start)
                following = next(left, None)
            numbers = picked
        for number in numbers:
            suffix = f"-{number + 1:0{width}d}" if count > 1 else ""
            cell = one.cell(number, fields, base[: MAX_ID_CHARACTERS - _ROOM] + suffix)
            named = {ENTRY: label_of(base)} if several else {}
            yield replace(cell, axes={**named, **(cell.axes or {})}, group=base)
        start += count


def _amount(total: int) -> str:
    return str(total) if total < _COUNTED else f"more than {_COUNTED}"


def _sample(total: int, count: int, seed: int) -> list[int]:
    """Return different numbers below a total, in order; the total may be of any size."""
    source, numbers = random.Random(seed), set[int]()  # noqa: S311 - not for secrets
    if 2 * count > total:
        return sorted(source.sample(range(total), count))
    while len(numbers) < count:
        numbers.add(source.randrange(total))
    return sorted(numbers)


def _key(entry: InputEntry, offset: int) -> str:
    """Return the id of an entry, given or generated."""
    try:
        return given_id(entry.data["id"])
    except (KeyError, ValueError):
        return made_id(entry.number + offset, entry.data)


def _expansion(entry: InputEntry, grid: Grid, wildcards: Wildcards) -> _Expansion | Problem:
    expansion = _Expansion(entry, {})
    for name in CHOICE_FIELDS if grid.dynamic else ():
        text = entry.data.get(name)
        if not isinstance(text, str):
            continue
        try:
            tree = parse(text, wildcards.options)
        except BadTemplate as error:
            return Problem(
                file="", entry=entry.number, line=entry.line, field=name, message=str(error)
            )
        if tree.count > 1 or tree.at(0) != text:
            expansion.fields[name] = tree
    expansion.places = [*_choices(expansion.fields), *_of_axes(grid.axes)]
    return expansion


def _of_axes(axes: Iterable[Axis]) -> Iterator[_Place]:
    for axis in axes:
        yield _Place(axis.name, len(axis.rows), axis=axis)


def _choices(fields: dict[str, Joined]) -> Iterator[_Place]:
    """Yield the choices of an entry's fields, each with a name of its own."""
    seen: dict[str, int] = {}
    for field_name, tree in fields.items():
        for part in tree.parts:
            if part.count == 1:
                continue
            file = part.name if isinstance(part, OneOf | SomeOf) else ""
            name = file or ("choice" if field_name == "prompt" else f"{field_name} choice")
            seen[name] = seen.get(name, 0) + 1
            yield _Place(name if seen[name] == 1 else f"{name} {seen[name]}", part.count, node=part)
