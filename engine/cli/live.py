"""A batch while it runs: progress bars on a terminal, plain lines, or lines of JSON."""

import json
import time
from collections import Counter
from typing import Any, Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from db.rows import BatchRow, EventRow, ProgressRow
from engine.client.documents import versioned
from engine.client.documents.events import event_document
from engine.client.ids import batch_name, job_name
from engine.client.watch import BatchUpdate
from engine.text.terminal import clean

SHOWN_JOBS = 8
METER = 16


class Display(Protocol):
    """Display of updates of a batch."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def show(self, update: BatchUpdate) -> None:
        """Show an update."""
        ...


class PlainDisplay:
    """One line per job that ends, is parked, warns or waits for a retry, with the best score."""

    _TYPES = (
        "job.done", "job.failed", "job.parked", "job.cancelled", "job.warning", "step.retry",
        "batch.",
    )  # fmt: skip

    def __init__(self, console: Console) -> None:
        self._console = console

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, update: BatchUpdate) -> None:
        """Prints what has happened since the last update."""
        for event in update.events:
            if event.type.startswith(self._TYPES):
                self._line(update, event)

    def _line(self, update: BatchUpdate, event: EventRow) -> None:
        batch = update.batch
        head = f"{event.at[11:19]} [{batch.ended}/{batch.total}] {event.type}"
        line = _said(event)
        if event.type == "job.done" and update.best is not None:
            line += f" (best so far {update.best:.1f})"
        self._console.print(
            f"{head} {line}".rstrip(), markup=False, highlight=False, soft_wrap=True
        )


class JsonDisplay:
    """One line of JSON per event, and the batch's counts when they change."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._counts: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, update: BatchUpdate) -> None:
        """Prints what has happened since the last update."""
        for event in update.events:
            self._print(event_document(event))
        if update.batch.jobs != self._counts:
            self._counts = update.batch.jobs
            self._print(
                versioned(
                    {
                        "type": "progress",
                        "batch": batch_name(update.batch.id),
                        "jobs": self._counts,
                        "best_score": update.best,
                    }
                )
            )

    def _print(self, document: dict[str, Any]) -> None:
        self._console.out(json.dumps(document), highlight=False)


class RichDisplay:
    """Progress bars: the batch with its rate and time left, its stages, the running jobs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            console=console,
            expand=True,
        )
        self._task = self._bar.add_task("", total=None, rate="")
        self._rate = _Rate()
        self._stages: Counter[str] = Counter()
        self._live = Live(console=console, refresh_per_second=8, transient=False)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.__exit__(None, None, None)

    def show(self, update: BatchUpdate) -> None:
        """Draw an update; a terminal that has gone away is not an error of the run."""
        batch = update.batch
        self._rate.add(batch)
        self._bar.update(
            self._task,
            description=clean(batch.name, 24),
            total=batch.total,
            completed=batch.ended,
            rate=self._rate.text(batch),
        )
        for event in update.events:
            self._note(event)
        self._live.update(Group(self._bar, _stages(self._stages), _jobs(update), _counts(update)))

    def _note(self, event: EventRow) -> None:
        if event.type == "step.done":
            self._stages[event.message.rpartition("/")[2]] += 1
        elif event.type in {"job.failed", "job.parked", "job.warning", "step.retry"}:
            style = "red" if event.type == "job.failed" else "yellow"
            self._live.console.print(Text(_said(event), style=style))


def _said(event: EventRow) -> str:
    """Return the message of an event; a recipe's warning gets the name of its job."""
    message = clean(event.message, 300)
    if event.type == "job.warning" and event.job_id:
        return f"{job_name(event.job_id)} {message}"
    return message


def _stages(done: Counter[str]) -> Table:
    """Return bars of the finished steps by name, relative to the most frequent name."""
    table = Table.grid(padding=(0, 2))
    most = max(done.values(), default=1)
    for name, count in done.items():
        table.add_row(
            Text(clean(name, 16), style="dim"), _meter(count / most), Text(str(count), style="dim")
        )
    return table


def _jobs(update: BatchUpdate) -> Table:
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column(min_width=20, no_wrap=True, overflow="ellipsis")
    table.add_column(width=METER, no_wrap=True, overflow="ellipsis")
    table.add_column(width=5, justify="right", no_wrap=True)
    for job in update.running[:SHOWN_JOBS]:
        shown = update.progress.get(job.id)
        best = "" if job.score is None else f"{job.score:.1f}"
        table.add_row(
            Text(clean(job.key, 60)),
            Text(clean(job.stage or "", 40), style="dim"),
            _doing(shown),
            Text(best, style="bold"),
        )
    if len(update.running) > SHOWN_JOBS:
        table.add_row(Text(f"and {len(update.running) - SHOWN_JOBS} more", style="dim"))
    return table


def _doing(shown: ProgressRow | None) -> Text:
    if shown is None:
        return Text("")
    if shown.fraction is None:
        return Text(clean(shown.message, METER), style="dim")
    return _meter(shown.fraction)


def _meter(fraction: float) -> Text:
    # Two shapes, because there may be no colour.
    full = round(max(0.0, min(1.0, fraction)) * METER)
    return Text("━" * full, style="red") + Text("┄" * (METER - full), style="dim")


def _counts(update: BatchUpdate) -> Text:
    batch = update.batch
    parts = [f"{count} {state}" for state, count in batch.jobs.items()]
    if update.best is not None:
        parts.append(f"best {update.best:.1f}")
    if batch.cost:
        parts.append(f"${batch.cost / 1_000_000:.4f}")
    return Text("  ·  ".join(parts), style="dim")


class _Rate:
    """Rate at which jobs ended in the last minute, and the time left at that rate."""

    WINDOW_SECONDS = 60.0

    def __init__(self) -> None:
        self._seen: list[tuple[float, int]] = []

    def add(self, batch: BatchRow) -> None:
        moment = time.monotonic()
        if not self._seen or self._seen[-1][1] != batch.ended:
            self._seen.append((moment, batch.ended))
        while len(self._seen) > 2 and moment - self._seen[0][0] > self.WINDOW_SECONDS:
            self._seen.pop(0)

    def text(self, batch: BatchRow) -> str:
        """Return jobs per minute and time left; empty until two have ended."""
        (start, first), (end, last) = self._seen[0], self._seen[-1]
        if last - first < 2 or end <= start:
            return ""
        per_second = (last - first) / (end - start)
        left = (batch.total - batch.ended) / per_second
        return f"{per_second * 60:.1f}/min, {duration(left)} left"


def duration(seconds: float) -> str:
    """Return a duration in at most two units."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
