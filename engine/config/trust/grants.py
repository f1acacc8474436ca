"""Permissions of a workspace beyond itself, granted by its user.

These are the addresses that the user's own keys may be sent to, and folders outside the workspace
that it may write to.

They are kept with the user's configuration, never in a workspace: a workspace may come from
somebody else.
"""

import fcntl
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

Book = dict[str, dict[str, str]]
"""For each workspace's path, the addresses and the times since when they are trusted."""

MAX_BYTES = 4 << 20

_given_here: set[tuple[str, str]] = set()
"""Workspaces and addresses that this process was given, even if they could not be stored."""


def trust_file() -> Path:
    """Return its path: `$XDG_CONFIG_HOME/safelight/trust.json`, `~/.config` by default."""
    base = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser()
    if not base.is_absolute():  # as the standard requires; it would be inside the workspace
        base = Path("~/.config").expanduser()
    return base / "safelight" / "trust.json"


def trusted(root: Path) -> dict[str, str]:
    """Return the addresses trusted for a workspace, with the time since when."""
    return all_trusted().get(_key(root), {})


def is_trusted(root: Path, address: str) -> bool:
    """Return whether the user's keys may go to an address that a workspace's files set."""
    return (_key(root), address) in _given_here or address in trusted(root)


def is_trusted_folder(root: Path, folder: Path) -> bool:
    """Return whether a workspace may write into a folder outside it, or into a parent of it."""
    key = _key(root)
    known = {address for place, address in _given_here if place == key} | trusted(root).keys()
    return any(folder.is_relative_to(place) for place in known if place.startswith("/"))


def all_trusted() -> Book:
    """Return every workspace with its addresses; empty if the file is missing or unreadable."""
    try:
        with trust_file().open("rb") as file:
            data = json.loads(file.read(MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    workspaces = data.get("workspaces") if isinstance(data, dict) else None
    if not isinstance(workspaces, dict):
        return {}
    return {
        str(root): {str(address): str(since) for address, since in granted.items()}
        for root, granted in workspaces.items()
        if isinstance(granted, dict)
    }


def trust(root: Path, addresses: Iterable[str]) -> None:
    """Store addresses as trusted for a workspace.

    Raises:
        OSError: They cannot be stored; this process still trusts them.
    """
    key, granted = _key(root), list(addresses)
    _given_here.update((key, address) for address in granted)
    since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def add(book: Book) -> None:
        known = book.setdefault(key, {})
        for address in granted:
            known.setdefault(address, since)

    _change(add)


def revoke(root: Path) -> list[str]:
    """Remove the addresses of a workspace; return those it had.

    Raises:
        OSError: The change cannot be stored.
    """
    key, had = _key(root), sorted(trusted(root))
    _given_here.difference_update({pair for pair in _given_here if pair[0] == key})

    def remove(book: Book) -> None:
        book.pop(key, None)

    if had:
        _change(remove)
    return had


def _key(root: Path) -> str:
    return os.path.realpath(root)


def _change(change: Callable[[Book], None]) -> None:
    path = trust_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        book = all_trusted()
        change(book)
        _write(path, json.dumps({"version": 1, "workspaces": book}, indent=1, sort_keys=True))
    finally:
        os.close(handle)


def _write(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".trust-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
