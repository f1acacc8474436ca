"""Facts about the section and the shot under a play head."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import Static

from engine.text.figures import duration, money
from engine.text.plural import pluralize
from engine.text.wrapping import wrapped
from tui.widgets.timeline_lanes import clock

if TYPE_CHECKING:
    from engine.contract.tiers import Spent
    from engine.contract.timeline import TimelineSection, TimelineShot

_LABEL = 11
_LEAST_WIDTH = 20


class TimelineFacts(Static):
    """Name, times, colours, words and effects of a section; the transition and image of a shot."""

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._heading = Text()
        self._facts: tuple[tuple[str, str], ...] = ()

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
        self._heading = _heading(section) if section else Text()
        self._facts = (
            *(section.facts if section else ()),
            *(_of_shot(shot) if shot else ()),
            *_of_spending(spent),
            ("job", state),
        )
        self._wrap()

    def on_resize(self) -> None:
        """Wrap the same facts for another width."""
        self._wrap()

    def _wrap(self) -> None:
        """Show the facts, the lines of each value below each other."""
        text, width = self._heading.copy(), max(_LEAST_WIDTH, self.content_size.width - _LABEL)
        for name, value in self._facts:
            text.append(f"{name:<{_LABEL}}", "dim")
            text.append(f"\n{' ' * _LABEL}".join(wrapped(value, width)) + "\n")
        self.update(text)


def _heading(section: "TimelineSection") -> Text:
    """Return the name, the times and the colours of a section."""
    text = Text().append(f"{section.label}  ", "bold")
    text.append(f"{clock(section.start)}–{clock(section.end)}\n", "dim")
    if section.palette:
        text.append(f"{'colours':<{_LABEL}}", "dim")
        for colour in section.palette:
            text.append("██", colour)
            text.append(f" {colour}  ")
        text.append("\n")
    return text


def _of_shot(shot: "TimelineShot") -> Iterator[tuple[str, str]]:
    yield "shot", f"{clock(shot.start)}–{clock(shot.end)}  {shot.transition}"
    if shot.scope:
        yield "image", shot.scope


def _of_spending(spent: "Sequence[Spent]") -> Iterator[tuple[str, str]]:
    for number, tier in enumerate(spent):
        paid = money(tier.cost) if tier.cost else "free"
        steps, seconds = pluralize(tier.steps, "step"), duration(tier.seconds)
        yield "" if number else "spent", f"{tier.title}: {paid}, {steps}, {seconds}"
