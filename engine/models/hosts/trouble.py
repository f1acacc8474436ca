"""Reasons why no host can do the tasks of a model, in words."""

from collections.abc import Sequence

from engine.contract import Blocked, StepError
from engine.contract.model_host import ModelKey
from engine.models.hosts.choice import Chooser, on_devices
from engine.models.hosts.holdings import either
from engine.models.hosts.host import ModelHost
from engine.models.hosts.links.machines import Machines
from engine.models.hosts.out_of_memory import ModelTooLarge
from engine.models.hosts.replies import refusal_of
from engine.models.hosts.status import KnownModels
from engine.text.plural import pluralize


class Trouble:
    """Tell why a model cannot be used.

    Args:
        hosts: All hosts.
        chooser: Says which of them may be used.
        known: Known figures about models.
        machines: The other machines.

    Attributes:
        nothing_here: Why this machine has no device; None if it has one, or was not asked.
    """

    def __init__(
        self,
        hosts: Sequence[ModelHost],
        chooser: Chooser,
        known: KnownModels,
        machines: Machines,
    ) -> None:
        self.nothing_here: Blocked | None = None
        self._hosts = hosts
        self._chooser = chooser
        self._known = known
        self._machines = machines

    def refusal(self, model: ModelKey) -> StepError | None:
        """Return why no host can do a model's tasks, ever or now; None if one can."""
        if self._chooser.usable(model):
            return None
        if not self._hosts:
            return self.nothing_anywhere()
        suited = on_devices(self._hosts, model)
        if not suited:
            return self._lacking_there(model) or self._no_device(model)
        away = [host for host in suited if host.is_gone]
        broken = [host for host in suited if host.is_broken]
        if away and not broken:
            return self._gone(away[0])
        return _broken(broken[0]) if broken else self._too_large(model)

    def nothing_anywhere(self) -> Blocked:
        """Return that there is no device at all, with the reason of each machine."""
        error = self.nothing_here or Blocked("There is no device for models.", reason="backend")
        words = [one.message for one in self._machines.known.values() if one.message]
        return Blocked(" ".join([error.message, *words]), reason="backend", remedy=error.remedy)

    def _no_device(self, model: ModelKey) -> Blocked:
        there = ", ".join(host.device.id for host in self._hosts)
        missing = Blocked(
            f"{model.name} is to run on {model.device}, and there is {there} here.",
            reason="backend",
            remedy="Choose another device for it, or look at hosts.devices in the settings.",
        )
        missing.lacks_device = True
        return missing

    def _lacking_there(self, model: ModelKey) -> Blocked | None:
        """Return what the machines lack on which a model may run; None if none is among them."""
        wanted = self._known.wanted.get(model)
        hosts = [host for host in self._hosts if host.device.suits(model.device or host.device.id)]
        if wanted is None or not hosts:
            return None
        lacks = {
            host.device.machine: lacking
            for host in hosts
            if host.holdings is not None and (lacking := host.holdings.lacking(wanted.needs))
        }
        words = [f"{one.words()} on {name}" for name, one in lacks.items()]
        where = model.device or "the devices that there are"
        return Blocked(
            f"{model.name} cannot run on {where}: it needs "
            f"{', or '.join(words) or 'packages or weights that are not there'}.",
            reason="backend",
            remedy=either(one.remedy(name) for name, one in lacks.items()),
        )

    def _gone(self, host: ModelHost) -> Blocked:
        one = self._machines.known.get(host.device.machine)
        words = (one and one.message) or f"The machine of {host.device.id} cannot be reached"
        return Blocked(
            f"{words.removesuffix('.')}.",
            reason="backend",
            remedy="It is tried again from time to time, and at resume.",
        )

    def _too_large(self, model: ModelKey) -> StepError:
        suited = on_devices(self._hosts, model)
        for host in suited:
            if host.refused.holds(model) and (answer := host.refused.answer(model)):
                return refusal_of(answer, host.device.machine)
        largest = max(suited, key=lambda host: host.budget)
        size = self._known.size(model, largest.device.machine)
        return ModelTooLarge(model.name, size, largest.device.id, largest.budget)


def _broken(host: ModelHost) -> Blocked:
    times = pluralize(host.restarts.crashes, "time", "times in a row")
    return Blocked(
        f"{host} has died {times} ({host.message}).",
        reason="backend",
        remedy="The log says what it printed. It is tried again in a while, or at resume.",
    )
