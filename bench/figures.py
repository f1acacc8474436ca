"""Figures beside their goals, as one table."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.machine import ROOT, describe_machine

RESULTS = ROOT / "bench" / "results.md"

_HEAD = """# What was measured

`make bench` measures all of this again in under ten minutes; `python -m bench NAME` one measure in
its long form. Ratios are of processes that ran by turns in the same run, medians over the rounds;
times depend on the machine and on what else it does.
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    Attributes:
        name: What was measured.
        found: What was found, in words.
        goal: What it should be, empty where there is no goal.
        met: Whether it is; None where there is no goal.
    """

    name: str
    found: str
    goal: str = ""
    met: bool | None = None


def at_least(name: str, value: float, goal: float, words: str) -> Figure:
    """A figure that should not be smaller than its goal; `words` has a place for the value."""
    return Figure(name, words.format(value), f"≥ {goal:g}", value >= goal)


def at_most(name: str, value: float, goal: float, words: str, unit: str = "") -> Figure:
    """A figure that should not be greater than its goal."""
    return Figure(name, words.format(value), f"≤ {goal:g}{unit}", value <= goal)


def table(figures: list[Figure]) -> str:
    """The table in Markdown."""
    signs = {True: "yes", False: "**no**", None: ""}
    rows = ["| what | found | goal | met |", "|---|---|---|---|"]
    rows += [f"| {f.name} | {f.found} | {f.goal} | {signs[f.met]} |" for f in figures]
    return "\n".join(rows)


def section(form: str, names: list[str], figures: list[Figure], machine_before: str) -> str:
    """A run's table with when and where it was."""
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    load_after = describe_machine().rpartition(", ")[2]
    head = f"## {', '.join(names)}: {form} form, {when}"
    return f"{head}\n\n{machine_before}; at the end {load_after}.\n\n{table(figures)}\n"


def keep(text: str, path: Path = RESULTS) -> None:
    """Puts a run's section at the top of the results, in place of an earlier one of its kind."""
    kind = text.partition(" form,")[0]
    everything = kind.startswith("## everything")  # then no other short section says more
    parts = path.read_text().split("\n## ")[1:] if path.exists() else []
    kept = [
        f"## {part}".rstrip() + "\n"
        for part in parts
        if not f"## {part}".startswith(kind) and not (everything and ": short form," in part)
    ]
    path.write_text("\n".join([_HEAD, text, *kept]))
