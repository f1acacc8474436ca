"""Snapshot of every screen's header: the engine, its lanes, and the notices."""

import json
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass, replace

from db.queries import batches as queries
from db.queries import lists, parked
from db.queries.controls import is_paused
from db.rows import HostRow, LaneRow
from engine.client.engine_process import engine_holder, is_stopped
from engine.client.views.machines import ShownMachine, shown_machines
from engine.config.paths import WorkspacePaths
from engine.text.figures import size
from engine.text.plural import pluralize
from engine.text.terminal import clean
from tui.states import look

PROBE_SECONDS = 1.0
MAX_HOSTS = 50

_BAD = {"parked", "done_with_failures"}
_NEWS = {"done", *_BAD}

WHAT_TO_DO = {
    "key": "Put the key into .env, then resume.",
    "quota": "The provider's quota is used up: raise it there or wait, then resume.",
    "budget": "Raise the budget in safelight.toml, then resume.",
    "disk": "Free some disk space, then resume.",
    "storage": "Make the object store work again; jobs continue by themselves.",
    "weights": "Get the model's weights, then resume.",
    "unknown-outcome": "A paid call has no known outcome: decide it, or retry to call again.",
    "approval": "Open the job, review it, and press A.",
}
"""Remedy for each reason that a job can be parked for."""


@dataclass(frozen=True, slots=True)
class EngineState:
    """The engine of the workspace.

    Attributes:
        state: `running`, `draining` (it stops after what runs), `stopping`, `suspended` (its
            process is stopped), `lost` (it was killed) or `none`.
        pid: Its process.
        host: Its machine.
    """

    state: str = "none"
    pid: int = 0
    host: str = ""


@dataclass(frozen=True, slots=True)
class LaneLine:
    """One lane, cleaned.

    Attributes:
        concurrency: Maximum calls in flight, as configured.
        width: Maximum calls in flight at present.
        per_minute: Maximum calls per minute, 0 for no limit.
    """

    name: str
    state: str
    in_flight: int
    concurrency: int
    waiting: int
    message: str
    width: int = 0
    per_minute: float = 0


@dataclass(frozen=True, slots=True)
class HostLine:
    """One model host, cleaned.

    Attributes:
        models: Loaded models, the newest used first; offloaded ones in brackets.
        memory: Memory used by the models, and their budget.
    """

    device: str
    state: str
    models: tuple[str, ...]
    memory: str
    running: int
    waiting: int


@dataclass(frozen=True, slots=True)
class News:
    """News for an operator who is elsewhere.

    Attributes:
        number: Its number, from 1, since the dashboard was opened.
        sentence: Its text, cleaned.
        bad: True if it needs an operator.
        batch: The batch that it is about.
        name: The batch's name, cleaned.
        state: The batch's state.
    """

    number: int
    sentence: str
    bad: bool
    batch: int = 0
    name: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class ParkedReason:
    """Reason why some jobs wait, cleaned.

    Attributes:
        reason: The reason in a word.
        sentence: The problem and the remedy.
        count: Number of the jobs; at least so many if it is `parked.MAX_COUNTED` or more.
    """

    reason: str
    sentence: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Header:
    """Everything in the header of a screen."""

    engine: EngineState = EngineState()
    lanes: tuple[LaneLine, ...] = ()
    hosts: tuple[HostLine, ...] = ()
    machines: tuple[ShownMachine, ...] = ()
    parked: int = 0
    reasons: tuple[ParkedReason, ...] = ()
    pending: int = 0
    paused: bool = False
    news: tuple[News, ...] = ()


class HeaderView:
    """View of the header of every screen.

    Args:
        paths: Paths of the workspace.
    """

    every = PROBE_SECONDS  # an engine that was killed changes nothing in the store

    def __init__(self, paths: WorkspacePaths) -> None:
        self._paths = paths
        self._holder: tuple[int, str] | None = None
        self._probed = 0.0
        self._states: dict[int, str] | None = None
        self._news: tuple[News, ...] = ()
        self._parked_since = 0
        self._parked: dict[int, int] = {}

    def read(self, connection: sqlite3.Connection, version: int) -> Header:
        """Return the present header."""
        number = parked.count_parked(connection)
        hosts = queries.hosts(connection)[:MAX_HOSTS]
        engine = self._engine(connection)
        lanes = tuple(_lane(row) for row in queries.lanes(connection)[:50])
        if engine.state == "lost":  # it could not write that its calls have ended
            lanes = tuple(replace(lane, in_flight=0, waiting=0) for lane in lanes)
        return Header(
            engine=engine,
            lanes=lanes,
            hosts=tuple(_host(row) for row in hosts),
            machines=tuple(shown_machines(hosts)),
            parked=number,
            reasons=_reasons(connection) if number else (),
            pending=lists.count_pending(connection),
            paused=is_paused(connection),
            news=self._look_for_news(connection),
        )

    def _look_for_news(self, connection: sqlite3.Connection) -> tuple[News, ...]:
        """Return the newest news of batches since the first read."""
        found = lists.batch_states(connection)
        if self._states is None:
            self._states = {id_: state for id_, _, state in found}
            self._parked_since = lists.newest_event(connection)
        before = self._states
        for id_, name, state in reversed(found):
            if state in _NEWS and before.get(id_) not in {None, state}:
                if state == "parked" and not self._is_parked_anew(connection, id_):
                    continue
                called = clean(name, 60)
                said = f"b{id_} {called}: {look(state).word}.{self._warned(connection, id_)}"
                number = self._news[-1].number + 1 if self._news else 1
                news = News(number, said, state in _BAD, id_, called, state)
                self._news = (*self._news, news)[-10:]
        self._states = {id_: state for id_, _, state in found}
        return self._news

    def _warned(self, connection: sqlite3.Connection, batch_id: int) -> str:
        """Return the newest warning of a batch since the first read, as the end of a sentence.

        A film that is done without what was planned says so here, and how to try again.
        """
        count, job, message = lists.newest_warning(connection, batch_id, self._parked_since)
        if not count:
            return ""
        more = f" ({pluralize(count - 1, 'more warning')})" if count > 1 else ""
        text = clean(message, 400).replace("safelight retry JOB", f"safelight retry j{job}")
        return f" j{job}: {text}{more}"

    def _is_parked_anew(self, connection: sqlite3.Connection, batch_id: int) -> bool:
        """Return True if a job was parked since the last read; tests of a lane do not count."""
        newest = parked.newest_parking(connection, batch_id)
        known, self._parked[batch_id] = self._parked.get(batch_id, self._parked_since), newest
        return newest > known

    def _engine(self, connection: sqlite3.Connection) -> EngineState:
        row = queries.running_engine(connection)
        if row is None:
            return EngineState()
        # The lock is checked only if a row shows a running engine: the check takes a free lock
        # for a moment, and would turn away an engine that starts just then.
        if time.monotonic() - self._probed > PROBE_SECONDS:
            self._probed = time.monotonic()
            self._holder = engine_holder(self._paths)
        if self._holder is None:
            return EngineState("lost", row.pid, clean(row.host, 60))
        if is_stopped(self._holder):
            return EngineState("suspended", row.pid, clean(row.host, 60))
        return EngineState(clean(row.state, 20), row.pid, clean(row.host, 60))


def _lane(row: LaneRow) -> LaneLine:
    return LaneLine(
        name=clean(row.name, 40),
        state=clean(row.state, 20),
        in_flight=row.in_flight,
        concurrency=row.concurrency,
        waiting=row.waiting,
        message=clean(row.message or ""),
        width=row.width,
        per_minute=row.requests_per_minute or 0,
    )


def _host(row: HostRow) -> HostLine:
    used, budget = row.memory_used or 0, row.memory_budget or row.memory_total or 0
    return HostLine(
        device=clean(row.device, 30),
        state=clean(row.link if row.link in {"lost", "refused"} else row.state, 20),
        models=_models(row.models),
        memory=f"{size(used)} of {size(budget)}" if budget else size(used) if used else "",
        running=row.running,
        waiting=row.waiting,
    )


def _models(text: str) -> tuple[str, ...]:
    """Return names of loaded models, from the engine's JSON."""
    try:
        models = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    found = [m for m in models if isinstance(m, dict)] if isinstance(models, list) else []
    names = [(clean(str(m.get("name", "")), 80), bool(m.get("offloaded"))) for m in found[:50]]
    return tuple(f"({name})" if offloaded else name for name, offloaded in reversed(names) if name)


def _reasons(connection: sqlite3.Connection) -> tuple[ParkedReason, ...]:
    """Return a sentence for each reason: the problem and the remedy, with the number of jobs."""
    counts: Counter[tuple[str, str]] = Counter()
    for jobs in parked.parked_reasons(connection):
        sentence = with_remedy(jobs.reason, jobs.message or f"b{jobs.batch_id} waits.")
        counts[jobs.reason, sentence] += jobs.count
    return tuple(ParkedReason(*reason, count) for reason, count in counts.items())


def with_remedy(reason: str, message: str) -> str:
    """Return a message, cleaned, with the remedy of its reason unless it has one itself.

    It has one if it has a second sentence: the first is the problem.
    """
    text = clean(message, 300)
    return text if ". " in text else f"{text} {WHAT_TO_DO.get(reason, '')}".strip()
