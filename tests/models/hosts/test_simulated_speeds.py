"""Scheduling on devices of different speeds: the real hosts' side of the engine, simulated time.

Times are compared with the least that is possible, since nothing but the devices takes time.
"""

from collections.abc import Sequence
from typing import Any

import pytest

from engine.contract import ModelKey
from tests.models.hosts.simulated import Machines, Trial, ideal, virtual
from tests.support.toy_models import key

A, B, C = key("a"), key("b"), key("c")


def devices(*speeds: float, **options: Any) -> Machines:
    """Devices by their seconds per task."""
    return Machines({f"cpu:{number}": s for number, s in enumerate(speeds)}, **options)


def seconds(
    machines: Machines, models: Sequence[ModelKey], *, in_flight: int = 0, warm: bool = True
) -> float:
    """Seconds of a batch; once the devices' speeds are known if it is warm."""

    async def work() -> float:
        trial = Trial(machines, in_flight)
        if warm:
            await trial.seconds(*sorted(set(models), key=str) * 64)
            machines.batches.clear()
        return await trial.seconds(*models)

    return float(virtual(machines, work))


@pytest.mark.parametrize("in_flight", [0, 16], ids=["all", "16 in flight"])
@pytest.mark.parametrize("tasks", [1, 2, 3, 5, 8, 16, 23, 64, 200])
@pytest.mark.parametrize(
    "speeds", [(1, 4), (4, 1), (1, 1), (1, 2, 8), (1, 1, 1, 1)], ids=lambda s: ":".join(map(str, s))
)
def test_all_ends_within_15_percent_of_the_least(
    speeds: tuple[float, ...], tasks: int, in_flight: int
) -> None:
    took = seconds(devices(*speeds), [A] * tasks, in_flight=in_flight)
    assert took <= 1.15 * ideal(speeds, tasks)


@pytest.mark.parametrize("tasks", [8, 16, 64])
@pytest.mark.parametrize("speeds", [(1, 4), (4, 1), (1, 2, 8)])
def test_a_device_of_unknown_speed_is_tried_with_little(
    speeds: tuple[float, ...], tasks: int
) -> None:
    took = seconds(devices(*speeds), [A] * tasks, warm=False)
    assert took <= max(1.15 * ideal(speeds, tasks), 0.1 + max(speeds))


@pytest.mark.parametrize("in_flight", [0, 24], ids=["all", "24 in flight"])
def test_batches_that_take_as_long_as_one_task_stay_full(in_flight: int) -> None:
    machines = devices(1, 1, fixed=50)
    took = seconds(machines, [A] * 128, in_flight=in_flight)
    assert took <= 1.15 * 8 * 58
    assert sum(tasks == 8 for _, tasks in machines.batches) >= 14


def test_the_last_batch_of_such_devices_is_the_fast_ones() -> None:
    machines = devices(1, 4, fixed=50)
    assert seconds(machines, [A] * 8) <= 1.15 * 58
    assert {device for device, _ in machines.batches} == {"cpu:0"}


def test_a_device_that_becomes_slow_gives_its_next_batch_back() -> None:
    machines = devices(1, 1)

    async def work() -> float:
        trial = Trial(machines)
        await trial.seconds(*[A] * 64)
        machines.speeds["cpu:1"] = 20
        return await trial.seconds(*[A] * 64)

    took = virtual(machines, work)
    slow = sum(tasks for device, tasks in machines.batches if device == "cpu:1") - 32
    assert slow == 8  # the batch that it had begun
    assert took <= 1.15 * 8 * 20


def test_several_models_share_devices_of_different_speeds() -> None:
    speeds = (1, 4)
    took = seconds(devices(*speeds), [A, B, C] * 20, in_flight=48)
    assert took <= 1.15 * ideal(speeds, 60)


def test_kinds_of_one_task_each_are_spread_too() -> None:
    models = [key(f"model-{number}") for number in range(10)]
    took = seconds(devices(1, 4), models)
    assert took <= 1.15 * ideal((1, 4), 10)


@pytest.mark.parametrize(("tasks", "loads"), [(16, 1), (64, 2)], ids=["little", "much"])
def test_a_model_is_loaded_again_only_for_enough_work(tasks: int, loads: int) -> None:
    machines = devices(1, 1, load=20)
    took = seconds(machines, [A] * tasks, warm=False)
    assert len(machines.loads) == loads
    assert took <= 1.15 * (20 + ideal((1, 1), tasks) + (20 / 2 if loads == 2 else tasks / 2))


def test_models_that_do_not_fit_together_get_a_device_each() -> None:
    machines = devices(1, 1, load=5, size=600)
    took = seconds(machines, [A, B] * 32, warm=False)
    assert took <= 1.15 * (5 + 32)
    assert len(machines.loads) == 2


def test_a_batch_of_fewer_tasks_than_devices_leaves_the_slow_ones_idle() -> None:
    machines = devices(1, 1, 8)
    assert seconds(machines, [A] * 2) <= 1.15
    assert sorted(machines.batches) == [("cpu:0", 1), ("cpu:1", 1)]
