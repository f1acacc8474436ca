"""`safelight branch`: a line of its own from a part of a job."""

from pathlib import Path
from typing import Any

import click

from engine.cli import render
from engine.cli.control import operator_command
from engine.cli.estimates import show_estimate
from engine.cli.options import budget_option, settings_option, workspace_option
from engine.cli.queued import options_of, tell_queued
from engine.cli.trust import asking_for_trust
from engine.client.branching import BranchEstimate
from engine.client.documents.estimates import branch_document
from engine.client.workspace import Workspace
from engine.text.amounts import in_words
from engine.text.plural import pluralize


@operator_command("branch")
@click.argument("source", metavar="JOB[:PART]")
@click.option("--prompt", default=None, help="Another prompt for PART.")
@settings_option
@click.option("--name", default="", help="The batch's name (default: the job's, and -branch).")
@click.option("--priority", type=int, default=0, help="Priority; higher runs first.")
@budget_option
@click.option("--dry-run", is_flag=True, help="Print what is kept and an estimate; queue nothing.")
@click.option("--json", "as_json", is_flag=True, help="With --dry-run, print stable JSON.")
@workspace_option
def branch(
    source: str,
    workspace: Path,
    prompt: str | None,
    dry_run: bool,
    as_json: bool,
    **flags: Any,
) -> int:
    """Queue a branch of JOB that begins at PART, as a batch of its own, and return.

    PART is where it begins: iteration-2 of refine, scene-3 of storyboard. What comes before is kept
    and not paid again, whatever differs; PART and what follows run with --prompt, and with --set of
    the seed, settings of the recipe, fields of the entry and BACKEND.key. JOB stays as it is.
    """
    opened = Workspace(workspace)
    options = options_of(flags)
    estimate = opened.estimate_branch(source, prompt=prompt, options=options)
    if dry_run and as_json:
        render.print_json(branch_document(estimate))
        return 0
    render.say(kept_in_words(estimate))
    if dry_run:
        show_estimate(estimate.estimate, as_json=False)
        return 0
    batch = asking_for_trust(
        lambda: opened.branch(source, prompt=prompt, options=options), ask=True
    )
    tell_queued(opened, f"Queued {batch}.")
    return 0


def kept_in_words(branch: BranchEstimate) -> str:
    """Return a sentence about what is not paid again."""
    steps = pluralize(branch.kept, "step is", "steps are")
    saved = f", which cost {in_words(branch.saved)}" if branch.saved else ""
    return f"It begins at {branch.scope}; {steps} kept{saved}."
