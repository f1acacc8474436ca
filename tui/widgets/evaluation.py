"""What a judge said of one picture, and what was measured."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from textual.widgets import Static

from db.rows import Critique, Score
from engine.text import clean

BAR_WIDTH = 40
EIGHTHS = " ▏▎▍▌▋▊▉"

MAX_TEXT = 20_000
"""The most characters of a critique that are shown."""
MAX_ROWS = 200
"""The most missing things, and the most measurements, that are shown."""
NOTHING = "No evaluation yet."


def bar(value: float, low: float, high: float, width: int, *, ascii_only: bool = False) -> str:
    """A value as a bar.

    Args:
        value: What is shown; outside the range it is drawn as the nearest end.
        low: The value of an empty bar.
        high: The value of a full one.
        width: Its length in cells.
        ascii_only: Whether only ASCII is drawn.
    """
    share = (min(max(value, low), high) - low) / (high - low) if high > low else 0.0
    eighths = round(share * width * 8) if math.isfinite(share) else 0
    full, rest = divmod(eighths, 8)
    if ascii_only:
        return "#" * full + "-" * (width - full)
    part = EIGHTHS[rest] if rest else ""
    return ("█" * full + part).ljust(width, "░")


def number(value: float) -> str:
    """A number short enough for a table: four significant digits, without needless zeros."""
    return f"{value:,.0f}" if abs(value) >= 10_000 and math.isfinite(value) else f"{value:.4g}"


class Evaluation(Static):
    """Score, words, what is missing, measurements; as high as it needs."""

    DEFAULT_CSS = """
    Evaluation {
        height: auto;
    }
    """

    def __init__(
        self,
        *,
        headline: str = "score",
        low: float = 0,
        high: float = 100,
        ascii_only: bool = False,
        name: str | None = None,
        id: str | None = None,  # noqa: A002  Textual's own name for it
        classes: str | None = None,
    ) -> None:
        """Makes an empty one.

        Args:
            headline: The metric that is drawn as a bar: the recipe's headline.
            low: Its least value.
            high: Its greatest value.
            ascii_only: Whether the bar is drawn in ASCII.
            name: As of any widget.
            id: As of any widget.
            classes: As of any widget.
        """
        super().__init__(NOTHING, name=name, id=id, classes=classes, markup=False)
        self._headline = headline
        self._range = (low, high)
        self._ascii_only = ascii_only
        self._shown: tuple[Critique | None, Sequence[Score]] = (None, ())

    def show(self, critique: Critique | None, scores: Sequence[Score]) -> None:
        """Shows another evaluation.

        Args:
            critique: What was said, None where nothing was.
            scores: The scores that belong to it, in any number.
        """
        self._shown = (critique, tuple(scores))
        self._draw()

    def on_mount(self) -> None:
        """Takes the colours of a theme that is chosen later."""
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._draw())

    def _draw(self) -> None:
        critique, scores = self._shown
        colours = self.app.theme_variables if self.is_attached else {}
        parts: list[RenderableType] = []
        if scores:
            parts.append(self._scores(scores, colours))
        if critique is not None:
            parts += _words(critique, colours)
        self.update(Group(*_spaced(parts)) if parts else NOTHING)

    def _scores(self, scores: Sequence[Score], colours: Mapping[str, str]) -> RenderableType:
        ordered = sorted(scores, key=lambda score: score.metric != self._headline)
        table, muted = _grid(), colours.get("text-muted", "")
        table.add_column(ratio=1)
        for score in ordered[:MAX_ROWS]:
            table.add_row(
                Text(clean(score.metric, 40), "bold"),
                Text(number(score.value), "bold"),
                Text(_judge(score), muted, no_wrap=True, overflow="ellipsis"),
            )
        if ordered[0].metric != self._headline:
            return table
        colour = colours.get("accent", "yellow")
        return Group(_Bar(ordered[0].value, self._range, colour, self._ascii_only), table)


@dataclass(frozen=True, slots=True)
class _Bar:
    """A bar as long as there is room, within reason."""

    value: float
    range: tuple[float, float]
    colour: str
    ascii_only: bool

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(options.max_width, BAR_WIDTH)
        drawn = bar(self.value, *self.range, width, ascii_only=self.ascii_only)
        yield Text(drawn, self.colour, no_wrap=True)


def _judge(score: Score) -> str:
    raw = "" if score.raw is None else f"raw {number(score.raw)}"
    return clean(" · ".join(part for part in (score.scorer, raw) if part), 80)


def _words(critique: Critique, colours: Mapping[str, str]) -> list[RenderableType]:
    """Description and reasons, then what is missing, then measurements."""
    text = clean(critique.text, MAX_TEXT, keep_newlines=True).strip()
    description, *reasons = text.split("\n")
    parts: list[RenderableType] = [Text(description)] if description else []
    if reasons := [reason for reason in reasons if reason.strip()]:
        parts.append(_list("why", reasons, "-", ""))
    missing = _decoded(critique.missing, list)
    if missing:
        lines = [clean(str(thing), 300) for thing in missing[:MAX_ROWS]]
        parts.append(_list("missing", lines, "!", colours.get("text-warning", "yellow")))
    measurements = _decoded(critique.measurements, dict)
    if measurements:
        parts.append(_measurements(measurements))
    return parts


def _decoded(text: str, kind: type[Any]) -> Any:
    """JSON of the store, or nothing where it is not what it should be."""
    try:
        value = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, kind) else None


def _list(title: str, lines: Sequence[str], sign: str, colour: str) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(ratio=1)
    for line in lines:
        table.add_row(Text(sign, colour), Text(line))
    return Group(Text(title, "bold underline"), table)


def _measurements(values: Mapping[str, Any]) -> RenderableType:
    table = _grid()
    for name, value in list(values.items())[:MAX_ROWS]:
        shown = number(value) if isinstance(value, int | float) else clean(str(value), 60)
        table.add_row(Text(clean(name, 60)), Text(shown))
    return Group(Text("measured", "bold underline"), table)


def _grid() -> Table:
    """A name, and a number aligned to the right."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=40)
    table.add_column(justify="right", no_wrap=True)
    return table


def _spaced(parts: Sequence[RenderableType]) -> list[RenderableType]:
    """The parts with an empty line between."""
    first, *rest = parts
    return [first, *(Padding(part, (1, 0, 0, 0)) for part in rest)]
