"""`kill -9` with files on their way to an object store: none is lost, none is paid for twice."""

import itertools
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.queries.history import named_hashes
from db.queries.upkeep import held_results
from tests.support.chaos import Nursery, ProviderProcess, Stage, wait_until
from tests.support.effort import scaled, stride
from tests.support.object_server import BUCKET, ENVIRONMENT, ObjectServer


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectServer]:
    """An S3 server with an empty bucket."""
    started = ObjectServer()
    started.client().create_bucket(Bucket=BUCKET)
    yield started
    started.close()


@pytest.fixture(scope="module")
def nursery(server: ObjectServer) -> Iterator[Nursery]:
    """Starts engines whose files live in the object store."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in ENVIRONMENT.items():
            patched.setenv(name, value)
        patched.setenv("SAFELIGHT_ARTIFACTS__URL", f"s3://{BUCKET}/chaos")
        patched.setenv("SAFELIGHT_ARTIFACTS__ENDPOINT", server.endpoint)
        made = Nursery()
        yield made
        made.close()


@pytest.fixture(scope="module")
def stages(
    tmp_path_factory: pytest.TempPathFactory, provider: ProviderProcess, nursery: Nursery
) -> tuple[Stage, Stage]:
    """A queued workspace to copy, and the same one after a run that nobody killed."""
    folder = tmp_path_factory.mktemp("objects")
    template = Stage.queued(folder / "template", provider, count=2, iterations=2)
    reference = template.copy(folder / "unkilled")
    reference.run_to_the_end(nursery)
    paid = reference.charged()
    reference.charged = lambda: paid  # type: ignore[method-assign]
    return template, reference


@pytest.fixture(autouse=True)
def _empty(server: ObjectServer) -> Iterator[None]:
    """Let each test begin with an empty bucket: copies of a workspace have its id."""
    client = server.client()
    for name in server.objects():
        client.delete_object(Bucket=BUCKET, Key=name)
    yield
    server.calm()


def check(stage: Stage, reference: Stage, server: ObjectServer) -> None:
    stage.check(reference)
    there = {"".join(name.rsplit("/", 2)[1:]) for name in server.objects("chaos")}
    assert {hash_ for hash_, _ in stage.read(lambda c: list(named_hashes(c)))} <= there
    assert stage.read(held_results) == 0


def test_an_engine_that_is_killed_during_an_upload(
    stages: tuple[Stage, Stage], nursery: Nursery, server: ObjectServer, tmp_path: Path
) -> None:
    template, reference = stages
    stage = template.copy(tmp_path / "stage")
    server.requests.clear()
    server.fault(method="PUT", holds=True)
    pid = nursery.begin(stage.root, stage.provider.port)
    wait_until(lambda: [one for one in server.requests if one[0] == "PUT"])
    wait_until(lambda: stage.read(held_results))
    paid = len(stage.charged())
    stage.kill(pid, group=True)
    assert not nursery.end()
    assert stage.read(lambda c: list(named_hashes(c))) == []
    server.calm()
    assert paid
    stage.run_to_the_end(nursery)
    assert stage.unknown == 0
    check(stage, reference, server)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_at_every_commit(
    moment: str,
    stages: tuple[Stage, Stage],
    nursery: Nursery,
    server: ObjectServer,
    tmp_path: Path,
) -> None:
    template, reference = stages
    for number in itertools.count(2, stride(5)):
        stage = template.copy(tmp_path / str(number))
        ended = nursery.run(stage.root, stage.provider.port, f"{moment}:{number}")
        if not ended:
            stage.run_to_the_end(nursery)
        check(stage, reference, server)
        if ended:
            assert number > 20
            break


@pytest.mark.slow
def test_at_any_moment_while_the_store_fails_now_and_then(
    stages: tuple[Stage, Stage], nursery: Nursery, server: ObjectServer, tmp_path: Path
) -> None:
    template, reference = stages
    chance = random.Random(7)
    for number in range(scaled(6)):
        stage = template.copy(tmp_path / str(number))
        for _ in range(4):
            server.calm()
            server.fault(method="PUT", delay=0.02)
            server.fault(
                method="PUT", after=chance.randrange(4), times=1, status=503, code="SlowDown"
            )
            pid = nursery.begin(stage.root, stage.provider.port)
            time.sleep(chance.uniform(0.05, 0.6))
            stage.kill(pid, group=True)
            nursery.end()
        server.calm()
        stage.run_to_the_end(nursery)
        check(stage, reference, server)
