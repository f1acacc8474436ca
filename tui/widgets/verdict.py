"""Checks of a judge as a table: failures first, those that it could not tell in one line."""

from collections.abc import Mapping, Sequence

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from engine.client.views.candidates import Candidate
from engine.client.views.checks import CheckLine

SIGNS = {"unmet": "✗", "partly": "~", "met": "✓", "unknown": "?"}
"""Sign of each verdict."""

SHORT = 14
"""Maximum cells of a value in a column of its own; a longer one is a sentence."""

_LACKING = ("unmet", "partly")

_COLOURS = {"unmet": "state-failed", "partly": "text-warning", "met": "state-done"}


def verdict_table(checks: Sequence[CheckLine], colours: Mapping[str, str]) -> RenderableType:
    """Return checks as a table with their values, one line each.

    In a narrow place names and what is expected are cut, and not the signs and the values. A value
    that is a sentence is wrapped after the name.

    Args:
        checks: The checks, in the order in which they are shown.
        colours: Colours of the theme by their names.
    """
    judged = [check for check in checks if check.verdict != "unknown"]
    table = _table(judged, colours, wraps=True) if judged else None
    return _group(table, _unknown(checks, colours))


def missing_lines(things: Sequence[str], colours: Mapping[str, str]) -> Table:
    """Return what a judge misses, each thing with a sign of its own."""
    return signed_lines(things, "!", colours.get("text-warning", "yellow"))


def signed_lines(lines: Sequence[str], sign: str, colour: str) -> Table:
    """Return lines, wrapped, with the same sign before each."""
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(ratio=1)
    for line in lines:
        table.add_row(Text(sign, colour), Text(line))
    return table


def verdict_digest(checks: Sequence[CheckLine], colours: Mapping[str, str]) -> RenderableType:
    """Return what was not met in a line each, and the number of what was.

    Args:
        checks: The checks, in the order in which they are shown.
        colours: Colours of the theme by their names.
    """
    lacking = [check for check in checks if check.verdict in _LACKING]
    met = sum(check.verdict == "met" for check in checks)
    words = f"{met} more met" if lacking else f"{SIGNS['met']} {met} met"
    count = Text(words, colours.get("text-muted", "")) if met else None
    table = _table(lacking, colours, wraps=False) if lacking else None
    return _group(table, count, _unknown(checks, colours))


def _group(*parts: RenderableType | None) -> RenderableType:
    return Group(*(part for part in parts if part is not None))


def _table(checks: Sequence[CheckLine], colours: Mapping[str, str], *, wraps: bool) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column()
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    for check in checks:
        table.add_row(*_cells(check, colours, wraps=wraps))
    return table


def _unknown(checks: Sequence[CheckLine], colours: Mapping[str, str]) -> Text | None:
    """Return the names of what the judge could not tell; None if it could tell all."""
    names = [check.name for check in checks if check.verdict == "unknown"]
    return Text(f"not judged: {', '.join(names)}", colours.get("text-muted", "")) if names else None


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


def _cells(
    check: CheckLine, colours: Mapping[str, str], *, wraps: bool
) -> tuple[Text, Text, Text, Text]:
    colour, muted = colours.get(_COLOURS[check.verdict], ""), colours.get("text-muted", "")
    is_met, is_short = check.verdict == "met", cell_len(check.value) <= SHORT
    name = Text(no_wrap=is_short or not wraps, overflow="ellipsis")
    name.append(check.name, "" if is_met else "bold")
    value = Text(check.value, "" if is_met else colour)
    if not is_short:
        name.append("  ").append_text(value)
    return (
        Text(SIGNS[check.verdict], colour),
        name,
        value if is_short else Text(),
        Text(check.expected, muted, no_wrap=True, overflow="ellipsis"),
    )
