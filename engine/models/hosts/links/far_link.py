"""Link to a host on another machine."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from engine.contract.errors import StepError
from engine.models.hosts import codec, messages
from engine.models.hosts.far_messages import (
    FarReport,
    Hello,
    MissingBlobs,
    Piece,
    Ping,
    Pong,
    StartHost,
)
from engine.models.hosts.links.blobs import Gathering, with_blobs
from engine.models.hosts.links.channel import Channel, Silence
from engine.models.hosts.links.checks import ReportCheck
from engine.models.hosts.links.frames import BrokenFrame
from engine.models.hosts.links.link import LinkEnd, OnEnd, OnReport
from engine.models.hosts.links.outbox import Outbox

PINGS = 3
"""Number of signs of life sent in the time after which silence is a loss."""

LOADING_TIMES = 4
"""Times as long may a host be silent that starts or loads: a library may hold it up."""

START_SECONDS = 60.0
"""Seconds until the far side's first word: `ssh` has its own limits, and a cold disk is slow."""

log = logging.getLogger(__name__)


class FarMachine(Protocol):
    """The machine of a link."""

    name: str
    latency: float | None

    def greet(self, hello: Hello) -> None:
        """Take what the far side says of itself; raise `Blocked` if it cannot be used."""
        ...

    def explain(self, code: int | None, words: str) -> Exception:
        """Return why it did not answer."""
        ...


class FarLink:
    """One host on another machine; a new one is started if it ends, or its link is lost.

    Args:
        machine: The machine.
        channel: The way to it, which is not started yet.
        start: Instructions to the host.
        on_report: Called in the event loop with each of its reports.
        on_end: Called in the event loop once it has ended.
    """

    pid = None

    def __init__(
        self,
        machine: FarMachine,
        channel: Channel,
        start: StartHost,
        on_report: OnReport,
        on_end: OnEnd,
    ) -> None:
        self._machine = machine
        self._channel = channel
        self._start = start
        self._on_report = on_report
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._outbox = Outbox(channel.send)
        self._check = ReportCheck()
        self._gathering = Gathering()
        self._greeted = False
        self._is_loading = True
        self._killed = False
        self._closed = False
        self._ping_at = 0.0
        self._pings: dict[int, float] = {}
        self._numbers = 0
        threading.Thread(target=self._run, name=f"host on {machine.name}", daemon=True).start()

    @property
    def last_words(self) -> str:
        """Return the last lines that it printed."""
        return self._channel.last_words

    def send(self, command: messages.HostCommand) -> None:
        """Send a command; large ones do not block the engine."""
        self._check.sent(command)
        if isinstance(command, messages.LoadModel):
            self._is_loading = True
        self._outbox.put(command)

    def kill(self) -> None:
        """Give the link up; the far side ends with it."""
        self._killed = True
        self._channel.kill()

    def close(self) -> None:
        """Give the link up; neither callback is called afterwards."""
        self._closed = True
        self._channel.kill()
        self._outbox.close()

    # -- in a thread of its own -------------------------------------------------------------------

    def _run(self) -> None:
        try:
            end = self._talk()
        except Silence as error:
            end = LinkEnd(None, str(error))
        except StepError as error:
            end = LinkEnd(None, error.message)
        except (BrokenFrame, codec.NotPlainData) as error:
            log.error("%s says what no host of ours says: %s", self._machine.name, error)  # noqa: TRY400
            end = LinkEnd(None, "it said what no host of ours says")
        except OSError as error:
            end = LinkEnd(None, str(error))
        self._outbox.close()
        self._channel.end(at_once=True)
        self._post(self._on_end, end)

    def _talk(self) -> LinkEnd:
        self._channel.start()
        for report in self._channel.reports(self._limit, self._ping):
            self._hear(report)
        code = self._channel.end(at_once=False)
        if self._greeted and 0 <= code < 255:
            return LinkEnd.of(code if code <= 128 else 128 - code)
        if self._killed:
            return LinkEnd(None, "it was ended")
        if self._greeted:
            words = self._channel.last_words.rpartition("\n")[2]
            return LinkEnd(None, f"the link broke{words and f' ({words})'}")
        return LinkEnd(None, str(self._machine.explain(code, self._channel.last_words)))

    def _limit(self) -> float:
        if not self._greeted:
            return max(START_SECONDS, self._start.silence)
        return self._start.silence * (LOADING_TIMES if self._is_loading else 1)

    def _ping(self) -> None:
        now = time.monotonic()
        if self._greeted and now >= self._ping_at:
            self._ping_at = now + self._start.silence / PINGS
            self._numbers += 1
            self._pings = {self._numbers: now}
            self._outbox.put(Ping(self._numbers))

    def _hear(self, report: FarReport) -> None:
        match report:
            case Hello():
                self._greet(report)
            case Pong():
                if (sent := self._pings.pop(report.number, None)) is not None:
                    self._machine.latency = time.monotonic() - sent
            case MissingBlobs():
                self._outbox.answer(report)
            case Piece():
                if report.number not in self._check.batches:
                    raise codec.NotPlainData("it sends bytes of no batch of ours")
                self._gathering.add(report)
            case _:
                self._hear_host(report)

    def _hear_host(self, report: FarReport) -> None:
        match report:
            case messages.BatchDone():
                self._pass_on(self._filled(report))
            case messages.HostReady() | messages.ModelLoaded() | messages.ModelLoadFailed():
                self._is_loading = False
                self._pass_on(report)
            case messages.LoadedModels() | messages.LogLine() | messages.DeviceReading():
                self._pass_on(report)
            case messages.TaskProgress() | messages.TaskPreview():
                self._pass_on(report)
            case _:
                raise codec.NotPlainData("it is not a report of a host")

    def _greet(self, hello: Hello) -> None:
        if self._greeted:
            raise codec.NotPlainData("it says hello again")
        self._machine.greet(hello)
        self._channel.send(codec.pack_message(self._start))
        self._greeted = True
        threading.Thread(target=self._outbox.run, daemon=True).start()

    def _filled(self, done: messages.BatchDone) -> messages.BatchDone:
        blobs = self._gathering.take(done.number)
        if not blobs:
            return done
        answers: list[messages.TaskReply] = [
            messages.TaskSuccess(with_blobs(answer.data, blobs))
            if isinstance(answer, messages.TaskSuccess)
            else answer
            for answer in done.answers
        ]
        return messages.BatchDone(done.number, tuple(answers), done.seconds, done.fitted)

    def _pass_on(self, report: messages.HostReport) -> None:
        if self._check.passes(report):
            self._post(self._on_report, report)

    def _post(self, function: Callable[..., None], *args: Any) -> None:
        if not self._closed:
            with contextlib.suppress(RuntimeError):  # the loop has been closed
                self._loop.call_soon_threadsafe(self._unless_closed, function, *args)

    def _unless_closed(self, function: Callable[..., None], *args: Any) -> None:
        if not self._closed:
            function(*args)
