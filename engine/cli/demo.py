"""`safelight demo`: the example prompts, in a workspace of their own."""

import os
import subprocess
import sys
from pathlib import Path

import click

from engine.cli.run import attend
from engine.client.demo import queue_demo
from engine.client.engine_process import EngineProcess
from engine.client.workspace import Workspace

REUSE = "SAFELIGHT_ENGINE__REUSE"
"""Environment variable of the setting by which each demo paints again."""


@click.command()
@click.argument("folder", default="demo", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--prompts",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Other prompts than the examples.",
)
@click.option("--plain", is_flag=True, help="Plain lines, without the dashboard.")
def demo(folder: Path, prompts: Path | None, plain: bool) -> int:
    """Paint twelve example prompts in FOLDER (default: demo), and watch them in the dashboard.

    Everything runs on this computer and costs nothing. Each demo generates its images again.
    Without a terminal it prints its progress and waits for the end.
    """
    os.environ.setdefault(REUSE, "job")
    batch = queue_demo(folder, prompts)
    opened = Workspace(folder)
    has_screen = sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    if plain or not has_screen:
        code = attend(opened, batch, plain=plain, as_json=False)
    else:
        if opened.engine_process() is None:
            EngineProcess(opened.paths).start(until_idle=True)
        command = [sys.executable, "-m", "safelight", "--workspace", str(folder)]
        code = subprocess.run(command, check=False).returncode  # noqa: S603 - our own program
    click.echo(f"Images and reports: {opened.shown_root / 'outputs' / 'results'}")
    return code
