"""The process pool: workers that die, and workers that must not outlive their engine."""

import asyncio
import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from engine.config.process.freed_memory import resident
from engine.contract import CallContext, Retryable
from engine.recipes.refine.agents.refiner import RefineRequest
from engine.runtime.process_pool import ComputePool
from tests.support import work
from tests.support.engines import Toy, eventually

POOL = """
import asyncio, sys
from engine.runtime.process_pool import ComputePool
from tests.support.work import wait_and_tell

asyncio.run(ComputePool(1).run(wait_and_tell, sys.argv[1]))
"""


def has_ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize(
    "error", [BlockingIOError(11, "no process"), RuntimeError("can't start new thread")]
)
async def test_a_worker_that_cannot_be_started_is_tried_again(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = ComputePool(1)

    def refuse() -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr("engine.runtime.process_pool._Worker", refuse)
        with pytest.raises(Retryable, match="A worker process cannot be started"):
            await pool.run(work.pid)
    assert await pool.run(work.pid)
    pool.close()


async def test_a_worker_that_dies_costs_a_step_and_not_the_pool() -> None:
    pool = ComputePool(1)
    with pytest.raises(Retryable, match="worker process died"):
        await pool.run(work.die)
    first = await pool.run(work.pid)
    assert first == await pool.run(work.pid)
    assert await pool.run(work.threads) == "1"
    pool.close()
    await eventually(lambda: has_ended(first))


async def test_closing_the_pool_ends_workers_in_the_middle_of_a_call(tmp_path: Path) -> None:
    pool, told = ComputePool(1), tmp_path / "pid"
    call = asyncio.create_task(pool.run(work.wait_and_tell, str(told)))
    await eventually(told.exists)
    pool.close()
    await eventually(lambda: has_ended(int(told.read_text())))
    with pytest.raises((Retryable, asyncio.CancelledError)):
        await call


async def test_workers_end_with_an_engine_that_is_killed_alone(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    engine = subprocess.Popen([sys.executable, "-c", POOL, str(told)], start_new_session=True)
    await eventually(told.exists)
    children = [child.pid for child in psutil.Process(engine.pid).children(recursive=True)]
    assert int(told.read_text()) in children
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    await eventually(lambda: all(has_ended(pid) for pid in children))


async def test_a_stop_that_all_processes_hear_lets_workers_end_their_calls(tmp_path: Path) -> None:
    """A service manager tells the whole group; what is computed then is not computed twice."""
    pool, told, go_on = ComputePool(1), tmp_path / "pid", tmp_path / "go-on"
    call = asyncio.create_task(pool.run(work.tell_and_wait_for, str(told), str(go_on)))
    await eventually(told.exists)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(int(told.read_text()), number)
    go_on.touch()
    assert await call == int(told.read_text())
    pool.close()


async def test_an_error_of_a_worker_is_raised_with_where_it_was(tmp_path: Path) -> None:
    pool = ComputePool(1)
    with pytest.raises(FileNotFoundError) as raised:
        await pool.run(os.stat, str(tmp_path / "gone"))
    assert "_outcome" in raised.value.__notes__[0]
    with pytest.raises(RuntimeError, match="Unreadable"):
        await pool.run(work.fail_unreadably)
    assert await pool.run(work.pid) > 0
    pool.close()


async def test_a_worker_leaves_no_name_in_shared_memory() -> None:
    folder = Path("/dev/shm")
    if not folder.is_dir():
        pytest.skip("names are visible on Linux only")
    # Other tests may use it at the same time, so those of this process alone are looked at.
    code = (
        "import asyncio, os\n"
        "from engine.runtime.process_pool import ComputePool\n"
        "from tests.support import work\n"
        "from multiprocessing.synchronize import SemLock\n"
        "SemLock.__init__ = None\n"
        "pool = ComputePool(1)\n"
        "print(asyncio.run(pool.run(work.pid)) > 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "True\n", done.stderr


async def test_a_step_whose_worker_dies_is_made_again(toy: Toy) -> None:
    died = False

    async def compute(_request: RefineRequest, context: CallContext) -> None:
        nonlocal died
        if not died:
            died = True
            await context.compute(work.die)
        assert await context.compute(work.pid) > 0

    toy.backend.reply = compute
    toy.queue(overrides={"steps": 1})
    await toy.run()
    assert toy.job().state == "done"
    assert toy.steps()[0].attempts == 2


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps freed memory")
async def test_a_worker_gives_freed_memory_back_after_a_call() -> None:
    pool = ComputePool(1)
    try:
        full = await pool.run(work.free_beneath, 96 * 2**20)
        assert await pool.run(resident) < full - 64 * 2**20
    finally:
        pool.close()
