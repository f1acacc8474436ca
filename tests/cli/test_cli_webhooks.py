"""`safelight webhooks`, through the command line, and an engine that is killed in a delivery."""

import os
import signal
import subprocess
import sys

import pytest

from engine.runtime.webhooks.signing import VARIABLE, new_secret
from tests.support.receiver import receiving


@pytest.fixture
def receiver(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("SAFELIGHT_API__WEBHOOK_HOSTS", raising=False)
    monkeypatch.setenv(VARIABLE, new_secret())
    with receiving() as created:
        yield created


def name_the_host(toys, host="127.0.0.1") -> None:
    (toys / "safelight.toml").write_text(f'[api]\nwebhook_hosts = ["{host}"]\n')


def test_a_webhook_is_added_listed_retried_and_removed(run, toys, receiver) -> None:
    refused = run("webhooks", "add", receiver.url, "--workspace", toys)
    assert (refused.code, "webhook_hosts of [api]" in refused.err) == (2, True)
    name_the_host(toys)
    refused = run("webhooks", "add", receiver.url, "--workspace", toys)
    assert (refused.code, "safelight trust" in refused.err) == (3, True)
    assert "webhooks to 127.0.0.1" in run("trust", "--workspace", toys).out
    added = run("webhooks", "add", receiver.url, "--event", "job.finished", "--workspace", toys)
    assert (added.code, added.out) == (0, "Webhook 1 is sent to from now on.\n")
    receiver.answers = [500]
    run("cancel", "b3/plain", "--workspace", toys)
    run("engine", "--until-idle", "--workspace", toys)
    document = run("webhooks", "list", "--json", "--workspace", toys).json
    [webhook] = document["webhooks"]
    assert webhook["url"] == receiver.url.replace("token=hidden", "…")
    [delivery] = document["deliveries"]
    assert (delivery["state"], delivery["status"], delivery["attempts"]) == ("pending", 500, 1)
    assert "not arrived" in run("webhooks", "list", "--workspace", toys).out
    assert run("webhooks", "retry", "--workspace", toys).out == "1 delivery is due now.\n"
    run("engine", "--until-idle", "--workspace", toys)
    assert len({message.headers["webhook-id"] for message in receiver.messages[:2]}) == 1
    assert run("webhooks", "list", "--json", "--workspace", toys).json["deliveries"] == []
    assert run("webhooks", "remove", "1", "--workspace", toys).code == 0
    assert "ended: The operator removed it." in run("webhooks", "list", "--workspace", toys).out
    assert run("webhooks", "remove", "1", "--workspace", toys).code == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["http://evil.example/x"], "must be https"),
        (["https://127.0.0.1/x", "--event", "all"], "Webhooks have no event 'all'"),
        (["https://127.0.0.1/x", "--batch", "b99"], "b99"),
    ],
)
def test_mistakes_are_sentences(run, toys, receiver, monkeypatch, arguments, sentence) -> None:
    monkeypatch.setenv("SAFELIGHT_API__WEBHOOK_HOSTS", '["127.0.0.1"]')
    refused = run("webhooks", "add", *arguments, "--workspace", toys)
    assert refused.code == 2
    assert sentence in refused.err


def test_a_secret_in_a_file_of_the_workspace_is_no_setting(
    run, toys, receiver, monkeypatch
) -> None:
    monkeypatch.setenv("SAFELIGHT_API__WEBHOOK_HOSTS", '["127.0.0.1"]')
    monkeypatch.delenv(VARIABLE)
    refused = run("webhooks", "add", receiver.url, "--workspace", toys)
    assert (refused.code, "safelight webhooks secret" in refused.err) == (2, True)
    secret = run("webhooks", "secret").out.strip()
    (toys / ".env").write_text(f"{VARIABLE}={secret}\n")
    assert run("webhooks", "add", receiver.url, "--workspace", toys).code == 0
    assert run("status", "--workspace", toys).code == 0


@pytest.mark.slow
def test_an_engine_killed_in_a_delivery_leaves_it_to_the_next(
    run, tmp_path, receiver, monkeypatch
) -> None:
    monkeypatch.setenv("SAFELIGHT_API__WEBHOOK_HOSTS", '["127.0.0.1"]')
    root = tmp_path / "killed"
    run("init", "--workspace", root)
    add = ("webhooks", "add", receiver.url, "--event", "batch.finished", "--workspace", root)
    assert run(*add).code == 0
    source = tmp_path / "one.txt"
    source.write_text("a red circle\n")
    settings = ["--set", "width=64", "--set", "height=64", "--set", "max_iterations=1"]
    assert run("queue", "refine", source, *settings, "--workspace", root).code == 0
    command = [sys.executable, "-m", "safelight", "engine", "--until-idle", "--workspace", root]
    engine = subprocess.Popen(command)

    def kill(_message) -> int:
        os.kill(engine.pid, signal.SIGKILL)
        return 200

    receiver.answers = [kill]
    assert engine.wait(120) == -signal.SIGKILL
    run("webhooks", "retry", "--workspace", root)
    run("engine", "--until-idle", "--workspace", root)
    first, second = receiver.messages
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert run("webhooks", "list", "--json", "--workspace", root).json["deliveries"] == []
