"""`safelight send`: a part of a job becomes the input of another recipe."""

from pathlib import Path
from typing import Any

import click

from engine.cli.completion import complete_recipe
from engine.cli.control import operator_command
from engine.cli.estimates import show_estimate
from engine.cli.options import budget_option, settings_option, workspace_option
from engine.cli.queued import options_of, tell_queued
from engine.cli.trust import asking_for_trust
from engine.client.workspace import Workspace


@operator_command("send")
@click.argument("sources", nargs=-1, required=True, metavar="JOB[:PART]...")
@click.argument("recipe", shell_complete=complete_recipe)
@settings_option
@click.option("--name", default="", help="The batch's name (default: the job's and the part's).")
@click.option("--priority", type=int, default=0, help="Priority; higher runs first.")
@budget_option
@click.option("--dry-run", is_flag=True, help="Print an estimate; queue nothing.")
@click.option("--json", "as_json", is_flag=True, help="With --dry-run, print stable JSON.")
@workspace_option
def send(
    sources: tuple[str, ...],
    recipe: str,
    workspace: Path,
    dry_run: bool,
    as_json: bool,
    **flags: Any,
) -> int:
    """Queue each JOB[:PART] as the input of RECIPE, as one job of a new batch, and return.

    JOB is j1 or BATCH/KEY. PART is a scope (iteration-2), a step (iteration-2/generate) or the
    first eight or more digits of a file's hash; by default the job's best result. A file goes to
    the field of RECIPE's input that takes one, with the prompt that it was generated from; --set
    gives other fields and settings. `safelight show` names both ends.
    """
    opened = Workspace(workspace)
    options = options_of(flags)
    if dry_run:
        show_estimate(opened.estimate_sending(sources, recipe, options=options), as_json=as_json)
        return 0
    batch = asking_for_trust(lambda: opened.send(sources, recipe, options=options), ask=True)
    tell_queued(opened, f"Queued {batch}.")
    return 0
