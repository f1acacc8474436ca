"""Plots of the last half hour, and the devices of this machine."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from engine.client.views.devices import DeviceLine
from engine.text import figures
from tui.snapshots.over_time import BUCKET_SECONDS, OverTime
from tui.widgets.plot import Plot

PER_MINUTE = 60 // BUCKET_SECONDS


class OverTimePanel(Vertical):
    """Jobs, spending and scores of the last half hour, one plot each; empty ones are hidden."""

    def compose(self) -> ComposeResult:
        """Compose the plots, then the devices."""
        yield Plot("jobs per minute, 30 minutes")
        yield Plot("mean score", filled=False)
        yield Plot("spent per minute")
        yield Static(id="devices", markup=False)

    def set_figures(self, over_time: OverTime, devices: Sequence[DeviceLine]) -> None:
        """Show other figures."""
        jobs, scores, cost = self.query(Plot)
        jobs.show(over_time.jobs, f"{_last_minute(over_time.jobs)}")
        known = [value for value in over_time.scores if value is not None]
        scores.show(over_time.scores, figures.score(known[-1]) if known else "–")
        cost.show(over_time.cost, figures.money(_last_minute(over_time.cost)))
        scores.display, cost.display = bool(known), any(over_time.cost)
        lines = [f" {one.id} {one.name}\n   {one.sentence}" for one in devices]
        self.query_one("#devices", Static).update("\n".join(lines))


def _last_minute(values: Sequence[int]) -> int:
    """Return the sum of the last complete minute."""
    return sum(values[-PER_MINUTE - 1 : -1])
