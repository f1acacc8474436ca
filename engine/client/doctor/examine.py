"""All checks of a workspace, in order."""

import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from db.errors import StoreError, StoreMissing
from engine.client.doctor.backends import list_backends, list_recipes
from engine.client.doctor.devices import check_devices
from engine.client.doctor.faults import FAULT_CHECKS
from engine.client.doctor.finding import Finding
from engine.client.doctor.installation import check_installation, check_settings
from engine.client.doctor.machines import check_machines
from engine.client.doctor.objects import check_objects
from engine.client.doctor.signing import check_signing
from engine.client.doctor.store import STORE_CHECKS, Check, check_artifacts
from engine.client.doctor.trust import check_trust
from engine.client.workspace import Workspace
from engine.config.settings import SettingsError


def examine(root: Path, *, deep: bool) -> Iterator[Finding]:
    """Run all checks in order; stop at a workspace that cannot be opened."""
    yield from check_installation()
    yield from check_settings(root)
    yield from check_trust(root)
    try:
        workspace = Workspace(root)
    except SettingsError:
        return  # reported by the check of the settings
    except StoreError as error:
        yield Finding("store", False, str(error))
        if isinstance(error, StoreMissing):  # of others it is not known what is queued
            yield from list_backends(root, {})
            yield from list_recipes(set())
        return
    except sqlite3.DatabaseError as error:
        yield _unreadable(error)
        return
    checks: list[Check] = [*STORE_CHECKS, *FAULT_CHECKS, check_devices, check_machines]
    checks += [check_signing, check_objects, partial(check_artifacts, deep=deep)]
    for check in checks:
        try:
            yield from check(workspace)
        except sqlite3.DatabaseError as error:
            yield _unreadable(error)
            return


def _unreadable(error: sqlite3.DatabaseError) -> Finding:
    remedy = "Restore a backup into the workspace, or move the store away."
    return Finding("store", False, f"it cannot be read: {error}", remedy)
