"""Model hosts, as other processes see them."""

import sqlite3
from collections.abc import Iterable

from db.rows import HostRow


def report_hosts(connection: sqlite3.Connection, hosts: Iterable[HostRow]) -> None:
    """Replace the reported state of model hosts."""
    clear_hosts(connection)
    for host in hosts:
        connection.execute(
            """INSERT INTO hosts (device, name, pid, state, message, memory_total, memory_budget,
               memory_used, models, waiting, running, restarts, updated_at)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                host.device,
                host.name,
                host.pid,
                host.state,
                host.message,
                host.memory_total,
                host.memory_budget,
                host.memory_used,
                host.models,
                host.waiting,
                host.running,
                host.restarts,
                host.updated_at,
            ),
        )


def clear_hosts(connection: sqlite3.Connection) -> None:
    """Remove the reported state of model hosts: they end with their engine."""
    connection.execute("DELETE FROM hosts")
