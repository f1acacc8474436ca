"""`safelight engine`: run the engine here, or stop or restart the one that runs."""

import asyncio
import contextlib
import signal as signals_of
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from rich.console import Console

from db.clock import now
from engine.cli.api import refuse_without_api, server_options, serving_beside
from engine.cli.control import carry_out, operator_command
from engine.cli.lasting import outlive_upgrades
from engine.cli.options import workspace_option
from engine.cli.trouble import FAILED, INTERRUPTED, PARKED
from engine.client.actions import action_of
from engine.client.engine_process import EngineProcess
from engine.client.hub import adopt_hub_variables
from engine.client.logs import log_to_console, log_to_file
from engine.client.run_id import run_id
from engine.client.workspace import Workspace
from engine.config.process.signals import held_back, signals


@click.group(invoke_without_command=True)
@click.option("--until-idle", is_flag=True, help="Stop once there is nothing left to do.")
@click.option("--detach", is_flag=True, help="Run in the background, detached from this terminal.")
@click.option("--api", "with_api", is_flag=True, help="Serve the HTTP API in the same process.")
@server_options
@workspace_option
@click.pass_context
def engine(
    ctx: click.Context,
    /,
    workspace: Path,
    until_idle: bool,
    detach: bool,
    with_api: bool,
    **where: Any,
) -> int:
    """Run the engine until it is stopped.

    Ctrl-C or SIGTERM stops it gracefully: calls in flight get a grace period. A second one stops it
    immediately. Closing the terminal does not stop it.
    """
    if ctx.invoked_subcommand is not None:
        ctx.obj = workspace
        return 0
    if with_api:
        refuse_without_api()
    if with_api and detach:
        raise click.UsageError("--api and --detach exclude each other; start `safelight api` too.")
    opened = Workspace(workspace, create=True)
    if detach:
        _report_start(EngineProcess(opened.paths).start(until_idle=until_idle))
        return 0
    return _run_here(opened, until_idle=until_idle, where=where if with_api else None)


@operator_command("stop")
@click.option("--after-current", is_flag=True, help=action_of("drain").help)
@workspace_option
@click.pass_context
def stop(ctx: click.Context, workspace: Path, *, after_current: bool) -> int:
    """With --after-current it returns at once; `safelight status` shows what still runs."""
    opened = Workspace(_named(ctx, workspace))
    if after_current:
        return carry_out(opened, "drain", [])
    process = EngineProcess(opened.paths)
    process.wait_until_gone(process.stop())
    click.echo("The engine has stopped.")
    return 0


engine.add_command(stop)


@engine.command()
@workspace_option
@click.pass_context
def restart(ctx: click.Context, workspace: Path) -> int:
    """Stop the engine gracefully and start another in the background."""
    opened = Workspace(_named(ctx, workspace), create=True)
    _report_start(EngineProcess(opened.paths).restart())
    return 0


def _named(ctx: click.Context, workspace: Path) -> Path:
    """Return the workspace, given before or after the word `stop`; the nearer one wins."""
    origin = ctx.get_parameter_source("workspace")
    before: Path | None = ctx.obj  # None for `safelight stop`
    return workspace if before is None or origin is ParameterSource.COMMANDLINE else before


def _run_here(workspace: Workspace, *, until_idle: bool, where: dict[str, Any] | None) -> int:
    adopt_hub_variables(workspace.paths.root)
    began = now()
    outlive_upgrades("engine", "To use the new version: safelight engine restart")
    with held_back():
        came = asyncio.run(_serve(workspace, until_idle=until_idle, where=where))
        if came:
            with contextlib.suppress(OSError):  # the terminal may be gone
                click.echo("Stopped.", err=True)
        if until_idle:
            return INTERRUPTED if came else _outcome(workspace, began)
        return 0 if came == signals_of.SIGTERM else INTERRUPTED if came else 0


async def _serve(workspace: Workspace, *, until_idle: bool, where: dict[str, Any] | None) -> int:
    engine_ = workspace.engine()
    beside = contextlib.nullcontext() if where is None else serving_beside(workspace, **where)
    with signals(engine_.stop) as came:
        async with beside:
            await engine_.run(
                until=(lambda e: e.is_idle) if until_idle else None,
                on_start=lambda: _say_at_work(workspace),
            )
        return came()


def _say_at_work(workspace: Workspace) -> None:
    console = Console(stderr=True, highlight=False)
    path = log_to_file(workspace.paths.logs, run_id(), workspace.settings.log)
    log_to_console(console)
    console.print(
        f"Engine at work on {workspace.shown_root}; its log is {path}.",
        markup=False,
        soft_wrap=True,
    )


def _outcome(workspace: Workspace, began: str) -> int:
    """Return the exit code for what waits and for what has ended since the engine started."""
    from db.queries.batches import batches, unfinished
    from db.queries.controls import is_paused

    with workspace.reading() as connection:
        if is_paused(connection) and unfinished(connection):
            return PARKED
        states = {
            batch.state
            for batch in batches(connection)
            if batch.finished_at is None or batch.finished_at >= began
        }
    if states & {"parked", "paused"}:
        return PARKED
    return FAILED if states & {"done_with_failures", "cancelled"} else 0


def _report_start(pid: int) -> None:
    click.echo(f"Engine started in the background: pid {pid}.")
