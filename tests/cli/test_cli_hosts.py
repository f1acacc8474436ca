"""Model hosts in `status` and `doctor`."""

import json

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
    assert found["ok"]
    assert "need torch" in found["found"]
