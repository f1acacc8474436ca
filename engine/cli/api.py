"""`safelight api`: the HTTP API of a workspace."""

import asyncio
import contextlib
import signal as signals_of
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from engine.cli.lasting import outlive_upgrades
from engine.cli.options import workspace_option
from engine.cli.trouble import INTERRUPTED
from engine.client.hub import adopt_hub_variables
from engine.client.run_id import run_id
from engine.client.workspace import Workspace

F = TypeVar("F", bound=Callable[..., Any])


class Door(NamedTuple):
    """Pages beside the API.

    Attributes:
        pages: Returns them, with the login that they need.
        announce: Tells a person the address of the server and the way in.
    """

    pages: Callable[[Any], Any]
    announce: Callable[[str], None]


def server_options(function: F) -> F:
    """Add the options that say where a server listens, given to the command by their names."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


_OPTIONS = (
    click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
    click.option(
        "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any."
    ),
    click.option(
        "--behind-proxy",
        "behind_proxy",
        multiple=True,
        metavar="ADDRESS",
        help="Address of a proxy with TLS whose X-Forwarded headers are believed; repeatable.",
    ),
    click.option("--name", "names", multiple=True, help="Further name of the server; repeatable."),
    click.option("--tls-cert", type=click.Path(path_type=Path), help="Certificate chain, PEM."),
    click.option("--tls-key", type=click.Path(path_type=Path), help="Its key, PEM."),
)


def refuse_without_api() -> None:
    """Refuse to start without the packages of the API.

    Raises:
        CannotServe: One is missing; the remedy is the command that installs them.
    """
    from engine.api.server import refuse_without_extra

    refuse_without_extra()


@click.command()
@server_options
@click.option("--read-only", is_flag=True, help="Refuse everything that writes.")
@workspace_option
def api(workspace: Path, *, read_only: bool, **where: Any) -> int:
    """Serve the HTTP API until it is stopped.

    It queues, shows and commands; an engine runs the jobs: start one with `safelight engine`, or
    both in one process with `safelight engine --api`. `safelight token create` makes a token.
    """
    refuse_without_api()
    opened = Workspace(workspace, create=True)
    adopt_hub_variables(opened.paths.root)
    return serve(opened, read_only=read_only, **where)


def serve(
    workspace: Workspace, *, read_only: bool = False, door: Door | None = None, **where: Any
) -> int:
    """Serve a workspace until a signal comes; return the exit code.

    Args:
        workspace: The workspace.
        read_only: Refuse everything that writes.
        door: Pages beside the API.
        **where: Options that say where the server listens.

    Raises:
        CannotServe: The server cannot start as it was asked to.
    """
    import uvloop

    outlive_upgrades("server", "Restart it to use the new version.")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        came = runner.run(_serve(workspace, read_only=read_only, door=door, **where))
    return 0 if came in {0, signals_of.SIGTERM} else INTERRUPTED


async def _serve(workspace: Workspace, *, read_only: bool, door: Door | None, **where: Any) -> int:
    from engine.client.logs import log_to_file

    server, address, bound = prepare(workspace, read_only=read_only, door=door, **where)
    log_to_file(workspace.paths.logs, run_id(), workspace.settings.log)
    click.echo(f"API of {workspace.shown_root} on {address}", err=True)
    if door is not None:
        bound.listen()  # a browser that is quicker than the server waits
        door.announce(address)
    return await run_server(server, bound)


def prepare(
    workspace: Workspace, *, read_only: bool = False, door: Door | None = None, **where: Any
) -> tuple[Any, str, Any]:
    """Return a server, its address and its bound socket.

    Raises:
        CannotServe: The server cannot start as it was asked to.
    """
    from engine.api.app import ServerOptions, make_app
    from engine.api.server import Listening, address_of, bind, make_server

    listening = Listening(
        where["host"], where["port"], where["behind_proxy"], where["tls_cert"], where["tls_key"]
    )
    listening.check()
    hosts = (*where["names"], *([] if where["host"] in {"0.0.0.0", "::"} else [where["host"]]))  # noqa: S104
    options = ServerOptions(hosts, read_only=read_only)
    app = make_app(workspace, options, door.pages if door else None)
    bound = bind(listening)
    return make_server(app, listening), address_of(listening, bound), bound


async def run_server(server: Any, bound: Any) -> int:
    """Run a server until it ends; return the number of the signal that ended it, or 0."""
    came = 0

    def stop(number: int) -> None:
        nonlocal came
        came = came or number
        server.handle_exit(number, None)

    loop = asyncio.get_running_loop()
    for number in (signals_of.SIGINT, signals_of.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    server.capture_signals = contextlib.nullcontext  # it would raise them again at its end
    await server.serve(sockets=[bound])
    return came


@contextlib.asynccontextmanager
async def serving_beside(workspace: Workspace, **where: Any) -> AsyncIterator[None]:
    """Serve a workspace while the context lasts, in the event loop of an engine.

    Raises:
        CannotServe: The server cannot start as it was asked to.
    """
    server, address, bound = prepare(workspace, **where)
    server.capture_signals = contextlib.nullcontext  # they are the engine's
    task = asyncio.create_task(server.serve(sockets=[bound]))
    click.echo(f"API of {workspace.shown_root} on {address}", err=True)
    try:
        yield
    finally:
        server.should_exit = True
        await task
