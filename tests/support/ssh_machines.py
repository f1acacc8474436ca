"""Machines on this one: a real sshd each, behind a proxy that delays, freezes and cuts."""

import asyncio
import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
SSH = shutil.which("ssh", path="/usr/local/bin:/usr/bin:/bin")
"""Not the one below, which may be in the path of a process that a test starts."""
SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")

SSHD_CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/key.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
PrintMotd no
LogLevel ERROR
MaxStartups 100
SetEnv PYTHONPATH={root}:{folder}/site OPENBLAS_NUM_THREADS=1 {caches}
"""

SSH_CONFIG = """
Host {name}
    HostName 127.0.0.1
    Port {port}
    User {user}
    IdentityFile {folder}/key
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile {folder}/known_hosts
    StrictHostKeyChecking yes
"""


class Proxy:
    """TCP proxy in the event loop.

    Args:
        port: Port of the server behind it.

    Attributes:
        delay: Seconds that each byte takes in each direction.
        is_dead: True to pass nothing on, and say nothing of it, as a cable that was pulled.
        up: Bytes that went to the server.
    """

    def __init__(self, port: int) -> None:
        self._behind = port
        self.port = 0
        self.delay = 0.0
        self.is_dead = False
        self.up = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Reset all connections and accept no more."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        for writer in self._writers:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._behind)
        self._writers |= {writer, back}
        for source, target, is_up in ((reader, back, True), (there, writer, False)):
            task = asyncio.create_task(self._pass_on(source, target, is_up=is_up))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass_on(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, is_up: bool
    ) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=1000)
        sending = asyncio.create_task(self._deliver(queue, target))
        try:
            while data := await source.read(1 << 16):
                if self.is_dead:
                    continue
                self.up += len(data) if is_up else 0
                await queue.put((time.monotonic() + self.delay, data))
            await queue.put((time.monotonic() + self.delay, b""))
            await sending
        except OSError:
            target.transport.abort()
        finally:
            sending.cancel()

    async def _deliver(
        self, queue: "asyncio.Queue[tuple[float, bytes]]", target: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(OSError):
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                if self.is_dead:
                    continue
                if not data:
                    target.close()
                    return
                target.write(data)
                await target.drain()


class SimulatedMachine:
    """A machine with its own sshd, host key, caches, and packages in `site` beside ours.

    Args:
        name: Its name for `ssh`.
        folder: Its files.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        folder.mkdir(parents=True)
        for key in ("host_key", "key"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)]
            subprocess.run(command, check=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        caches = f"SAFELIGHT_LINK_CACHE={folder}/cache HF_HUB_CACHE={folder}/hub"
        config = SSHD_CONFIG.format(port=port, folder=folder, root=ROOT, caches=caches)
        (folder / "sshd_config").write_text(config)
        self.port = port
        self.proxy = Proxy(port)
        self.process = self._serve(port)

    def _serve(self, port: int) -> "subprocess.Popen[bytes]":
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        log = (self.folder / "log").open("wb")
        command = [SSHD or "sshd", "-D", "-e", "-f", str(self.folder / "sshd_config")]
        process = subprocess.Popen(command, stderr=log, stdin=subprocess.DEVNULL)
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                return process
            time.sleep(0.02)
        raise RuntimeError((self.folder / "log").read_text())

    async def start(self, *, by_proxy: bool = True) -> None:
        """Start the proxy, or do without; the machine is known to `ssh` from then on."""
        if by_proxy:
            await self.proxy.start()
        else:
            self.proxy.port = self.port
        host_key = (self.folder / "host_key.pub").read_text()
        known = f"[127.0.0.1]:{self.proxy.port} {host_key}"
        (self.folder / "known_hosts").write_text(known)

    def ssh_config(self) -> str:
        """Return its lines of the user's configuration."""
        return SSH_CONFIG.format(
            name=self.name, port=self.proxy.port, user=getpass.getuser(), folder=self.folder
        )

    def workers(self) -> list[psutil.Process]:
        """Return the processes that work on it: children of the guards of its hosts."""
        everyone = psutil.Process(self.process.pid).children(recursive=True)
        return [one for one in everyone if _is_worker(one)]

    def close(self) -> None:
        """End it with all that runs on it."""
        self.proxy.close()
        with contextlib.suppress(psutil.NoSuchProcess):
            for one in psutil.Process(self.process.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()
        self.process.kill()
        self.process.wait()


def _is_worker(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        parent = process.parent()
        mine = process.cmdline()
        return "--stdio" in mine and parent is not None and parent.cmdline() == mine
    return False


@contextlib.asynccontextmanager
async def simulated_machines(folder: Path, *names: str, by_proxy: bool = True) -> Any:
    """Yield machines by name, which `ssh` in the path reaches."""
    machines = {name: SimulatedMachine(name, folder / name) for name in names}
    path = os.environ["PATH"]
    try:
        for machine in machines.values():
            await machine.start(by_proxy=by_proxy)
        write_ssh(folder, "".join(machine.ssh_config() for machine in machines.values()))
        os.environ["PATH"] = f"{folder}:{path}"
        yield machines
    finally:
        os.environ["PATH"] = path
        for machine in machines.values():
            machine.close()


def write_ssh(folder: Path, config: str) -> None:
    """Write an `ssh` with a configuration of its own in place of the user's."""
    (folder / "config").write_text(config)
    script = folder / "ssh"
    script.write_text(f'#!/bin/sh\nexec {SSH} -F {folder}/config "$@"\n')
    script.chmod(0o700)


def settings_for(*names: str, **others: Any) -> dict[str, Any]:
    """Return settings of hosts on machines, each with one device."""
    machine = {name: {"python": sys.executable, "devices": ["cpu"]} for name in names}
    return {"machines": list(names), "machine": machine, **others}


def lines_of(path: Path) -> Iterator[list[str]]:
    """Yield the words of each line of a file."""
    if path.exists():
        yield from (line.split() for line in path.read_text().splitlines())
