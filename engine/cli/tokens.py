"""`safelight token`: tokens of the HTTP API."""

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from engine.cli import render
from engine.cli.api import refuse_without_api
from engine.cli.options import json_option, parse_dollars, workspace_option
from engine.cli.trouble import CliError
from engine.client.workspace import Workspace

_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@click.group()
def token() -> None:
    """Create, list and revoke tokens of the HTTP API.

    Scopes: read; write (queue, pause, cancel); decide (decide, approve, rate); spend (start work
    that costs money); admin (everything).
    """
    refuse_without_api()


def _scopes(_ctx: click.Context, _parameter: click.Parameter, text: str) -> tuple[str, ...]:
    from engine.api.auth.principal import SCOPES

    chosen = dict.fromkeys(part.strip() for part in text.split(",") if part.strip())
    if unknown := [one for one in chosen if one not in SCOPES]:
        raise click.BadParameter(f"{unknown[0]!r} is no scope; there are: {', '.join(SCOPES)}.")
    if not chosen:
        raise click.BadParameter("Name at least one scope.")
    return tuple(chosen)


def _expiry(_ctx: click.Context, _parameter: click.Parameter, text: str) -> datetime | None:
    if text == "never":
        return None
    match = _SPAN.fullmatch(text)
    if match is None:
        raise click.BadParameter(f"{text!r} is no span of time; write 30d, 12h, 90m or never.")
    return datetime.now(UTC) + timedelta(**{_UNITS[match[2]]: int(match[1])})


@token.command()
@click.option("--name", default="", help="Name of the token, for lists and logs.")
@click.option(
    "--scope", "scopes", default="read", show_default=True, callback=_scopes, help="Permissions."
)
@click.option(
    "--expires", default="90d", show_default=True, callback=_expiry, help="30d, 12h, or never."
)
@click.option(
    "--spend",
    "ceiling",
    metavar="DOLLARS",
    callback=parse_dollars,
    help="Maximum cost of all that it queues.",
)
@click.option("--jwt", "signed", is_flag=True, help="Make a JSON Web Token.")
@click.option("--stdin", is_flag=True, help="Take the token itself from standard input.")
@json_option
@workspace_option
def create(workspace: Path, *, as_json: bool, stdin: bool, **options: Any) -> int:
    """Create a token and print it, once: only its hash is kept."""
    from engine.api.auth.issue import Wanted, issue

    if stdin and options["signed"]:
        raise click.UsageError("--stdin and --jwt exclude each other.")
    wanted = Wanted(
        options["name"],
        options["scopes"],
        options["expires"],
        options["ceiling"],
        signed=options["signed"],
        brought=sys.stdin.readline().strip() if stdin else None,
    )
    issued = issue(Workspace(workspace, create=True), wanted)
    if as_json:
        render.print_json({"token": {"id": f"t{issued.number}", "secret": issued.secret}})
    else:
        render.console(stderr=True).print(f"Token t{issued.number}; it is shown only now:")
        click.echo(issued.secret)
    return 0


@token.command("list")
@json_option
@workspace_option
def list_(workspace: Path, *, as_json: bool) -> int:
    """List the tokens, without the secrets."""
    from db.queries.callers import committed_by, tokens, workspace_id
    from engine.api.auth.issue import token_document

    with Workspace(workspace).reading() as connection:
        rows, audience = tokens(connection), workspace_id(connection)
        listed = [token_document(row, committed_by(connection, f"t{row.id}")) for row in rows]
    if as_json:
        render.print_json({"workspace": audience, "tokens": listed})
        return 0
    table = render.table("id", "name", "scopes", "spend", "expires", "used", "state")
    for one in listed:
        spend = "" if one["spend_usd"] is None else f"{one['used_usd']} of {one['spend_usd']}"
        cells = [one["id"], one["name"], ",".join(one["scopes"]), spend]
        cells += [one["expires_at"] or "never", one["used_at"] or "", one["state"]]
        table.add_row(*(render.shown(cell, 40) for cell in cells))
    render.console().print(table if listed else Text("No tokens: safelight token create"))
    render.say(f"Workspace, the claim `aud` of signed tokens: {audience}")
    return 0


@token.command()
@click.argument("name")
@workspace_option
def revoke(workspace: Path, name: str) -> int:
    """Revoke the token NAME: its id, as t3, or its name."""
    from engine.api.auth.issue import revoke as revoke_

    revoked = revoke_(Workspace(workspace), name)
    if not revoked:
        raise CliError(f"No valid token is called {name!r}: safelight token list")
    render.say(f"Revoked {', '.join(revoked)}.")
    return 0
