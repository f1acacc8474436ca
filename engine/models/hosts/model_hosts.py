"""All model hosts of an engine: each task gets its result or its error."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.contract import Backend, Blocked, MissingRequirement, Retryable
from engine.contract.host_settings import HostSettings
from engine.contract.model_host import ModelKey, Task
from engine.models.hosts import codec, messages
from engine.models.hosts.batch_size import BatchLimits
from engine.models.hosts.choice import Chooser, nothing_more, on_devices
from engine.models.hosts.current_task import CurrentBatch, CurrentLoad, HostExit
from engine.models.hosts.devices import CPU, Device
from engine.models.hosts.holdings import Holdings, wanted_of
from engine.models.hosts.host import ModelHost
from engine.models.hosts.links.by_name import changed_machines, machine_named
from engine.models.hosts.links.link import Machine
from engine.models.hosts.links.local import LocalMachine
from engine.models.hosts.links.machines import KnownMachine, Machines, with_machines
from engine.models.hosts.options import options_for
from engine.models.hosts.readiness import lacking_anywhere
from engine.models.hosts.replies import died, fail, refusal_of, settle
from engine.models.hosts.status import HostStatus, KnownModels
from engine.models.hosts.tasks import Backlog, PendingTask, TaskListener
from engine.models.hosts.trouble import Trouble
from engine.text.plural import pluralize

FIRST_SECONDS = 30.0
"""Seconds that work waits for the first answer of other machines, without an accelerator here."""

MAX_LOSSES = 5
"""Hosts lost with the same task, after which it may be to blame: its step has failed once."""

LOOK_AGAIN_SECONDS = 0.2
"""Delay before looking again for work that a host may not be given yet."""

log = logging.getLogger(__name__)


class ModelHosts:
    """Run tasks on hosts.

    Args:
        settings: Settings of the hosts.
        expected: Returns how many jobs are queued, whose tasks will come; as long as there are
            some, batches do not shrink.
        machines: Names of other machines to use, none by default.
        refused: Names of other machines that may not be used, each with the reason.
    """

    def __init__(
        self,
        settings: HostSettings,
        expected: Callable[[], int] = nothing_more,
        machines: Sequence[str] = (),
        refused: Mapping[str, str] | None = None,
    ) -> None:
        self._settings = settings
        self._backlog = Backlog()
        self._known = KnownModels.nothing()
        self._fitting = BatchLimits()
        self._here = LocalMachine(settings.devices)
        far = [machine_named(name, settings) for name in machines]
        self._machines = Machines(far, self._machine_up, self._machine_away, refused)
        self._leaving: list[Machine] = []
        self._news = False
        self._held: dict[str, Holdings | None] = {}
        self._found = False
        self._hosts: list[ModelHost] = []
        self._chooser = Chooser(
            self._hosts, self._backlog, self._known, self._fitting, settings, expected
        )
        self._trouble = Trouble(self._hosts, self._chooser, self._known, self._machines)
        self._finding = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._soon: asyncio.Handle | None = None
        self._closed = False

    async def lacking(self, backend: Backend) -> list[MissingRequirement]:
        """Return what a backend lacks, unless a machine may run its models; see `readiness`."""
        return await lacking_anywhere(backend, self._machines, FIRST_SECONDS)

    async def infer(
        self, task: Task, listener: TaskListener, backend: Backend | None = None
    ) -> Any:
        """Return the result of a task.

        A task that is cancelled while it waits is removed; one in progress is abandoned, and its
        host is killed if the model does not stop and all other tasks of the batch are cancelled.

        Args:
            task: The task.
            listener: Receiver of its progress.
            backend: The backend that asks: only machines that have what its models need are used.

        Raises:
            StepError: Raised by the model on purpose; `Retryable` if a host died, `Permanent` if
                memory is too small, `Blocked` if there is no device for it.
            ModelDefect: The model raised anything else.
        """
        if self._machines and backend is not None and (wanted := wanted_of(backend)):
            self._known.wanted[task.model] = wanted
        await self._find_hosts(task.model)
        if self._closed:
            raise Retryable("The engine is ending.")
        if refusal := self._trouble.refusal(task.model):
            raise refusal
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        waiting = PendingTask(task, codec.pack(task.payload), answer, listener)
        listener.waits()
        self._backlog.add(waiting)
        self._dispatch_soon()
        try:
            return await answer
        except asyncio.CancelledError:
            self._give_up(waiting)
            raise

    def states(self) -> list[HostStatus]:
        """Return the status of each host; empty before the first task."""
        waiting = self._chooser.waiting()
        return with_machines([host.state(waiting[host]) for host in self._hosts], self._machines)

    def take_news(self) -> bool:
        """Return whether a machine has answered since this was last asked."""
        news, self._news = self._news, False
        return news

    def tick(self) -> None:
        """End hosts that have long been idle; call this from time to time."""
        for host in self._hosts:
            host.end_if_idle()

    def reload(
        self,
        settings: HostSettings,
        machines: Sequence[str] | None = None,
        refused: Mapping[str, str] | None = None,
    ) -> None:
        """Apply changed settings (devices and memory stay as they are until the engine ends).

        Machines that are new are reached; those that are gone end what they do.

        Args:
            settings: Settings of the hosts.
            machines: Names of other machines to use; None for those that are used.
            refused: Names of other machines that may not be used, each with the reason.
        """
        if machines is not None:
            self.use_machines(settings, machines, refused or {})
        self._settings = self._chooser.settings = settings
        for host in self._hosts:
            host.settings = settings
            host.try_again()
        self._machines.try_again()
        self._refuse_waiting()
        self._dispatch()

    def use_machines(
        self, settings: HostSettings, names: Sequence[str], refused: Mapping[str, str]
    ) -> None:
        """Use other machines from now on; see `reload`. Of the settings, only theirs apply."""
        self._machines.refused = dict(refused)
        for name in changed_machines(self._machines.known, names, self._settings, settings):
            self._let_go(self._machines.remove(name))
        for name in names:
            if name not in self._machines.known:
                self._machines.add(machine_named(name, settings))
        self._settings = self._settings.model_copy(update={"machine": settings.machine})
        self._refuse_waiting()
        self._dispatch()

    def _let_go(self, machine: Machine) -> None:
        """Give a machine no more work; what it was sent and has not begun is done elsewhere."""
        self._leaving.append(machine)
        for host in self._hosts_of(machine.name):
            host.is_leaving = True
            self._backlog.put_back(host.take_back())

    def _hosts_of(self, name: str) -> list[ModelHost]:
        return [host for host in self._hosts if host.belongs_to == name and not host.is_leaving]

    def _close_left(self) -> None:
        """Close machines that are leaving and have ended what they did."""
        for host in [one for one in self._hosts if one.is_leaving and one.work is None]:
            host.close()
            self._hosts.remove(host)
        for machine in list(self._leaving):
            if not any(host.is_leaving and host.belongs_to == machine.name for host in self._hosts):
                self._leaving.remove(machine)
                machine.close()

    def close(self) -> None:
        """End all hosts and cancel waiting tasks."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for waiting in list(self._backlog.all()):
            waiting.answer.cancel()
        for host in self._hosts:
            for task in [task for batch in host.batches() for task in batch.tasks]:
                task.answer.cancel()
            host.close()
        self._machines.close()
        for machine in self._leaving:
            machine.close()

    # -- devices ----------------------------------------------------------------------------------

    async def _find_hosts(self, model: ModelKey) -> None:
        async with self._finding:
            if not self._found:
                self._machines.start()
                await self._find_here()
                self._found = True
        if self._machines and not self._is_for_here(model):
            await self._machines.first_attempts(FIRST_SECONDS)
        if not self._hosts:
            raise self._trouble.nothing_anywhere()

    async def _find_here(self) -> None:
        try:
            self._add_hosts(self._here, await self._here.devices())
        except Blocked as error:
            if not self._machines:
                raise
            self._trouble.nothing_here = error

    def _is_for_here(self, model: ModelKey) -> bool:
        """Return whether a model need not wait for other machines to be found first."""
        suited = on_devices(self._hosts, model)
        return any(model.device or host.device.kind != CPU for host in suited)

    def _machine_up(self, machine: Machine, devices: Sequence[Device]) -> None:
        there, known = {device.id for device in devices}, self._hosts_of(machine.name)
        for host in known:
            # Nodes of a cluster come and go by themselves.
            is_there = host.device.id in there or host.device.machine != machine.name
            host.reached(machine.holdings, is_there=is_there)
        ids = {host.device.id for host in known}
        self._add_hosts(machine, [device for device in devices if device.id not in ids])
        self._news = self._news or self._held.get(machine.name, ()) != machine.holdings
        self._held[machine.name] = machine.holdings
        self._refuse_waiting()
        self._dispatch()

    def _machine_away(self, one: KnownMachine) -> None:
        self._held.pop(one.name, None)
        gone = time.monotonic() - one.lost_at >= self._settings.broken_seconds
        for host in self._hosts_of(one.name):
            if host.device.machine == one.name:
                host.is_away, host.is_gone = True, gone
        self._refuse_waiting()
        self._dispatch()

    def _add_hosts(self, machine: Machine, devices: Sequence[Device]) -> None:
        if devices:
            log.info("models run on %s", ", ".join(device.id for device in devices))
        for device in devices:
            options = options_for(device, devices, self._settings)
            host = ModelHost(device, options, self._settings, self._known, self, machine.link)
            host.belongs_to, host.holdings = machine.name, machine.holdings
            self._hosts.append(host)

    # -- scheduling -------------------------------------------------------------------------------

    def _dispatch_soon(self) -> None:
        """Dispatch once for all tasks that are asked for in the same turn of the loop."""
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_soon(self._dispatch)

    def _dispatch(self) -> None:
        """Give waiting tasks to free hosts, and look again later if it is too soon."""
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        if self._closed:
            return
        self._give_out()
        while host := self._chooser.take_back():
            tasks = host.take_back()
            log.info("%s gives back %s", host, pluralize(len(tasks), "task"))
            self._backlog.put_back(tasks)
            self._give_out()
        self._close_left()
        self._look_again()

    def _give_out(self) -> None:
        while choice := self._chooser.next():
            host, key = choice.host, choice.key
            if choice.tasks:
                host.run(key, self._backlog.take(key, choice.tasks))
            else:
                if not self._is_held(key[0]):
                    self._say_loading(key[0], host)
                host.load(key[0])

    def _say_loading(self, model: ModelKey, host: ModelHost) -> None:
        for waiting in self._backlog.all():
            if waiting.task.model == model:
                waiting.listener.progress(None, f"loading {model.name} on {host.device.id}")

    def _look_again(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._chooser.has_idle() or self._chooser.could_take_back():
            wait = self._chooser.moment() or LOOK_AGAIN_SECONDS
            self._timer = asyncio.get_running_loop().call_later(wait, self._dispatch)

    def _give_up(self, waiting: PendingTask) -> None:
        if self._backlog.remove(waiting):
            return
        for host in self._hosts:
            host.give_up(waiting)

    # -- reports ----------------------------------------------------------------------------------

    def loaded(self, host: ModelHost, report: messages.ModelLoaded) -> None:
        """Handle a loaded model: tasks that arrived meanwhile are its first batch."""
        log.info("%s is on %s, in %.1f s", report.key.name, host.device.id, report.seconds)
        self._dispatch()

    def not_loaded(self, host: ModelHost, report: messages.ModelLoadFailed) -> None:
        """Handle a model that could not be loaded: fail its tasks, or let another host try."""
        model = report.key
        if report.is_too_large:
            host.too_large.add(model)
            if report.size:
                self._known.learn_size(model, host.device.machine, report.size)
        elif self._machines or host.device.machine:
            log.warning("%s cannot load %s: %s", host, model.name, refusal_of(report).message)
            host.refused.add(report)
        others = report.is_too_large or self._machines or host.device.machine
        if not (others and self._chooser.usable(model)):
            error = refusal_of(report, host.device.machine) if host.device.machine else None
            for waiting in self._backlog.take_model(model):
                if error is not None:
                    fail(waiting, error)
                else:
                    settle(waiting, report.answer)
        self._dispatch()

    def answered(self, host: ModelHost, running: CurrentBatch, report: messages.BatchDone) -> None:
        """Handle an ended batch: give the host its next one before delivering the answers."""
        if report.fitted:
            self._fitting.failed(running.key, report.fitted)
        else:
            self._fitting.worked(running.key, len(running.tasks))
        self._dispatch()
        for waiting, answer in zip(running.tasks, report.answers, strict=True):
            settle(waiting, answer, host.device.machine)

    def ended(self, host: ModelHost, end: HostExit) -> None:
        """Handle a host that has died or is lost: repeat its tasks, each alone if it died."""
        if end.is_lost:
            host.is_away = host.device.machine in self._machines.known
            if not host.is_leaving:
                self._machines.lost(host.device, end.how)
        if isinstance(end.work, CurrentBatch):
            self._do_again(host, end, end.work)
        elif isinstance(end.work, CurrentLoad) and not (
            end.is_lost or self._is_held(end.work.model)
        ):
            for waiting in self._backlog.take_model(end.work.model):
                fail(waiting, died(host.device.id, end, f"loading {end.work.model.name}"))
        self._refuse_waiting()
        self._dispatch()

    def _refuse_waiting(self) -> None:
        for waiting in list(self._backlog.all()):
            if refusal := self._trouble.refusal(waiting.task.model):
                self._backlog.remove(waiting)
                fail(waiting, refusal)

    def _is_held(self, model: ModelKey) -> bool:
        return any(host.has(model) for host in self._chooser.usable(model))

    def _do_again(self, host: ModelHost, end: HostExit, running: CurrentBatch) -> None:
        """Fail a task that was alone, or hung; repeat tasks that may be innocent, each alone.

        If the next batch had already been sent, either may have killed the host.
        """
        if end.for_memory and len(running.tasks) > 1:
            self._fitting.failed(running.key, len(running.tasks) // 2)
        ahead = end.ahead.tasks if end.ahead else []
        innocent = end.is_crash and len(running.tasks) + len(ahead) > 1
        again = running.tasks if innocent else self._only_lost(end, running)
        for waiting in running.tasks:
            if waiting not in again:
                fail(waiting, died(host.device.id, end, f"{running.model.name}: {running.key[1]}"))
        for tasks, alone in ((ahead, end.is_crash), (again, end.is_crash)):
            left = [task for task in tasks if not task.answer.done()]
            for waiting in left:
                waiting.alone = waiting.alone or alone
                waiting.listener.waits()
            self._backlog.put_back(left)

    def _only_lost(self, end: HostExit, running: CurrentBatch) -> list[PendingTask]:
        """Return the tasks of a lost link, unless too many links were lost with a task."""
        for waiting in running.tasks if end.is_lost else []:
            waiting.losses += 1
        return [w for w in running.tasks if end.is_lost and w.losses < MAX_LOSSES]
