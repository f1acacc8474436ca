"""Forecasts: many hosts are counted as few are, and are not looked at while much work waits."""

from typing import Any
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from engine.contract import ModelKey
from engine.models.hosts import forecast
from engine.models.hosts.forecast import Forecast
from engine.models.hosts.shares import MANY, Worker, ends
from engine.models.hosts.speeds import Speeds, rising
from tests.models.hosts.simulated import Machines, Trial, virtual
from tests.support.toy_models import key

SECONDS = st.floats(0.01, 100)
KEY = (key("a"), "say", "")


@given(
    ready=st.lists(st.floats(0, 100), min_size=1, max_size=2 * MANY),
    steps=st.lists(SECONDS, min_size=1, max_size=5),
    tasks=st.integers(1, 500),
)
def test_the_end_is_the_earliest_by_which_all_is_done(
    ready: list[float], steps: list[float], tasks: int
) -> None:
    workers = [Worker(start, rising(steps[n % 2 :] or steps)) for n, start in enumerate(ready)]
    most = min(len(worker.table) for worker in workers)
    workers = [Worker(worker.ready, worker.table[:most]) for worker in workers]
    end = ends(workers, tasks)
    assert sum(worker.by(end) for worker in workers) >= tasks
    assert sum(worker.by(end * 0.998) for worker in workers) < tasks


@given(st.lists(SECONDS, min_size=1, max_size=30), st.integers(1, 400), st.integers(1, 8))
def test_plenty_is_never_more_than_a_share(seconds: list[float], tasks: int, most: int) -> None:
    class Host:
        """A host that has nothing to do."""

        work = ahead = None

        def __init__(self, name: str) -> None:
            self.device = mock.Mock(id=name)

        def has(self, _model: ModelKey) -> bool:
            return True

    known = mock.Mock(speeds=Speeds(), load_seconds={})
    hosts: list[Any] = [Host(str(number)) for number in range(len(seconds))]
    for host, each in zip(hosts, seconds, strict=True):
        known.speeds.learn(host.device.id, KEY, most, each)
    estimate = Forecast(known, lambda _: most, lambda _: hosts)
    for host in hosts:
        if estimate.is_plenty(host, KEY, tasks, len(hosts)):
            assert estimate.share(host, hosts, KEY, tasks) >= most


def test_hosts_are_forecast_only_near_the_end() -> None:
    machines = Machines({f"cpu:{number}": 1 + number % 4 for number in range(40)}, most=1)

    async def work() -> float:
        trial = Trial(machines)
        await trial.seconds(*[KEY[0]] * 80)
        with mock.patch.object(forecast, "ends", wraps=ends) as counted:
            seconds = await trial.seconds(*[KEY[0]] * 2000)
        assert counted.call_count < 400
        return seconds

    rate = sum(1 / speed for speed in machines.speeds.values())
    assert virtual(machines, work) <= 1.05 * 2000 / rate + 4
