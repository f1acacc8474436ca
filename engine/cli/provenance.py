"""`safelight provenance`: keys for signed files, and what files state about their origin."""

import getpass
import socket
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from engine.cli import render
from engine.cli.options import json_option, workspace_option
from engine.cli.trouble import FAILED, CliError

if TYPE_CHECKING:  # each is imported by the command that needs it
    from engine.provenance.reading import FileReport, Statement

_STYLES = {"trusted": "green", "valid": "green", "none": "dim"}
_MAX_BYTES = 1 << 20


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
    from engine.provenance.certificates import VALID, make_keys

    try:
        folder = make_keys(name or f"{getpass.getuser()}@{socket.gethostname()}")
    except OSError as error:
        raise CliError(f"{error.filename or 'The keys'}: {error.strerror}.") from error
    render.say(
        f"Wrote a key and its certificate to {folder}. It is valid for {VALID.days // 365} years.",
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
    report = _reports([file], workspace)[0]
    if as_json:
        render.print_json({"file": _document(report)})
    else:
        console = render.console()
        console.print(_line(report))
        if report.statement is not None:
            for line in _lines(report.statement, 1):
                console.print(line)
    return FAILED if report.state in {"invalid", "unreadable"} else 0


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
    reports = _reports(list(_expanded(files)), workspace)
    if as_json:
        render.print_json({"files": [_document(one) for one in reports]})
    else:
        console = render.console()
        for report in reports:
            console.print(_line(report))
    if not reports:
        raise CliError("There is no image, sound or film in there.")
    accepted = {"trusted", "valid"} | ({"none"} if allow_unsigned else set())
    return 0 if all(one.state in accepted for one in reports) else FAILED


def _expanded(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield files; of folders, those whose ending is that of an image, a sound or a film."""
    from engine.provenance.formats import SUFFIXES

    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = (one for one in path.rglob("*") if one.suffix.lower() in SUFFIXES)
        yield from sorted(one for one in inside if one.is_file() and not one.is_symlink())


def _reports(files: Iterable[Path], workspace: Path) -> "list[FileReport]":
    from engine.provenance.reading import read_file

    anchors, allowed = _trusted(workspace)
    return [read_file(file, anchors, allowed) for file in files]


def _trusted(workspace: Path) -> tuple[list[bytes], list[bytes]]:
    """Return the user's own authority, and the certificate that the workspace signs with."""
    from engine.config.settings import SettingsError, read_settings
    from engine.config.trust.signing import untrusted_signing
    from engine.provenance.identity import anchor_file, files_of

    anchors, allowed = _read([anchor_file()]), list[bytes]()
    try:
        settings = read_settings(workspace).provenance
    except SettingsError:
        return anchors, allowed
    if settings.sign == "file" and not untrusted_signing(workspace, settings):
        allowed = _read(files_of(settings, workspace)[:1])
    return anchors, allowed


def _read(paths: Iterable[Path]) -> list[bytes]:
    return [path.read_bytes()[:_MAX_BYTES] for path in paths if path.is_file()]


def _line(report: "FileReport") -> Text:
    style = _STYLES.get(report.state, "red")
    return Text(" ").join(
        [render.shown(f"{report.path}:", None, "bold"), render.shown(report.words, 2000, style)]
    )


def _lines(statement: "Statement", depth: int) -> Iterator[Text]:
    """Yield a statement in lines, and those of what went into it."""
    start = "  " * depth
    facts = {
        "source": ", ".join(statement.source_types),
        "made": ", ".join(statement.actions),
        "signed": " ".join(filter(None, (statement.signer, statement.signed_at))),
        "program": statement.generator,
        **{
            name.replace("_", " "): _plain(value)
            for name, value in statement.step.items()
            if name != "version"
        },
    }
    for name, value in facts.items():
        if value:
            yield Text(f"{start}{name}: ", style="dim") + render.shown(value, 4000)
    for one in statement.ingredients:
        head = f"{one.title or 'file'} ({one.relationship})"
        yield Text(start) + render.shown(f"from {head}: {_STATES[one.state]}", 300, "bold")
        if one.statement is not None:
            yield from _lines(one.statement, depth + 1)


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


def _document(report: "FileReport") -> dict[str, Any]:
    return {**asdict(report), "path": str(report.path), "words": report.words}
