"""The columns of a list of jobs."""

from engine.client.views.jobs import JobItem
from engine.text import figures
from tui.states import look
from tui.widgets.columns import ListColumn, Run
from tui.widgets.sparkline import spark

SPARK_CELLS = 6


def _state(row: JobItem) -> list[Run]:
    return [(look(row.state).shape, look(row.state).tone)]


def _key(row: JobItem) -> list[Run]:
    mark = (figures.rating(row.rating), "running")
    return [mark, (row.key, "strong"), (f" {row.priority:+d}" if row.priority else "", "muted")]


def _stage(row: JobItem) -> list[Run]:
    if row.message and row.state in {"failed", "parked"}:
        reason = f"{row.reason}: " if row.reason else ""
        return [(f"{reason}{row.message}", look(row.state).tone)]
    if row.state != "running":
        return [(look(row.state).word, "muted")]
    percent = "" if row.fraction is None else f" {row.fraction:.0%}"
    return [(row.stage or "starting", ""), (percent, "running")]


def job_columns(low: float, high: float) -> tuple[ListColumn[JobItem], ...]:
    """Return the columns, with scores drawn on a scale from `low` to `high`."""

    def score(row: JobItem) -> list[Run]:
        return [(figures.score(row.score), "outdated" if row.outdated else "strong")]

    def scores(row: JobItem) -> list[Run]:
        return [(spark(row.scores[-SPARK_CELLS:], low, high, SPARK_CELLS).plain, "running")]

    return (
        ListColumn("", 1, _state),
        ListColumn("job", 12, _key, grow=1),
        ListColumn("score", 5, score, right=True),
        ListColumn("trend", SPARK_CELLS, scores, needs=44),
        ListColumn("it", 2, lambda r: [(str(r.iterations or ""), "muted")], right=True, needs=56),
        ListColumn("time", 6, lambda r: [(r.time, "muted")], right=True, needs=62),
        ListColumn("spend", 7, lambda r: [(figures.money(r.cost), "muted")], right=True, needs=96),
        ListColumn("stage or trouble", 12, _stage, grow=1, needs=30),
    )
