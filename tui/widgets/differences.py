"""Differences of things that are compared: scores, verdicts, settings, prompts."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from engine.client.views.candidates import Candidate
from engine.text import figures
from tui.widgets.heading import Heading
from tui.widgets.prompt_diff import PromptDiff
from tui.widgets.verdict import changed_checks

MAX_METRICS = 40
"""Maximum scores that are compared."""

LEAST_SHARED = 0.5
"""Minimum share of words of two prompts that are compared word by word."""

_TABLES = ("scores", "settings", "checks")

MAX_SETTINGS = 24
"""Maximum settings that differ that are shown."""


class Differences(Vertical):
    """Scores side by side, and the prompt of the last thing with its changes from the first."""

    def compose(self) -> ComposeResult:
        """Compose the tables, and the prompt with its heading: beside them where there is room."""
        with Vertical(id="tables"):
            yield Static(id="scores", markup=False)
            yield Static(id="settings", markup=False)
            yield Static(id="checks", markup=False)
        with Vertical(id="texts"):
            yield Heading(id="prompt-heading", markup=False)
            yield PromptDiff(id="prompt")
            yield Static(id="again", markup=False)

    def show(self, candidates: Sequence[Candidate], active: int = 0) -> None:
        """Show the differences of some things.

        Args:
            candidates: The things.
            active: Number of the one that a key would choose, from 0.
        """
        there = bool(candidates and (candidates[0].prompt or candidates[-1].prompt))
        tables = {
            "scores": _scores(candidates),
            "checks": changed_checks(candidates, self.app.theme_variables),
            "settings": _settings(candidates),
            "again": _again(candidates, active),
        }
        self.query_one("#tables").display = any(tables[name] is not None for name in _TABLES)
        self.display = there or any(table is not None for table in tables.values())
        for name, table in tables.items():
            static = self.query_one(f"#{name}", Static)
            static.display = table is not None
            static.update(table or "")
        first, last = (candidates[0], candidates[-1]) if candidates else (None, None)
        self.query_one("#prompt-heading").display = there
        self.query_one(PromptDiff).display = there
        if there and first and last:
            heading, before, after = _prompts(first, last)
            self.query_one("#prompt-heading", Heading).update(heading)
            self.query_one(PromptDiff).show(before, after)


def _prompts(first: Candidate, last: Candidate) -> tuple[str, str, str]:
    """Return a heading, and the prompts to compare; two that have little in common are both shown.

    Word by word their differences would read as neither of them.
    """
    before, after = first.prompt or last.prompt, last.prompt
    if before == after:
        return "the same prompt", before, after
    if not after or shared_words(before, after) >= LEAST_SHARED:
        return f"prompt of {last.title}, against {first.title}", before, after
    both = f"{first.title}: {before}\n\n{last.title}: {after}"
    return "two prompts", both, both


def shared_words(before: str, after: str) -> float:
    """Return the share of the words of the shorter text that the other one has too, 0..1."""
    one, other = ({*text.lower().split()} for text in (before, after))
    return len(one & other) / max(1, min(len(one), len(other)))


def _again(candidates: Sequence[Candidate], active: int) -> Text | None:
    """Return what choosing the active thing runs again, or what a whole job costs again."""
    candidate = candidates[active] if active < len(candidates) else None
    if candidate is None or not candidate.again:
        return None
    if not candidate.node:
        return Text(f"a queues {candidate.title} again: {candidate.again} as it ran")
    return Text(f"c chooses {candidate.title}: {candidate.again} runs again")


def _settings(candidates: Sequence[Candidate]) -> Table | None:
    """A row per setting that differs: its value of each thing."""
    values = [dict(candidate.settings) for candidate in candidates]
    if not all(values):  # a part of a job beside another job
        return None
    names = dict.fromkeys(name for one in values for name in one)
    differ = [name for name in names if len({one.get(name) for one in values}) > 1]
    if not differ:
        return None
    table = Table.grid(padding=(0, 2))
    for _ in range(len(values) + 1):
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=30)
    for name in differ[:MAX_SETTINGS]:
        table.add_row(Text(name.replace("_", " ")), *(Text(one.get(name, "–")) for one in values))
    return table


def _scores(candidates: Sequence[Candidate]) -> Table | None:
    """A row per score: its value of each thing, and the change from the first to the last."""
    values = [dict(candidate.scores) for candidate in candidates]
    names = list(dict.fromkeys(name for one in values for name in one))[:MAX_METRICS]
    if not names:
        return None
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=30)
    for _ in range(len(values) + 1):
        table.add_column(justify="right", no_wrap=True)
    for name in names:
        row = [one.get(name) for one in values]
        table.add_row(Text(name.replace("_", " ")), *map(_value, row), _change(row[0], row[-1]))
    return table


def _value(value: float | None) -> Text:
    return Text("–" if value is None else figures.score(value))


def _change(first: float | None, last: float | None) -> Text:
    if first is None or last is None:
        return Text("")
    change = last - first
    return Text(
        "=" if abs(change) < 1e-9 else f"{'+' if change > 0 else '-'}{figures.score(abs(change))}"
    )
