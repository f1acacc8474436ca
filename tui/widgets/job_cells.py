"""The words of a job in a contact sheet."""

from engine.client.views.jobs import JobItem
from engine.text import figures
from tui.states import look
from tui.widgets.sheet_painter import SheetCell


def job_cell(row: JobItem) -> SheetCell:
    """Return the words of a job."""
    percent = "" if row.fraction is None else f"{row.fraction:.0%}".replace("%", " %")
    return SheetCell(
        key=f"{figures.rating(row.rating)}{row.key}",
        state=row.state,
        score="" if row.score is None else figures.score(row.score),
        words=_words(row, percent),
        note=percent if row.state == "running" else "",
    )


def _words(row: JobItem, percent: str) -> str:
    """Return the words in place of an image: the cause of a failure, the progress, the state."""
    shown = look(row.state)
    if row.state in {"failed", "parked"}:
        return f"{shown.shape} {row.message or row.reason or shown.word}"
    if row.state == "running":
        return f"{shown.shape} {percent or row.stage or shown.word}"
    return f"{shown.shape} {shown.word}"
