"""`safelight doctor`: one line per check, with the remedy if it fails."""

from dataclasses import asdict
from pathlib import Path

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


def _line(finding: Finding) -> Text:
    sign = Text("✓ ", style="green") if finding.ok else Text("✗ ", style="red")
    return sign + Text(f"{finding.name}: ", style="bold") + render.shown(finding.found, 1000)
