"""`safelight spans export`: OpenTelemetry spans from the store's rows."""

import contextlib
import os
import re
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import click

from db.clock import ago
from engine.cli.options import workspace_option
from engine.client.telemetry import SpanTarget, export_spans
from engine.client.workspace import Workspace
from engine.contract.packages import missing_packages
from engine.text.errors import UserError
from engine.text.plural import pluralize

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
NICENESS = 19
"""Added to the niceness of an export that follows, so that it never takes the engine's turn."""

_AGO = re.compile(r"([0-9]{1,7}(?:\.[0-9]{1,3})?)([smhd])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def _time_of(_ctx: click.Context, _parameter: click.Parameter, text: str | None) -> str:
    """Return a time as the store has it; empty without one."""
    if text is None:
        return ""
    if match := _AGO.fullmatch(text.strip().lower()):
        return ago(float(match[1]) * _SECONDS[match[2]])
    try:
        moment = datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{text[:40]!r} is neither a duration such as 2h or 7d nor a time."
        raise click.BadParameter(message) from None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@click.group()
def spans() -> None:
    """Export what was done as OpenTelemetry spans."""


@spans.command("export")
@click.option("--follow", "-f", is_flag=True, help="Keep exporting what ends, until Ctrl-C.")
@click.option(
    "--since", metavar="WHEN", callback=_time_of, help="Only what has ended since: 2h, or a time."
)
@click.option("--batch", help="Only this batch.")
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), help="JSON lines; - prints.")
@click.option("--endpoint", metavar="URL", default="", help="A collector of OTLP over HTTP.")
@click.option(
    "--cursor",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with the place that --follow continues from.",
)
@click.option(
    "--patience",
    type=click.FloatRange(min=0),
    default=120,
    help="Seconds that a collector may refuse before the export ends, without --follow (120).",
)
@workspace_option
def export(
    workspace: Path,
    since: str,
    batch: str | None,
    to: Path | None,
    endpoint: str,
    cursor: Path | None,
    patience: float,
    *,
    follow: bool,
) -> int:
    """Export jobs, steps and batches that have ended as spans, to a file or a collector.

    Without --to and --endpoint they go to OTEL_EXPORTER_OTLP_ENDPOINT. The store is only read.
    """
    _check_target(to, endpoint, follow=follow)
    _check_environment()
    opened = Workspace(workspace)
    if follow:
        with contextlib.suppress(OSError):
            os.nice(NICENESS)
    target = SpanTarget(to, endpoint, cursor, patience)
    total = export_spans(opened, target, _say, since=since, batch=batch, follow=follow)
    _say(f"Exported {pluralize(total.spans, 'span')}.")
    return 1 if total.skipped and not follow else 0


def _check_target(to: Path | None, endpoint: str, *, follow: bool) -> None:
    if to is not None and endpoint:
        raise click.UsageError("Name a file or a collector, not both.")
    if follow and to is not None and str(to) == "-":
        raise click.UsageError("--follow needs a file to continue in, or a collector.")
    if to is None and not endpoint and not any(os.environ.get(name) for name in ENDPOINTS):
        raise click.UsageError(f"Say where to: --to FILE, --endpoint URL, or {ENDPOINTS[1]}.")


def _check_environment() -> None:
    """Refuse what the environment forbids, or what is not installed.

    Raises:
        UserError: It cannot be exported.
    """
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.sdk") is None:
        packages = ("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http")
        requirement = missing_packages(*packages, extra="telemetry")
        raise UserError(f"Spans need {requirement.what}.", remedy=requirement.remedy)
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        raise UserError("OTEL_SDK_DISABLED is set, so nothing is exported.", remedy="Unset it.")
    for name in PROTOCOLS:
        if os.environ.get(name, "http/protobuf") != "http/protobuf":
            raise UserError(
                f"{name} names a protocol that is not spoken here; http/protobuf is.",
                remedy=f"Set {name}=http/protobuf, and the collector's port for HTTP (4318).",
            )


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)
