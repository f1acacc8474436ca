"""The copy menu, and the word about a copy that may not have arrived."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from engine.client.views.recipe_info import Headlines
from tests.tui.support import Place, running, shows, until
from tui.clipboard import copy_to_tmux, doubt
from tui.snapshots.copies import read_copies
from tui.snapshots.subject import Subject


def copies(place: Place, subject: Subject) -> dict[str, str]:
    connection = place.store.reader()
    try:
        found = read_copies(connection, subject, place.paths, Headlines())
    finally:
        connection.close()
    keys = [one.key for one in found]
    assert len(keys) == len(set(keys))
    return {one.name: one.text for one in found}


@pytest.fixture
def painted(place: Place) -> int:
    (job,) = place.job_ids(place.batch("evening", ["one"], prompt="a lamp"))
    place.claim(1)
    place.turn(job, 1, 40, prompt="a lamp\nat dusk")
    return job


def test_what_a_job_and_its_parts_have(place: Place, painted: int) -> None:
    job = copies(place, Subject(1, painted))
    assert job["prompt"] == "a lamp\nat dusk"
    assert Path(job["path of the file"]).is_file()
    assert job["id"] == f"j{painted}"
    assert job["command that shows it"] == f"safelight show j{painted}"
    assert "error" not in job
    step = place.read("SELECT id FROM steps WHERE key = 'iteration-1/generate'")[0][0]
    part = copies(place, Subject(1, painted, step))
    assert part["command that opens it"] == f"safelight open j{painted}:iteration-1/generate"


def test_errors_and_batches(place: Place, painted: int) -> None:
    (job,) = place.job_ids(place.batch("later", ["two"]))
    place.claim(1)
    place.fail(job, "The model\nis gone.\x1b[2J", "Choose another.")
    assert copies(place, Subject(2, job))["error"] == "The model\nis gone.\nChoose another."
    batch = copies(place, Subject(1))
    assert batch["id"] == "b1"
    assert batch["command that queues it again"] == "safelight again b1"
    assert copies(place, Subject(9)) == {} == copies(place, Subject(1, 99))


async def test_a_prompt_is_copied_by_two_keys(place: Place, painted: int) -> None:
    app: Any = place.dashboard()
    async with running(app) as pilot:
        await until(pilot, lambda: app.screen.rows.total)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.WHERE == "batch" and app.screen.rows.current)
        await pilot.press("Y")
        await shows(pilot, "Copy", "path of the file", "safelight show j1")
        await pilot.press("p")
        await until(pilot, lambda: app.clipboard == "a lamp\nat dusk")
        await shows(pilot, "Copied a lamp at dusk.")


async def test_a_doubtful_copy_says_so_and_can_be_seen(
    place: Place, painted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "linux")
    monkeypatch.delenv("TMUX", raising=False)
    app: Any = place.dashboard()
    async with running(app) as pilot:
        await until(pilot, lambda: app.screen.rows.total)
        await pilot.press("Y")
        await shows(pilot, "command that queues it again")
        await pilot.press("a")
        await shows(pilot, "Perhaps not copied: TERM=linux has no clipboard.")
        await pilot.press("v")
        await until(pilot, lambda: app.screen.WHERE == "text")
        await shows(pilot, "safelight again b1")
        await pilot.press("escape", "v")
        await shows(pilot, "settings", "events")


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"TERM": "xterm-256color"}, ""),
        ({"TERM": "linux"}, "TERM=linux has no clipboard"),
        ({"TERM": "screen", "STY": "1.x"}, "GNU screen does not pass it on"),
        ({"VTE_VERSION": "7600"}, "terminals of GNOME do not take it"),
        ({"TERM_PROGRAM": "Apple_Terminal"}, "Terminal.app does not take it"),
    ],
)
def test_terminals_without_a_clipboard_are_known(environment: dict[str, str], reason: str) -> None:
    assert doubt("x", environment) == reason
    assert bool(doubt("x" * 100_000, environment))


def test_tmux_refuses_or_takes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    program = tmp_path / "tmux"
    program.write_text(f"#!/bin/sh\ncat > '{taken}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert copy_to_tmux("é")
    assert taken.read_text() == "é"
    program.write_text("#!/bin/sh\nexit 1\n")
    assert not copy_to_tmux("x")

    def never(*arguments: object, **options: object) -> None:
        raise subprocess.TimeoutExpired("tmux", 2)

    monkeypatch.setattr(subprocess, "run", never)
    assert not copy_to_tmux("x")
