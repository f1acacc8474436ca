"""Many tasks at once: models that do not fit together, failures, deaths, changes of mind."""

import asyncio
import random
from pathlib import Path

import pytest

from engine.contract import ModelKey, Permanent, Retryable
from tests.models.hosts.conftest import MakeTrial, Trial
from tests.support.toy_models import key, task

MODELS = (
    key("a", size=400, most=4),
    key("b", size=400, most=2, offloaded=100, restores=True),
    key("c", size=650, memory=2),
    key("d", size=900, most=1),
)
KINDS = {"say": 20, "draw": 8, "bug": 3, "permanent": 3, "poison": 1, "change of mind": 5}


async def one(hosts: Trial, kind: str, model: ModelKey, number: int, folder: Path) -> str:
    """Asks for one thing and sees that it ends as it should; returns which it was."""
    if kind == "say":
        assert (await hosts.answer(task(number, model=model)))["said"] == str(number)
    elif kind == "draw":
        assert await hosts.answer(task(number, "draw", model)) == number
    elif kind == "poison":
        with pytest.raises(Retryable):
            await hosts.answer(task("poison", "die_always", model))
    elif kind == "change of mind":
        asked = hosts.ask(task(str(folder / "never"), "wait_for", model))
        await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
    else:
        words, expected = ("ZeroDivision", Exception) if kind == "bug" else ("never", Permanent)
        with pytest.raises(expected, match=words):
            await hosts.answer(task(kind, "fail", model, group=kind))
    return kind


async def test_each_task_ends_as_it_should(trial: MakeTrial, tmp_path: Path) -> None:
    chance = random.Random(1)
    gib = {"cpu": 1000 / 2**30, "cpu:1": 700 / 2**30}
    hosts = trial(devices=["cpu", "cpu:1"], memory_gib=gib, patience_seconds=0.05, max_crashes=99)
    kinds = chance.choices(list(KINDS), list(KINDS.values()), k=50)
    asked = [
        one(hosts, kind, chance.choice(MODELS), number, tmp_path)
        for number, kind in enumerate(kinds)
    ]
    assert await asyncio.gather(*asked) == kinds
    assert set(kinds) == set(KINDS)
    await hosts.until(lambda: not any(s.waiting + s.running for s in hosts.hosts.states()))
