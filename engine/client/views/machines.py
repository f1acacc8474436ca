"""Machines and the hosts on them, in words: their links, load, models and speed."""

import json
import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from db.rows import HostRow
from engine.text.figures import duration, size
from engine.text.plural import pluralize
from engine.text.terminal import clean

MOST = 50
"""Models of one host that are shown."""


@dataclass(frozen=True, slots=True)
class ShownHost:
    """One host, cleaned.

    Attributes:
        device: Its device.
        name: Name of the device.
        state: Its state.
        message: Its activity, or why it stopped.
        load: Load of the device and its temperature, as far as they are measured.
        memory: Memory that its models fill, and that all programs use.
        work: Running and waiting tasks.
        restarts: How often it was started again.
        models: Loaded models, the newest used first, with their size and speed.
    """

    device: str
    name: str
    state: str
    message: str
    load: str
    memory: str
    work: str
    restarts: str
    models: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Everything but the device and the models."""
        state = f"{self.state} ({self.message})" if self.message else self.state
        parts = (self.name, state, self.load, self.memory, self.work, self.restarts)
        return " · ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class ShownMachine:
    """One machine with its hosts, cleaned.

    Attributes:
        name: Its name in the settings, empty for the engine's own.
        link: State of the link, its latency and the versions there, or why there is none.
        is_well: True if the link stands, or none is needed.
        hosts: Its hosts.
    """

    name: str
    link: str
    is_well: bool
    hosts: tuple[ShownHost, ...]


def shown_machines(rows: Iterable[HostRow]) -> list[ShownMachine]:
    """Return the machines of some hosts, the engine's own first, the others by name."""
    of: dict[str, list[HostRow]] = {}
    for row in sorted(rows, key=lambda each: (each.machine, each.device)):
        of.setdefault(row.machine, []).append(row)
    return [_machine(name, hosts) for name, hosts in of.items()]


def _machine(name: str, rows: list[HostRow]) -> ShownMachine:
    first = next((row for row in rows if row.link not in {"", "connected"}), rows[0])
    hosts = tuple(shown_host(row) for row in rows if not name or row.device != name)
    return ShownMachine(clean(name, 60), link_words(first), first.link in {"", "connected"}, hosts)


def link_words(row: HostRow) -> str:
    """Return the state of a host's link in words; empty on the engine's own machine."""
    if row.link in {"lost", "refused"}:
        left = 0 if row.retry_at is None else math.ceil(row.retry_at - time.time())
        again = f"trying again in {pluralize(left, 'second')}" if left > 0 else row.link
        return f"{again}: {clean(row.message)}" if row.message else again
    latency = "" if row.latency_ms is None else f"{row.latency_ms:.3g} ms"
    parts = (clean(row.link, 20), latency, clean(row.version, 200))
    return " · ".join(part for part in parts if part)


def shown_host(row: HostRow) -> ShownHost:
    """Return a host in words."""
    load = "" if row.load is None else f"{row.load} % load"
    heat = "" if row.celsius is None else f"{row.celsius} °C"
    busy = row.running or row.waiting
    return ShownHost(
        device=clean(row.device, 40),
        name=clean(row.name, 60),
        state=clean(row.state, 20),
        message=clean(row.message, 300),
        load=", ".join(part for part in (load, heat) if part),
        memory=_memory(row),
        work=f"{row.running} at work, {row.waiting} waiting" if busy else "",
        restarts=f"started again {pluralize(row.restarts, 'time')}" if row.restarts else "",
        models=tuple(_models(row.models)),
    )


def _memory(row: HostRow) -> str:
    used, budget = row.memory_used or 0, row.memory_budget or row.memory_total or 0
    models = f"{size(used)} of {size(budget)}" if budget else size(used) if used else ""
    if row.device_used is None or not models:
        return models
    return f"{models} (device {size(row.device_used)})"


def _models(text: str) -> Iterator[str]:
    """Yield the loaded models, the newest used first, from the engine's JSON."""
    try:
        models = json.loads(text)
    except (ValueError, RecursionError):
        return
    known = [model for model in models if isinstance(model, dict)] if _is_list(models) else []
    for model in reversed(known[:MOST]):
        name = clean(str(model.get("name", "")), 80)
        bytes_, seconds = model.get("bytes"), model.get("seconds")
        parts = [f"({name})" if model.get("offloaded") else name]
        parts += [size(bytes_)] if isinstance(bytes_, int) and bytes_ > 0 else []
        parts += [_speed(seconds)] if isinstance(seconds, int | float) and seconds > 0 else []
        if name:
            yield " · ".join(parts)


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _speed(seconds: float) -> str:
    """Return the measured time of a task: `3.2s a task`, `40 a second`."""
    return f"{1 / seconds:.0f} a second" if seconds < 0.1 else f"{duration(seconds)} a task"
