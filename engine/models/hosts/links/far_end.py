"""The far side of a link: `python -m engine.models.hosts.worker --stdio`.

Frames are on the standard input and output; whatever libraries print goes to the standard error.
The first process only guards: it ends the other, which works, as soon as the link ends, even if
that one is stopped or deep in a library, and it passes on how that one ended.
"""

import contextlib
import ctypes
import importlib.metadata
import os
import pkgutil
import platform
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from engine import __version__
from engine.contract.errors import StepError
from engine.models.hosts import codec, messages
from engine.models.hosts.devices import find_devices, named_devices
from engine.models.hosts.far_messages import (
    MAX_PACKAGES,
    MAX_WEIGHTS,
    AskBlobs,
    DevicesFound,
    FarCommand,
    FarDevice,
    FarReport,
    FindDevices,
    Hello,
    MissingBlobs,
    Piece,
    Ping,
    Pong,
    StartHost,
)
from engine.models.hosts.links.blob_cache import BlobCache, cache_folder
from engine.models.hosts.links.blobs import Gathering, pieces, with_blobs, without_blobs
from engine.models.hosts.links.frames import START, BrokenFrame, read_frames, write_frame

MAX_COMMAND = 256 << 20
"""Maximum size of a command in bytes, without large bytes."""
MAX_REPORT = 16 << 20
"""Maximum size of a report in bytes, without large bytes."""
FIRST_SILENCE = 30.0
"""Seconds without a message before the engine has said how long it may be silent."""
PATIENCE = 3.0
"""Times the engine's own limit after which the far side takes a silent engine for lost."""


def main() -> NoReturn:
    """Guard a process that works for the engine at the other end of the standard streams."""
    if sys.argv[1:] != ["--stdio"]:
        sys.stderr.write("Use it as: python -m engine.models.hosts.worker --stdio\n")
        sys.exit(2)
    guard = os.getpid()
    child = os.fork()
    if child:
        _guard(child)
    _end_with_parent(guard)
    source, target = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    try:
        _serve(StdioPort(source, target))
    except (EOFError, OSError, codec.NotPlainData):
        os._exit(1)


def _guard(child: int) -> NoReturn:
    """Wait for the end of the child, or of the link; then end the child, and say how it ended."""
    poll = select.poll()
    poll.register(0, getattr(select, "POLLRDHUP", 0))
    interval = 200
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            poll.register(os.pidfd_open(child), select.POLLIN)
            interval = 10_000
    while True:
        ready = dict(poll.poll(interval))
        if 0 in ready:
            os.kill(child, signal.SIGKILL)
        pid, status = os.waitpid(child, 0 if 0 in ready else os.WNOHANG)
        if pid:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def _end_with_parent(guard: int) -> None:
    """Have the kernel end this process with its guard, where it can."""
    with contextlib.suppress(OSError, AttributeError):
        set_death_signal = 1
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)
    if os.getppid() != guard:
        os._exit(1)


def _serve(port: "StdioPort") -> NoReturn:
    port.greet()
    command = port.receive_any()
    if isinstance(command, StartHost):
        from engine.models.hosts.worker import work

        port.begin(command)
        work(command.options, port)
    if isinstance(command, FindDevices):
        port.send_any(_devices(command.names))
    os._exit(0)


def _devices(names: tuple[str, ...]) -> DevicesFound:
    try:
        devices = named_devices(names) if names else find_devices()
    except StepError as error:
        return DevicesFound((), codec.pack_error(error))
    return DevicesFound(tuple(FarDevice(d.id, d.name[:200], d.memory) for d in devices))


class StdioPort:
    """The far side's end of a link on two descriptors.

    Args:
        source: Descriptor that commands come from.
        target: Descriptor that reports go to.
    """

    def __init__(self, source: int, target: int) -> None:
        self._target = target
        self._writing = threading.Lock()
        self._sent = self._heard = time.monotonic()
        self._silence = FIRST_SILENCE
        self._frames = read_frames(source, MAX_COMMAND, self._hear)
        self._cache: BlobCache | None = None
        self._gathering = Gathering()

    def greet(self) -> None:
        """Say who this is, and from then on that it lives."""
        os.write(self._target, START)
        self.send_any(_hello())
        threading.Thread(target=self._beat, daemon=True).start()

    def begin(self, start: StartHost) -> None:
        """Follow the instructions of the engine about the link."""
        self._silence = start.silence
        self._cache = BlobCache(cache_folder(), start.cache)

    def receive_any(self) -> FarCommand:
        """Wait for any command.

        Raises:
            EOFError: The engine has ended, or gone.
            NotPlainData: It is not a command.
        """
        try:
            frame = next(self._frames, None)
        except BrokenFrame as error:
            raise codec.NotPlainData(str(error)) from error
        if frame is None:
            raise EOFError
        return codec.unpack_far_command(frame)

    def receive(self) -> messages.HostCommand:
        """Wait for a command to a host; answer those to this end itself."""
        while True:
            match command := self.receive_any():
                case Ping():
                    self.send_any(Pong(command.number))
                case AskBlobs():
                    self._tell_missing(command)
                case Piece():
                    data = self._gathering.add(command)
                    if data is not None and self._cache is not None:
                        self._cache.put(command.digest, data)
                case messages.RunBatch():
                    return self._filled(command)
                case messages.LoadModel() | messages.CancelTask():
                    return command
                case _:
                    raise codec.NotPlainData("it is not a command to a host")

    def send(self, report: messages.HostReport) -> None:
        """Send a report; large bytes in it go first, in pieces."""
        if isinstance(report, messages.BatchDone):
            report = self._thinned(report)
        self.send_any(report)

    def sends_at_once(self, report: messages.HostReport) -> bool:
        """Return False: the way may be slow."""
        return False

    def send_any(self, report: FarReport) -> None:
        """Send one message."""
        data = codec.pack_message(report)
        with self._writing:
            write_frame(self._target, data)
            self._sent = time.monotonic()

    def _thinned(self, done: messages.BatchDone) -> messages.BatchDone:
        blobs: dict[bytes, bytes] = {}
        answers: list[messages.TaskReply] = [
            messages.TaskSuccess(without_blobs(answer.data, blobs))
            if isinstance(answer, messages.TaskSuccess)
            else answer
            for answer in done.answers
        ]
        for number, answer in enumerate(answers):
            if isinstance(answer, messages.TaskSuccess) and len(answer.data) > MAX_REPORT // 2:
                words = f"The answer has {len(answer.data)} bytes besides images and sounds."
                answers[number] = messages.TaskBug("TooLarge", words, "")
        for digest, data in blobs.items():
            for piece in pieces(done.number, digest, data):
                self.send_any(piece)
        return messages.BatchDone(done.number, tuple(answers), done.seconds, done.fitted)

    def _tell_missing(self, ask: AskBlobs) -> None:
        missing = []
        for digest in ask.digests:
            data = self._cache.get(digest) if self._cache is not None else None
            if data is None:
                missing.append(digest)
            else:
                self._gathering.hold(ask.number, digest, data)
        self.send_any(MissingBlobs(ask.number, tuple(missing)))

    def _filled(self, run: messages.RunBatch) -> messages.RunBatch:
        blobs = self._gathering.take(run.number)
        payloads = tuple(with_blobs(data, blobs) for data in run.payloads)
        return messages.RunBatch(run.number, run.key, run.operation, payloads, run.expected)

    def _hear(self) -> None:
        self._heard = time.monotonic()

    def _beat(self) -> None:
        """Show that the process lives, and end it if the engine does not any more."""
        while True:
            time.sleep(min(self._silence, FIRST_SILENCE) / 4)
            now = time.monotonic()
            if now - self._heard > PATIENCE * max(self._silence, 1):
                os._exit(1)
            if now - self._sent > self._silence / 5:
                self._try(lambda: self.send_any(Pong(0)))

    @staticmethod
    def _try(send: Callable[[], None]) -> None:
        try:
            send()
        except OSError:
            os._exit(1)


def _hello() -> Hello:
    try:
        torch = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        torch = ""
    system = f"{platform.system()} {platform.machine()}"
    cores = os.cpu_count() or 1
    python = platform.python_version()
    return Hello(__version__, python, torch, system, cores, _weights(), _packages())


def _packages() -> tuple[str, ...]:
    """Return the modules that can be imported, by the names of their files: nothing is imported."""
    names = sorted({module.name for module in pkgutil.iter_modules()})
    public = (name for name in names if not name.startswith("_") and len(name) <= 200)
    return tuple(public)[:MAX_PACKAGES]


def _weights() -> tuple[str, ...]:
    """Return the repositories in the hub's cache of which anything was fetched."""
    above = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("HF_HOME") or f"{above}/huggingface"
    named = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    folder, start = Path(named or f"{home}/hub").expanduser(), "models--"
    try:
        folders = sorted(path.parent.parent.name for path in folder.glob(f"{start}*/snapshots/*"))
    except OSError:
        return ()
    repos = (name.removeprefix(start).replace("--", "/") for name in dict.fromkeys(folders))
    return tuple(repo for repo in repos if len(repo) <= 200)[:MAX_WEIGHTS]
