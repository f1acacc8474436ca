"""Interface of a link to a host, and of the machine that the host runs on."""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from engine.models.hosts import messages
from engine.models.hosts.devices import Device
from engine.models.hosts.holdings import Holdings
from engine.models.hosts.messages import WorkerOptions
from engine.models.hosts.worker import BROKEN

OnReport = Callable[[messages.HostReport], None]


@dataclass(frozen=True, slots=True)
class LinkEnd:
    """End of a link that was not closed by us.

    Attributes:
        code: Exit code of the process, negative for a signal; None if the link is lost and nothing
            is known of the process.
        words: How it ended, for people: `exit code 3`, `no answer for 15 s`.
    """

    code: int | None
    words: str

    @classmethod
    def of(cls, code: int) -> "LinkEnd":
        """Return the end of a process by its exit code."""
        return cls(code, _exit_in_words(code))

    @property
    def is_lost(self) -> bool:
        """True if only the link is known to have ended."""
        return self.code is None


OnEnd = Callable[[LinkEnd], None]


class HostLink(Protocol):
    """The engine's end of one host's process; a process that has ended has no link any more.

    Attributes:
        pid: Id of the process on this machine; None if it runs on another.
    """

    @property
    def pid(self) -> int | None:
        """Id of the process on this machine; None if it runs on another."""
        ...

    @property
    def last_words(self) -> str:
        """Last lines that the process printed."""
        ...

    def send(self, command: messages.HostCommand) -> None:
        """Send a command soon, after those before it; a large one does not block the engine."""
        ...

    def kill(self) -> None:
        """End the process at once, whatever it does; the callback for its end follows."""
        ...

    def close(self) -> None:
        """End the process; no callback is called afterwards."""
        ...


class LinkMaker(Protocol):
    """Starter of a host's process on one machine."""

    def __call__(self, options: WorkerOptions, on_report: OnReport, on_end: OnEnd) -> HostLink:
        """Start a process and return the link to it, without waiting for the process.

        Args:
            options: Instructions to the process.
            on_report: Called in the event loop with each of its reports.
            on_end: Called in the event loop once if it ends, or the link to it is lost, before
                `close`; no report follows.
        """
        ...


class Machine(Protocol):
    """A machine that hosts run on.

    Attributes:
        name: Its name in the settings, for example `gpu-a`, `gpu-b:2222` or `ray://...`; empty
            for this machine.
        holdings: Packages and weights of another machine; None if it does not tell them.
    """

    @property
    def name(self) -> str:
        """Its name in the settings; empty for this machine."""
        ...

    @property
    def holdings(self) -> Holdings | None:
        """Packages and weights of another machine; None if it does not tell them."""
        ...

    async def devices(self) -> list[Device]:
        """Return its devices, with the machine's name in them.

        Raises:
            Blocked: It cannot be used until somebody does something about it.
            Retryable: It cannot be reached now.
        """
        ...

    def link(self, options: WorkerOptions, on_report: OnReport, on_end: OnEnd) -> HostLink:
        """Start a host's process on it; see `LinkMaker`."""
        ...

    def close(self) -> None:
        """Release what it keeps between links; its links are closed by their owners."""
        ...


def _exit_in_words(code: int) -> str:
    if code == BROKEN:
        return "its device failed"
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
