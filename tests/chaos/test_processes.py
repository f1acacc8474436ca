"""Engines as processes: two at once, and signals."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from db.queries.batches import running_engine
from tests.support.chaos import PATIENCE, Nursery, ProviderProcess, Stage, wait_until
from tests.support.effort import cases


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[ProviderProcess]:
    """A provider that takes its time, so that calls are in flight when a signal comes."""
    process = ProviderProcess(tmp_path, delay=0.15)
    yield process
    process.close()


@pytest.fixture
def slower(tmp_path: Path) -> Iterator[ProviderProcess]:
    """A provider that takes longer than an engine takes to start."""
    process = ProviderProcess(tmp_path, delay=0.4)
    yield process
    process.close()


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[ProviderProcess]:
    """A provider whose calls do not end while a test lasts."""
    process = ProviderProcess(tmp_path, delay=3600)
    yield process
    process.close()


def start(stage: Stage, *options: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.support.chaos_engine", str(stage.root)]
    command += [str(stage.provider.port), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)


def test_of_two_engines_started_at_once_one_works(slower: ProviderProcess, tmp_path: Path) -> None:
    stage = Stage.queued(tmp_path / "stage", slower, count=2, iterations=2)
    engines = [start(stage, "--until-idle") for _ in range(2)]
    said = [engine.communicate(timeout=PATIENCE)[0] for engine in engines]
    ends = [engine.returncode for engine in engines]
    assert sorted(ends) == [0, 9]
    worker, refused = engines[ends.index(0)], said[ends.index(9)]
    assert f"pid {worker.pid} " in refused
    assert stage.batch().state == "done"
    assert len(stage.charged()) == 10  # two images an iteration, one refinement a job


@cases("number", [signal.SIGINT, signal.SIGTERM], usual=1)
def test_the_first_signal_lets_calls_in_flight_end_and_starts_none(
    number: signal.Signals, slow: ProviderProcess, nursery: Nursery, tmp_path: Path
) -> None:
    stage = Stage.queued(tmp_path / "stage", slow, count=3, iterations=2)
    engine = start(stage)
    wait_until(stage.charged, engine)
    engine.send_signal(number)
    engine.communicate(timeout=PATIENCE)
    assert engine.returncode == 128 + number
    charged = len(stage.charged())
    sql = "SELECT count(*) FROM steps WHERE state = 'done' AND backend LIKE 'chaos%' AND cost > 0"
    assert stage.read(lambda c: c.execute(sql).fetchone()[0]) == charged
    assert charged < 15
    assert stage.read(running_engine) is None
    assert stage.batch().jobs == {"queued": 3}
    stage.run_to_the_end(nursery)
    assert stage.unknown == 0
    assert len(stage.charged()) == 15


def test_the_second_signal_ends_it_at_once(endless: ProviderProcess, tmp_path: Path) -> None:
    stage = Stage.queued(tmp_path / "stage", endless, count=2, iterations=1)
    engine = start(stage)
    wait_until(stage.charged, engine)
    ended = False
    while not ended:  # the first that arrives lets calls end, which here never do
        engine.send_signal(signal.SIGTERM)
        try:
            engine.communicate(timeout=0.2)
            ended = True
        except subprocess.TimeoutExpired:
            pass
    assert engine.returncode == 128 + signal.SIGTERM
    assert stage.read(running_engine) is not None  # it did not stop in good order


def test_a_hang_up_does_not_stop_it(slow: ProviderProcess, tmp_path: Path) -> None:
    stage = Stage.queued(tmp_path / "stage", slow, count=2, iterations=2)
    engine = start(stage, "--until-idle")
    wait_until(stage.charged, engine)
    for _ in range(3):
        engine.send_signal(signal.SIGHUP)
    engine.communicate(timeout=PATIENCE)
    assert engine.returncode == 0
    assert stage.batch().state == "done"


def has_begun(stage: Stage, life: int) -> bool:
    return stage.jobs()[0].starts == life


def test_an_engine_goes_back_to_a_call_that_outlived_another(
    endless: ProviderProcess, tmp_path: Path
) -> None:
    """Killed while polling, the next one polls the same request and pays for nothing."""
    stage = Stage.queued(tmp_path / "stage", endless, count=1, iterations=1)
    submitted = "SELECT count(*) FROM steps WHERE state = 'submitted'"
    for life in (1, 2, 3):
        engine = start(stage)
        wait_until(partial(has_begun, stage, life), engine)
        wait_until(lambda: stage.read(lambda c: c.execute(submitted).fetchone()[0]) == 2, engine)
        stage.kill(engine.pid, group=True)
        engine.communicate(timeout=PATIENCE)
    assert len(stage.charged()) == 2
