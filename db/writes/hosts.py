"""Model hosts, as other processes see them."""

import sqlite3
from collections.abc import Iterable
from dataclasses import astuple

from db.rows import HostRow

_INSERT = (
    f"INSERT INTO hosts ({', '.join(HostRow.__match_args__)}) "  # noqa: S608 - our own names
    f"VALUES ({', '.join('?' * len(HostRow.__match_args__))})"
)


def report_hosts(connection: sqlite3.Connection, hosts: Iterable[HostRow]) -> None:
    """Replace the reported state of model hosts."""
    clear_hosts(connection)
    connection.executemany(_INSERT, map(astuple, hosts))


def clear_hosts(connection: sqlite3.Connection) -> None:
    """Remove the reported state of model hosts: they end with their engine."""
    connection.execute("DELETE FROM hosts")
