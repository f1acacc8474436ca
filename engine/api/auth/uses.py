"""Times at which tokens were last used, written to the store now and then."""

import logging
import sqlite3
from collections.abc import Iterable
from functools import partial

from db.clock import now, seconds_between
from db.rows import TokenRow
from db.store import Store
from db.writes.callers import touch_token

log = logging.getLogger(__name__)

TOUCH_SECONDS = 300.0
"""Seconds between two times that the use of a token is stored."""


class TokenUses:
    """Tokens that were used since the last write."""

    def __init__(self) -> None:
        self._used: set[int] = set()

    def note(self, row: TokenRow) -> None:
        """Keep in mind that a token was used, if the store says so of no recent time."""
        if (seconds_between(row.used_at, now()) or TOUCH_SECONDS) >= TOUCH_SECONDS:
            self._used.add(row.id)

    def flush(self, store: Store) -> None:
        """Write the uses down; a store that cannot be written is left alone."""
        used, self._used = self._used, set()
        if not used:
            return
        try:
            with store.intake() as write:
                write(partial(_touch, used))
        except sqlite3.Error as error:
            log.info("the use of tokens cannot be stored now: %s", error)


def _touch(used: Iterable[int], connection: sqlite3.Connection) -> None:
    for token_id in used:
        touch_token(connection, token_id)
