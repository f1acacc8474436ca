"""`safelight again`: a batch or a job is queued again, with other settings."""

from pathlib import Path
from typing import Any

import click

from engine.cli.control import operator_command
from engine.cli.estimates import show_estimate
from engine.cli.options import budget_option, settings_option, workspace_option
from engine.cli.queued import options_of, tell_queued
from engine.cli.trust import asking_for_trust
from engine.client.workspace import Workspace


@operator_command("again")
@click.argument("what", metavar="BATCH|JOB")
@settings_option
@click.option("--name", default="", help="The new batch's name (default: the old one's).")
@click.option("--priority", type=int, default=0, help="Priority (default: the old one's).")
@budget_option
@click.option("--dry-run", is_flag=True, help="Print an estimate; queue nothing.")
@click.option("--json", "as_json", is_flag=True, help="With --dry-run, print stable JSON.")
@workspace_option
def again(what: str, workspace: Path, dry_run: bool, as_json: bool, **flags: Any) -> int:
    """Queue BATCH or JOB again as a new batch, and return.

    The entries are those that were queued, whatever has become of the file; a job has the prompt
    of its best result. --set changes settings, the seed, or a field of the entries:
    --set prompt="a lamp at dusk". All else stays, the seed too.
    """
    opened = Workspace(workspace)
    options = options_of(flags)
    if dry_run:
        request = opened.request_again(what, options=options)
        show_estimate(opened.estimate_request(request), as_json=as_json)
        return 0
    batch = asking_for_trust(lambda: opened.again(what, options=options), ask=True)
    tell_queued(opened, f"Queued {batch}.")
    return 0
