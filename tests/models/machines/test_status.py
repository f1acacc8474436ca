"""Status of other machines beside that of their hosts."""

from dataclasses import replace
from typing import Any
from unittest import mock

import pytest

from engine.models.hosts.links.machines import KnownMachine, with_machines
from engine.models.hosts.status import HostStatus

HOST = HostStatus(
    *("", "", None, "idle", "", None, None, None, (), 0, 0, 0),
)


def cluster(link: Any, *devices: str) -> KnownMachine:
    """A Ray cluster."""
    machine = mock.Mock(latency=None, versions="")
    machine.name = "ray://head:6379"
    return KnownMachine(machine, link, devices=set(devices))


@pytest.mark.parametrize(
    ("link", "devices", "shown"),
    [
        ("connected", ["ray/box-a/cpu", "ray/box-b/cpu"], ["ray/box-a/cpu", "cpu"]),
        ("connected", [], ["ray/box-a/cpu", "cpu", "ray://head:6379"]),
        ("lost", ["ray/box-a/cpu"], ["ray/box-a/cpu", "cpu", "ray://head:6379"]),
    ],
    ids=["its nodes", "no node", "in trouble"],
)
def test_a_cluster_is_shown_by_its_nodes(link: str, devices: list[str], shown: list[str]) -> None:
    hosts = [
        replace(HOST, device="ray/box-a/cpu", machine="ray/box-a"),
        replace(HOST, device="cpu"),
    ]
    known = {"ray://head:6379": cluster(link, *devices)}
    rows = with_machines(hosts, mock.Mock(known=known, refused={}))
    assert [row.device for row in rows] == shown
