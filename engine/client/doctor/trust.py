"""The doctor's check of the addresses that keys may be sent to."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from engine.client.command_text import command_line
from engine.client.doctor.finding import Finding
from engine.client.trust import addresses_of
from engine.config.settings import SettingsError
from engine.config.trust.grants import trusted


def check_trust(root: Path) -> Iterator[Finding]:
    """List the addresses for keys that the files of a workspace name, trusted or not."""
    try:
        addresses = dict(addresses_of(root))
    except (SettingsError, sqlite3.DatabaseError):
        return  # reported by other checks
    known = trusted(root)
    for address, names in sorted(addresses.items()):
        keys = " and ".join(names)
        if address in known:
            yield Finding("trust", True, f"{keys} may go to {address} since {known[address][:10]}")
            continue
        state = f"your {keys} may not go to {address}, which only this workspace names"
        remedy = f"If you trust it: {command_line(root, 'trust')}"
        yield Finding("trust", False, state, remedy, optional=True)
    if not addresses:
        yield Finding("trust", True, "no file here names an address that keys are sent to")
