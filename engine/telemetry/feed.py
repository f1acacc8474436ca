"""Spans in pieces: first of the rows that are there, then of what ends, by the events."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from db.queries.history import oldest_event
from db.queries.spans import (
    TABLES,
    Ended,
    Period,
    end_events,
    ended_after,
    ended_of,
    newest_event,
)
from engine.telemetry.cursor import Cursor

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from engine.telemetry.spans import SpanMaker

ROWS = 400
"""Rows that one piece reads."""

EVENTS = 1000


@dataclass(frozen=True, slots=True)
class Piece:
    """Some spans, and the place after them."""

    spans: "list[ReadableSpan]"
    place: Cursor


class SpanFeed:
    """Reads a store in short reads, and makes its spans.

    Args:
        connection: A connection to read with.
        maker: Makes the spans.
        period: Limits of what is read.
    """

    def __init__(self, connection: sqlite3.Connection, maker: "SpanMaker", period: Period) -> None:
        self._connection = connection
        self._maker = maker
        self._period = period

    def start(self, workspace: str) -> Cursor:
        """Return the place before everything, at the events of now."""
        event, at = newest_event(self._connection)
        return Cursor(workspace, event, at, self._period.since)

    def everything(self, place: Cursor, *, until: bool) -> Iterator[Piece]:
        """Yield what has ended, from a place on.

        Args:
            place: The place.
            until: True to leave out what has ended after the place's event, which events tell of.
        """
        period = replace(self._period, since=place.since, until=place.at if until else "")
        while place.table:
            ended, last = ended_after(self._connection, place.table, place.row, period, ROWS)
            place = replace(place, row=last) if last else _next_table(place)
            yield Piece(self._maker.spans(ended), place)

    def news(self, place: Cursor) -> Iterator[Piece]:
        """Yield what has ended since a place, by events, as far as there are any."""
        while page := end_events(self._connection, place.event, EVENTS):
            place = replace(place, event=page.last, at=page.at)
            spans: list[ReadableSpan] = []
            for table, ids in page.ids.items():
                spans += self._maker.spans(self._of(table, ids))
            yield Piece(spans, place)

    def _of(self, table: str, ids: set[int]) -> Ended:
        return ended_of(self._connection, table, ids, self._period)

    def caught_up(self, place: Cursor) -> Cursor:
        """Return a place from which nothing is missed, although events after it are removed.

        It is the same one as long as all of them are there. Otherwise rows are read that have
        ended since.
        """
        oldest = oldest_event(self._connection)
        if place.table or not place.event or oldest <= place.event + 1:
            return place
        start = self.start(place.workspace)
        return replace(start, since=place.at, size=place.size)


def _next_table(place: Cursor) -> Cursor:
    """Return the place at the start of the next table; without a table after the last one."""
    following = TABLES[TABLES.index(place.table) + 1 :]
    return replace(place, table=following[0] if following else "", row=0)
