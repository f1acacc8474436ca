"""Facts about the section and the shot under a play head."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import Static

from engine.text.figures import duration, money
from engine.text.plural import pluralize
from tui.widgets.timeline_lanes import clock

if TYPE_CHECKING:
    from engine.contract.tiers import Spent
    from engine.contract.timeline import TimelineSection, TimelineShot

_LABEL = 11


class TimelineFacts(Static):
    """Name, times, colours, words and effects of a section; the transition and image of a shot."""

    def __init__(self) -> None:
        super().__init__(markup=False)

    def show(
        self,
        section: "TimelineSection | None",
        shot: "TimelineShot | None",
        state: str,
        spent: "Sequence[Spent]" = (),
    ) -> None:
        """Show facts.

        Args:
            section: The section; None without one.
            shot: The shot; None without one.
            state: State of the job.
            spent: Costs of the tiers.
        """
        text = Text()
        if section is not None:
            text.append(f"{section.label}  ", "bold")
            text.append(f"{clock(section.start)}–{clock(section.end)}\n", "dim")
            if section.palette:
                text.append(f"{'colours':<{_LABEL}}", "dim")
                for colour in section.palette:
                    text.append("██", colour)
                    text.append(f" {colour}  ")
                text.append("\n")
            for name, value in section.facts:
                _fact(text, name, value)
        if shot is not None:
            _fact(text, "shot", f"{clock(shot.start)}–{clock(shot.end)}  {shot.transition}")
            if shot.scope:
                _fact(text, "image", shot.scope)
        for number, tier in enumerate(spent):
            paid = money(tier.cost) if tier.cost else "free"
            steps, seconds = pluralize(tier.steps, "step"), duration(tier.seconds)
            value = f"{tier.title}: {paid}, {steps}, {seconds}"
            _fact(text, "" if number else "spent", value)
        _fact(text, "job", state)
        self.update(text)


def _fact(text: Text, name: str, value: str) -> None:
    text.append(f"{name:<{_LABEL}}", "dim")
    text.append(f"{value}\n")
