"""Budgets with the real clients: the budget pays for exactly the work of the provider."""

from pathlib import Path
from typing import Any

from tests.support.providers.draw import Studio
from tests.support.providers.fal import FalQueue
from tests.support.providers.misbehaviour import status
from tests.support.providers.server import ProviderServer

KEYS = {"FAL_KEY": "0f0f0f0f-1111-2222-3333-444444444444:5555666677778888aaaabbbbccccdddd"}


def fal_settings(server: ProviderServer, **more: Any) -> dict[str, Any]:
    own = {"base_url": server.url, "poll_seconds": 0.002, **more}
    return {"image": "fal", **{f"fal.{name}": value for name, value in own.items()}}


async def test_fal_makes_no_more_than_the_table_s_price_allows(tmp_path: Path) -> None:
    queue = FalQueue()
    with ProviderServer(queue) as server:
        studio = Studio(tmp_path / "work", KEYS, {"budget": {"total": 0.006}})
        studio.queue(4, fal_settings(server))
        server.misbehave(status(500, {"detail": "busy"}))
        await studio.run()
        assert len(queue.generations) == 2
    jobs = studio.jobs()
    assert sum(job.cost for job in jobs) == 5000
    parked = [job for job in jobs if job.state == "parked"]
    assert [job.reason for job in parked] == ["budget", "budget"]
    assert "may cost $0.0025" in str(parked[0].message)


async def test_a_model_without_a_price_is_not_asked_where_there_is_a_budget(tmp_path: Path) -> None:
    queue = FalQueue()
    with ProviderServer(queue) as server:
        studio = Studio(tmp_path / "work", KEYS, {"budget": {"total": 100.0}})
        studio.queue(1, fal_settings(server, model="fal-ai/nobody/knows"))
        await studio.run()
        assert (len(server.calls()), len(queue.generations)) == (0, 0)
    [job] = studio.jobs()
    assert (job.state, job.reason) == ("parked", "budget")
    assert "--set fal.price_per_image=" in str(job.message)
