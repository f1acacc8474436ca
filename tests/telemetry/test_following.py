"""Following an export: over restarts of it, kills of the engine, and history that is removed."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.writes.events import prune_events
from engine.telemetry import run
from engine.telemetry.cursor import BadCursor, read_cursor
from engine.telemetry.export import Exported
from engine.telemetry.run import Wanted
from tests.support.chaos import Nursery, ProviderProcess, Stage
from tests.support.chaos_engine import TOLD
from tests.support.engines import Toy
from tests.telemetry.conftest import CollectorServer
from tests.telemetry.test_spans import facts, silent, spans_in


def follow_now(toy: Toy | Stage, wanted: Wanted) -> int:
    """Follow up to what there is now; return the number of spans."""
    total = Exported()
    turns = iter([False])
    run.follow(toy.store, wanted, silent, total, stop=lambda: next(turns, True))
    return total.spans


async def test_following_continues_after_a_restart_without_doubling(
    toy: Toy, tmp_path: Path
) -> None:
    path = tmp_path / "spans"
    wanted = Wanted(to=path)
    toy.queue(2)
    await toy.run()
    first = follow_now(toy, wanted)
    assert first == 2 * 3 + 2 + 1
    assert follow_now(toy, wanted) == 0
    toy.queue(1, name="more")
    await toy.run()
    with path.open("ab") as file:
        file.write(b'{"half a line')  # of an export that was killed before it kept its place
    assert follow_now(toy, wanted) == 3 + 1 + 1
    ids = Counter(span["spanId"] for span in spans_in(path))
    assert set(ids.values()) == {1}
    assert len(ids) == first + 5
    batch = Wanted(to=tmp_path / "one", batch_id=2)
    assert follow_now(toy, batch) == 5


async def test_a_place_over_an_export_that_was_refused_is_kept(
    toy: Toy, collector: CollectorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.telemetry.export.time.sleep", lambda _seconds: None)
    toy.queue(1)
    await toy.run()
    wanted = Wanted(endpoint=collector.url)
    collector.receiver.answers += [401, 401]
    assert follow_now(toy, wanted) == 5
    assert follow_now(toy, wanted) == 0
    assert len({span.span_id for span in collector.spans}) == 5


async def test_events_that_are_no_longer_kept_are_made_up_for_by_rows(
    toy: Toy, tmp_path: Path
) -> None:
    path = tmp_path / "spans"
    wanted = Wanted(to=path)
    toy.queue(1)
    await toy.run()
    assert follow_now(toy, wanted) == 5
    toy.queue(2, name="more")
    await toy.run()
    with toy.store.intake() as write:
        write(lambda c: prune_events(c, 2))
    assert follow_now(toy, wanted) == 2 * 3 + 2 + 1
    ids = Counter(span["spanId"] for span in spans_in(path))
    assert set(ids.values()) == {1}


def test_a_place_is_checked(toy: Toy, tmp_path: Path) -> None:
    cursor, path = tmp_path / "cursor", tmp_path / "spans"
    for text in ("", "[]", '{"version": 1, "event": -5, "workspace": "x"}', '{"version": 2}'):
        cursor.write_text(text)
        with pytest.raises(BadCursor, match="is not the place"):
            read_cursor(cursor, "w")
    cursor.write_text('{"version": 1, "workspace": "another"}')
    with pytest.raises(BadCursor, match="of another workspace"):
        read_cursor(cursor, "w")
    path.write_text("something of the user's\n")
    with pytest.raises(BadCursor, match="already there"):
        follow_now(toy, Wanted(to=path))
    assert path.read_text() == "something of the user's\n"
    with pytest.raises(BadCursor, match="Another export"), run._alone(cursor):
        follow_now(toy, Wanted(to=tmp_path / "new", cursor=cursor))


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, Nursery]]:
    """A workspace whose engine was killed in the middle of its work, and more engines."""
    folder = tmp_path_factory.mktemp("killed")
    provider, engines = ProviderProcess(folder), Nursery()
    stage = Stage.queued(folder / "w", provider, 3, iterations=2)
    (stage.root / TOLD).touch()
    assert not engines.run(stage.root, provider.port, "after:25")
    yield stage, engines
    engines.close()
    provider.close()


def test_spans_are_complete_after_kill_9(killed: tuple[Stage, Nursery], tmp_path: Path) -> None:
    stage, engines = killed
    path = tmp_path / "spans"
    wanted = Wanted(to=path)

    def ended() -> dict[str, int]:
        """Numbers of what has ended, by the rows."""
        sql = {
            "steps": "SELECT count(*) FROM steps WHERE state IN ('done', 'failed')",
            "jobs": "SELECT count(*) FROM jobs WHERE state IN ('done', 'failed', 'cancelled')",
        }
        reader = stage.store.reader()
        try:
            return {name: reader.execute(one).fetchone()[0] for name, one in sql.items()}
        finally:
            reader.close()

    def exported() -> dict[str, int]:
        spans = [facts(span) for span in spans_in(path)]
        return {
            "steps": sum("safelight.step.key" in one and "safelight.lane" not in one
                         for one in spans),
            "jobs": sum("safelight.job.state" in one for one in spans),
        }  # fmt: skip

    at_the_kill = ended()
    assert at_the_kill["steps"] > 0
    follow_now(stage, wanted)
    assert exported() == at_the_kill
    stage.run_to_the_end(engines)
    follow_now(stage, wanted)
    assert exported() == ended() != at_the_kill
    assert ended()["jobs"] == 3
    ids = Counter(span["spanId"] for span in spans_in(path))
    assert set(ids.values()) == {1}
