"""`safelight metrics`: metrics for Prometheus without the HTTP API."""

from pathlib import Path

import click

from engine.cli.options import workspace_option
from engine.client.telemetry import metrics_text, write_metrics
from engine.client.workspace import Workspace


@click.command()
@click.option(
    "--textfile",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Replace FILE.prom in a folder of node_exporter's textfile collector.",
)
@workspace_option
def metrics(workspace: Path, textfile: Path | None) -> int:
    """Print metrics of the workspace for Prometheus, or write them to a file."""
    opened = Workspace(workspace)
    running = opened.engine_process() is not None
    with opened.reading() as connection:
        text, _ = metrics_text(connection, engine=running)
    if textfile is None:
        click.echo(text.decode(), nl=False)
    else:
        write_metrics(textfile, text)
    return 0
