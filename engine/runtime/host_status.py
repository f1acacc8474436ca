"""Model hosts as rows of the store, written if they have changed."""

import json
from dataclasses import asdict, replace

from db.clock import now
from db.rows import HostRow
from db.writer import StoreWriter
from db.writes.hosts import report_hosts
from engine.models.hosts.model_hosts import ModelHosts
from engine.models.hosts.status import HostStatus


class HostStatusReporter:
    """Write the status of hosts, without waiting for the commit.

    Args:
        hosts: The hosts.
        writer: The store's writer door.
    """

    def __init__(self, hosts: ModelHosts, writer: StoreWriter) -> None:
        self._hosts = hosts
        self._writer = writer
        self._written: list[HostRow] = []

    def flush(self) -> None:
        """Write the changes since the last time."""
        rows = [_row(state) for state in self._hosts.states()]
        if rows != self._written:
            self._written = rows
            at = now()
            self._writer.write(lambda c: report_hosts(c, [replace(r, updated_at=at) for r in rows]))


def _row(state: HostStatus) -> HostRow:
    models = json.dumps([asdict(model) for model in state.models])
    return HostRow(**{**asdict(state), "models": models}, updated_at="")
