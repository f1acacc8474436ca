"""Link to a host's process on a node of a Ray cluster."""

import logging
from dataclasses import astuple, dataclass, replace
from typing import Any

from engine.models.hosts import codec, messages
from engine.models.hosts.devices import CPU
from engine.models.hosts.links.checks import ReportCheck
from engine.models.hosts.links.link import LinkEnd, OnEnd, OnReport
from engine.models.hosts.links.ray_connection import RayConnection
from engine.models.hosts.messages import WorkerOptions
from engine.text.terminal import clean

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RayNode:
    """A node of a cluster.

    Attributes:
        id: Its id in Ray, another one after each start.
        label: Its name as given at its start, else its host's; others may have the same.
        name: Its own name.
        gpus: Number of its GPUs.
        gpu: Their kind, in Ray's words; empty if unknown.
        cpus: Number of its processors.
        memory: Bytes of main memory that Ray may give away.
    """

    id: str
    label: str
    name: str
    gpus: int
    gpu: str
    cpus: float
    memory: int

    def order(self, options: WorkerOptions) -> tuple[dict[str, float], WorkerOptions]:
        """Return what a host on one of its devices takes, and the instructions to it there.

        A host on a GPU sees that one GPU only. A host on the processor takes its processors, and
        the memory that models may fill.
        """
        if options.torch != CPU:
            return {"num_gpus": 1.0, "num_cpus": 0.0}, replace(options, torch="cuda:0")
        budget = options.budget or int(self.memory * options.share)
        threads = max(1, min(int(self.cpus), options.threads or int(self.cpus)))
        needs = {"num_cpus": float(threads), "memory": float(budget)}
        return needs, replace(options, budget=budget, threads=threads)


class RayLink:
    """Link to one process.

    Args:
        connection: Connection to the cluster.
        number: Number of the link in this connection.
        on_report: Called with each report.
        on_end: Called once if the process ends or is lost, before `close`.
    """

    pid: int | None = None

    def __init__(
        self, connection: RayConnection, number: int, on_report: OnReport, on_end: OnEnd
    ) -> None:
        self.last_words = ""
        self._connection = connection
        self._number = number
        self._on_report, self._on_end = on_report, on_end
        self._check = ReportCheck()
        self._closed = False

    def start(self, node: RayNode, options: WorkerOptions) -> None:
        """Start the process."""
        needs, there = node.order(options)
        where = node.id, node.label
        self._connection.send("open", self._number, where, needs, codec.pack(astuple(there)))

    def send(self, command: messages.HostCommand) -> None:
        """Send a command soon."""
        number = self._number
        self._check.sent(command)
        self._connection.send_later(lambda: ("send", number, codec.pack_message(command)))

    def kill(self) -> None:
        """Kill the process; `on_end` follows."""
        self._connection.send("kill", self._number)

    def close(self) -> None:
        """End the process; neither callback is called afterwards."""
        self._closed = True
        self._connection.send("close", self._number)

    def take(self, verb: str, rest: list[Any]) -> bool:
        """Take a message about it; return whether it is its end."""
        match verb, rest:
            case "reports", [list(packed)]:
                self._report(packed)
            case "printed", [str(words)]:
                self.last_words = words
            case "end", [int(code), str()]:
                self._end(LinkEnd.of(code))
            case "end", [None, str(words)]:
                self.lose(words)
        return verb == "end"

    def lose(self, words: str) -> None:
        """Report that the link is lost."""
        self._end(LinkEnd(None, clean(words, 600)))

    def _report(self, packed: list[bytes]) -> None:
        for one in packed:
            try:
                report = codec.unpack_report(one)
                wanted = self._check.passes(report)
            except codec.NotPlainData as error:
                log.error("a host in the cluster says what none of ours says: %s", error)  # noqa: TRY400
                self.kill()
                return
            if wanted and not self._closed:
                self._on_report(report)

    def _end(self, end: LinkEnd) -> None:
        if not self._closed:
            self._closed = True
            self._on_end(end)
