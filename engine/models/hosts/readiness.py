"""Missing requirements of a backend whose models other machines may run."""

from collections.abc import Sequence

from engine.contract.backend import Backend
from engine.contract.data import MissingRequirement
from engine.contract.model_host import HostedBackend, ModelNeeds
from engine.models.hosts.holdings import either
from engine.models.hosts.links.machines import KnownMachine, Machines

ASK_AGAIN_SECONDS = 25.0
"""Seconds after which a machine is asked again what it has: somebody may have mended it."""


async def lacking_anywhere(
    backend: Backend, machines: Machines, seconds: float
) -> list[MissingRequirement]:
    """Return what a backend lacks on this machine, unless another one has it.

    The machines are reached if they are not yet.

    Args:
        backend: The backend.
        machines: The other machines.
        seconds: Maximum time to wait for the first answers.
    """
    missing = backend.missing()
    if machines and isinstance(backend, HostedBackend) and any(one.elsewhere for one in missing):
        needs = backend.needs()
        machines.start()
        await machines.first_attempts(seconds, lambda: provider(machines, needs) is not None)
        if provider(machines, needs) is None:
            machines.ask_again(ASK_AGAIN_SECONDS)
    return still_lacking(backend, missing, machines)


def still_lacking(
    backend: Backend, missing: Sequence[MissingRequirement], machines: Machines
) -> list[MissingRequirement]:
    """Return what a backend lacks after machines have answered, or have not.

    Args:
        backend: The backend.
        missing: What it lacks on this machine.
        machines: The other machines.
    """
    movable = [one for one in missing if one.elsewhere]
    named = machines or machines.refused
    if not (movable and named and isinstance(backend, HostedBackend)):
        return list(missing)
    staying, needs = [one for one in missing if not one.elsewhere], backend.needs()
    if provider(machines, needs) is not None:
        return staying
    return [*staying, _nowhere(movable, machines, needs)]


def provider(machines: Machines, needs: ModelNeeds) -> str | None:
    """Return the name of a machine that has all that models need; None if none is known to."""
    return next((one.name for one in machines.known.values() if _has(one, needs)), None)


def _has(one: KnownMachine, needs: ModelNeeds) -> bool:
    return one.has_answered and (one.holdings is None or not one.holdings.lacking(needs))


def _nowhere(
    movable: Sequence[MissingRequirement], machines: Machines, needs: ModelNeeds
) -> MissingRequirement:
    """Return one requirement that says what each machine lacks, and what to do on which."""
    whats, remedies = ["; ".join(one.what for one in movable) + " on this machine"], []
    is_waiting = False
    for one in machines.known.values():
        what, remedy = _of_machine(one, needs)
        whats.append(what)
        remedies.append(remedy)
        is_waiting = is_waiting or one.holdings is None
    for name, why in machines.refused.items():
        whats.append(f"the use of {name}")
        remedies.append(why)
    remedies += [f"on this machine: {one.remedy.removeprefix('Run: ')}" for one in movable]
    return MissingRequirement(
        what=", or ".join(whats),
        remedy=either(remedies),
        reason="backend" if is_waiting else movable[0].reason,
        elsewhere=True,
    )


def _of_machine(one: KnownMachine, needs: ModelNeeds) -> tuple[str, str]:
    lacks = one.holdings.lacking(needs) if one.holdings is not None else None
    if lacks:
        return f"{lacks.words()} on {one.name}", lacks.remedy(one.name)
    if one.message:
        return f"an answer of {one.name} ({one.message})", ""
    return f"an answer of {one.name}, which is being reached", ""
