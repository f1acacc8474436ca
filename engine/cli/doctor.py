"""`safelight doctor`: one line per check, with the remedy if it fails."""

import sqlite3
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click
from rich.text import Text

from db.errors import StoreError
from engine.cli import render
from engine.cli.checks import Finding, check_installation, check_settings
from engine.cli.checks_of_faults import FAULT_CHECKS
from engine.cli.checks_of_machines import check_machines
from engine.cli.checks_of_objects import check_objects
from engine.cli.checks_of_recipe import Trial, check_recipe
from engine.cli.checks_of_signing import check_signing
from engine.cli.checks_of_store import STORE_CHECKS, Check, check_artifacts
from engine.cli.completion import complete_file, complete_recipe
from engine.cli.hosts import check_devices
from engine.cli.hub import adopt_hub_variables
from engine.cli.options import json_option, settings_option, workspace_option
from engine.cli.trouble import FAILED
from engine.cli.trust import check_trust
from engine.client.workspace import Workspace
from engine.config.settings import SettingsError


@click.command()
@click.argument("recipe", required=False, shell_complete=complete_recipe)
@click.argument("input_", metavar="[INPUT]", required=False, shell_complete=complete_file)
@click.option("--paid", is_flag=True, help="Try an entry even if that costs money.")
@settings_option
@click.option("--deep", is_flag=True, help="Read every stored file and check its hash.")
@json_option
@workspace_option
def doctor(
    workspace: Path,
    recipe: str | None,
    input_: str | None,
    *,
    paid: bool,
    overrides: dict[str, str],
    deep: bool,
    as_json: bool,
) -> int:
    """Diagnose problems; exit code 1 if there are any.

    With RECIPE, check what it needs: packages, backends. With INPUT, read that too, and run its
    first entry in a temporary workspace.
    """
    trial = Trial(workspace, recipe, input_, overrides, paid=paid) if recipe else None
    checks = check_recipe(trial) if trial else examine(workspace, deep=deep)
    findings: list[Finding] = []
    console = render.console()
    adopt_hub_variables(workspace)
    for finding in checks:
        findings.append(finding)
        if not as_json:
            console.print(_line(finding))
            if finding.remedy:
                console.print(Text("    ") + render.shown(finding.remedy, None, "bold"))
    well = all(finding.ok for finding in findings)
    if as_json:
        render.print_json({"ok": well, "checks": [asdict(finding) for finding in findings]})
    return 0 if well else FAILED


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


def _line(finding: Finding) -> Text:
    sign = Text("✓ ", style="green") if finding.ok else Text("✗ ", style="red")
    return sign + Text(f"{finding.name}: ", style="bold") + render.shown(finding.found, 1000)
