"""One batch in one line."""

from typing import ClassVar

from rich.text import Text
from textual.widgets import Static

from engine.text import figures
from tui.snapshots.batches import BatchItem
from tui.states import LOOKS, TONES
from tui.widgets.theme_changes import on_theme_change


class BatchBar(Static):
    """Jobs by state, their cost, and the remaining time."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"bar--{tone}" for tone in ("muted", *TONES)}

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._shown: tuple[BatchItem | None, str] | None = None

    def set_batch(self, batch: BatchItem | None, note: str) -> None:
        """Show a batch, and a note about the list; None if the batch is gone."""
        if (batch, note) == self._shown:
            return
        self._shown = (batch, note)
        self._draw(batch, note)

    def on_mount(self) -> None:
        """Follow the theme."""
        on_theme_change(self, self.restyle)

    def restyle(self) -> None:
        """Show the same batch in other colours."""
        if self._shown is not None:
            self._draw(*self._shown)

    def _draw(self, batch: BatchItem | None, note: str) -> None:
        gone = "This batch is no longer in the store."
        self.update(self._line(batch, note) if batch else gone, layout=False)

    def _line(self, batch: BatchItem, note: str) -> Text:
        text = Text(no_wrap=True, overflow="ellipsis")
        for state, number in batch.counts:
            if number:
                style = self.get_component_rich_style(f"bar--{LOOKS[state].tone}", partial=True)
                text.append(f"{LOOKS[state].shape} {figures.count(number)} {state}  ", style)
        muted = self.get_component_rich_style("bar--muted", partial=True)
        said = [f"best {figures.score(batch.best)}"] if batch.best is not None else []
        said += [_spent(batch)] if batch.cost or batch.budget is not None else []
        said += [batch.rate, f"{batch.left} left"] if batch.rate != "–" else []
        return text.append("  ".join([*said, note]), muted)


def _spent(batch: BatchItem) -> str:
    said = f"spent {figures.money(batch.cost)}"
    if batch.budget is not None:
        said += f" of {figures.money(batch.budget)}"
    if batch.projected > batch.cost:
        said += f", about {figures.money(batch.projected)} in all"
    return said
