"""Places on a screen that can be jumped to by a letter, and the letters."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, runtime_checkable

from textual.screen import Screen
from textual.widget import Widget

LETTERS = "asdfghjklqwertyuiopzxcvbnm"
"""Letters of the labels, those under the fingers first."""


@dataclass(frozen=True, slots=True)
class Jump:
    """A place that can be jumped to.

    Attributes:
        x: Its column: in its widget, or on the screen.
        y: Its row.
        go: Goes there.
    """

    x: int
    y: int
    go: Callable[[], object]


@runtime_checkable
class Jumpable(Protocol):
    """A widget with places of its own to jump to, such as the rows of a list."""

    def jumps(self) -> Iterator[Jump]:
        """Yield the visible places, in cells of the widget."""
        ...


def jumps_of(screen: Screen[Any]) -> list[Jump]:
    """Return the places of a screen from the top down, each cell once, in cells of the screen."""
    jumps = [jump for widget in screen.query(Widget) for jump in _jumps_of(widget)]
    unique = {(jump.y, jump.x): jump for jump in reversed(jumps)}
    return [unique[at] for at in sorted(unique)]


def _jumps_of(widget: Widget) -> Iterator[Jump]:
    if not widget.is_on_screen or not widget.region:
        return
    if isinstance(widget, Jumpable):
        content = widget.content_region
        for jump in widget.jumps():
            x, y = content.x + jump.x, content.y + jump.y
            if content.contains(x, y) and widget.screen.region.contains(x, y):
                yield Jump(x, y, jump.go)
    elif widget.focusable:
        x, y = widget.region.offset
        yield Jump(max(0, x), max(0, y), partial(widget.focus))


def labels_for(number: int) -> list[str]:
    """Return a label for each of some places, none of which begins another: `a` or `qa`.

    More places than labels of two letters remain without one.
    """
    size = len(LETTERS)
    prefixes = min(size, max(0, -(-(number - size) // (size - 1))))
    singles = LETTERS[: size - prefixes]
    pairs = [first + second for first in LETTERS[size - prefixes :] for second in LETTERS]
    return [*singles, *pairs][:number]


def labelled(jumps: Sequence[Jump]) -> dict[str, Jump]:
    """Return the places by their labels."""
    return dict(zip(labels_for(len(jumps)), jumps, strict=False))
