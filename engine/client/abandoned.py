"""Batches whose queueing was cut off: whole or not there."""

import os
import socket

from db.queries import batches as batch_queries
from db.store import Store
from engine.client.reading import reading


def remove_abandoned(store: Store) -> None:
    """Remove the batches that a process of this machine was queueing when it ended."""
    with reading(store) as connection:
        preparing = batch_queries.preparers(connection)
    for batch_id, preparer in preparing:
        if not _is_alive(preparer):
            from engine.queueing.queue import take_back

            with store.intake() as write:
                take_back(write, batch_id)


def _is_alive(preparer: str) -> bool:
    """Return whether a `pid@host` may still be at work; another machine's always may."""
    pid, _, host = preparer.partition("@")
    if host != socket.gethostname() or not pid.isdecimal():
        return bool(host)
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
