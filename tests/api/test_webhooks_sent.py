"""A server sends what is due to webhooks while no engine runs."""

import json
import time

from engine.api import services
from engine.runtime.webhooks.signing import VARIABLE, new_secret
from tests.support.live_server import serving
from tests.support.receiver import receiving


def test_the_server_sends_what_no_engine_has_sent(workspace, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("SAFELIGHT_API__WEBHOOK_HOSTS", '["127.0.0.1"]')
    monkeypatch.setenv(VARIABLE, new_secret())
    monkeypatch.setattr(services, "WEBHOOK_SECONDS", 0.02)
    workspace.settings.api.webhook_hosts = ["127.0.0.1"]
    with receiving() as receiver, serving(workspace):
        workspace.webhooks.add(receiver.url, ["job.finished"])
        workspace.command("cancel", ["b3"])
        deadline = time.monotonic() + 30
        while len(receiver.messages) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
    told = [json.loads(message.body)["data"]["job"] for message in receiver.messages]
    assert sorted(job["id"] for job in told) == ["j5", "j6"]
    assert {job["status"] for job in told} == {"cancelled"}
