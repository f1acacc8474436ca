"""Snapshot of a search: the jobs whose words match."""

import sqlite3
import time
from dataclasses import dataclass

from db.queries.search import Condition
from engine.client.search import SearchHit, SearchResult, search

LIMIT = 200
"""Maximum jobs in the list."""

REST_SECONDS = 3.0
"""Seconds before the same search is repeated on a store that changes."""


@dataclass(frozen=True, slots=True)
class HitItem:
    """A job that matches, for a list.

    Attributes:
        id: Its number.
        hit: What was found, cleaned.
    """

    id: int
    hit: SearchHit


@dataclass(frozen=True, slots=True)
class SearchSnapshot:
    """Answer to a search.

    Attributes:
        text: The words.
        rows: The jobs, the newest first.
        unindexed: Finished jobs that are not indexed yet.
    """

    text: str
    rows: tuple[HitItem, ...] = ()
    unindexed: int = 0


class SearchView:
    """View of a search over all batches.

    Attributes:
        text: The words.
    """

    every = 5.0

    def __init__(self, text: str) -> None:
        self.text = text
        self._snapshot: SearchSnapshot | None = None
        self._until = 0.0

    def expire(self) -> None:
        """Have the same words searched again at the next reading."""
        self._until = 0.0

    def read(self, connection: sqlite3.Connection, version: int) -> SearchSnapshot:
        """Return the present answer; an answer to the same words is kept for a moment."""
        text, known = self.text, self._snapshot
        if known is None or known.text != text or time.monotonic() > self._until:
            known = _snapshot(text, search(connection, text, Condition(), LIMIT))
            self._snapshot, self._until = known, time.monotonic() + REST_SECONDS
        return known


def _snapshot(text: str, result: SearchResult) -> SearchSnapshot:
    rows = tuple(HitItem(int(hit.job[1:]), hit) for hit in result.hits)
    return SearchSnapshot(text, rows, result.unindexed)
