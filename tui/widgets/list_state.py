"""Rows, cursor and marks of a list, which several widgets may show at once."""

import textwrap
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Generic, Protocol, TypeVar


class HasId(Protocol):
    """A row of a list."""

    @property
    def id(self) -> int:
        """Identity of the row, independent of its position."""
        ...


RowT = TypeVar("RowT", bound=HasId)

MARGIN = "  "
"""Begins each line of a text in place of rows."""

MIN_WIDTH = 10


@lru_cache(4)
def _wrapped(text: str, width: int) -> list[str]:
    """Return the lines of a text; those that are too long continue in the next."""
    lines = (
        textwrap.wrap(line, width, break_on_hyphens=False) if len(line) > width else [line]
        for line in text.split("\n")
    )
    return [part for parts in lines for part in parts]


class ListState(Generic[RowT]):
    """A window of rows around the visible ones, the cursor and the marks.

    Attributes:
        total: Number of rows.
        cursor: Index of the row under the cursor.
        marks: Ids of the marked rows.
        last_mark: Index of the row that was marked last.
        empty: Text in place of rows, in lines, once it is read that there are none.
        notice: Reason why nothing is seen, in place of `empty`, also before anything is read.
    """

    def __init__(self, empty: str = "") -> None:
        self._window: Sequence[RowT] = ()
        self._start = 0
        self._watchers: list[Callable[[], None]] = []
        self.total = 0
        self.cursor = 0
        self.marks: set[int] = set()
        self.last_mark = 0
        self.empty = empty
        self.notice = ""
        self._is_read = False

    @property
    def text(self) -> str:
        """Text in place of rows."""
        return self.notice or (self.empty if self._is_read else "")

    def text_line(self, number: int, width: int) -> str:
        """Return a line of the text in place of rows, wrapped; empty beyond its end."""
        lines = _wrapped(self.text, max(MIN_WIDTH, width - len(MARGIN)))
        return f"{MARGIN}{lines[number]}" if number < len(lines) else ""

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call a function after each change by another widget."""
        self._watchers.append(watcher)

    def tell(self, but: Callable[[], None] | None = None) -> None:
        """Call the watchers, except that of the widget with the change."""
        for watcher in self._watchers:
            if watcher != but:
                watcher()

    def set_window(self, total: int, start: int, rows: Sequence[RowT]) -> None:
        """Hold `rows` from index `start` on, of `total` in all."""
        self.total, self._start, self._window = total, start, rows
        self._is_read = True

    def shift(self, added: int, total: int) -> None:
        """Keep rows and cursor in place below new rows at the top.

        Args:
            added: Number of new rows.
            total: Number of rows in all.
        """
        self.cursor += added
        self._start += added
        self.total = total

    def forget(self) -> None:
        """Drop the rows and go to the top, because another list follows."""
        self._window, self.cursor, self.last_mark = (), 0, 0

    def row(self, index: int) -> RowT | None:
        """Return the row at an index, None if it is not held."""
        at = index - self._start
        return self._window[at] if 0 <= at < len(self._window) else None

    @property
    def current(self) -> RowT | None:
        """The row under the cursor."""
        return self.row(self.cursor)

    @property
    def window(self) -> Sequence[RowT]:
        """The rows that are held."""
        return self._window

    def index_of(self, id_: int) -> int | None:
        """Return the index of a row that is held, None if it is not."""
        at = next((i for i, row in enumerate(self._window) if row.id == id_), None)
        return None if at is None else self._start + at

    def toggle_mark(self) -> bool:
        """Mark or unmark the row under the cursor; return False if there is none."""
        if (row := self.current) is None:
            return False
        self.marks = self.marks ^ {row.id}
        self.last_mark = self.cursor
        return True
