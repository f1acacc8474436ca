"""`safelight login` and `safelight logout`: tokens for servers, in a file of the user's alone."""

import sys

import click

from engine.cli import render
from engine.cli.trouble import CliError
from engine.client.remote.server import Server, checked_server, keep_token, token_file

MAX_TOKEN = 8192


@click.command()
@click.argument("url")
def login(url: str) -> int:
    """Keep the token for the server at URL, which `safelight token create` has printed there.

    The token is asked for on a terminal, else read from standard input; it is never an argument,
    which other users of the machine could see. SAFELIGHT_TOKEN takes precedence over it.
    """
    from engine.client.remote.workspace import RemoteWorkspace

    address = checked_server(url)
    token = _token()
    with RemoteWorkspace(Server(address, token)) as remote:
        engine = remote.status(limit=1)["engine"]
    keep_token(address, token)
    state = "an engine runs there" if engine["running"] else "no engine runs there"
    render.say(f"Logged in to {address}; {state}. The token is in {token_file()}.")
    render.say(f"Now: safelight --server {address} status")
    return 0


@click.command()
@click.argument("url")
def logout(url: str) -> int:
    """Forget the token for the server at URL; it stays valid until it is revoked there."""
    address = checked_server(url)
    keep_token(address, None)
    render.say(f"The token for {address} is forgotten.")
    return 0


def _token() -> str:
    if sys.stdin.isatty():
        text = click.prompt("Token", hide_input=True, err=True)
    else:
        text = sys.stdin.read(MAX_TOKEN + 1)
    token = str(text).strip()
    if not token or len(token) > MAX_TOKEN or not token.isascii() or not token.isprintable():
        raise CliError("That is not a token. `safelight token create` prints one.")
    return token
