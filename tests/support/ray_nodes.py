"""A real Ray cluster on loopback, in a process of its own: `python -m tests.support.ray_nodes`.

It prints one line of JSON and ends with its standard input. The nodes share this machine, each
with processes of its own, so that one can be killed or frozen alone.
"""

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
OBJECTS = 80 << 20
"""The smallest object store that Ray takes."""


@dataclass
class Nodes:
    """A cluster.

    Attributes:
        address: Address of its head.
        client: Address of Ray Client.
        environment: Variables to speak with it.
    """

    address: str
    client: str
    environment: dict[str, str]
    _pids: dict[str, int]
    _process: "subprocess.Popen[str]"

    def processes(self, name: str) -> list[psutil.Process]:
        """All processes of a node."""
        node = psutil.Process(self._pids[name])
        return [node, *node.children(recursive=True)]

    def everything(self) -> list[psutil.Process]:
        """All processes of the cluster, except for the one that keeps it."""
        keeper = self._process.pid
        return [p for p in psutil.process_iter() if _group_of(p) == keeper and p.pid != keeper]

    def add(self, name: str) -> None:
        """Adds a node, or one in place of one that was killed."""
        print(name, file=self._process.stdin, flush=True)
        self._pids |= json.loads(self._process.stdout.readline())["pids"]

    def kill(self, name: str) -> None:
        """Kills a node: its part of Ray, as if the machine had lost its power."""
        for process in self.processes(name):
            process.kill()


@contextlib.contextmanager
def ray_nodes(*names: str, **resources: Any) -> Iterator[Nodes]:
    """Runs a cluster with token authentication, of a head without resources and of some nodes."""
    folder = tempfile.mkdtemp(prefix="ray", dir="/tmp")  # a socket's path may not be long
    token = Path(folder, "token")
    token.write_text(secrets.token_hex(20))
    own = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        "RAY_TMPDIR": folder,
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, str(port), ",".join(names), json.dumps(resources)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **own, "PYTHONPATH": str(ROOT)},  # the models of tests are found there
        start_new_session=True,
    )
    try:
        known = json.loads(process.stdout.readline())
        yield Nodes(known["address"], f"127.0.0.1:{port}", own, known["pids"], process)
    finally:
        _end(process)
        shutil.rmtree(folder, ignore_errors=True)


def _end(process: "subprocess.Popen[str]") -> None:
    """Ends a cluster, also one with a part that is frozen or has lost its parent."""
    members = [p for p in psutil.process_iter() if _group_of(p) == process.pid]
    process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(20)
    for member in members:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    process.kill()
    process.wait()


def _group_of(process: psutil.Process) -> int:
    try:
        return os.getsid(process.pid)
    except ProcessLookupError:
        return 0


def main() -> None:
    """Runs a cluster until the standard input is closed; each line of it names one more node."""
    from ray.cluster_utils import Cluster

    port, names, resources = int(sys.argv[1]), sys.argv[2].split(","), json.loads(sys.argv[3])
    cluster = Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 0,
            "num_gpus": 0,
            "include_dashboard": False,
            "object_store_memory": OBJECTS,
            "ray_client_server_port": port,
            "node_name": "head",
        },
    )

    def is_there(name: str) -> bool:
        rows = cluster.global_state.node_table()
        return any(row["Alive"] and row["NodeName"] == name for row in rows)

    def add(name: str) -> dict[str, int]:
        while is_there(name):  # one that was killed, which the head has not noticed yet
            time.sleep(0.1)
        node = cluster.add_node(node_name=name, object_store_memory=OBJECTS, **resources)
        return {name: node.all_processes["raylet"][0].process.pid}

    pids = {name: pid for one in names for name, pid in add(one).items()}
    print(json.dumps({"address": cluster.address, "pids": pids}), flush=True)
    for line in sys.stdin:
        print(json.dumps({"pids": add(line.strip())}), flush=True)
    cluster.shutdown()
    os._exit(0)


if __name__ == "__main__":
    main()
