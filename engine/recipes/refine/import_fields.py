"""A document's fields, of which those that were read are noted, so that the others can be named."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self, TypeVar

T = TypeVar("T")

_EMPTY: tuple[Any, ...] = (None, "", [], {})
"""Values that say nothing, so that nothing is lost with them."""


class Fields:
    """The fields of one document, whoever wrote it.

    Args:
        data: Its content.
        within: Names of the fields that it lies in, the outermost first.
    """

    def __init__(self, data: Mapping[str, Any], within: tuple[str, ...] = ()) -> None:
        self._data = data
        self._within = within
        self._read: set[str] = set()
        self._inner: dict[str, Fields] = {}

    @classmethod
    def of(cls, data: "Mapping[str, Any] | Fields") -> "Fields":
        """The same fields, or those of a mapping."""
        return data if isinstance(data, Fields) else cls(data)

    def __bool__(self) -> bool:
        return bool(self._data)

    def first(self, read: Callable[[Any], T | None], *names: str) -> T | None:
        """The first of some fields that can be used; None if none can.

        Args:
            read: Gives what a value is used as, None if it cannot be used.
            names: The fields, the preferred one first.
        """
        for name in names:
            value = self._data.get(name)
            usable = None if value is None else read(value)
            if usable is not None:
                self._read.add(name)
                return usable
        return None

    def numbers(self, name: str, can_be: Callable[[str, Any], float | None]) -> dict[str, float]:
        """The numbers of a field that holds numbers by name.

        Args:
            name: The field.
            can_be: Gives the number of a name and a value, None if it cannot be used.
        """
        inner = self.within(name)
        numbers_by_name = {}
        for key, value in inner._data.items():
            number = can_be(key, value)
            if number is not None:
                inner.known(key)
                numbers_by_name[key] = number
        return numbers_by_name

    def within(self, name: str) -> "Fields":
        """The fields of a field; none if it holds none."""
        value = self._data.get(name)
        if name not in self._inner:
            self._inner[name] = Fields(mapping(value) or {}, (*self._within, name))
            if isinstance(value, dict):
                self._read.add(name)
        return self._inner[name]

    def known(self, *names: str) -> Self:
        """Record fields that repeat what is known from elsewhere."""
        self._read.update(names)
        return self

    def left_out(self) -> Iterator[str]:
        """Names of the fields that say something and were not read, with those they lie in."""
        for name, value in self._data.items():
            if name not in self._read and value not in _EMPTY:
                yield ".".join((*self._within, name))
        for inner in self._inner.values():
            yield from inner.left_out()


def number(value: Any) -> float | None:
    """A finite number, or text that is one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        parsed = float(value)
    except (ValueError, OverflowError):
        return None
    return parsed if math.isfinite(parsed) else None


def text(value: Any) -> str | None:
    """Text."""
    return value if isinstance(value, str) else None


def texts(value: Any) -> tuple[str, ...] | None:
    """A list of text."""
    usable = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return tuple(value) if usable else None


def mapping(value: Any) -> dict[str, Any] | None:
    """An object."""
    return value if isinstance(value, dict) else None
