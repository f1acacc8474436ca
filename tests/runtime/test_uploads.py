"""Steps with files in an object store: named once they are durable there, never paid twice."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from db.queries.history import named_hashes
from db.queries.upkeep import held_results
from engine.config.trust.grants import trust
from engine.config.trust.object_stores import store_grant
from engine.recipes.refine.agents.refiner import Refinement
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.lanes import lane
from engine.runtime.objects import cached, trim
from tests.support.engines import Toy, eventually
from tests.support.object_server import BUCKET, ENVIRONMENT, ObjectServer
from tests.support.toys import ToyBackend


@pytest.fixture(autouse=True)
def _environment(
    monkeypatch: pytest.MonkeyPatch, server: ObjectServer, tmp_path: Path
) -> Iterator[None]:
    monkeypatch.setattr(cached, "WAIT_SECONDS", 0.001)
    monkeypatch.setattr(lane, "PROBE_SECONDS", 0.2)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SAFELIGHT_ARTIFACTS__URL", f"s3://{BUCKET}/{tmp_path.name}")
    monkeypatch.setenv("SAFELIGHT_ARTIFACTS__ENDPOINT", server.endpoint)
    yield
    server.calm()


@pytest.fixture
def far(tmp_path: Path, _environment: None) -> Toy:
    """A workspace with a paid backend, the files of which live in the object store."""

    async def reply(request: Any, context: Any) -> Refinement:
        await context.keep(f"bytes of {request.brief}".encode())
        context.cost(1000)
        return Refinement(prompt=request.brief, reason="r", author="toy")

    return Toy(tmp_path, ToyBackend(reply=reply, paid=True))


def there(server: ObjectServer, toy: Toy) -> set[str]:
    """The hashes that the object store has of a workspace."""
    names = server.objects(toy.root.name)
    return {"".join(name.rsplit("/", 2)[1:]) for name in names}


def named(toy: Toy) -> set[str]:
    return {hash_ for hash_, _ in toy.read(lambda c: list(named_hashes(c)))}


def here(toy: Toy) -> set[str]:
    return set(ArtifactStore(toy.paths.artifacts).hashes())


async def test_a_row_names_a_file_once_it_is_there(far: Toy, server: ObjectServer) -> None:
    slow = server.fault(method="PUT", delay=0.1)
    far.queue(3)
    async with far.running():
        while far.job(3).state != "done":
            assert named(far) <= there(server, far)
            await asyncio.sleep(0.02)
    assert slow.times < 1 << 30
    assert named(far) == there(server, far) == here(far)
    assert len(named(far)) == 9
    assert far.read(held_results) == 0


async def test_other_steps_go_on_while_one_waits_for_its_file(
    far: Toy, server: ObjectServer
) -> None:
    held = server.fault(method="PUT", holds=True, times=1)
    far.queue(3)
    async with far.running():
        await eventually(lambda: sum(job.state == "done" for job in far.jobs()) == 2)
        assert far.read(held_results) == 1
        server.calm()
        await eventually(lambda: all(job.state == "done" for job in far.jobs()))
    assert held.times <= 0
    assert len(far.backend.asked) == 9


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 507, "code": "QuotaExceeded"}, "takes no more files"),
        ({"status": 503, "code": "SlowDown"}, "fewer requests"),
        ({"status": 403, "code": "AccessDenied"}, "credentials"),
    ],
)
async def test_a_store_that_takes_nothing_parks_jobs_and_nothing_is_paid_twice(
    far: Toy, server: ObjectServer, fault: dict, words: str
) -> None:
    server.fault(method="PUT", **fault)
    far.queue(2)
    async with far.running():
        await far.becomes("parked")
        assert far.job().reason == "storage"
        assert words in far.job().message
        assert far.job().lane == "artifacts"
        assert named(far) == set()
        server.calm()
        await eventually(lambda: all(job.state == "done" for job in far.jobs()))
    assert sorted(far.backend.asked) == sorted(set(far.backend.asked))
    assert len(far.backend.asked) == 6
    assert far.batch().cost == 6000
    assert named(far) == there(server, far)
    assert far.read(held_results) == 0


async def test_nothing_more_is_bought_while_the_store_takes_nothing(
    far: Toy, server: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "PROBE_SECONDS", 0.05)
    server.fault(method="PUT", status=507, code="QuotaExceeded")
    far.settings.engine.jobs_in_flight = 2
    far.queue(40)
    async with far.running():
        await eventually(lambda: all(job.state == "parked" for job in far.jobs()))
        await asyncio.sleep(0.5)  # it is tried a few times
        assert len(far.backend.asked) <= 4
        server.calm()
        await eventually(lambda: all(job.state == "done" for job in far.jobs()))
    assert len(far.backend.asked) == 120


async def test_a_result_that_waits_is_found_by_the_next_engine(
    far: Toy, server: ObjectServer
) -> None:
    server.fault(method="PUT", status=507, code="QuotaExceeded")
    far.queue(1)
    await far.run(lambda _: far.job().state == "parked")
    assert far.read(held_results) == 1
    server.calm()
    await far.run()
    assert far.job().state == "done"
    assert len(far.backend.asked) == 3
    assert far.batch().cost == 3000


async def test_a_waiting_result_whose_file_is_lost_is_asked_for_again(
    far: Toy, server: ObjectServer
) -> None:
    server.fault(method="PUT", status=507, code="QuotaExceeded")
    far.queue(1)
    await far.run(lambda _: far.job().state == "parked")
    for hash_ in here(far):
        ArtifactStore(far.paths.artifacts).path(hash_).unlink()
    server.calm()
    await far.run()
    assert far.job().state == "parked"  # it was paid for, so somebody has to say so
    assert far.job().reason == "unknown-outcome"
    far.command("retry", job=1)
    await far.run()
    assert far.job().state == "done"


async def test_a_step_reads_a_file_that_is_no_longer_here(
    far: Toy, server: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.contract import Artifact

    kept: list[Artifact] = []

    async def reply(request: Any, context: Any) -> Refinement:
        if kept:
            assert await context.read(kept[0]) == b"kept by the first"
            assert await context.compute(len, kept[0]) == len(b"kept by the first")
        else:
            kept.append(await context.keep(b"kept by the first"))
        return Refinement(prompt=request.brief, reason="r", author="toy")

    far.backend.reply = reply
    far.queue(1, {"steps": 1})
    await far.run()
    files = ArtifactStore(far.paths.artifacts)
    files.path(kept[0].hash).unlink()
    far.queue(1, {"steps": 1})
    await far.run()
    assert far.job(2).state == "done"
    assert files.has(kept[0].hash)


async def test_wrong_bytes_there_fail_a_job_and_a_retry_makes_them_again(
    far: Toy, server: ObjectServer
) -> None:
    far.queue(1, {"steps": 1})
    await far.run()
    [name] = server.objects(far.root.name)
    [hash_] = named(far)
    right = (far.paths.artifacts / hash_[:2] / hash_[2:]).read_bytes()
    (far.paths.artifacts / hash_[:2] / hash_[2:]).unlink()
    server.client().put_object(Bucket=BUCKET, Key=name, Body=bytes(len(right)))

    async def reply(request: Any, context: Any) -> Refinement:
        if len(far.backend.asked) == 2:
            from engine.contract import Artifact

            await context.read(Artifact(hash=hash_, media_type="text/plain", size=len(right)))
        await context.keep(right)
        return Refinement(prompt=request.brief, reason="r", author="toy")

    far.backend.reply = reply
    far.queue(1, {"steps": 1})
    await far.run()
    assert far.job(2).state == "failed"
    assert "damaged" in far.job(2).message
    far.command("retry", job=2)
    await far.run()
    assert far.job(2).state == "done"
    found = server.client().get_object(Bucket=BUCKET, Key=name)["Body"].read()
    assert found == right


async def test_deleting_a_batch_removes_its_files_there(far: Toy, server: ObjectServer) -> None:
    far.queue(1)
    far.queue(1, {"seed": 2})
    await far.run()
    far.command("delete", batch=1)
    await far.run(lambda engine: engine.is_idle and not far.read(_freed))
    assert named(far) == there(server, far)


def _freed(connection: Any) -> int:
    return int(connection.execute("SELECT count(*) FROM freed_files").fetchone()[0])


async def test_the_workspace_alone_cannot_send_files_away(
    far: Toy, server: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = far.settings.artifacts.place
    for name in ("URL", "ENDPOINT"):
        monkeypatch.delenv(f"SAFELIGHT_ARTIFACTS__{name}")
    far.queue(1)
    async with far.running():
        await far.becomes("parked")
        assert "safelight trust" in far.job().message
        assert there(server, far) == set()
        trust(far.root, [store_grant(place)])
        await far.becomes("done")
    assert named(far) == there(server, far)
    assert len(far.backend.asked) == 3


async def test_the_cache_is_trimmed_while_jobs_run(
    far: Toy, server: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trim, "USED_SECONDS", -1.0)
    far.settings.artifacts.cache_gib = 100 / 2**30
    far.queue(4)
    await far.run()
    assert len(there(server, far)) == 12
    assert len(here(far)) < 12
