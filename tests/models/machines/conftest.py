"""Hosts on machines of their own, each behind a real sshd."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.models.hosts.conftest import Trial
from tests.models.hosts.conftest import trial as trial
from tests.support.ssh_machines import SSH, SSHD, SimulatedMachine, settings_for, simulated_machines

Far = Callable[..., Any]


@pytest.fixture
async def far(tmp_path: Path) -> AsyncIterator[Far]:
    """Makes machines, and hosts that use them; ends both after the test."""
    if SSHD is None or SSH is None:
        pytest.skip("there is no sshd here")
    opened: list[Any] = []
    trials: list[Trial] = []

    async def make(*names: str, **settings: Any) -> tuple[Trial, dict[str, SimulatedMachine]]:
        context = simulated_machines(tmp_path / "machines", *names)
        machines = await context.__aenter__()
        opened.append(context)
        trials.append(Trial(**settings_for(*names, **settings)))
        return trials[-1], machines

    yield make
    for each in trials:
        each.hosts.close()
    for context in opened:
        await context.__aexit__(None, None, None)
