"""Snapshots of the activity: events by job, an operator's commands, steps with traces."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from db.queries import activity
from db.queries.activity import ActivityRow, EventFilter, HistoryLine, TraceRow
from db.rows import CommandRow
from engine.client.command_text import command_text
from engine.client.views.filters import FUZZY
from engine.client.views.recipe_info import Headlines
from engine.text import figures
from engine.text.plural import pluralize
from engine.text.terminal import clean
from tui.snapshots.history import History

FAULTS = ("warning", "error")
LEVELS = ("debug", "info", *FAULTS)
SETTLE_SECONDS, REST_SECONDS = 1.0, 5.0
LONGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class ActivityItem:
    """One line of a history, cleaned.

    Attributes:
        id: Its identity.
        time: Its time of day on the reader's clock.
        state: State that its shape and colour are those of; empty for none.
        subject: The batch, or the source.
        text: Its text.
        batch: Its batch, if any.
        job: Its job, if it is about one.
        key: The job's key.
        whole: Its whole text, for a reader.
        copied: The text that is copied; empty for the id.
    """

    id: int
    time: str
    state: str
    subject: str
    text: str
    batch: int | None = None
    job: int | None = None
    key: str = ""
    whole: str = ""
    copied: str = ""


@dataclass(frozen=True, slots=True)
class ActivitySnapshot:
    """A page of a history.

    Attributes:
        total: Number of known lines, and one more while older ones may follow.
        start: Index of the first row.
        rows: The rows, the newest first.
        fresh: Number of lines that are newer than the first read.
        searched: Share of the history that was looked at.
        complete: True if the oldest line is known.
    """

    total: int
    start: int
    rows: tuple[ActivityItem, ...]
    fresh: int = 0
    searched: float = 1.0
    complete: bool = True


class HistoryView:
    """View of a history, the newest first, read as far back as the list is scrolled.

    Args:
        history: Its index.
        load: Returns the rows of lines, without those that are gone.
    """

    def __init__(
        self,
        history: History,
        load: Callable[[sqlite3.Connection, Sequence[HistoryLine]], list[ActivityItem]],
    ) -> None:
        self.every = REST_SECONDS
        self.start, self.count = 0, 60
        self._history = history
        self._load = load

    def read(self, connection: sqlite3.Connection, version: int) -> ActivitySnapshot:
        """Return the wanted page, or what is known of it so far."""
        history, count = self._history, min(self.count, LONGEST_PAGE)
        history.read(connection, self.start + count)
        start = max(0, min(self.start, len(history) - 1))
        rows = self._load(connection, history.page(start, count))
        if not history.complete and start + len(rows) == len(history):
            searched = f"older: {history.searched:.0%} of the history read"
            rows.append(ActivityItem(-1, "", "", "", searched))
        return ActivitySnapshot(
            total=len(history) + (not history.complete),
            start=start,
            rows=tuple(rows),
            fresh=history.fresh,
            searched=history.searched,
            complete=history.complete,
        )


def parse_filter(text: str, batch_id: int | None) -> tuple[EventFilter, str]:
    """Parse `words ~ltrs !without level:error batch:b3`; return the filter, and an unknown term.

    Args:
        text: The text.
        batch_id: The batch if the text names none.
    """
    wanted, unknown = EventFilter(batch_id), ""
    for term in text.lower().split():
        inverse, body = term.startswith("!"), term.lstrip("!")
        name, colon, value = body.partition(":")
        if colon and name in {"level", "l"}:
            levels = tuple(level for level in LEVELS if value and level.startswith(value))
            unknown = unknown or ("" if levels else body)
            wanted = replace(wanted, levels=levels or wanted.levels)
        elif colon and name in {"batch", "b"}:
            number = value.removeprefix("b")
            unknown = unknown or ("" if number.isdecimal() or value == "all" else body)
            wanted = replace(wanted, batch_id=int(number) if number.isdecimal() else None)
        elif body.startswith(FUZZY) and not inverse:
            wanted = replace(wanted, fuzzy=(*wanted.fuzzy, *filter(None, [body[1:]])))
        elif body and inverse:
            wanted = replace(wanted, without=(*wanted.without, body))
        elif body:
            wanted = replace(wanted, words=(*wanted.words, body))
    return wanted, unknown


# -- events ---------------------------------------------------------------------------------------


def events_view(wanted: EventFilter, headlines: Headlines) -> HistoryView:
    """Return the view of events by job, narrowed by a filter."""
    history = History(
        partial(activity.newest, table="events"),
        lambda connection, low, high: activity.event_lines(connection, low, high, wanted),
        activity.window_start,
    )

    def load(connection: sqlite3.Connection, lines: Sequence[HistoryLine]) -> list[ActivityItem]:
        rows = activity.activity_rows(connection, lines)
        return [_event(line, row, headlines) for line, row in rows]

    return HistoryView(history, load)


_STATES = {
    "job.done": "done",
    "job.failed": "failed",
    "job.parked": "parked",
    "job.cancelled": "cancelled",
    "job.warning": "open",
    "step.retry": "open",
    "step.fallback": "open",
    "step.rejected": "failed",
    "batch.done": "done",
    "batch.parked": "parked",
    "batch.finish_failed": "failed",
    "batch.queued": "queued",
    "batch.imported": "queued",
    "command.refused": "failed",
    "engine.started": "running",
    "engine.stopped": "paused",
}
_LEVELS = {"error": "failed", "warning": "parked"}


def _event(line: HistoryLine, row: ActivityRow, headlines: Headlines) -> ActivityItem:
    single = row.job_id is not None and line.size == 1
    text = _single(row) if line.size == 1 else _several(line.size, row, headlines)
    return ActivityItem(
        id=line.first,
        time=figures.narrow_clock(row.at),
        state=_STATES.get(row.type, _LEVELS.get(row.level, "")),
        subject=_subject(row),
        text=text,
        batch=row.batch_id,
        job=row.job_id if single else None,
        key=clean(row.job or "", 200),
        whole=f"{figures.clock(row.at)}  {row.type}\n\n{text}\n\n{clean(row.message, 2000)}",
    )


def _subject(row: ActivityRow) -> str:
    if row.batch_id is None:
        return clean(row.type, 40).partition(".")[0].replace("command", "you")
    return clean(row.batch or f"b{row.batch_id}", 120)


def _single(row: ActivityRow) -> str:
    job, message = clean(row.job or "", 200), clean(row.message, 600)
    if row.type == "job.done":
        score = f"  {figures.score(row.high)}" if row.high is not None else ""
        return f"{job}{score}"
    if row.type == "job.cancelled":
        return f"{job} cancelled"
    if job:
        return f"{job}: {message}" if message != job else f"{job} {_word(row.type)}"
    return message if row.type.startswith("command.") else f"{_word(row.type)} {message}".strip()


def _several(count: int, row: ActivityRow, headlines: Headlines) -> str:
    message = clean(row.message, 600)
    if row.type == "job.done":
        return f"{pluralize(count, 'job')} in 10 s{_scores(row, headlines)}"
    if row.type == "step.retry":
        return f"{pluralize(count, 'retry', 'retries')}: {message}"
    if row.type.startswith("command."):
        return f"{count} commands, the first: {message}"
    text = f"{pluralize(count, 'job')} {_word(row.type)}"
    return text if row.type == "job.cancelled" else f"{text}: {message}"


def _scores(row: ActivityRow, headlines: Headlines) -> str:
    if row.low is None or row.high is None:
        return ""
    scores = (row.high, row.low)
    if not headlines.of(row.recipe or "").higher_is_better:
        scores = scores[::-1]
    return f", best {figures.score(scores[0])}, worst {figures.score(scores[1])}"


def _word(type_: str) -> str:
    return clean(type_.rpartition(".")[2], 40).replace("_", " ")


# -- commands -------------------------------------------------------------------------------------


def commands_view() -> HistoryView:
    """Return the view of all commands of operators, with the command line of each."""
    history = History(partial(activity.newest, table="commands"), activity.command_lines)

    def load(connection: sqlite3.Connection, lines: Sequence[HistoryLine]) -> list[ActivityItem]:
        rows = activity.commands_of(connection, [line.first for line in lines])
        return [_command(row) for row in rows]

    return HistoryView(history, load)


_ANSWERS = {"done": "done", "refused": "failed", "pending": "queued"}
_SOURCES = {"tui": "dashboard", "cli": "shell", "python": "Python"}


def _command(row: CommandRow) -> ActivityItem:
    targets, arguments = _decoded(row.targets, list), _decoded(row.arguments, dict)
    line = clean(command_text(row.verb, targets, arguments), 500)
    first = targets[0] if targets and isinstance(targets[0], dict) else {}
    answer = clean(row.answer or "not answered yet", 500)
    return ActivityItem(
        id=row.id,
        time=figures.narrow_clock(row.created_at),
        state=_ANSWERS.get(row.state, ""),
        subject=_SOURCES.get(row.source, clean(row.source, 20)),
        text=f"{line}   {answer}",
        batch=first.get("batch"),
        job=first.get("job"),
        whole=f"{line}\n\n{answer}",
        copied=line,
    )


def _decoded(text: str, kind: type) -> Any:
    """Return stored JSON if it is of a kind; an empty one of it otherwise."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return kind()
    return value if isinstance(value, kind) else kind()


# -- traces ---------------------------------------------------------------------------------------


def traces_view() -> HistoryView:
    """Return the view of steps whose request and reply were kept."""
    history = History(partial(activity.newest, table="artifacts"), activity.trace_lines)

    def load(connection: sqlite3.Connection, lines: Sequence[HistoryLine]) -> list[ActivityItem]:
        rows = activity.traces_of(connection, [line.first for line in lines])
        return [_trace(row) for row in rows]

    return HistoryView(history, load)


def _trace(row: TraceRow) -> ActivityItem:
    step = clean(row.key, 120).replace("/", " ")
    job = clean(row.job or "", 200)
    called = clean(f"{row.backend} {row.model}", 120)
    return ActivityItem(
        id=row.id,
        time=figures.narrow_clock(row.at),
        state=row.state,
        subject=clean(row.batch or f"b{row.batch_id}", 120),
        text=f"{job}  {step}  {called}".strip(),
        batch=row.batch_id,
        job=row.job_id,
        key=job,
        copied=f"{step}",
    )
