"""`safelight undo`: take a decision of a job back, after showing what it changed."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli import render
from engine.cli.control import carry_out, operator_command
from engine.cli.doors import door, step_in
from engine.cli.options import workspace_option
from engine.client.actions import action_of
from engine.client.documents.undoing import undoing_document
from engine.client.undoing import Undoing
from engine.client.workspace import Workspace

if TYPE_CHECKING:
    from engine.client.remote.workspace import RemoteWorkspace

_MARKS = {"=": "{}", "-": "[-{}-]", "+": "{{+{}+}}"}


@operator_command("undo")
@click.argument("job")
@click.argument("key", required=False, default="")
@click.option("--dry-run", is_flag=True, help="Print what it would change; undo nothing.")
@click.option("--json", "as_json", is_flag=True, help="With --dry-run, print stable JSON.")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal.")
@workspace_option
def undo(workspace: Path, job: str, key: str, *, dry_run: bool, as_json: bool, yes: bool) -> int:
    """KEY is the decision, as `safelight show` lists it; by default the latest.

    The decision before it holds again, or the recipe's own choice. The history keeps both.
    """
    opened = door(workspace)
    if not isinstance(opened, Workspace):
        return _undo_there(opened, job, key, dry_run=dry_run)
    undoing = opened.undoing(job, key)
    if as_json and dry_run:
        render.print_json(undoing_document(undoing))
        return 0
    render.say(*lines_of(undoing))
    if dry_run:
        return 0
    if not yes and sys.stdin.isatty():
        click.confirm(f"{action_of('undo').title} it?", abort=True)
    arguments = {"key": undoing.key, "decision": undoing.decision}
    return carry_out(opened, "undo", [job], arguments)


def _undo_there(remote: "RemoteWorkspace", job: str, key: str, *, dry_run: bool) -> int:
    if dry_run:
        raise click.UsageError("A server does not show what an undo changes; see show JOB.")
    return step_in(remote, "undo", [job], {"key": key} if key else {})


def lines_of(undoing: Undoing) -> list[str]:
    """Return it as lines: the decision, the change, the consequences."""
    changes = " ".join(_MARKS[mark].format(words) for mark, words in undoing.changes())
    head = f"{undoing.key}, decided {undoing.at[:16].replace('T', ' ')}:"
    return [head, f"  {changes}", undoing.sentence]
