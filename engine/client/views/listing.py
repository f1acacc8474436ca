"""Pages of a batch's jobs, in any order, narrowed by any filter, read the cheapest way."""

import sqlite3
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Generic, TypeVar

from db.queries import lists
from db.queries.anchors import Anchors, OrderedRows, page_of_ids
from engine.client.views.filters import Filter
from engine.text.state_symbols import WORST_FIRST

T = TypeVar("T")

LONGEST_PAGE = 1000

MAX_MARKS = 10_000
"""Maximum rows that can be marked; for more, act on the batch."""

ANCHORS_SECONDS = 5.0
"""Time for which anchors hold while jobs of the batch end, in seconds."""

BY_SCORE = ("worst", "lowest", "best")
"""Orders that go by score; only in `worst`, what failed comes first."""

REST = 30
"""A query over all jobs is repeated after this many times its duration."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Request of a page of a list.

    Attributes:
        order: One of `filters.ORDERS`.
        reverse: True for the last of the order first.
        filter: Its filter.
        higher_is_better: True if the lowest scores are the worst.
        start: Index of its first row.
        count: Number of rows.
    """

    order: str = "position"
    reverse: bool = False
    filter: Filter = field(default_factory=Filter)
    higher_is_better: bool = True
    start: int = 0
    count: int = 60


@dataclass(frozen=True, slots=True)
class Page:
    """A page, and the number of rows in all."""

    total: int
    start: int
    rows: tuple[lists.JobLine, ...]


Segment = tuple[int, Callable[[int, int], list[int]]]
"""Number of jobs, and their ids from an index on."""


class Listing:
    """Reader of pages of one batch; keeps counts that are expensive."""

    def __init__(self, batch_id: int) -> None:
        self.batch_id = batch_id
        self._scored = CachedValue[int]()
        self._matches = CachedValue["array[int]"]()
        self._rated = CachedValue[dict[int, int]]()
        self._anchors: dict[OrderedRows, tuple[Anchors, object, float]] = {}
        self._is_ready = True
        self._asked: PageRequest | None = None
        self._repeats = False

    @property
    def is_ready(self) -> bool:
        """False while further pages are read faster by and by: anchors are still being found."""
        return self._is_ready

    def _anchored_segment(
        self, connection: sqlite3.Connection, ordered: OrderedRows, version: object, total: int
    ) -> Segment:
        """Return ordered rows whose pages are counted from anchors.

        Anchors hold for one version of these rows, or for some seconds. A few more of them are
        found each time that a page is read again: whoever asks for another page waits for none.
        """
        now = time.monotonic()
        anchors, known, until = self._anchors.get(ordered, (None, None, 0.0))
        if anchors is None or (version != known and now > until):
            anchors = Anchors()
            self._anchors[ordered] = anchors, version, now + ANCHORS_SECONDS
        if self._repeats:
            anchors.extend(connection, ordered, total)
        self._is_ready = self._is_ready and anchors.is_ready(total)

        def read(start: int, count: int) -> list[int]:
            return page_of_ids(connection, ordered, start, count, total, anchors)

        return total, read

    def page(
        self, connection: sqlite3.Connection, batch: lists.BatchLine, ask: PageRequest
    ) -> Page:
        """Return the present page; one that starts behind the end is moved to the end."""
        count = min(ask.count, LONGEST_PAGE)
        self._is_ready = True
        self._repeats, self._asked = ask == self._asked, ask
        if _is_plain(ask):
            start = max(0, min(ask.start, batch.total - count))
            rows = lists.jobs_at(connection, self.batch_id, start, count)
            return Page(batch.total, start, tuple(rows))
        if ask.reverse:
            return self._reversed(connection, batch, ask)
        segments = self._segments(connection, batch, ask)
        total = sum(size for size, _ in segments)
        start = max(0, min(ask.start, total - count))
        ids = _cut(segments, start, count)
        return Page(total, start, tuple(lists.jobs_of_ids(connection, ids)))

    def _reversed(
        self, connection: sqlite3.Connection, batch: lists.BatchLine, ask: PageRequest
    ) -> Page:
        """Return a page of the reversed order: one from the other end, turned round."""
        forward = replace(ask, reverse=False)
        total = sum(size for size, _ in self._segments(connection, batch, forward))
        count = min(ask.count, LONGEST_PAGE, total)
        start = max(0, min(ask.start, total - count))
        mirrored = replace(forward, start=total - start - count, count=count)
        ids = self.ids(connection, batch, mirrored)
        return Page(total, start, tuple(lists.jobs_of_ids(connection, ids[::-1])))

    def ids(
        self, connection: sqlite3.Connection, batch: lists.BatchLine, ask: PageRequest
    ) -> list[int]:
        """Return ids of the rows from an index on, up to the maximum of marks."""
        count = min(ask.count, MAX_MARKS)
        if ask.reverse:
            forward = replace(ask, reverse=False)
            total = sum(size for size, _ in self._segments(connection, batch, forward))
            count = max(0, min(count, total - ask.start))
            start = total - ask.start - count
            ids = self.ids(connection, batch, replace(forward, start=start, count=count))
            return ids[::-1]
        if _is_plain(ask):
            return lists.ids_at(connection, self.batch_id, ask.start, count)
        return _cut(self._segments(connection, batch, ask), ask.start, count)

    def _segments(
        self, connection: sqlite3.Connection, batch: lists.BatchLine, ask: PageRequest
    ) -> list[Segment]:
        if not ask.filter.by_name:
            if ask.order == "state":
                states = WORST_FIRST if ask.filter.states is None else ask.filter.states
                return [self._in_states(connection, batch, (state,)) for state in states]
            if ask.order == "position" and ask.filter.states is None:
                return [(batch.total, partial(lists.ids_at, connection, self.batch_id))]
            if ask.order == "position":
                return [self._in_states(connection, batch, ask.filter.states or ())]
            if ask.order == "rating" and ask.filter.states is None:
                return self._by_rating(connection, batch)
            if ask.filter.states is None and ask.order in BY_SCORE:
                return self._by_score(connection, batch, ask)
            if ask.order == "time" and ask.filter.states is None:
                return self._by_time(connection, batch)
            if ask.filter.states is None and ask.order == "cost":
                ordered, version = lists.rows_by_cost(self.batch_id), (batch.cost, batch.total)
                return [self._anchored_segment(connection, ordered, version, batch.total)]
        return [self._matching(connection, ask)]

    def _in_states(
        self, connection: sqlite3.Connection, batch: lists.BatchLine, states: tuple[str, ...]
    ) -> Segment:
        total = sum(getattr(batch, state) for state in states)
        if not total:
            return 0, lambda start, count: []
        ordered = lists.rows_in_states(self.batch_id, states)
        return self._anchored_segment(connection, ordered, total, total)

    def _by_score(
        self, connection: sqlite3.Connection, batch: lists.BatchLine, ask: PageRequest
    ) -> list[Segment]:
        scored = self._count_scored(connection, batch)
        low_first = (ask.order != "best") == ask.higher_is_better
        rest = batch.total - batch.failed - scored
        version = (batch.ended, batch.failed, scored)
        by_score = lists.rows_by_score(self.batch_id, low_first=low_first)
        without = lists.rows_without_score(self.batch_id)
        others = [
            self._anchored_segment(connection, by_score, version, scored),
            self._anchored_segment(connection, without, version, rest),
        ]
        failed = self._in_states(connection, batch, ("failed",))
        return [failed, *others] if ask.order == "worst" else [*others, failed]

    def _count_scored(self, connection: sqlite3.Connection, batch: lists.BatchLine) -> int:
        """Return the number of jobs with a score that have not failed, by counting the fewer."""
        whole = batch.total - batch.failed
        others = batch.ended >= batch.total / 2  # then most have a score
        count = partial(lists.count_scored, connection, self.batch_id, others=others)
        counted = min(whole, self._scored.get(others, count))
        return whole - counted if others else counted

    def _by_time(self, connection: sqlite3.Connection, batch: lists.BatchLine) -> list[Segment]:
        """Return what runs, what has ended from the longest on, and what waits."""
        ordered, version = lists.rows_by_time(self.batch_id), batch.ended
        return [
            self._in_states(connection, batch, ("running",)),
            self._anchored_segment(connection, ordered, version, batch.ended),
            self._in_states(connection, batch, ("paused", "parked", "queued")),
        ]

    def _by_rating(self, connection: sqlite3.Connection, batch: lists.BatchLine) -> list[Segment]:
        rated = self._rated.get(None, lambda: lists.count_ratings(connection, self.batch_id))
        rest = max(0, batch.total - sum(rated.values()))
        return [
            self._anchored_segment(
                connection, lists.rows_of_rating(self.batch_id, rank), size, size
            )
            for rank, size in [*rated.items(), (None, rest)]
            if size
        ]

    def _matching(self, connection: sqlite3.Connection, ask: PageRequest) -> Segment:
        order = ask.order
        if order in BY_SCORE:
            low_first = (order != "best") == ask.higher_is_better
            failed_first = order == "worst"
            order = f"{'worst' if failed_first else 'best'} {'low' if low_first else 'high'}"

        def find() -> "array[int]":
            wanted = ask.filter
            return array(
                "q",
                lists.ids_matching(
                    connection,
                    self.batch_id,
                    words=wanted.words,
                    without=wanted.without,
                    fuzzy=wanted.fuzzy,
                    states=wanted.states,
                    ratings=wanted.ratings,
                    order=order,
                ),
            )

        ids = self._matches.get((ask.filter, order), find)
        return len(ids), lambda start, count: list(ids[start : start + count])


def _is_plain(ask: PageRequest) -> bool:
    """Return True if it is all jobs in the order of the input."""
    if ask.reverse:
        return False
    return ask.order == "position" and not ask.filter.by_name and ask.filter.states is None


class CachedValue(Generic[T]):
    """One expensive value, computed again rarely, in proportion to its duration."""

    def __init__(self) -> None:
        self._key: object = self
        self._value: T | None = None
        self._until = 0.0

    def get(self, key: object, find: Callable[[], T]) -> T:
        """Return the value for a key, computed now if the kept one is another's or too old."""
        began = time.monotonic()
        if self._value is None or key != self._key or began > self._until:
            self._value = find()
            self._key = key
            ended = time.monotonic()
            self._until = ended + REST * (ended - began)
        return self._value


def _cut(segments: list[Segment], start: int, count: int) -> list[int]:
    """Return ids of a page that may reach over several segments."""
    ids: list[int] = []
    for size, read in segments:
        if start < size and len(ids) < count:
            ids += read(start, min(count - len(ids), size - start))
            start = 0
        elif start >= size:
            start -= size
    return ids
