"""A Ray cluster as a machine: its devices by node, and hosts as actors."""

import asyncio
import importlib.util
import logging
from collections.abc import Sequence

from engine.contract import Blocked, Retryable
from engine.contract.install import install_command
from engine.models.hosts.devices import CPU, Device
from engine.models.hosts.links.link import HostLink, OnEnd, OnReport
from engine.models.hosts.links.ray_address import checked_address
from engine.models.hosts.links.ray_connection import Message, RayConnection
from engine.models.hosts.links.ray_link import RayLink, RayNode
from engine.models.hosts.messages import WorkerOptions
from engine.text.terminal import clean

log = logging.getLogger(__name__)

CONNECT_SECONDS = 90.0
"""Time limit for a connection and the list of nodes; most of it allows for importing Ray."""

PREFIX = "ray"
"""Devices of a node are named `ray/NODE/cuda:0`."""

MAX_GPUS = 64
"""Maximum number of GPUs that a node is believed to have."""


class RayMachine:
    """A Ray cluster. One process of ours is connected to it while it is in use.

    Args:
        name: Its address, `ray://auto` or `ray://host:port`.
        kinds: Devices to use of each node, for example `cuda`, `cuda:1` or `cpu`; empty for the
            GPUs, and the processors if there are none.

    Raises:
        ValueError: The address is not one; the end of a sentence.
    """

    holdings = None

    def __init__(self, name: str, kinds: Sequence[str] = ()) -> None:
        self.name = name
        self._address = checked_address(name)
        self._kinds = tuple(kinds)
        self._connection: RayConnection | None = None
        self._nodes: asyncio.Future[list[RayNode]] | None = None
        self._places: dict[str, RayNode] = {}
        self._links: dict[int, RayLink] = {}
        self._numbers = 0
        self._refusal: Blocked | Retryable | None = None

    async def devices(self) -> list[Device]:
        """Return the devices of all nodes that are alive.

        Raises:
            Blocked: Ray is not installed; the cluster is of another version, refuses the token, or
                runs what anybody sends to it.
            Retryable: It cannot be reached now.
        """
        _check_installed()
        self._nodes = asyncio.get_running_loop().create_future()
        self._connected().send("nodes")
        try:
            nodes = await asyncio.wait_for(self._nodes, CONNECT_SECONDS)
        except TimeoutError:
            self._drop(f"no answer for {CONNECT_SECONDS:g} s")
            raise self._unreachable("it does not answer") from None
        devices = [(device, node) for node in nodes for device in _devices_of(node, self._kinds)]
        if not self._kinds and any(device.kind != CPU for device, _ in devices):
            devices = [(device, node) for device, node in devices if device.kind != CPU]
        self._places |= {device.id: node for device, node in devices}  # one that is lost may return
        return [device for device, _ in devices]

    def link(self, options: WorkerOptions, on_report: OnReport, on_end: OnEnd) -> HostLink:
        """Start a host on the node of its device."""
        self._numbers += 1
        link = RayLink(self._connected(), self._numbers, on_report, on_end)
        self._links[self._numbers] = link
        link.start(self._places[options.device], options)
        return link

    def close(self) -> None:
        """Leave the cluster."""
        connection, self._connection = self._connection, None
        self._links.clear()
        if connection is not None:
            connection.close()

    def _connected(self) -> RayConnection:
        if self._connection is None:
            self._refusal = None
            self._connection = RayConnection(self._address, self._take, self._drop)
        return self._connection

    def _take(self, message: Message) -> None:
        match message:
            case ("connected",):
                log.info("connected to %s", self.name)
            case ("refused", str(words), str(remedy), bool(for_now)):
                self._refusal = _error(clean(words, 600), clean(remedy, 600), for_now=for_now)
                self._drop(words)
            case ("nodes", list(rows)):
                if self._nodes is not None and not self._nodes.done():
                    self._nodes.set_result([RayNode(*row) for row in rows])
            case (str(verb), int(number), *rest) if number in self._links:
                if self._links[number].take(verb, rest):
                    self._links.pop(number, None)

    def _drop(self, words: str) -> None:
        """Give up the connection: every link is lost, and the next one connects again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            if self._refusal is None and connection.last_words:
                printed = clean(connection.last_words, None, keep_newlines=True)
                log.error("%s printed at last: %s", self.name, printed)
            connection.close()
        if self._nodes is not None and not self._nodes.done():
            self._nodes.set_exception(self._refusal or self._unreachable(words))
        links, self._links = self._links, {}
        for link in links.values():
            link.lose(words)

    def _unreachable(self, words: str) -> Retryable:
        return Retryable(f"The machine {self.name} cannot be used: {clean(words, 600)}.")


def _devices_of(node: RayNode, kinds: Sequence[str]) -> list[Device]:
    machine = f"{PREFIX}/{node.name}"
    gpus = range(min(node.gpus, MAX_GPUS))
    devices = [Device(f"{machine}/cuda:{n}", node.gpu, 0, machine) for n in gpus]
    if node.cpus >= 1:
        devices.append(Device(f"{machine}/{CPU}", "", node.memory, machine))
    return [one for one in devices if not kinds or one.kind in kinds or one.local_id in kinds]


def _error(message: str, remedy: str, *, for_now: bool) -> Blocked | Retryable:
    if for_now:
        return Retryable(message, remedy=remedy)
    return Blocked(message, reason="backend", remedy=remedy)


def _check_installed() -> None:
    if any(importlib.util.find_spec(name) is None for name in ("ray", "grpc")):
        raise Blocked(
            "A machine is a Ray cluster, and Ray is not installed here.",
            reason="backend",
            remedy=f"Run: {install_command(extra='cluster')}",
        )
