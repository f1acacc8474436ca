"""Snapshot of the queue: what runs, what comes next, what waits for an operator, the lanes."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from db.queries import batches as batch_queries
from db.queries import lists, queue
from db.queries.controls import is_paused
from db.queries.lists import JobLine
from db.queries.queue import CurrentStep, QueueBatch, WaitingJobs
from db.rows import LaneRow
from engine.client.views.devices import DeviceLine, DeviceReader
from engine.text import figures
from engine.text.plural import pluralize
from engine.text.terminal import clean
from tui.snapshots.header import with_remedy
from tui.snapshots.lane_history import LaneHistory, per_minute
from tui.snapshots.over_time import OverTime, OverTimeReader

MOST_RUNNING = 40
MOST_NEXT = 50
MOST_BATCHES = 50
"""Maximum rows of each section; the rest is one row with a count."""

BUSY_SECONDS, IDLE_SECONDS = 1.0, 5.0

OUTPUTS_LANE = "outputs"

Section = Literal["now", "next", "waits"]


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One row of the queue, cleaned.

    Attributes:
        id: Its identity: of a job its number, of anything else negative.
        section: Its section.
        shape: State that its shape and colour are those of; empty for a heading.
        name: Its name.
        text: Its present work, or what it waits for.
        lane: Lane or backend of its present work.
        since: Seconds since its present step was started, as text.
        attempt: Number of the attempt at its step; 0 if it has none.
        priority: Its priority and that of its batch.
        job: The job; None for a whole batch.
        key: The job's key.
        batch: The batch; None for a heading.
    """

    id: int
    section: Section
    shape: str
    name: str
    text: str = ""
    lane: str = ""
    since: str = ""
    attempt: int = 0
    priority: int = 0
    job: int | None = None
    key: str = ""
    batch: int | None = None

    @property
    def is_heading(self) -> bool:
        """True if nothing can be done with it."""
        return self.batch is None


@dataclass(frozen=True, slots=True)
class LaneItem:
    """One lane with its history, cleaned.

    Attributes:
        id: Its place in the list.
        name: Its full name.
        history: Calls in each ten seconds of the last five minutes, oldest first.
        per_minute: Calls of the last minute.
    """

    id: int
    name: str
    state: str
    in_flight: int
    most: int
    concurrency: int
    waiting: int
    history: tuple[int, ...]
    per_minute: int
    message: str


@dataclass(frozen=True, slots=True)
class QueueSnapshot:
    """Everything on the screen of the queue.

    Attributes:
        items: The rows, with a heading before each section.
        lanes: The lanes, those with trouble first.
        running: Number of running jobs.
        waiting: Number of jobs that an engine will claim.
        parked: Number of jobs that wait for an operator.
        rate: Jobs that end per second, minute or hour, as text; empty if unknown.
        left: Time until nothing is left, as text; empty if unknown.
        over_time: Figures of the last half hour.
        devices: Devices of this machine.
        paused: True while everything is paused.
    """

    items: tuple[QueueItem, ...]
    lanes: tuple[LaneItem, ...]
    running: int
    waiting: int
    parked: int
    rate: str = ""
    left: str = ""
    over_time: OverTime = field(default_factory=OverTime)
    devices: tuple[DeviceLine, ...] = ()
    paused: bool = False


class QueueView:
    """View of the queue of the whole workspace."""

    def __init__(self) -> None:
        self.every = BUSY_SECONDS
        self._history = LaneHistory()
        self._over_time = OverTimeReader()
        self._devices = DeviceReader()

    def read(self, connection: sqlite3.Connection, version: int) -> QueueSnapshot:
        """Return the present queue; it costs the same for any number of jobs."""
        batches = queue.unfinished_batches(connection)
        by_id = {batch.id: batch for batch in batches}
        running = sum(batch.running for batch in batches)
        self.every = BUSY_SECONDS if running else IDLE_SECONDS
        self._history.read(connection)
        now = _with_heading("now", _running(connection, by_id, running))
        following = _with_heading("next", _next(connection, by_id))
        waits = list(_with_heading("waits", _waiting(connection, batches)))
        there = len(waits) > 1  # above what follows, which may be longer than the screen
        items = (*now, *waits, *following) if there else (*now, *following, *waits)
        waiting = sum(batch.queued for batch in batches if not batch.held and not batch.preparing)
        over_time = self._over_time.read(connection)
        rate = over_time.per_second
        return QueueSnapshot(
            items=items,
            lanes=self._lanes(connection),
            running=running,
            waiting=waiting,
            parked=sum(batch.parked for batch in batches),
            rate=figures.rate(rate) if rate and running else "",
            left=figures.duration((waiting + running) / rate) if rate and running else "",
            over_time=over_time,
            devices=self._devices.read(),
            paused=is_paused(connection),
        )

    def _lanes(self, connection: sqlite3.Connection) -> tuple[LaneItem, ...]:
        rows = sorted(filter(_is_shown, batch_queries.lanes(connection)[:50]), key=_trouble_first)
        return tuple(
            _lane(index, row, self._history.of(row.name)) for index, row in enumerate(rows)
        )


_HEADINGS: Mapping[Section, str] = {
    "now": "now",
    "next": "next",
    "waits": "waits for you",
}
_NOTHING: Mapping[Section, str] = {
    "now": "nothing runs",
    "next": "nothing is queued",
    "waits": "nothing waits for you",
}


def _with_heading(section: Section, items: Iterable[QueueItem]) -> Iterator[QueueItem]:
    """Return the rows of a section with its heading, which says if there are none."""
    rows = list(items)
    number = -1 - list(_HEADINGS).index(section)
    text = "" if rows else _NOTHING[section]
    yield QueueItem(number, section, "", _HEADINGS[section], text)
    yield from rows


def _running(
    connection: sqlite3.Connection, batches: Mapping[int, QueueBatch], total: int
) -> Iterator[QueueItem]:
    ids = queue.running_ids(connection, MOST_RUNNING)
    steps = queue.current_steps(connection, ids)
    for job in _jobs(connection, ids):
        yield _running_job(job, batches, steps.get(job.id, ()))
    if total > len(ids):
        yield QueueItem(-10, "now", "", "", f"and {figures.count(total - len(ids))} more")


def _running_job(
    job: JobLine, batches: Mapping[int, QueueBatch], steps: Sequence[CurrentStep]
) -> QueueItem:
    batch = batches.get(job.batch_id)
    step = steps[0] if steps else None
    works = step is not None and step.finished_at is None
    at = (step.started_at if works else step.finished_at) if step else job.started_at
    others = f" +{len(steps) - 1}" if works and len(steps) > 1 else ""
    percent = "" if job.fraction is None else f" {job.fraction:.0%}"
    return QueueItem(
        id=job.id,
        section="now",
        shape="running" if works else "queued",
        name=_name(batches, job),
        text=f"{_stage(job, step, works=works)}{others}{percent}",
        lane=clean(step.backend, 40) if step and works else "",
        since=_seconds(at),
        attempt=step.attempts if step and works else 0,
        priority=job.priority + (batch.priority if batch else 0),
        job=job.id,
        key=clean(job.key, 200),
        batch=job.batch_id,
    )


def _stage(job: JobLine, step: CurrentStep | None, *, works: bool) -> str:
    """Return the step that a job is at, or that it waits for a lane with."""
    key = step.key if step and works else job.stage
    return clean(key, 100).replace("/", " ") if key else "starting"


def _name(batches: Mapping[int, QueueBatch], job: JobLine) -> str:
    batch = batches.get(job.batch_id)
    name = clean(batch.name, 120) if batch else f"b{job.batch_id}"
    return f"{name} › {clean(job.key, 200)}"


def _next(connection: sqlite3.Connection, batches: Mapping[int, QueueBatch]) -> Iterator[QueueItem]:
    order = queue.next_jobs(connection, MOST_NEXT, limits=False)
    jobs = {job.id: job for job in _jobs(connection, [entry.job_id for entry in order])}
    seen: Counter[int] = Counter()
    for entry in order:
        seen[entry.batch_id] += 1
        if job := jobs.get(entry.job_id):
            yield QueueItem(
                id=job.id,
                section="next",
                shape="queued",
                name=_name(batches, job),
                text=_limit(batches.get(job.batch_id), seen[job.batch_id]),
                priority=-entry.rank,
                job=job.id,
                key=clean(job.key, 200),
                batch=job.batch_id,
            )
    yield from _further(list(batches.values()), seen)


def _jobs(connection: sqlite3.Connection, ids: Sequence[int]) -> list[JobLine]:
    return lists.jobs_of_ids(connection, ids) if ids else []


def _limit(batch: QueueBatch | None, number: int) -> str:
    """Return why a job is not started although a slot is free: its batch has a limit."""
    if batch is None or batch.in_flight is None or number <= batch.in_flight - batch.running:
        return ""
    return f"at most {batch.in_flight} at once"


def _further(batches: Sequence[QueueBatch], seen: Mapping[int, int]) -> Iterator[QueueItem]:
    """Return a row for each batch with more queued jobs than are listed."""
    left = [(batch, batch.queued - seen.get(batch.id, 0)) for batch in batches]
    for batch, count in [entry for entry in left if entry[1] > 0][:MOST_BATCHES]:
        if not batch.held:
            yield _of_batch(batch, "next", _state_of(batch), _why(batch, count))


def _state_of(batch: QueueBatch) -> str:
    return "preparing" if batch.preparing else "queued"


def _why(batch: QueueBatch, count: int) -> str:
    if batch.preparing:
        return "being queued"
    first = "" if batch.start == "done" else "after the batch's first steps: "
    return f"{first}{figures.count(count)} more"


def _of_batch(batch: QueueBatch, section: Section, shape: str, text: str) -> QueueItem:
    return QueueItem(
        id=-1000 - 10 * batch.id,
        section=section,
        shape=shape,
        name=clean(batch.name, 120),
        text=text,
        priority=batch.priority,
        batch=batch.id,
    )


def _waiting(connection: sqlite3.Connection, batches: Sequence[QueueBatch]) -> Iterator[QueueItem]:
    for batch in [one for one in batches if one.parked][:MOST_BATCHES]:
        for index, group in enumerate(queue.waiting_jobs(connection, batch.id)):
            yield _group(batch, group, index)
    for batch in batches[:MOST_BATCHES]:
        if batch.held and batch.queued + batch.running + batch.parked:
            text = f"paused: {pluralize(batch.queued, 'job')} queued; r resumes"
            yield _of_batch(batch, "waits", "paused", text)
        elif batch.paused:
            yield _of_batch(
                batch, "waits", "paused", f"{pluralize(batch.paused, 'job')} paused; r resumes"
            )
        if batch.finish == "parked" and not batch.parked:
            yield _of_batch(batch, "waits", "parked", "its last steps wait; enter shows why")


def _group(batch: QueueBatch, group: WaitingJobs, index: int) -> QueueItem:
    name = clean(batch.name, 120)
    more = "+" if group.more else ""
    single = group.count == 1 and not group.more
    return QueueItem(
        id=-1001 - 10 * batch.id - index,
        section="waits",
        shape="waiting" if group.reason == "approval" else "parked",
        name=f"{name} › {group.count}{more} {'job' if single else 'jobs'}",
        text=f"{clean(group.reason, 40)}: {with_remedy(group.reason, group.message)}",
        lane=clean(group.lane or "", 40),
        priority=batch.priority,
        job=group.job_id if single else None,
        key=name,
        batch=batch.id,
    )


def _is_shown(lane: LaneRow) -> bool:
    """Return False for the lane of the output folders while nothing is wrong with them."""
    return lane.name != OUTPUTS_LANE or lane.state != "open"


def _trouble_first(lane: LaneRow) -> tuple[bool, bool, str]:
    return lane.state == "open", not lane.in_flight, lane.name


def _lane(index: int, row: LaneRow, history: tuple[int, ...]) -> LaneItem:
    return LaneItem(
        id=index,
        name=clean(row.name, 80),
        state=clean(row.state, 20),
        in_flight=row.in_flight,
        most=min(row.width or row.concurrency, row.concurrency),
        concurrency=row.concurrency,
        waiting=row.waiting,
        history=history,
        per_minute=per_minute(history),
        message=clean(row.message or "", 300),
    )


def _seconds(at: str | None) -> str:
    """Return the time since a moment in whole seconds, so that it changes once a second."""
    age = figures.age(at)
    return "" if age is None else f"{int(age)}s" if age < 60 else figures.duration(age)
