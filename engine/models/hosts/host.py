"""One host as the engine sees it: its process, its models, and its current work."""

import asyncio
import logging
import signal
import time

from engine.contract.host_settings import HostSettings
from engine.contract.model_host import ModelKey
from engine.models.hosts import messages
from engine.models.hosts.current_task import CurrentBatch, CurrentLoad, HostExit
from engine.models.hosts.devices import Device
from engine.models.hosts.holdings import Holdings
from engine.models.hosts.host_reports import log_line, pass_on, plausible
from engine.models.hosts.links.link import HostLink, LinkEnd, LinkMaker
from engine.models.hosts.messages import WorkerOptions
from engine.models.hosts.owner import Owner
from engine.models.hosts.refusals import Refusals
from engine.models.hosts.restarts import Restarts
from engine.models.hosts.status import HostStatus, KnownModels, ShownModel, State
from engine.models.hosts.tasks import BatchKey, PendingTask
from engine.text.plural import pluralize
from engine.text.terminal import clean

log = logging.getLogger(__name__)

NO_READING = messages.DeviceReading(None, None, None)


class ModelHost:
    """One host; its process is started when it has work.

    Args:
        device: Its device.
        orders: Instructions to its process.
        known: Known sizes and times of models.
        owner: Owner, which gives it work.
        link: Starts its process.

    Attributes:
        settings: Settings of the hosts.
        models: Models that its process holds.
        budget: Bytes that models may fill, 0 if unknown so far.
        work: Its current work.
        ahead: The batch that was already sent to its process and is next, so that the device does
            not wait for it.
        too_large: Models that do not fit on it.
        loaded_at: When it last loaded a model, by the monotonic clock.
        restarts: Crashes and losses of its process.
        idle_since: When its last work ended, by the monotonic clock.
        is_away: True if its machine cannot be reached now.
        is_gone: True if that has lasted so long that nothing waits for it.
        belongs_to: Name of its machine in the settings, also where its device is named by a node.
        is_leaving: True if its machine is not to be used any more: it gets no new work.
        holdings: Packages and weights of its machine; None if it does not tell.
        refused: Models that it could not load although another machine may.
    """

    def __init__(
        self,
        device: Device,
        orders: WorkerOptions,
        settings: HostSettings,
        known: KnownModels,
        owner: "Owner[ModelHost]",
        link: LinkMaker,
    ) -> None:
        self.device = device
        self.settings = settings
        self.models: dict[ModelKey, messages.ModelUsage] = {}
        self.budget = orders.budget or int(device.memory * orders.share)
        self.work: CurrentLoad | CurrentBatch | None = None
        self.ahead: CurrentBatch | None = None
        self.too_large: set[ModelKey] = set()
        self.loaded_at = 0.0
        self.restarts = Restarts()
        self.is_away = self.is_gone = self.is_leaving = False
        self.belongs_to = device.machine
        self.holdings: Holdings | None = None
        self.refused = Refusals()
        self._orders = orders
        self._known = known
        self._owner = owner
        self._make_link = link
        self._process: HostLink | None = None
        self._is_up = False
        self._total = device.memory
        self._used = 0
        self._numbers = 0
        self._reading = NO_READING
        self.idle_since = time.monotonic()
        self._killed_for = ""
        self._message = ""

    # -- readiness --------------------------------------------------------------------------------

    @property
    def is_broken(self) -> bool:
        """True if it has crashed too often to be tried now."""
        return self.restarts.is_broken(self.settings)

    @property
    def is_out(self) -> bool:
        """True if nothing should wait for it: it is broken, or its machine is gone or leaving."""
        return self.is_broken or self.is_gone or self.is_leaving

    @property
    def is_free(self) -> bool:
        """True if it may be given work."""
        unavailable = self.is_away or self.is_leaving or self.work is not None
        return not unavailable and self.restarts.may_start

    @property
    def takes_ahead(self) -> bool:
        """True if it is busy with a batch and may already be sent the next one.

        Not behind a task that is done alone because its host died: if it dies again, the cause
        has to be clear.
        """
        if not isinstance(self.work, CurrentBatch) or self.ahead is not None:
            return False
        if self.is_away or self.is_leaving:
            return False
        return not self.work.tasks[0].alone

    @property
    def filled(self) -> int:
        """Bytes that its models use."""
        return sum(model.size for model in self.models.values())

    @property
    def message(self) -> str:
        """Reason why it cannot be given work, or its current work."""
        return self._message

    def has(self, model: ModelKey) -> bool:
        """Return whether it holds a model or is loading it."""
        return model in self.models or (self.work is not None and self.work.model == model)

    def lacks(self, model: ModelKey) -> bool:
        """Return whether its machine is known to lack what a model needs."""
        wanted = self._known.wanted.get(model)
        return wanted is not None and not wanted.suits(self.device.machine, self.holdings)

    def has_room_for(self, model: ModelKey) -> bool:
        """Return whether a model fits beside the loaded ones, as far as its size is known."""
        if not self.budget:
            return True
        return self.filled + self._size(model) <= self.budget

    def could_hold(self, model: ModelKey) -> bool:
        """Return whether a model fits when nothing else is loaded, as far as that is known."""
        if model in self.too_large or self.refused.holds(model) or self.lacks(model):
            return False
        return not self.budget or self._size(model) <= self.budget

    def _size(self, model: ModelKey) -> int:
        return self._known.size(model, self.device.machine)

    def reached(self, holdings: Holdings | None, *, is_there: bool) -> None:
        """Note that its machine was reached: what it refused may be tried there again.

        Args:
            holdings: What the machine has now.
            is_there: False if it does not have the device any more.
        """
        if self.is_away or holdings != self.holdings:
            self.refused.forget_all()
        self.is_away = self.is_gone = not is_there
        self.holdings = holdings

    # -- work -------------------------------------------------------------------------------------

    def load(self, model: ModelKey) -> None:
        """Load a model."""
        self.work = loading = CurrentLoad(model)
        self._message = f"loading {model.name}"
        self._started().send(messages.LoadModel(model, self._size(model)))
        limit = self.settings.load_seconds
        sentence = f"it loaded {model.name} for more than {_seconds(limit)}"
        asyncio.get_running_loop().call_later(limit, self._kill_if_at, loading, sentence)

    def run(self, key: BatchKey, tasks: list[PendingTask]) -> None:
        """Run a batch, after the current one."""
        self._numbers += 1
        running = CurrentBatch(self._numbers, key, tasks)
        payloads = tuple(task.payload for task in tasks)
        expected = self._size(key[0])
        self._started().send(messages.RunBatch(self._numbers, key[0], key[1], payloads, expected))
        if self.work is None:
            self._begin(running)
        else:
            self.ahead = running

    def _begin(self, running: CurrentBatch) -> None:
        running.since = time.monotonic()
        self.work, self._message = running, f"{running.model.name}: {running.key[1]}"
        for task in running.tasks:
            if not task.answer.done():
                task.listener.begins(self.device.id)
        if not running.is_wanted:  # cancelled while it was sent ahead
            self._end_unless_it_stops(running)

    def give_up(self, waiting: PendingTask) -> None:
        """Cancel a task; kill the process if the model does not stop in time."""
        for work in self.batches():
            if waiting in work.tasks and self._process is not None:
                self._process.send(messages.CancelTask(work.number, work.tasks.index(waiting)))
                if not work.is_wanted and work is self.work:
                    self._end_unless_it_stops(work)

    def take_back(self) -> list[PendingTask]:
        """Cancel the batch that was sent ahead, and return its tasks for another host.

        If the process begins it meanwhile, it stops as for any cancelled task; its answer is not
        waited for.
        """
        batch, self.ahead = self.ahead, None
        if batch is None or self._process is None:
            return []
        for number in range(len(batch.tasks)):
            self._process.send(messages.CancelTask(batch.number, number))
        return [task for task in batch.tasks if not task.answer.done()]

    def batches(self) -> list[CurrentBatch]:
        """Return its current work, and the batch that it has already been sent."""
        return [work for work in (self.work, self.ahead) if isinstance(work, CurrentBatch)]

    def _end_unless_it_stops(self, work: CurrentBatch) -> None:
        grace = self.settings.grace_seconds
        sentence = f"{work.model.name} went on for {_seconds(grace)} after it was given up"
        asyncio.get_running_loop().call_later(grace, self._kill_if_at, work, sentence)

    def end_if_idle(self) -> None:
        """End a process that has long been idle: the next work starts another."""
        limit = self.settings.idle_seconds
        if self._process is None or self.work or not limit:
            return
        if time.monotonic() - self.idle_since > limit:
            log.info("%s: nothing to do for %s; its models are unloaded", self, _seconds(limit))
            self.close()

    def try_again(self) -> None:
        """Forget its crashes, and the models that did not fit on it."""
        self.restarts.forget()
        self.too_large.clear()
        self.refused.forget_all()
        if self._process is None:
            self._message = ""

    def close(self) -> None:
        """End its process."""
        if self._process is not None:
            self._process.close()
        self._forget_process()

    def __str__(self) -> str:
        return f"the model host on {self.device.id}"

    # -- its process ------------------------------------------------------------------------------

    def _started(self) -> HostLink:
        if self._process is None:
            self._is_up, self._killed_for = False, ""
            self._process = self._make_link(self._orders, self._hear, self._has_ended)
            log.info("%s starts (pid %s)", self, self._process.pid or "there")
        return self._process

    def _hear(self, report: messages.HostReport) -> None:
        match report:
            case messages.HostReady():
                self._is_up, self._total, self.budget = True, report.total, report.budget
            case messages.DeviceReading():
                self._reading = plausible(report)
            case messages.LoadedModels():
                self.models = {model.key: model for model in report.models}
                for model in report.models:
                    self._known.learn_size(model.key, self.device.machine, model.size)
                self._used = report.used
            case messages.LogLine():
                log_line(self.device.id, report)
            case messages.TaskProgress() | messages.TaskPreview():
                pass_on(self.work, report)
            case messages.ModelLoaded() | messages.ModelLoadFailed():
                self._end_loading(report)
            case messages.BatchDone():
                self._end_batch(report)

    def _end_loading(self, report: messages.ModelLoaded | messages.ModelLoadFailed) -> None:
        if not isinstance(self.work, CurrentLoad) or self.work.model != report.key:
            return
        seconds = time.monotonic() - self.work.since
        self._rest()
        if isinstance(report, messages.ModelLoadFailed):
            self._owner.not_loaded(self, report)
            return
        self.loaded_at = time.monotonic()
        self.refused.forget(report.key)
        self._known.learn_most(report.key, self.device.machine, report.most)
        self._known.load_seconds[report.key] = seconds
        self._owner.loaded(self, report)

    def _end_batch(self, report: messages.BatchDone) -> None:
        work = self.work
        if not isinstance(work, CurrentBatch) or work.number != report.number:
            return
        self._learn(work, report)
        self._rest()
        if self.ahead is not None:
            begun, self.ahead = self.ahead, None
            self._begin(begun)
        self.restarts.worked()
        self._owner.answered(self, work, report)

    def _learn(self, work: CurrentBatch, report: messages.BatchDone) -> None:
        """Note the time of a batch that was done as a whole, with its way to the host and back."""
        if not report.fitted and all(isinstance(a, messages.TaskSuccess) for a in report.answers):
            seconds = time.monotonic() - work.since
            self._known.speeds.learn(self.device.id, work.key, len(work.tasks), seconds)

    def _rest(self) -> None:
        self.work, self._message = None, ""
        self.idle_since = time.monotonic()

    def _kill_if_at(self, work: CurrentLoad | CurrentBatch, sentence: str) -> None:
        if self.work is work and self._process is not None:
            log.warning("%s is ended: %s", self, sentence)
            self._killed_for = sentence
            self._process.kill()

    def _has_ended(self, link_end: LinkEnd) -> None:
        work, ahead, process, why = self.work, self.ahead, self._process, self._killed_for
        if process is not None and not why and process.last_words:
            words = clean(process.last_words, None, keep_newlines=True)
            log.error("%s printed at last: %s", self, words)
        how, is_lost = why or link_end.words, not why and link_end.is_lost
        self._forget_process()
        self.restarts.count += 1
        if not why:
            self._message = self.restarts.note(link_end, self.settings, str(self))
        is_crash = not (why or is_lost)
        by_kill = is_crash and link_end.code == -signal.SIGKILL
        self._owner.ended(self, HostExit(work, ahead, how, is_crash, by_kill, is_lost))

    def _forget_process(self) -> None:
        self._process, self._is_up = None, False
        self.models = {}
        self.ahead, self._used, self._reading = None, 0, NO_READING
        self._rest()

    # -- status -----------------------------------------------------------------------------------

    def state(self, waiting: int) -> HostStatus:
        """Return its present status."""
        running = len(self.work.tasks) if isinstance(self.work, CurrentBatch) else 0
        return HostStatus(
            device=self.device.id,
            machine=self.device.machine,
            name=self.device.name,
            pid=self._process.pid if self._process else None,
            state=self._state(),
            message="its machine is used no more" if self.is_leaving else self._message,
            memory_total=self._total or None,
            memory_budget=self.budget or None,
            memory_used=self._used if self._process else None,
            models=tuple(map(self._shown, self.models.values())),
            waiting=waiting + (len(self.ahead.tasks) if self.ahead else 0),
            running=running,
            restarts=self.restarts.count,
            load=self._reading.load,
            celsius=self._reading.celsius,
            device_used=self._reading.used,
        )

    def _shown(self, model: messages.ModelUsage) -> ShownModel:
        seconds = self._known.speeds.per_task(self.device.id, model.key)
        return ShownModel(model.key.name, model.size, model.offloaded, seconds)

    def _state(self) -> State:
        if self._process is None:
            again = self.restarts.is_in_trouble and not self.is_broken
            return "restarting" if again else "stopped"
        if not self._is_up:
            return "starting"
        return "busy" if self.work else "idle"


def _seconds(limit: float) -> str:
    return pluralize(limit, "second", shown=f"{limit:g}")
