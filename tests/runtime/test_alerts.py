"""Alerts: the user's command gets each event at most once, also over restarts and kills."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from db.queries.history import events_after
from db.writes.alerts import ALERTED, AlertRules, due_alerts
from db.writes.controls import set_control
from engine.config.alert_settings import AlertSettings
from engine.config.trust.commands import ALERT_VARIABLE, grant_of
from engine.config.trust.grants import trust
from engine.contract import Blocked, Permanent
from engine.runtime.alerts import run_command
from tests.support.engines import Toy, eventually

NOTE = """
import json, os, sys
data = json.load(sys.stdin)
data["kind of the environment"] = os.environ["SAFELIGHT_ALERT_KIND"]
data["message of the environment"] = os.environ["SAFELIGHT_ALERT_MESSAGE"]
with open(sys.argv[1], "a") as file:
    print(json.dumps(data), file=file)
"""
RULES = AlertRules(frozenset({"parked", "done", "budget", "error_rate"}), 0.5, 2, 10)


@pytest.fixture(autouse=True)
def own_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv(ALERT_VARIABLE, raising=False)


@pytest.fixture
def note(toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a line for each alert that the command got."""
    script, noted = tmp_path / "note it.py", tmp_path / "noted"
    script.write_text(NOTE)
    noted.touch()
    command = f"{sys.executable} '{script}' {noted}"
    monkeypatch.setenv(ALERT_VARIABLE, command)
    toy.settings.alerts = AlertSettings(command=command, min_jobs=2, error_rate=0.5)
    return noted


def noted(note: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in note.read_text().splitlines()]


async def test_the_end_of_a_batch_is_told_once_over_restarts(toy: Toy, note: Path) -> None:
    await toy.run()  # notes where the history ends
    toy.queue(2)
    await toy.run()
    await toy.run()
    [alert] = noted(note)
    assert (alert["kind"], alert["batch"], alert["name"], alert["jobs"]) == (
        "done", "b1", "lines", {"done": 2},
    )  # fmt: skip
    assert alert["kind of the environment"] == "done"
    assert alert["workspace"] == str(toy.paths.root)


async def test_what_happened_before_alerts_were_on_is_not_told(toy: Toy, note: Path) -> None:
    command = toy.settings.alerts.command
    toy.settings.alerts.command = ""
    toy.queue()
    await toy.run()
    toy.settings.alerts.command = command
    await toy.run()
    assert noted(note) == []


async def test_many_parked_jobs_are_one_alert_and_never_a_line_of_a_shell(
    toy: Toy, note: Path
) -> None:
    def closed(_request: Any, _context: Any) -> None:
        raise Blocked("No key; $(touch owned) `touch owned` \x1b[31m", reason="key", remedy="Set.")

    await toy.run()
    toy.backend.reply = closed
    toy.queue(3)
    await toy.run()
    [alert] = noted(note)
    assert alert["kind"] == "parked"
    assert "$(touch owned)" in alert["message"]
    assert "\x1b" not in alert["message of the environment"]
    assert not list(toy.root.rglob("owned"))


async def test_too_many_failures_are_an_alert(toy: Toy, note: Path) -> None:
    def wrong(_request: Any, _context: Any) -> None:
        raise Permanent("wrong")

    await toy.run()
    toy.backend.reply = wrong
    toy.queue(3)
    await toy.run()
    told = {alert["kind"]: alert for alert in noted(note)}
    assert set(told) == {"error_rate", "done"}
    assert "jobs failed. The last: " in told["error_rate"]["message"]


async def test_a_kill_before_the_command_loses_an_alert_and_repeats_none(toy: Toy) -> None:
    toy.queue()
    await toy.run()
    with toy.store.alone() as write:
        write(lambda c: set_control(c, ALERTED, "0"))  # as an engine with alerts had begun
        assert [alert.kind for alert in write(lambda c: due_alerts(c, RULES))] == ["done"]
        assert write(lambda c: due_alerts(c, RULES)) == []  # the next engine


@pytest.mark.parametrize(
    ("command", "trouble"),
    [
        ("/nowhere/at/all", "cannot be run"),
        ("'unclosed", "cannot be run"),
        (f"{sys.executable} -c 'raise SystemExit(3)'", "ended with code 3"),
        (f"{sys.executable} -c 'import time; time.sleep(600)'", "longer than 0.2 s"),
        (f"{sys.executable} -c pass", ""),
    ],
)
async def test_a_command_that_fails_is_reported(command: str, trouble: str) -> None:
    facts = dict.fromkeys(("kind", "batch", "name", "message", "workspace"), "x")
    settings = AlertSettings(command=command, seconds=0.2 if "longer" in trouble else 60)
    told = await run_command(settings, facts | {"long": "x" * 1_000_000})
    assert trouble in told if trouble else told == ""


async def test_a_failing_command_ends_nothing(toy: Toy, note: Path, monkeypatch) -> None:
    toy.settings.alerts = AlertSettings(command="/nowhere/at/all")
    monkeypatch.setenv(ALERT_VARIABLE, "/nowhere/at/all")
    await toy.run()
    toy.queue()
    await toy.run()
    assert toy.batch().state == "done"
    messages = [event.message for event in toy.read(lambda c: events_after(c, 0))]
    assert any("alert command for done failed: it cannot be run" in text for text in messages)


async def test_a_command_that_only_the_workspace_names_is_not_run_until_it_is_trusted(
    toy: Toy, note: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ALERT_VARIABLE)
    await toy.run()
    toy.queue()
    await toy.run()
    assert noted(note) == []
    events = toy.read(lambda c: events_after(c, 0))
    assert {"alert.untrusted"} <= {event.type for event in events}
    trust(toy.paths.root, [grant_of(toy.settings.alerts.command)])
    await toy.run()
    toy.queue()
    async with toy.running():
        await eventually(lambda: noted(note))
    assert [alert["batch"] for alert in noted(note)] == ["b2"]
