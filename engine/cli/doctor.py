"""`safelight doctor`: one line per check, with the remedy unless it is in order."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.text import Text

from engine.cli import render
from engine.cli.completion import complete_file, complete_recipe
from engine.cli.options import json_option, settings_option, workspace_option
from engine.cli.trouble import FAILED
from engine.client.doctor.examine import examine
from engine.client.doctor.finding import Finding
from engine.client.doctor.recipe import Trial, check_recipe
from engine.client.hub import adopt_hub_variables
from engine.text.plural import pluralize

if TYPE_CHECKING:
    from rich.console import Console

_LOOKS = {
    "ok": ("✓", "green", ""),
    "hint": ("–", "yellow", "dim"),
    "problem": ("✗", "red", "bold"),
}
"""The mark of each state, its colour, and the style of the remedy."""


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
    """Diagnose problems; exit code 1 if there are any (✗).

    Hints (–) are what is not ready and nothing needs now, such as a backend without its key.
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
            _print(console, finding)
    counts = Counter({"ok": 0, "hint": 0, "problem": 0})
    counts.update(finding.state for finding in findings)
    if as_json:
        documents = [finding.document() for finding in findings]
        render.print_json({"ok": not counts["problem"], "counts": counts, "checks": documents})
    else:
        console.print(_summary(counts))
    return FAILED if counts["problem"] else 0


def _print(console: "Console", finding: Finding) -> None:
    mark, colour, of_remedy = _LOOKS[finding.state]
    name = Text(f"{finding.name}: ", style="bold")
    console.print(Text(f"{mark} ", style=colour) + name + render.shown(finding.found, 1000))
    if finding.remedy:
        console.print(Text("    ") + render.shown(finding.remedy, None, of_remedy))


def _summary(counts: Mapping[str, int]) -> str:
    """Return how many checks came out in each way; what is zero is left out, but no problems."""
    problems = pluralize(counts["problem"], "problem") if counts["problem"] else "No problems"
    hints = f", {pluralize(counts['hint'], 'hint')} (–)" if counts["hint"] else ""
    return f"{problems}{hints}, {counts['ok']} in order."
