"""Other machines: found beside the work of this one, and tried again when they are lost."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.contract.errors import Blocked, StepError
from engine.models.hosts.current_task import growing_pause
from engine.models.hosts.devices import Device
from engine.models.hosts.holdings import Holdings
from engine.models.hosts.links.link import Machine
from engine.models.hosts.status import HostStatus, LinkState
from engine.text.terminal import clean

LONGEST_PAUSE = 60.0
"""Maximum seconds between two attempts to reach a machine."""

log = logging.getLogger(__name__)


@dataclass(eq=False)
class KnownMachine:
    """Another machine, and what is known of it.

    Attributes:
        machine: The machine.
        link: `connecting` until it has answered, `connected`, `lost` or `refused`.
        message: Why it is not connected, and what to do about it.
        retry_at: When it is tried again, by the clock of day.
        lost_at: Since when it is not connected, by the monotonic clock.
        has_answered: True once it was connected.
        asked_at: When it was last asked what it has, by the monotonic clock.
        task: Looks after it.
        devices: Names of the devices that it has, or once had; those of a cluster are on nodes.
    """

    machine: Machine
    link: LinkState = "connecting"
    message: str = ""
    retry_at: float | None = None
    lost_at: float = field(default_factory=time.monotonic)
    devices: set[str] = field(default_factory=set)
    failures: int = 0
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    tried: asyncio.Event = field(default_factory=asyncio.Event)
    has_answered: bool = False
    asked_at: float = 0.0
    task: "asyncio.Task[None] | None" = None

    @property
    def name(self) -> str:
        """Its name in the settings."""
        return self.machine.name

    @property
    def holdings(self) -> Holdings | None:
        """Its packages and weights, as it last said; None if it does not say."""
        return self.machine.holdings

    @property
    def is_away(self) -> bool:
        """True if it is not connected."""
        return self.link != "connected"


class Machines:
    """Look after other machines.

    Args:
        machines: The machines.
        on_up: Called with a machine and its devices when it can be reached, also again.
        on_away: Called with a machine after each attempt that failed.
        refused: Names of machines that may not be used, each with the reason.

    Attributes:
        known: The machines by name.
        refused: Names of machines that may not be used, each with the reason.
    """

    def __init__(
        self,
        machines: Sequence[Machine],
        on_up: Callable[[Machine, list[Device]], None],
        on_away: Callable[[KnownMachine], None],
        refused: Mapping[str, str] | None = None,
    ) -> None:
        self.known = {machine.name: KnownMachine(machine) for machine in machines}
        self.refused = dict(refused or {})
        self._on_up = on_up
        self._on_away = on_away
        self._is_started = False

    def __bool__(self) -> bool:
        return bool(self.known)

    def start(self) -> None:
        """Start to reach them, all at once."""
        self._is_started = True
        for one in self.known.values():
            if one.task is None:
                one.task = asyncio.create_task(self._look_after(one))

    def add(self, machine: Machine) -> None:
        """Look after one more; it is reached now if the others are."""
        self.known[machine.name] = KnownMachine(machine)
        if self._is_started:
            self.start()

    def remove(self, name: str) -> Machine:
        """Look after a machine no more, and return it; whoever has links to it closes it."""
        one = self.known.pop(name)
        if one.task is not None:
            one.task.cancel()
        one.tried.set()
        return one.machine

    async def first_attempts(
        self, seconds: float, is_enough: Callable[[], bool] = lambda: False
    ) -> None:
        """Wait until each was tried once, enough is known, or some seconds have passed."""
        waits = {asyncio.ensure_future(one.tried.wait()) for one in self.known.values()}
        left, end = waits, time.monotonic() + seconds
        try:
            while left and not is_enough() and (rest := end - time.monotonic()) > 0:
                _, left = await asyncio.wait(
                    left, timeout=rest, return_when=asyncio.FIRST_COMPLETED
                )
        finally:
            for wait in waits:
                wait.cancel()

    def lost(self, device: Device, words: str) -> None:
        """Note that the link to a device was lost: its machine or cluster is asked at once."""
        clusters = (one for one in self.known.values() if device.id in one.devices)
        one = self.known.get(device.machine) or next(clusters, None)
        if one is not None and not one.is_away:
            one.link, one.message, one.lost_at = "lost", words, time.monotonic()
            one.wake.set()

    def try_again(self) -> None:
        """Try the machines that are away at once, and ask the others again what they have."""
        for one in self.known.values():
            one.failures = 0
            one.wake.set()

    def ask_again(self, seconds: float) -> None:
        """Ask machines what they have if they were asked longer ago than some seconds."""
        for one in self.known.values():
            if not one.is_away and time.monotonic() - one.asked_at > seconds:
                one.wake.set()

    def close(self) -> None:
        """Stop looking after them."""
        for one in self.known.values():
            if one.task is not None:
                one.task.cancel()
            one.machine.close()

    async def _look_after(self, one: KnownMachine) -> None:
        while True:
            one.wake.clear()
            await self._try(one)
            one.tried.set()
            pause = None if one.link == "connected" else _pause(one)
            one.retry_at = None if pause is None else time.time() + pause
            if one.is_away:
                self._on_away(one)
            try:
                await asyncio.wait_for(one.wake.wait(), pause)
            except TimeoutError:
                continue

    async def _try(self, one: KnownMachine) -> None:
        one.asked_at = time.monotonic()
        try:
            devices = await one.machine.devices()
        except StepError as error:
            one.link = "refused" if isinstance(error, Blocked) else "lost"
            self._note(one, f"{error.message} {error.remedy}".strip())
        except Exception as error:
            log.exception("%s cannot be asked for its devices", one.name)
            one.link = "lost"
            self._note(one, f"{type(error).__name__}: {error}")
        else:
            one.link, one.message, one.failures = "connected", "", 0
            one.has_answered = True
            one.devices |= {device.id for device in devices}
            self._on_up(one.machine, devices)

    def _note(self, one: KnownMachine, words: str) -> None:
        words = clean(words, 500)
        if words != one.message or not one.failures:
            log.warning("%s: %s", one.name, words)
        one.message = words
        one.failures += 1


def with_machines(states: Sequence[HostStatus], machines: Machines) -> list[HostStatus]:
    """Return the status of hosts with that of their machines; a machine without any has its own.

    A cluster has its own too while it cannot be reached: its hosts show the nodes.

    Args:
        states: The hosts.
        machines: The other machines.
    """
    rows = list(states)
    for one in machines.known.values():
        there = [number for number, state in enumerate(rows) if state.machine == one.name]
        for number in there:
            rows[number] = _with(rows[number], one)
        nodes = any(state.device in one.devices for state in states)
        if not there and (one.is_away or not nodes):
            rows.append(_with(_no_host(one.name), one))
    for name, why in machines.refused.items():
        rows.append(replace(_no_host(name), link="refused", message=why))
    return rows


def _no_host(name: str) -> HostStatus:
    return HostStatus(
        device=name,
        name="",
        pid=None,
        state="stopped",
        message="",
        memory_total=None,
        memory_budget=None,
        memory_used=None,
        models=(),
        waiting=0,
        running=0,
        restarts=0,
        machine=name,
    )


def _with(state: HostStatus, one: KnownMachine) -> HostStatus:
    latency: float | None = getattr(one.machine, "latency", None)
    return replace(
        state,
        link=one.link,
        message=one.message if one.is_away else state.message,
        retry_at=one.retry_at,
        latency_ms=None if latency is None else round(latency * 1000, 1),
        version=getattr(one.machine, "versions", ""),
    )


def _pause(one: KnownMachine) -> float:
    return LONGEST_PAUSE if one.link == "refused" else growing_pause(one.failures + 2)
