"""Axes of a grid: `seed=1..4`, `prompt="a fox","a hare"`, `width+height=512+768,768+512`.

Several axes multiply. Names joined by `+` are one axis, whose values stay together.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.text.errors import UserError
from engine.text.terminal import clean, quoted

MAX_VALUES = 100_000
"""Maximum number of values of one axis."""

_RANGE = re.compile(
    r"(-?\d{1,18}(?:\.\d{1,9})?)\.\.(-?\d{1,18}(?:\.\d{1,9})?)(?:\.\.(\d{1,18}(?:\.\d{1,9})?))?"
)
_NAME = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w-]+)*")
_SHOWN = 200


class BadAxis(UserError):
    """An axis is not written as one; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Values that are tried one after the other.

    Attributes:
        names: The fields or settings that it sets; several change together.
        rows: The values of all names, for each place on the axis.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    @property
    def name(self) -> str:
        """Name of the axis, `width+height` if it sets several."""
        return "+".join(self.names)

    def label(self, index: int) -> str:
        """Return the values at a place as text."""
        return "+".join(label_of(value) for value in self.rows[index])

    def at(self, index: int) -> Iterator[tuple[str, Any]]:
        """Yield names and values at a place."""
        yield from zip(self.names, self.rows[index], strict=True)


def label_of(value: Any) -> str:
    """Return a value as a label."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return clean(text, _SHOWN) or "(empty)"


def parse_axis(text: str) -> Axis:
    """Return an axis of `NAME=VALUES` or `NAME+NAME=VALUES`.

    Values have commas between; one with a comma stands in double quotes. `1..5` counts up, and
    `0.5..2..0.5` in steps. A JSON list holds values of any type; of joined names, lists of values.

    Raises:
        BadAxis: It is not written so.
    """
    name, equals, values = text.partition("=")
    names = tuple(part.strip() for part in name.split("+"))
    if not equals or not all(_NAME.fullmatch(part) for part in names):
        raise BadAxis(
            f"{quoted(text)} is not an axis.",
            remedy="Write NAME=VALUE,VALUE, as in seed=1..4 or width+height=512+768,768+512.",
        )
    is_json = values.lstrip().startswith("[")
    listed = _json_list(name, values) if is_json else _listed(name, values, len(names))
    return axis_of(names, listed)


def axis_of(names: Sequence[str], values: Sequence[Any]) -> Axis:
    """Return an axis of its names and the values at each place, lists for several names.

    Raises:
        BadAxis: It has no or too many values, or a place has too few or too many of them.
    """
    name = "+".join(names)
    if len(set(names)) < len(names):
        raise BadAxis(f"Axis {name} names one thing twice.")
    if not values or len(values) > MAX_VALUES:
        count = f"more than {MAX_VALUES} values" if values else "no values"
        raise BadAxis(f"Axis {name} has {count}.")
    rows = [tuple(v) if len(names) > 1 and isinstance(v, list | tuple) else (v,) for v in values]
    for row, value in zip(rows, values, strict=True):
        if len(row) != len(names):
            raise BadAxis(
                f"Axis {name} needs {len(names)} values at each place, and has "
                f"{quoted(label_of(value))}.",
                remedy="Join them with +, as in width+height=512+768.",
            )
    seen: set[str] = set()
    for value in values:
        text = json.dumps(value, sort_keys=True, default=str)
        if text in seen:
            raise BadAxis(
                f"Axis {name} has {quoted(label_of(value))} twice.", remedy="Leave one out."
            )
        seen.add(text)
    return Axis(tuple(names), tuple(rows))


def parse_axes(values: Mapping[str, Sequence[Any]] | Sequence[str]) -> tuple[Axis, ...]:
    """Return axes of texts, or of lists of values by name, as scripts give them.

    Raises:
        BadAxis: One is not written as an axis, or two set the same thing.
    """
    if isinstance(values, Mapping):
        axes = [axis_of(name.split("+"), list(listed)) for name, listed in values.items()]
    else:
        axes = [parse_axis(text) for text in values]
    names = [name for axis in axes for name in axis.names]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise BadAxis(f"Two axes set {quoted(twice)}.", remedy="Join them, or leave one out.")
    return tuple(axes)


def _json_list(name: str, text: str) -> list[Any]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise BadAxis(f"The values of axis {quoted(name)} begin with [ and are no JSON.") from None
    listed: list[Any] = values
    return listed


def _listed(name: str, text: str, width: int) -> list[Any]:
    try:
        cells = next(csv.reader([text], skipinitialspace=True, strict=True), [])
    except csv.Error as error:
        raise BadAxis(f"The values of axis {quoted(name)} cannot be read: {error}.") from None
    if width > 1:
        return [[part.strip() for part in cell.split("+")] for cell in cells]
    return [value for cell in cells for value in _range(name, cell)]


def _range(name: str, cell: str) -> list[str]:
    match = _RANGE.fullmatch(cell.strip())
    if match is None:
        return [cell.strip()]
    first, last = Decimal(match[1]), Decimal(match[2])
    step = Decimal(match[3] or 1)
    if step == 0:
        raise BadAxis(f"Axis {quoted(name)} has the step 0.", remedy="Write FIRST..LAST..STEP.")
    if abs(last - first) / step >= MAX_VALUES:
        raise BadAxis(f"Axis {quoted(name)} has more than {MAX_VALUES} values.")
    count = int(abs(last - first) / step) + 1
    sign = 1 if last >= first else -1
    return [f"{first + sign * step * place:f}" for place in range(count)]
