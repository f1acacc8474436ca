"""`safelight gallery`: the pages of a workspace for a browser, beside its HTTP API."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.api import Door, serve, server_options
from engine.cli.options import workspace_option
from engine.client.hub import adopt_hub_variables
from engine.client.workspace import Workspace

if TYPE_CHECKING:
    from engine.api.app import Pages
    from engine.api.services import Services


@click.command()
@server_options
@click.option("--read-only", is_flag=True, help="Only show; refuse everything that writes.")
@click.option("--link", is_flag=True, help="Print a link into a gallery that is open, and return.")
@click.option("--open", "in_browser", is_flag=True, help="Open the link in the system's browser.")
@workspace_option
def gallery(workspace: Path, *, read_only: bool, link: bool, in_browser: bool, **where: Any) -> int:
    """Serve the gallery until it is stopped: contact sheets, jobs, comparisons, decisions.

    The link that it prints logs one browser in, once. An engine runs the jobs: start one with
    `safelight engine`. From another machine: an SSH tunnel to the port, or --tls-cert.
    """
    from engine.api.server import refuse_without_extra

    refuse_without_extra()
    opened = Workspace(workspace, create=not link)
    greet = partial(_announce, opened, where, in_browser=in_browser)
    if link:
        greet(f"{'https' if where['tls_cert'] else 'http'}://{where['host']}:{where['port']}")
        return 0
    adopt_hub_variables(opened.paths.root)
    return serve(opened, read_only=read_only, door=Door(_pages, greet), **where)


def _pages(services: "Services") -> "Pages":
    from engine.api.app import Pages
    from engine.api.gallery.routes import Gallery

    pages = Gallery(services)
    return Pages(pages.routes(), pages.principal)


def _announce(
    workspace: Workspace, where: Mapping[str, Any], address: str, *, in_browser: bool
) -> None:
    """Print the link that logs one browser in."""
    from engine.api.gallery.sessions import LINK_MINUTES, add_link

    link = f"{_as_seen(address, where)}/login?code={add_link(workspace.store)}"
    click.echo(f"Log in, once, within {LINK_MINUTES} minutes:", err=True)
    click.echo(link)
    if in_browser:
        click.launch(link)


def _as_seen(address: str, where: Mapping[str, Any]) -> str:
    """Return the address that a browser uses: by the name that was given, or through the proxy."""
    scheme, _, rest = address.partition("://")
    name = next(iter(where["names"]), "")
    if name and where["behind_proxy"]:
        return f"https://{name}"
    every = where["host"] in {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
    if name or every:
        return f"{scheme}://{name or '127.0.0.1'}:{rest.rpartition(':')[2]}"
    return address
