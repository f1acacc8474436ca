"""Bounds of history, and the sums that stay the same by them; faults and what recovered."""

from datetime import timedelta
from typing import Any, cast

import pytest

from db.clock import ago
from db.queries import faults as fault_queries
from db.queries import jobs as job_queries
from db.queries import spending
from db.queries.callers import stored_file
from db.rows import FileRow
from db.writes.callers import add_upload
from engine.client.old_history import remove_history
from engine.client.workspace import Workspace
from engine.config.settings import Settings
from engine.config.store_settings import StoreSettings, keep_of
from engine.contract import OutcomeUnknown, Permanent, Retryable
from engine.runtime.artifacts import ArtifactStore
from tests.support.engines import Toy, eventually
from tests.support.toys import ToyBackend

TRACE = """INSERT INTO artifacts (batch_id, job_id, step_id, role, hash, media_type, size, kind,
           created_at) SELECT batch_id, job_id, id, 'trace', ?, 'application/json', 23, 'trace',
           finished_at FROM steps WHERE id = 1"""
OLD = "2020-01-01T00:00:00.000000Z"


class Troubles:
    """Replies of a paid backend: some fail before they work, one for good, one stays unknown."""

    def __init__(self) -> None:
        self.tries: dict[str, int] = {}

    def __call__(self, request: Any, context: Any) -> None:
        context.cost(1000)
        context.usage(10, 5)
        number = self.tries[request.brief] = self.tries.get(request.brief, 0) + 1
        if "prompt 0" in request.brief and number < 3:
            raise Retryable("Not now.", cost=200, pressure="limit")
        if "prompt 1" in request.brief:
            raise Permanent("Never.", cost=300)
        if "prompt 2" in request.brief and number == 1:
            raise OutcomeUnknown("Cut off.")


@pytest.fixture
async def spent(toy: Toy) -> Toy:
    """A workspace whose paid backend had troubles, with the old rows of all kinds."""
    toy.backend = ToyBackend(reply=Troubles(), paid=True, resumable=False)
    toy = Toy(toy.root / "w", backend=toy.backend)
    toy.queue(4, {"steps": 1})
    await toy.run()
    trace = ArtifactStore(toy.paths.artifacts).put(b"a request and its reply")
    with toy.store.intake() as write:
        write(lambda c: c.execute(TRACE, (trace,)))
    return toy


def _workspace(toy: Toy, **store: Any) -> Workspace:
    workspace = Workspace(toy.root, catalog=cast("Any", toy.catalog))
    workspace.settings.store = StoreSettings(**store)
    return workspace


def _age(toy: Toy) -> None:
    with toy.store.intake() as write:
        write(lambda c: c.execute("UPDATE errors SET created_at = ?", (OLD,)))
        write(lambda c: c.execute("UPDATE api_calls SET finished_at = ?", (OLD,)))
        write(lambda c: c.execute("UPDATE artifacts SET created_at = ?", (OLD,)))


def _sums(toy: Toy) -> tuple[Any, ...]:
    return toy.read(
        lambda c: (
            spending.spending(c),
            spending.spending(c, 1),
            spending.days(c),
            fault_queries.faults(c),
            fault_queries.recoveries(c),
        )
    )


async def test_faults_are_counted_with_what_they_cost_and_what_recovered(spent: Toy) -> None:
    lines = {line.fault: line for line in spent.read(fault_queries.faults)}
    assert (lines["limit"].attempts, lines["limit"].failed) == (2, 0)
    assert (lines["permanent"].attempts, lines["permanent"].failed) == (1, 1)
    assert lines["unknown"].attempts == 1
    assert lines["limit"].cost + lines["permanent"].cost > 0
    found = {(one.what, one.tries): one.count for one in spent.read(fault_queries.recoveries)}
    assert found == {("step", 3): 1, ("job", 0): 1}
    assert list(spent.read(fault_queries.open_unknown).values()) == [1]
    await_unknown = next(job for job in spent.jobs() if job.reason == "unknown-outcome")
    async with spent.running():
        await spent.obeyed("retry", job=await_unknown.id)
        await spent.becomes("done", await_unknown.id)
    (line,) = (one for one in spent.read(fault_queries.faults) if one.fault == "unknown")
    assert (line.attempts, line.again) == (1, 1)
    assert spent.read(fault_queries.open_unknown) == {}


async def test_removed_history_changes_no_sum_and_nothing_that_is_needed(spent: Toy) -> None:
    before = _sums(spent)
    _age(spent)
    workspace = _workspace(spent, keep_errors="30d", keep_calls="30d", keep_traces="30d")
    told = remove_history(workspace, dry=True)
    assert _sums(spent) == before
    calls = "SELECT count(*) FROM api_calls"
    assert spent.read(lambda c: c.execute(calls).fetchone()[0]) > 1
    files = set(spent.paths.artifacts.rglob("*"))
    removed = remove_history(workspace)
    assert removed == told
    assert removed["calls"].rows > 1
    assert removed["traces"].size > 0
    assert _sums(spent) == before
    kept = "SELECT DISTINCT s.state FROM api_calls a JOIN steps s ON s.id = a.step_id"
    assert [row[0] for row in spent.read(lambda c: c.execute(kept).fetchall())] == ["unknown"]
    assert len(set(spent.paths.artifacts.rglob("*"))) < len(files)
    failed = next(job for job in spent.jobs() if job.state == "failed")
    error = spent.read(lambda c: job_queries.error(c, failed.error_id))
    assert error.message.endswith("Never.")  # what a job ended with stays
    again = remove_history(workspace)
    assert all(one.rows == 0 for one in again.values())


async def test_an_engine_bounds_its_history_by_number(spent: Toy) -> None:
    before = _sums(spent)
    spent.settings.store = StoreSettings(keep_calls=1)
    count = "SELECT count(*) FROM api_calls"
    async with spent.running():
        await eventually(lambda: spent.read(lambda c: c.execute(count).fetchone()[0]) <= 2)
    assert _sums(spent) == before
    told = "SELECT message FROM events WHERE type = 'history.removed'"
    assert "of old calls" in spent.read(lambda c: c.execute(told).fetchone()[0])


async def test_the_sums_of_a_deleted_batch_stay(spent: Toy) -> None:
    faults = spent.read(fault_queries.faults)
    recoveries = spent.read(fault_queries.recoveries)
    totals = "SELECT outcome, sum(count) FROM step_totals GROUP BY 1"
    counted = spent.read(lambda c: [tuple(row) for row in c.execute(totals)])
    workspace = _workspace(spent)
    workspace.command("cancel", ["b1"])
    workspace.command("delete", ["b1"])
    assert spent.read(lambda c: c.execute("SELECT count(*) FROM steps").fetchone()[0]) == 0
    after = spent.read(fault_queries.faults)
    assert [line.attempts for line in after] == [line.attempts for line in faults]
    assert spent.read(fault_queries.recoveries) == recoveries
    assert spent.read(lambda c: [tuple(row) for row in c.execute(totals)]) == counted
    assert spent.read(lambda c: fault_queries.faults(c, 1)) == []


@pytest.mark.parametrize("text", ["90x", "-1", "d", "1 month", "1e9d"])
def test_a_bound_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a duration"):
        keep_of(text)
    with pytest.raises(ValueError, match="must be a duration"):
        Settings(store={"keep_calls": text})


def test_bounds_are_durations_or_numbers_of_rows() -> None:
    settings = StoreSettings(keep_errors="1.5h", keep_calls=5)
    assert settings.history()["errors"] == timedelta(hours=1.5)
    assert settings.history()["calls"] == 5
    assert set(settings.history()) == {"errors", "calls"}
    assert ago(5400) > OLD


async def test_an_engine_removes_unused_uploads(spent: Toy) -> None:
    file = FileRow("a" * 64, "image", "image/png", 9, 1, 1, "{}")
    with spent.store.intake() as write:
        write(lambda c: add_upload(c, file, "t1"))
        write(lambda c: c.execute("UPDATE uploads SET created_at = ?", (OLD,)))
    async with spent.running():
        await eventually(lambda: spent.read(lambda c: stored_file(c, file.hash)) is None)
    sql = "SELECT message FROM events WHERE type = 'history.removed'"
    messages = [row[0] for row in spent.read(lambda c: c.execute(sql).fetchall())]
    assert messages == ["1 upload that no batch uses: 9 B"]
