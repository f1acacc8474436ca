"""Another machine, reached by `ssh`: its devices, and links to hosts on it."""

import asyncio
import importlib.metadata
import logging
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from engine.contract.errors import Retryable
from engine.contract.host_settings import HostSettings, MachineSettings
from engine.models.hosts import codec
from engine.models.hosts.devices import FIND_SECONDS, Device, is_device
from engine.models.hosts.far_messages import DevicesFound, FindDevices, Hello, StartHost
from engine.models.hosts.holdings import Holdings
from engine.models.hosts.links.channel import Channel, Silence
from engine.models.hosts.links.far_link import START_SECONDS, FarLink
from engine.models.hosts.links.frames import BrokenFrame
from engine.models.hosts.links.link import HostLink, OnEnd, OnReport
from engine.models.hosts.links.machine_name import ssh_target
from engine.models.hosts.links.trouble import mismatch, no_ssh, refusal, unreadable
from engine.models.hosts.messages import WorkerOptions
from engine.text.terminal import clean

CONNECT_SECONDS = 10
"""Maximum seconds that `ssh` may take for a connection."""

log = logging.getLogger(__name__)


class SshMachine:
    """A machine that the user's own `ssh` reaches.

    Args:
        name: Its name in the settings.
        settings: Settings of hosts.

    Attributes:
        versions: Versions of Safelight, Python and torch there; empty if unknown so far.
        latency: Seconds of the last round trip; None if unknown.
        holdings: Packages and weights there; None if unknown so far.
    """

    def __init__(self, name: str, settings: HostSettings) -> None:
        self.name = name
        self.versions = ""
        self.latency: float | None = None
        self.holdings: Holdings | None = None
        self._settings = settings
        self._own = settings.machine.get(name, MachineSettings())
        self._finding: Channel | None = None
        self._thread = ThreadPoolExecutor(1)  # a dead machine holds it up for long

    def command(self) -> list[str]:
        """Return the command line that starts the far side."""
        silence = math.ceil(self._settings.silence_seconds)
        every = math.ceil(silence / 3)
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": str(min(CONNECT_SECONDS, silence)),
            "ServerAliveInterval": str(every),
            "ServerAliveCountMax": "3",
            "RequestTTY": "no",
            "RemoteCommand": "none",
            "ControlMaster": "no",  # one that there is may be used, and outlives us
            "ForwardAgent": "no",
            "ForwardX11": "no",
            "ClearAllForwardings": "yes",
            "LogLevel": "ERROR",
        }
        flags = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
        far = self._own.command or (
            f"exec {self._own.python} -P -m engine.models.hosts.worker --stdio"
        )
        return ["ssh", *flags, *ssh_target(self.name).arguments(), far]

    async def devices(self) -> list[Device]:
        """Return its devices.

        Raises:
            Blocked: It cannot be used until somebody does something about it.
            Retryable: It cannot be reached now.
        """
        devices = await asyncio.get_running_loop().run_in_executor(self._thread, self._find)
        return [device.on(self.name) for device in devices]

    def link(self, options: WorkerOptions, on_report: OnReport, on_end: OnEnd) -> HostLink:
        """Start a host there."""
        local = replace(options, device=options.device.removeprefix(f"{self.name}/"))
        silence = self._settings.silence_seconds
        start = StartHost(local, silence, int(self._settings.link_cache_gib * 2**30))
        return FarLink(self, Channel(self.command()), start, on_report, on_end)

    def close(self) -> None:
        """End a search for its devices."""
        if self._finding is not None:
            self._finding.kill()
        self._thread.shutdown(wait=False)

    def greet(self, hello: Hello) -> None:
        """Take what the far side says of itself.

        Raises:
            Blocked: It has another version.
        """
        self.versions = (
            f"Safelight {clean(hello.program, 40)}, Python {clean(hello.python, 40)}{_torch(hello)}"
        )
        if error := mismatch(self.name, hello):
            raise error
        self.holdings = Holdings.of(hello)

    def explain(self, code: int | None, words: str) -> Exception:
        """Return why it did not answer."""
        return refusal(self.name, code, words, self._own.command or self._own.python)

    def _find(self) -> list[Device]:
        channel = self._finding = Channel(self.command())
        try:
            return self._ask_devices(channel)
        finally:
            channel.end(at_once=True)

    def _ask_devices(self, channel: Channel) -> list[Device]:
        try:
            channel.start()
        except OSError as error:
            raise no_ssh(error) from error
        limits = [max(START_SECONDS, self._settings.silence_seconds)]
        try:
            for report in channel.reports(lambda: limits[-1]):
                if isinstance(report, Hello):
                    self.greet(report)
                    channel.send(codec.pack_message(FindDevices(tuple(self._own.devices))))
                    limits.append(FIND_SECONDS)
                elif isinstance(report, DevicesFound):
                    return self._devices_of(report)
        except Silence as error:
            raise Retryable(f"{self.name} cannot be reached: {error}") from error
        except (BrokenFrame, codec.NotPlainData) as error:
            raise unreadable(self.name, error) from error
        except OSError:
            pass  # it has ended, and its words say why
        raise self.explain(channel.end(at_once=False), channel.last_words)

    def _devices_of(self, report: DevicesFound) -> list[Device]:
        if report.error is not None:
            error = codec.unpack_error(report.error)
            error.message = f"{self.name}: {error.message}"
            error.args = (error.message,)
            raise error
        return [
            Device(device.id, clean(device.name), device.memory)
            for device in report.devices
            if is_device(device.id)
        ]


def _torch(hello: Hello) -> str:
    """Return the version of torch there, for the end of a list, beside another one here."""
    if not hello.torch:
        return ""
    there = clean(hello.torch, 40)
    try:
        here = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        here = there
    differs = "" if here == there else f" (here {here}: results may differ in the last bits)"
    return f", torch {there}{differs}"
