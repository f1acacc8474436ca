"""The server as a process: its address, its extra, its end, and an engine beside it."""

import json
import signal
import subprocess
import sys
import time

import httpx
import pytest

from engine.api import server
from engine.api.auth.issue import Wanted, issue
from engine.api.server import CannotServe, Listening
from engine.cli.app import main
from engine.client.workspace import Workspace
from tests.api.conftest import headers
from tests.api.live import free_port, serving


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "box.example"])
def test_beyond_this_machine_it_needs_tls_or_a_proxy(host, tmp_path) -> None:
    with pytest.raises(CannotServe, match="clear"):
        Listening(host).check()
    Listening(host, behind_proxy=["10.0.0.1"]).check()
    file = tmp_path / "c.pem"
    file.write_text("x")
    Listening(host, certificate=file, key=file).check()
    with pytest.raises(CannotServe, match="both"):
        Listening(host, certificate=file).check()
    with pytest.raises(CannotServe, match="no such file"):
        Listening(host, certificate=file, key=tmp_path / "k.pem").check()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_on_this_machine_it_needs_nothing(host) -> None:
    Listening(host).check()


@pytest.mark.parametrize("command", [["api"], ["engine", "--api"], ["token", "list"]])
def test_a_start_without_the_extra_says_the_command(monkeypatch, capsys, tmp_path, command) -> None:
    monkeypatch.setattr(server, "PACKAGES", {"not_installed_here": "not-installed-here"})
    assert main([*command, "--workspace", str(tmp_path)]) == 2
    message = capsys.readouterr().err
    assert "not-installed-here" in message
    assert "install" in message
    assert "api" in message


def test_a_port_that_is_taken_is_one_sentence(capsys, tmp_path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["api", "--port", str(port), "--workspace", str(tmp_path / "w")]) == 2
    assert "cannot be used" in capsys.readouterr().err


def test_tokens_are_made_listed_and_revoked(capsys, tmp_path) -> None:
    root = ["--workspace", str(tmp_path / "w")]
    options = ["--name", "ci", "--scope", "read,write", "--expires", "2h", "--spend", "1.5"]
    assert main(["token", "create", *options, *root]) == 0
    secret = capsys.readouterr().out.strip()
    assert main(["token", "create", "--jwt", "--name", "j", *root, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["token"]["secret"].count(".") == 2
    assert main(["token", "list", "--json", *root]) == 0
    listed = json.loads(capsys.readouterr().out)["tokens"]
    assert [(one["name"], one["kind"], one["state"]) for one in listed] == [
        ("ci", "opaque", "valid"),
        ("j", "jwt", "valid"),
    ]
    assert (listed[0]["spend_usd"], listed[0]["used_usd"]) == ("1.50", "0.00")
    assert secret not in json.dumps(listed)
    assert main(["token", "revoke", "ci", *root]) == 0
    assert main(["token", "revoke", "ci", *root]) == 2
    assert main(["token", "create", "--scope", "all", *root]) == 2
    assert main(["token", "create", "--expires", "soon", *root]) == 2


def test_a_server_queues_without_an_engine_and_ends_in_good_order(tmp_path) -> None:
    workspace = Workspace(tmp_path / "w", create=True)
    secret = issue(workspace, Wanted("t", ["read", "write"], None)).secret
    with serving(workspace.paths.root) as process:
        body = {"recipe": "refine", "entries": ["x"], "settings": {"width": 64, "height": 64}}
        answer = httpx.post(f"{process.url}/v1/batches", json=body, headers=headers(secret))
        assert answer.json()["status"] == "queued"
        assert httpx.get(f"{process.url}/readyz").json()["engine"] is False
        assert process.stop() == 0
    logs = b"".join(path.read_bytes() for path in workspace.paths.logs.iterdir())
    printed = (workspace.paths.root / "server.err").read_bytes()
    assert secret.encode() not in logs + printed


def test_an_engine_serves_beside_its_work(tmp_path) -> None:
    workspace = Workspace(tmp_path / "w", create=True)
    secret = issue(workspace, Wanted("t", ["read", "write"], None)).secret
    port = free_port()
    command = [sys.executable, "-P", "-m", "safelight", "engine", "--api", "--port", str(port)]
    engine = subprocess.Popen([*command, "--workspace", str(workspace.paths.root)])
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers(secret)) as client:
            for _ in range(600):
                try:
                    client.get("/healthz")
                    break
                except httpx.TransportError:
                    assert engine.poll() is None
                    time.sleep(0.05)
            settings = {"width": 64, "height": 64, "max_iterations": 1}
            body = {"recipe": "refine", "entries": ["a circle"], "settings": settings}
            batch = client.post("/v1/batches", json=body).json()
            state = batch
            while state["status"] not in {"done", "parked", "done_with_failures"}:
                tag = {"Prefer": "wait=20"}
                state = client.get(batch["links"]["self"], headers=tag, timeout=60).json()
            assert state["status"] == "done"
            assert client.get("/v1/engine").json()["running"] is True
    finally:
        engine.send_signal(signal.SIGTERM)
        assert engine.wait(60) == 0
