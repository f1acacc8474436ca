"""Metrics and spans of a workspace: each is imported by the first call that needs it."""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from engine.client.ids import find_batch
from engine.client.opened import OpenedWorkspace
from engine.contract.packages import missing_packages
from engine.text.errors import UserError


class ExportedSpans(NamedTuple):
    """Numbers of an export.

    Attributes:
        spans: Spans that were taken.
        skipped: Spans that the target refused.
    """

    spans: int
    skipped: int


class SpanTarget(NamedTuple):
    """Destination of spans.

    Attributes:
        file: File of JSON lines, `-` for the standard output; None for a collector.
        endpoint: Address of the collector; empty for that of the `OTEL_` variables.
        cursor: File of the place that a later export continues from; None for the usual one.
        patience: Seconds that a collector may refuse, unless the store is followed.
    """

    file: Path | None = None
    endpoint: str = ""
    cursor: Path | None = None
    patience: float = 120.0


def metrics_text(
    connection: sqlite3.Connection, *, engine: bool, accept: str = ""
) -> tuple[bytes, str]:
    """Return the metrics in a format of Prometheus, and its content type.

    Args:
        connection: A reader, in no transaction.
        engine: True if an engine runs; lanes and hosts are shown only then.
        accept: The header Accept of the client; OpenMetrics only if it is named there.

    Raises:
        UserError: The package for it is not installed.
    """
    if find_spec("prometheus_client") is None:
        requirement = missing_packages("prometheus-client", extra="telemetry")
        raise UserError(f"Metrics need {requirement.what}.", remedy=requirement.remedy)
    from engine.telemetry.scrape import PLAIN, exposition, read_metrics

    return exposition(read_metrics(connection, engine=engine), accept or PLAIN)


def write_metrics(path: Path, text: bytes) -> None:
    """Replace a file for node_exporter's textfile collector, whole or not at all.

    Raises:
        UserError: Its name does not end in `.prom`, or it cannot be written.
    """
    from engine.telemetry.scrape import write_textfile

    write_textfile(path, text)


def export_spans(
    workspace: OpenedWorkspace,
    target: SpanTarget,
    say: Callable[[str], None],
    *,
    since: str = "",
    batch: str | None = None,
    follow: bool = False,
) -> ExportedSpans:
    """Export what has ended as spans; the store is only read.

    Args:
        workspace: The workspace.
        target: Where they go.
        say: Called with a sentence about a target that refuses.
        since: Time from which it has ended; empty for all.
        batch: Only this batch.
        follow: True to export what ends later too, until an interrupt.

    Raises:
        UnknownId: There is no such batch.
        UserError: The target takes nothing, or the place cannot be used.
    """
    from engine.telemetry import run
    from engine.telemetry.export import Exported

    with workspace.reading() as connection:
        batch_id = None if batch is None else find_batch(connection, batch).id
    wanted = run.Wanted(since, batch_id, *target)
    total = Exported()
    if not follow:
        total = run.export_once(workspace.store, wanted, say)
    else:
        with suppress(KeyboardInterrupt):
            run.follow(workspace.store, wanted, say, total)
    return ExportedSpans(total.spans, total.skipped)
