"""Checks of a judge as a table: failures first, those that it could not tell in one line."""

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from engine.client.views.candidates import Candidate
from engine.client.views.checks import CheckLine

SIGNS = {"unmet": "✗", "partly": "~", "met": "✓", "unknown": "?"}
"""Sign of each verdict."""

_COLOURS = {"unmet": "state-failed", "partly": "text-warning", "met": "state-done"}


def verdict_table(checks: Sequence[CheckLine], colours: Mapping[str, str]) -> RenderableType:
    """Return checks as a table with their values, one line each.

    In a narrow place names and what is expected are cut, and not the signs and the values.

    Args:
        checks: The checks, in the order in which they are shown.
        colours: Colours of the theme by their names.
    """
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column()
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    for check in checks:
        if check.verdict != "unknown":
            table.add_row(*_cells(check, colours))
    unknown = [check.name for check in checks if check.verdict == "unknown"]
    if not unknown:
        return table
    muted = colours.get("text-muted", "")
    return Group(table, Text(f"not judged: {', '.join(unknown)}", muted))


def changed_checks(
    candidates: Sequence[Candidate], colours: Mapping[str, str]
) -> RenderableType | None:
    """Return the checks of several things side by side, those that differ; None without any.

    Args:
        candidates: The things.
        colours: Colours of the theme by their names.
    """
    of_each = [{check.name: check for check in one.checks} for one in candidates]
    names = list(dict.fromkeys(check.name for one in candidates for check in one.checks))
    rows = [(name, [known.get(name) for known in of_each]) for name in names]
    differ = [(name, checks) for name, checks in rows if len(set(map(_judged, checks))) > 1]
    changed = sorted(filter(_says, differ), key=lambda row: None in row[1])  # those of all first
    if not rows:
        return None
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=30)
    for name, checks in changed:
        table.add_row(Text(name), *(_judgement(check, colours) for check in checks))
    counts = (len(rows) - len(differ), "the same"), (len(differ) - len(changed), "not judged")
    left_out = " · ".join(f"{count} {what}" for count, what in counts if count)
    return Group(table, Text(left_out, colours.get("text-muted", ""))) if left_out else table


def _says(row: tuple[str, list[CheckLine | None]]) -> bool:
    """Return True if a check was judged of one of several things at least."""
    return any(check is not None and check.verdict in _COLOURS for check in row[1])


def _judged(check: CheckLine | None) -> tuple[str, str]:
    return (check.verdict, check.value) if check else ("", "")


def _judgement(check: CheckLine | None, colours: Mapping[str, str]) -> Text:
    if check is None:
        return Text("–")
    colour = colours.get(_COLOURS.get(check.verdict, "text-muted"), "")
    return Text(f"{SIGNS[check.verdict]} {check.value}".rstrip(), colour)


def _cells(check: CheckLine, colours: Mapping[str, str]) -> tuple[Text, Text, Text, Text]:
    colour, muted = colours.get(_COLOURS[check.verdict], ""), colours.get("text-muted", "")
    is_met = check.verdict == "met"
    return (
        Text(SIGNS[check.verdict], colour),
        Text(check.name, "" if is_met else "bold", no_wrap=True, overflow="ellipsis"),
        Text(check.value, "" if is_met else colour),
        Text(check.expected, muted, no_wrap=True, overflow="ellipsis"),
    )
