"""Checks of a judge as a table: failures first, those that it could not tell in one line."""

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tui.snapshots.checks import CheckLine

SIGNS = {"unmet": "✗", "partly": "~", "met": "✓", "unknown": "?"}
"""Sign of each verdict."""

_COLOURS = {"unmet": "state-failed", "partly": "text-warning", "met": "state-done"}


def verdict_table(checks: Sequence[CheckLine], colours: Mapping[str, str]) -> RenderableType:
    """Return checks as a table with their values.

    Args:
        checks: The checks, in the order in which they are shown.
        colours: Colours of the theme by their names.
    """
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(no_wrap=True, overflow="ellipsis")
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis")
    for check in checks:
        if check.verdict != "unknown":
            table.add_row(*_cells(check, colours))
    unknown = [check.name for check in checks if check.verdict == "unknown"]
    if not unknown:
        return table
    muted = colours.get("text-muted", "")
    return Group(table, Text(f"not judged: {', '.join(unknown)}", muted))


def _cells(check: CheckLine, colours: Mapping[str, str]) -> tuple[Text, Text, Text, Text]:
    colour, muted = colours.get(_COLOURS[check.verdict], ""), colours.get("text-muted", "")
    is_met = check.verdict == "met"
    return (
        Text(SIGNS[check.verdict], colour),
        Text(check.name, "" if is_met else "bold"),
        Text(check.value, "" if is_met else colour),
        Text(check.expected, muted),
    )
