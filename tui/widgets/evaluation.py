"""Critique and measurements of one image."""

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

from db.rows import CritiqueRow, ScoreRow
from engine.client.views.checks import CheckLine
from engine.client.views.recipe_info import RecipeInfo
from engine.text.terminal import clean
from tui.widgets.theme_changes import on_theme_change
from tui.widgets.verdict import missing_lines, signed_lines, verdict_table

BAR_WIDTH = 40
SHORT_BAR_WIDTH = 12
EIGHTHS = " ▏▎▍▌▋▊▉"

MAX_TEXT = 20_000
"""Maximum characters of a critique that are shown."""
MAX_ROWS = 200
"""Maximum missing things, and maximum measurements, that are shown."""
NOTHING = "No evaluation yet."


def bar(value: float, low: float, high: float, width: int, *, ascii_only: bool = False) -> str:
    """Return a value as a bar.

    Args:
        value: The value; outside the range it is drawn as the nearest end.
        low: The value of an empty bar.
        high: The value of a full one.
        width: Its length in cells.
        ascii_only: True to draw only ASCII.
    """
    share = (min(max(value, low), high) - low) / (high - low) if high > low else 0.0
    eighths = round(share * width * 8) if math.isfinite(share) else 0
    full, rest = divmod(eighths, 8)
    if ascii_only:
        return "#" * full + "-" * (width - full)
    part = EIGHTHS[rest] if rest else ""
    return ("█" * full + part).ljust(width, "░")


def number(value: float) -> str:
    """Format a number for a table: four significant digits, without needless zeros."""
    return f"{value:,.0f}" if abs(value) >= 10_000 and math.isfinite(value) else f"{value:.4g}"


class EvaluationView(Static):
    """Score, critique, missing things, measurements; as high as needed."""

    DEFAULT_CSS = """
    EvaluationView {
        height: auto;
    }
    """

    def __init__(
        self,
        *,
        ascii_only: bool = False,
        name: str | None = None,
        id: str | None = None,  # noqa: A002  Textual's own name for it
        classes: str | None = None,
    ) -> None:
        """Create an empty one.

        Args:
            ascii_only: True to draw bars in ASCII.
            name: As of any widget.
            id: As of any widget.
            classes: As of any widget.
        """
        super().__init__(NOTHING, name=name, id=id, classes=classes, markup=False)
        self._scale = RecipeInfo()
        self._ascii_only = ascii_only
        self._shown: tuple[CritiqueRow | None, Sequence[ScoreRow]] = (None, ())
        self._checks: Sequence[CheckLine] = ()

    def show(
        self,
        critique: CritiqueRow | None,
        scores: Sequence[ScoreRow],
        scale: RecipeInfo | None = None,
        checks: Sequence[CheckLine] = (),
    ) -> None:
        """Show another evaluation.

        Args:
            critique: The critique, None if there is none.
            scores: The scores that belong to it, in any number.
            scale: The recipe's headline, drawn as a long bar.
            checks: What was looked for, in place of the critique's reasons.
        """
        self._shown, self._checks = (critique, tuple(scores)), checks
        self._scale = scale or RecipeInfo()
        self._draw()

    def on_mount(self) -> None:
        """Take the colours of a theme that is chosen later."""
        on_theme_change(self, self._draw)

    def _draw(self) -> None:
        critique, scores = self._shown
        colours = self.app.theme_variables if self.is_attached else {}
        parts: list[RenderableType] = []
        if scores:
            parts.append(self._scores(scores, colours))
        if self._checks:
            parts.append(verdict_table(self._checks, colours))
        if critique is not None:
            scored = {score.metric for score in scores}
            parts += _words(critique, colours, scored, has_checks=bool(self._checks))
        self.update(Group(*_spaced(parts)) if parts else NOTHING)

    def _scores(self, scores: Sequence[ScoreRow], colours: Mapping[str, str]) -> RenderableType:
        scale, colour = self._scale, colours.get("accent", "yellow")
        ordered = sorted(scores, key=lambda score: score.metric != scale.metric)[:MAX_ROWS]
        table, muted = _grid(), colours.get("text-muted", "")
        has_bars = _is_rubric(ordered)
        if has_bars:
            table.add_column(no_wrap=True)
        table.add_column(ratio=1)
        for score in ordered:
            cells = [Text(clean(score.metric, 40), "bold"), Text(number(score.value), "bold")]
            if has_bars:
                drawn = bar(score.value, 0, 100, SHORT_BAR_WIDTH, ascii_only=self._ascii_only)
                cells.append(Text(drawn, colour))
            judge = Text(_judge(score), muted, no_wrap=True, overflow="ellipsis")
            table.add_row(*cells, judge)
        if has_bars or ordered[0].metric != scale.metric:
            return table
        return Group(
            _Bar(ordered[0].value, (scale.low, scale.high), colour, self._ascii_only), table
        )


def _is_rubric(scores: Sequence[ScoreRow]) -> bool:
    """Return True if these are scores of 0 to 100 that can be compared."""
    values = [score.value for score in scores]
    return len(values) > 2 and all(0 <= value <= 100 for value in values) and max(values) > 1


@dataclass(frozen=True, slots=True)
class _Bar:
    """Return a bar as long as there is room, within reason."""

    value: float
    range: tuple[float, float]
    colour: str
    ascii_only: bool

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(options.max_width, BAR_WIDTH)
        drawn = bar(self.value, *self.range, width, ascii_only=self.ascii_only)
        yield Text(drawn, self.colour, no_wrap=True)


def _judge(score: ScoreRow) -> str:
    raw = "" if score.raw is None else f"raw {number(score.raw)}"
    return clean(" · ".join(part for part in (score.scorer, raw) if part), 80)


def _words(
    critique: CritiqueRow, colours: Mapping[str, str], scored: set[str], *, has_checks: bool
) -> list[RenderableType]:
    """Return description and reasons, then missing things, then measurements other than scores.

    Checks say what the reasons say.
    """
    text = clean(critique.text, MAX_TEXT, keep_newlines=True).strip()
    description, *reasons = text.split("\n")
    parts: list[RenderableType] = [Text(description)] if description else []
    if not has_checks and (reasons := [reason for reason in reasons if reason.strip()]):
        parts.append(_headed("why", signed_lines(reasons, "-", "")))
    missing = _decoded(critique.missing, list)
    if missing:
        lines = [clean(str(thing), 300) for thing in missing[:MAX_ROWS]]
        parts.append(_headed("missing", missing_lines(lines, colours)))
    measurements = _decoded(critique.measurements, dict) or {}
    measurements = {name: v for name, v in measurements.items() if name not in scored}
    if measurements:
        parts.append(_measurements(measurements))
    return parts


def _decoded(text: str, kind: type[Any]) -> Any:
    """Parse JSON of the store; return None if it is not as expected."""
    try:
        value = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, kind) else None


def _headed(title: str, table: Table) -> RenderableType:
    return Group(Text(title, "bold underline"), table)


def _measurements(values: Mapping[str, Any]) -> RenderableType:
    table = _grid()
    for name, value in list(values.items())[:MAX_ROWS]:
        shown = number(value) if isinstance(value, int | float) else clean(str(value), 60)
        table.add_row(Text(clean(name, 60)), Text(shown))
    return _headed("measured", table)


def _grid() -> Table:
    """Return a name, and a number aligned to the right."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=40)
    table.add_column(justify="right", no_wrap=True)
    return table


def _spaced(parts: Sequence[RenderableType]) -> list[RenderableType]:
    """Join the parts with an empty line between them."""
    first, *rest = parts
    return [first, *(Padding(part, (1, 0, 0, 0)) for part in rest)]
