"""A Ray cluster as seen by the process that is connected to it: its nodes, and actors on them.

Imported only in that process: importing Ray takes seconds.
"""

import re
from collections import Counter
from dataclasses import replace
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from engine.models.hosts.links.ray_actor import HostActor
from engine.models.hosts.links.ray_address import AUTO
from engine.models.hosts.links.ray_link import RayNode
from engine.models.hosts.links.ray_server import Refused, checked_server
from engine.text.terminal import clean

NAMESPACE = "safelight"


def connect(address: str, mode: str) -> None:
    """Connect to a cluster; never start one.

    Args:
        address: `auto` or `host:port`.
        mode: Authentication; see `checked_server`.

    Raises:
        Refused: It cannot be reached, is of another version, or `checked_server` refuses it.
    """
    if address != AUTO:
        address = checked_server(address, mode)
    try:
        ray.init(
            address=address,
            namespace=NAMESPACE,
            log_to_driver=False,
            configure_logging=False,
            logging_level="error",
        )
    except Exception as error:
        raise _refusal(error) from error
    if address == AUTO:
        checked_server(ray.get_runtime_context().gcs_address, mode)


def _refusal(error: Exception) -> Refused:
    words = clean(str(error), 500)
    if "ersion mismatch" in words:
        return Refused(
            f"The Ray cluster has another version: {words}",
            "Install the same versions of Ray and Python on both sides.",
        )
    for_now = isinstance(error, ConnectionError | TimeoutError)
    return Refused(f"The Ray cluster cannot be used: {words}", for_now=for_now)


def nodes() -> list[RayNode]:
    """Return the nodes that are alive, in the order of their names, each with its own name."""
    alive = [_node(row) for row in ray.nodes() if row["Alive"]]
    often = Counter(node.label for node in alive)
    named = [
        replace(node, name=f"{node.label}-{node.id[:6]}") if often[node.label] > 1 else node
        for node in alive
    ]
    return sorted(named, key=lambda node: node.name)


def _node(row: dict[str, Any]) -> RayNode:
    resources = row["Resources"]
    gpu = next((name for name in resources if name.startswith("accelerator_type:")), "")
    label, address = row.get("NodeName") or "", row.get("NodeManagerAddress") or ""
    if label in {"", address}:
        label = row.get("NodeManagerHostname") or address
    label = re.sub(r"[^A-Za-z0-9._-]", "-", label)[:60] or "node"
    return RayNode(
        id=row["NodeID"],
        label=label,
        name=label,
        gpus=int(resources.get("GPU", 0)),
        gpu=clean(gpu.partition(":")[2], 60),
        cpus=float(resources.get("CPU", 0)),
        memory=int(resources.get("memory", 0)),
    )


def start_host(id_: str, label: str, needs: dict[str, float], host_options: bytes) -> Any:
    """Start a host's actor on a node and return its handle, before it is up.

    Args:
        id_: The node's id.
        label: Its label, by which it is found if it has been started again.
        needs: Resources that it takes: `num_gpus`, `num_cpus` and `memory`.
        host_options: Instructions to the host's process.

    Raises:
        Refused: There is no such node now.
    """
    alive = sorted(nodes(), key=lambda node: node.id != id_)
    node = next((node for node in alive if id_ == node.id or label == node.label), None)
    if node is None:
        raise Refused(f"{label} is not in the cluster now.", for_now=True)
    options: dict[str, Any] = {
        "max_restarts": 0,
        "max_task_retries": 0,
        "max_concurrency": 8,
        "scheduling_strategy": NodeAffinitySchedulingStrategy(node.id, soft=False),
    }
    actor: Any = ray.remote(HostActor)
    return actor.options(**needs, **options).remote(host_options)


def end_host(handle: Any) -> None:
    """End a host's actor, wherever it is; nothing is kept of it."""
    ray.kill(handle, no_restart=True)


def disconnect() -> None:
    """End the connection; Ray ends the actors that are left."""
    ray.shutdown()


def lost_in_words(error: BaseException) -> str:
    """Return how a link was lost, for a sentence."""
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, ray.exceptions.ActorUnavailableError):
        return "the node does not answer"
    words = clean(str(error).strip().splitlines()[-1] if str(error).strip() else "", 300)
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
