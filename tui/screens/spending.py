"""Spending by backend, model and step."""

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from db.queries.spending import Spending, Timeline
from engine.text.figures import count, duration, money, score
from engine.text.terminal import clean
from tui.widgets.plot import Plot

HEADINGS = ("backend", "model", "step", "steps", "calls", "spent", "reserved", "tokens in, out")


class SpendingScreen(ModalScreen[None]):
    """A table that is read once.

    Args:
        of: Name of the spender, plain text.
        lines: Spending, the highest first.
        over_time: Spending, ended jobs and scores over time, if anything has ended.
    """

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = [Binding("escape,q,dollar_sign", "leave", "Leave")]  # noqa: RUF012 - Textual's way

    def __init__(
        self, of: str, lines: Sequence[Spending], over_time: Timeline | None = None
    ) -> None:
        super().__init__()
        self._over_time = over_time
        self._of = of
        self._lines = lines

    def compose(self) -> ComposeResult:
        """Compose the sum, then each backend, model and step."""
        with Vertical(id="spending"):
            yield Static(self._sum(), id="sum", markup=False)
            with Horizontal(id="over-time"):
                yield Plot("spent in all")
                yield Plot("jobs ended")
                yield Plot("mean score", filled=False)
            with VerticalScroll():
                yield Static(self._table(), markup=False)

    def on_mount(self) -> None:
        """Draw the figures over time; those that are always empty are left out."""
        over_time = self._over_time
        spent, jobs, scores = self.query(Plot)
        self.query_one("#over-time").display = over_time is not None
        if over_time is None:
            return
        span = duration(over_time.seconds * len(over_time.jobs))
        known = [value for value in over_time.scores if value is not None]
        spent.show(tuple(accumulate(over_time.cost)), f"{money(sum(over_time.cost))} in {span}")
        jobs.show(over_time.jobs, f"{count(sum(over_time.jobs))} in {span}")
        scores.show(over_time.scores, f"{score(min(known))} – {score(max(known))}" if known else "")
        spent.display, scores.display = any(over_time.cost), bool(known)

    def _sum(self) -> str:
        by_backend: dict[str, int] = {}
        for line in self._lines:
            by_backend[line.backend] = by_backend.get(line.backend, 0) + line.cost
        total = sum(by_backend.values())
        paid = [f"{clean(name, 40)} {money(cost)}" for name, cost in by_backend.items() if cost]
        said = f"{self._of}: {money(total) if total else 'nothing spent'}"
        return f"{said} ({', '.join(paid)})" if len(paid) > 1 else said

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_row(*(Text(name, "bold underline") for name in HEADINGS))
        for column in table.columns[3:]:
            column.justify = "right"
        for line in self._lines[:500]:
            table.add_row(*(Text(cell, no_wrap=True) for cell in _cells(line)))
        return table

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss()


def _cells(line: Spending) -> list[str]:
    tokens = ""
    if line.tokens_in is not None or line.tokens_out is not None:
        tokens = f"{count(line.tokens_in or 0)}, {count(line.tokens_out or 0)}"
    return [
        clean(line.backend, 24),
        clean(line.model, 32),
        clean(line.purpose, 24),
        count(line.steps),
        count(line.calls),
        money(line.cost),
        money(line.reserved) if line.reserved else "",
        tokens,
    ]
