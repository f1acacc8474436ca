"""Process of a host: it holds models on one device and runs the engine's commands."""

import importlib
import logging
import os
import queue
import select
import socket
import threading
from multiprocessing.connection import Connection
from typing import Any, NoReturn, Protocol

from engine.contract.errors import StepError
from engine.models.hosts import codec, device_watch, messages
from engine.models.hosts.batch import AbandonedTasks, DeviceGone, HostBatch, defect
from engine.models.hosts.memory import is_device_gone, memory_of
from engine.models.hosts.messages import WorkerOptions
from engine.models.hosts.model_cache import ModelCache
from engine.models.hosts.out_of_memory import ModelTooLarge
from engine.models.hosts.sending import SMALL, send_at_once
from engine.models.hosts.spawning import keep_locks_within_the_process, parent_sentinel, settle

BROKEN = 86
"""Exit code of a process that can no longer use its device."""

log = logging.getLogger(__name__)


class Port(Protocol):
    """The host's end of a link."""

    def receive(self) -> messages.HostCommand:
        """Wait for a command.

        Raises:
            EOFError: The engine has ended, or gone.
            NotPlainData: It is not a command.
        """
        ...

    def send(self, report: messages.HostReport) -> None:
        """Send a report.

        Raises:
            OSError: Nobody reads it.
        """
        ...

    def sends_at_once(self, report: messages.HostReport) -> bool:
        """Send a report if that takes no time; return whether it is sent.

        Raises:
            OSError: Nobody reads it.
        """
        ...


class PipePort:
    """End of a pipe from the process that started this one.

    Args:
        pipe: The pipe.
    """

    def __init__(self, pipe: "Connection[Any, Any]") -> None:
        self._pipe = pipe
        self._socket = socket.socket(fileno=os.dup(pipe.fileno()))
        self._parent = parent_sentinel()
        self._poll = select.poll()
        for descriptor in (self._parent, pipe.fileno()):
            self._poll.register(descriptor, select.POLLIN)

    def receive(self) -> messages.HostCommand:
        """Wait for a command; the end of the parent process ends the wait."""
        if self._parent in dict(self._poll.poll()):
            raise EOFError
        return codec.unpack_command(self._pipe.recv_bytes())

    def send(self, report: messages.HostReport) -> None:
        """Send a report."""
        self._pipe.send_bytes(codec.pack_message(report))

    def sends_at_once(self, report: messages.HostReport) -> bool:
        """Send a report if it is small and the pipe takes it."""
        if _large_bytes(report) >= SMALL:
            return False
        rest = send_at_once(self._socket, codec.pack_message(report))
        if rest:
            self._socket.sendall(rest)
        return rest is not None


def _large_bytes(report: messages.HostReport) -> int:
    """Return the bytes of what may be large in a report."""
    match report:
        case messages.BatchDone():
            answers = [one for one in report.answers if isinstance(one, messages.TaskSuccess)]
            return sum(len(one.data) for one in answers)
        case messages.TaskPreview():
            return len(report.image)
    return 0


def serve(
    options: WorkerOptions, pipe: "Connection[Any, Any]", out: "Connection[Any, Any]"
) -> None:
    """Work until the engine closes the pipe, or ends.

    Args:
        options: The instructions.
        pipe: Connection for commands and reports.
        out: Destination of the output of libraries.
    """
    for printed in (1, 2):
        os.dup2(out.fileno(), printed)
    work(options, PipePort(pipe))


def work(options: WorkerOptions, port: Port) -> NoReturn:
    """Work until the engine is gone."""
    settle(options.threads or os.cpu_count() or 1)
    keep_locks_within_the_process()
    reporter = Reporter(port)
    logging.basicConfig(level=options.level, handlers=[_ToEngine(reporter)], force=True)
    run(options, port, reporter)


def run(options: WorkerOptions, port: Port, reporter: "Reporter") -> NoReturn:
    """Do what the engine says, one command after the other."""
    inbox: queue.SimpleQueue[messages.HostCommand] = queue.SimpleQueue()
    given_up = AbandonedTasks()
    listener = threading.Thread(target=_listen, args=(port, inbox, given_up), daemon=True)
    listener.start()
    _work(options, reporter, inbox, given_up)


def _listen(
    port: Port, inbox: "queue.SimpleQueue[messages.HostCommand]", given_up: AbandonedTasks
) -> None:
    """Receive commands while a model works; end the process with its engine."""
    while True:
        try:
            command = port.receive()
        except (EOFError, OSError, codec.NotPlainData):
            os._exit(1)
        if isinstance(command, messages.CancelTask):
            given_up.add(command.number, command.task)
        else:
            inbox.put(command)


def _work(
    options: WorkerOptions,
    reporter: "Reporter",
    inbox: "queue.SimpleQueue[messages.HostCommand]",
    given_up: AbandonedTasks,
) -> NoReturn:
    try:
        memory = memory_of(options.torch)
        total = memory.total()
    except Exception as error:  # noqa: BLE001 - torch says in many ways that a device is not there
        log.critical("%s cannot be used: %s", options.device, error)
        _end_broken(reporter)
    budget = options.budget or int(total * options.share)
    cache = ModelCache(options.torch, budget, memory, options.device)
    reporter.tell(messages.HostReady(total, budget))
    device_watch.watch(options.torch, reporter.tell)
    held: messages.LoadedModels | None = None
    while True:
        command = inbox.get()
        try:
            report = _obey(command, cache, given_up, reporter)
        except DeviceGone as error:
            log.critical("%s is of no use any more: %s", options.device, error)
            _end_broken(reporter)
        if (now := messages.LoadedModels(cache.holding(), cache.used())) != held:
            held = now
            reporter.tell(held)
        reporter.tell(report)


def _end_broken(reporter: "Reporter") -> NoReturn:
    reporter.flush()
    os._exit(BROKEN)


def _obey(
    command: messages.HostCommand, cache: ModelCache, given_up: AbandonedTasks, reporter: "Reporter"
) -> messages.HostReport:
    if isinstance(command, messages.LoadModel):
        return _load(cache, command)
    if isinstance(command, messages.RunBatch):
        done = HostBatch(command, cache, given_up, reporter.tell).do()
        given_up.forget(command.number)
        cache.settle(command.key)
        return done
    raise TypeError(f"a {type(command).__name__} is no command")


def _load(cache: ModelCache, load: messages.LoadModel) -> messages.HostReport:
    try:
        held = cache.obtain(load.key, load.expected)
        most = min(max(1, int(held.model.most)), messages.MAX_TASKS)
        return messages.ModelLoaded(load.key, most, held.seconds, held.size)
    except ModelTooLarge as error:
        refused = messages.TaskRefused(codec.pack_error(error))
        return messages.ModelLoadFailed(load.key, refused, is_too_large=True, size=error.size)
    except StepError as error:
        return messages.ModelLoadFailed(load.key, messages.TaskRefused(codec.pack_error(error)))
    except Exception as error:
        if is_device_gone(error):
            raise DeviceGone(str(error)) from error
        return messages.ModelLoadFailed(load.key, defect(error))


class Reporter:
    """Send reports to the engine, from any thread, while the next batch runs.

    Args:
        port: The end of the link.
    """

    def __init__(self, port: Port) -> None:
        self._port = port
        self._turn = threading.RLock()  # what is collected meanwhile may log
        self._outbox: queue.Queue[messages.HostReport] = queue.Queue()
        threading.Thread(target=self._send, daemon=True).start()

    def tell(self, report: messages.HostReport) -> None:
        """Send one after those before it: now if that takes no time, else soon."""
        with self._turn:
            if self._outbox.unfinished_tasks or not self._is_sent(report):
                self._outbox.put(report)

    def flush(self) -> None:
        """Wait until everything is sent."""
        self._outbox.join()

    def _is_sent(self, report: messages.HostReport) -> bool:
        try:
            return self._port.sends_at_once(report)
        except OSError:
            os._exit(1)  # nobody hears it

    def _send(self) -> None:
        while True:
            report = self._outbox.get()
            try:
                self._port.send(report)
            except OSError:
                os._exit(1)  # nobody hears it
            self._outbox.task_done()


class _ToEngine(logging.Handler):
    """Pass log records to the engine, which alone writes the log."""

    def __init__(self, reporter: Reporter) -> None:
        super().__init__()
        self._reporter = reporter
        self.setFormatter(logging.Formatter("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record as text."""
        text = self.format(record)
        self._reporter.tell(
            messages.LogLine(
                record.levelno, record.name[: messages.MAX_WORDS], text[-messages.MAX_TEXT :]
            )
        )


if __name__ == "__main__":
    importlib.import_module("engine.models.hosts.links.far_end").main()  # which imports this one
