"""Model hosts in `status` and `doctor`."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from db.rows import HostRow
from db.writes.hosts import report_hosts
from engine.client.workspace import Workspace
from engine.runtime.lock import EngineLock

AT = "2026-01-01T00:00:00.000000Z"
MODELS = json.dumps([{"name": "sdxl\x1b[2J", "bytes": 2**30, "offloaded": False}])
BUSY = HostRow(
    device="cuda:0",
    name="A GPU",
    pid=7,
    state="busy",
    message="sdxl: generate",
    memory_total=24 * 2**30,
    memory_budget=20 * 2**30,
    memory_used=11 * 2**30,
    models=MODELS,
    waiting=12,
    running=4,
    restarts=1,
    updated_at=AT,
)
DEAD = HostRow("cpu", "", None, "stopped", "died: SIGKILL", None, None, None, "[]", 0, 0, 5, AT)


@pytest.fixture
def hosts(toys):
    """A workspace whose engine has two hosts."""
    workspace = Workspace(toys)
    with workspace.store.alone() as write:
        write(lambda c: report_hosts(c, [BUSY, DEAD]))
    with EngineLock(workspace.paths.lock):
        yield toys


def test_status_shows_a_line_for_each(run, hosts):
    lines = run("status", "--workspace", hosts).out.splitlines()
    assert (
        "Host cuda:0: busy (sdxl: generate); holds sdxl; 11.0 GiB of 20.0 GiB; "
        "4 running, 12 waiting; started again 1 time."
    ) in " ".join(lines)
    assert "Host cpu: stopped (died: SIGKILL); started again 5 times." in lines


def test_status_json_has_exactly_the_documented_fields(run, hosts):
    dead, busy = run("status", "--json", "--workspace", hosts).json["hosts"]
    assert set(busy) == set(HostRow.__dataclass_fields__)
    assert busy["models"] == json.loads(MODELS)
    assert (dead["device"], dead["pid"], dead["memory_used"]) == ("cpu", None, None)


def far(device: str, link: str, **other: Any) -> HostRow:
    """A host on another machine."""
    return replace(DEAD, device=device, machine="gpu-a", link=link, restarts=0, **other)


@pytest.fixture
def machines(toys):
    """A workspace whose engine has hosts on two other machines, of which one is lost."""
    workspace = Workspace(toys)
    speeds = json.dumps([{"name": "sdxl", "bytes": 7 * 10**9, "offloaded": False, "seconds": 3.2}])
    busy = replace(BUSY, load=97, celsius=64, device_used=12 * 10**9, models=speeds)
    away = time.time() + 7.5
    rows = [
        busy,
        far("gpu-a/cuda:0", "connected", state="idle", message="", latency_ms=12.34,
            version="Safelight 1, Python 3.11\x1b[2J"),
        replace(far("gpu-b", "lost", message="no answer for 15 s", retry_at=away), machine="gpu-b"),
    ]  # fmt: skip
    with workspace.store.alone() as write:
        write(lambda c: report_hosts(c, rows))
    with EngineLock(workspace.paths.lock):
        yield toys


def test_hosts_shows_machines_links_load_and_speed(run, machines):
    lines = run("hosts", "--workspace", machines).out.splitlines()
    text = " ".join(" ".join(lines).split())
    assert lines[0] == "this machine"
    assert "cuda:0: A GPU · busy (sdxl: generate) · 97 % load, 64 °C" in text
    assert "(device 12.0 GB) · 4 at work, 12 waiting · started again 1 time" in text
    assert "    sdxl · 7.0 GB · 3.2s a task" in lines
    assert "gpu-a  connected · 12.3 ms · Safelight 1, Python 3.11" in lines
    assert "gpu-b  trying again in 8 seconds: no answer for 15 s" in lines
    assert "gpu-b:" not in text
    found = run("hosts", "--json", "--workspace", machines).json["hosts"]
    assert [host["machine"] for host in found] == ["", "gpu-a", "gpu-b"]


def test_status_says_that_a_machine_is_lost(run, machines):
    text = " ".join(run("status", "--workspace", machines).out.split())
    assert "Host gpu-b: trying again in 8 seconds: no answer for 15 s." in text
    assert "Host gpu-a/cuda:0: idle; connected · 12.3 ms" in text


def test_hosts_without_an_engine_says_so(run, toys):
    assert run("hosts", "--workspace", toys).out == "No engine runs. Devices: safelight doctor\n"


def test_hosts_of_an_engine_that_is_gone_are_not_shown(run, toys):
    with Workspace(toys).store.alone() as write:
        write(lambda c: report_hosts(c, [BUSY]))
    assert run("status", "--json", "--workspace", toys).json["hosts"] == []
    assert "Host " not in run("status", "--workspace", toys).out


def test_doctor_says_what_models_can_run_on(run, hosts, monkeypatch):
    monkeypatch.setenv("SAFELIGHT_HOSTS__DEVICES", '["cuda:1", "cpu"]')
    ran = run("doctor", "--workspace", hosts)
    assert "✓ devices: local models run on cuda:1, cpu" in ran.out
    assert "✗ host: the one on cpu died: SIGKILL" in ran.out


def test_doctor_without_torch_says_so(run, toys, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    checks = run("doctor", "--json", "--workspace", toys).json["checks"]
    found = next(check for check in checks if check["name"] == "devices")
    assert found["state"] == "hint"
    assert "need torch" in found["found"]
