"""One scrape: the store is read in one short transaction, and shown in a format of Prometheus."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from db.queries import batches, totals
from engine import __version__
from engine.telemetry.metrics import Reading, families
from engine.text.errors import UserError

if TYPE_CHECKING:
    from prometheus_client import Metric

PLAIN = "text/plain"


class NoMetrics(UserError):
    """Metrics cannot be written."""


def read_metrics(connection: sqlite3.Connection, *, engine: bool) -> Reading:
    """Read everything that a scrape shows, as it is at one moment.

    Args:
        connection: A connection to read with, in no transaction.
        engine: True if an engine runs; lanes and hosts are shown only then.
    """
    connection.execute("BEGIN")
    try:
        return Reading(
            version=__version__,
            engine=engine,
            steps=totals.step_totals(connection),
            tokens=totals.token_totals(connection),
            costs=totals.cost_totals(connection),
            faults=totals.fault_totals(connection),
            present=totals.present(connection),
            lanes=batches.lanes(connection) if engine else [],
            hosts=batches.hosts(connection) if engine else [],
        )
    finally:
        connection.execute("COMMIT")


class StoreCollector:
    """Collector of prometheus-client that shows one reading.

    Args:
        reading: What was read.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def collect(self) -> "Iterator[Metric]":
        """Yield the metrics."""
        return families(self._reading)


def exposition(reading: Reading, accept: str = PLAIN) -> tuple[bytes, str]:
    """Return a reading in the format that a client accepts, and its content type.

    Args:
        reading: What was read.
        accept: The client's header Accept; OpenMetrics only if it is named there.

    Raises:
        ImportError: prometheus-client is not installed.
    """
    from prometheus_client import CollectorRegistry
    from prometheus_client.exposition import choose_encoder

    registry = CollectorRegistry(auto_describe=False)
    registry.register(StoreCollector(reading))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def write_textfile(path: Path, text: bytes) -> None:
    """Replace a file for node_exporter's textfile collector, whole or not at all.

    Raises:
        NoMetrics: Its name does not end in `.prom`, or it cannot be written.
    """
    if path.suffix != ".prom":
        raise NoMetrics(f"{path.name} does not end in .prom, so node_exporter would not read it.")
    name = ""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            os.fchmod(file.fileno(), 0o644)
        Path(name).replace(path)
    except OSError as error:
        with suppress(OSError):
            Path(name).unlink()
        raise NoMetrics(f"{path} cannot be written: {error.strerror or error}.") from None
