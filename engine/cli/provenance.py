"""`safelight provenance`: keys for signed files, and what files state about their origin."""

import getpass
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from engine.cli import render
from engine.cli.options import json_option, workspace_option
from engine.cli.trouble import FAILED, CliError
from engine.client.provenance import make_own_keys, read_origin, read_origins

_STYLES = {"trusted": "green", "valid": "green", "none": "dim"}


@click.group()
def provenance() -> None:
    """Make keys for signed files; show and verify what files state about their origin.

    Files are signed when provenance.sign is set to local or file; see docs/provenance.md.
    """


@provenance.command()
@click.option("--name", help="Name in the certificate, for all to read; by default USER@MACHINE.")
def init(name: str | None) -> int:
    """Make a certificate of your own, and the key that signs files with it.

    Nobody else vouches for it: readers see a valid signature of an unknown signer until they trust
    your ca.pem. Keys that are there are never overwritten.
    """
    try:
        folder, years = make_own_keys(name or f"{getpass.getuser()}@{socket.gethostname()}")
    except OSError as error:
        raise CliError(f"{error.filename or 'The keys'}: {error.strerror}.") from error
    render.say(
        f"Wrote a key and its certificate to {folder}. It is valid for {years} years.",
        f"Keep {folder / 'key.pem'} to yourself; with it anybody can sign as you.",
        "",
        "To sign what leaves a workspace, write into its safelight.toml:",
        '  [provenance]\n  sign = "local"',
        f"To have others recognise your files, give them {folder / 'ca.pem'}. They add it to the",
        "trust anchors of their reader: c2patool FILE trust --trust_anchors ca.pem",
    )
    return 0


@provenance.command()
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@workspace_option
def show(workspace: Path, file: Path, *, as_json: bool) -> int:
    """Show what FILE states about its origin, who signed that, and whether it holds."""
    report = read_origin(file, workspace)
    if as_json:
        render.print_json({"file": report})
    else:
        console = render.console()
        console.print(_line(report))
        if report["statement"] is not None:
            for line in _lines(report["statement"], 1):
                console.print(line)
    return FAILED if report["state"] in {"invalid", "unreadable"} else 0


@provenance.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--allow-unsigned", is_flag=True, help="Accept files without a statement.")
@json_option
@workspace_option
def verify(workspace: Path, files: tuple[Path, ...], *, allow_unsigned: bool, as_json: bool) -> int:
    """Check the signatures of FILES, or of all images, sounds and films in folders.

    Exit code 0 if every file has a valid statement, else 1. Signers of your own keys are trusted;
    those of others are shown as unknown, which is no failure.
    """
    reports = read_origins(files, workspace)
    if as_json:
        render.print_json({"files": reports})
    else:
        console = render.console()
        for report in reports:
            console.print(_line(report))
    if not reports:
        raise CliError("There is no image, sound or film in there.")
    accepted = {"trusted", "valid"} | ({"none"} if allow_unsigned else set())
    return 0 if all(one["state"] in accepted for one in reports) else FAILED


def _line(report: Mapping[str, Any]) -> Text:
    style = _STYLES.get(report["state"], "red")
    path = render.shown(f"{report['path']}:", None, "bold")
    return Text(" ").join([path, render.shown(report["words"], 2000, style)])


def _lines(statement: Mapping[str, Any], depth: int) -> Iterator[Text]:
    """Yield a statement in lines, and those of what went into it."""
    start = "  " * depth
    facts = {
        "source": ", ".join(statement["source_types"]),
        "made": ", ".join(statement["actions"]),
        "signed": " ".join(filter(None, (statement["signer"], statement["signed_at"]))),
        "program": statement["generator"],
        **{
            name.replace("_", " "): _plain(value)
            for name, value in statement["step"].items()
            if name != "version"
        },
    }
    for name, value in facts.items():
        if value:
            yield Text(f"{start}{name}: ", style="dim") + render.shown(value, 4000)
    for one in statement["ingredients"]:
        head = f"{one['title'] or 'file'} ({one['relationship']})"
        yield Text(start) + render.shown(f"from {head}: {_STATES[one['state']]}", 300, "bold")
        if one["statement"] is not None:
            yield from _lines(one["statement"], depth + 1)


_STATES = {
    "trusted": "valid when it went in",
    "valid": "valid when it went in",
    "invalid": "NOT valid when it went in",
    "none": "no signed statement",
    "unreadable": "cannot be read",
}


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(one)}" for name, one in value.items())
    return "; ".join(map(_plain, value)) if isinstance(value, list) else str(value)
