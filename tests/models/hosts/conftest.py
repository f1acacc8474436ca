"""Hosts on the processor, with models in plain Python."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from engine.contract import Task
from engine.contract.host_settings import HostSettings
from engine.models.hosts.model_hosts import ModelHosts
from engine.models.hosts.status import HostStatus
from tests.support.engines import PATIENCE, eventually


@dataclass(eq=False)
class Ear:
    """Collects the reports of a task."""

    heard: list[Any] = field(default_factory=list)

    def waits(self) -> None:
        self.heard.append("waits")

    def begins(self, device: str) -> None:
        self.heard.append("begins")

    def progress(self, fraction: float | None, message: str = "") -> None:
        self.heard.append((fraction, message))

    def preview(self, image: bytes) -> None:
        self.heard.append(image)


class Trial:
    """Hosts under trial."""

    def __init__(self, **settings: Any) -> None:
        chosen = {"devices": ["cpu"], "batch_wait_seconds": 0.02, "grace_seconds": 0.05}
        self.settings = HostSettings(**{**chosen, **settings})
        self.hosts = ModelHosts(self.settings, machines=self.settings.machines)

    def ask(self, task: Task, ear: Ear | None = None) -> "asyncio.Task[Any]":
        """Asks for something and continues."""
        return asyncio.create_task(self.hosts.infer(task, ear or Ear()))

    async def answers(self, *tasks: Task) -> list[Any]:
        """Answers of several tasks at once, errors too."""
        async with asyncio.timeout(PATIENCE):
            asked = [self.ask(task) for task in tasks]
            return await asyncio.gather(*asked, return_exceptions=True)

    async def answer(self, task: Task) -> Any:
        """Answer of one task."""
        async with asyncio.timeout(PATIENCE):
            return await self.hosts.infer(task, Ear())

    def state(self, number: int = 0) -> HostStatus:
        """Status of a host."""
        return self.hosts.states()[number]

    async def until(self, found: Callable[[], Any]) -> Any:
        """Waits for something."""
        return await eventually(found)


MakeTrial = Callable[..., Trial]


@pytest.fixture
async def trial() -> AsyncIterator[MakeTrial]:
    """Makes hosts, and ends them after the test."""
    made: list[Trial] = []

    def make(**settings: Any) -> Trial:
        made.append(Trial(**settings))
        return made[-1]

    yield make
    for each in made:
        each.hosts.close()
