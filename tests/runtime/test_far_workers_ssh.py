"""Steps on the processor that other machines do, each behind its own sshd."""

import asyncio
import hashlib
import sys
from pathlib import Path

import pytest

from engine.contract.host_settings import HostSettings
from engine.models.hosts.links.by_name import compute_machines
from engine.recipes.common.films import plain_plan, segment_bytes
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.process_pool import ComputePool
from tests.runtime.test_far_workers import ask, kept, picture
from tests.support.ssh_machines import SSH, SSHD, simulated_machines
from tests.video.films import shot, small_film

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (SSH and SSHD), reason="there is no ssh, or no sshd"),
]

NAMES = ("box-a", "box-b")
SPANS = [(first, first + 11) for first in range(0, 96, 12)]


def film_settings() -> HostSettings:
    machine = {name: {"python": sys.executable, "compute": 1} for name in NAMES}
    return HostSettings.model_validate(
        {"machines": NAMES, "machine": machine, "silence_seconds": 5}
    )


async def rendered(pool: ComputePool, store: ArtifactStore) -> list["asyncio.Task[bytes]"]:
    """Renders the segments of a film, all at once."""
    film = small_film(shot(0, 1), shot(1, 2, 1), shot(2, 3), shot(3, 4, 1))
    images = [kept(store, picture(colour)) for colour in ("red", "blue")]
    plan = plain_plan(film)
    return [
        asyncio.create_task(ask(pool, store, segment_bytes, plan, span, "preview", (2, 0), *images))
        for span in SPANS
    ]


async def hashes(tasks: list["asyncio.Task[bytes]"]) -> list[str]:
    return [hashlib.sha256(data).hexdigest() for data in await asyncio.gather(*tasks)]


async def test_a_film_is_the_same_by_two_machines_one_of_which_is_cut(tmp_path: Path) -> None:
    store, here = ArtifactStore(tmp_path / "artifacts"), ComputePool(1)
    alone = await hashes(await rendered(here, store))
    here.close()
    async with simulated_machines(tmp_path / "machines", *NAMES) as machines:
        far = compute_machines(NAMES, film_settings())
        assert list(far.values()) == [1, 1]
        pool = ComputePool(0, far)
        assert await hashes(await rendered(pool, store)) == alone
        assert all(machine.workers() for machine in machines.values())
        tasks = await rendered(pool, store)
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        machines["box-b"].proxy.is_dead = True
        assert await hashes(tasks) == alone
        pool.close()
