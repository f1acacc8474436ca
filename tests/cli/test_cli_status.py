import dataclasses
import io
import json
import re
import sqlite3
import time

import pytest
from rich.console import Console

from db.rows import LaneRow
from db.schema import JOB_STATES
from engine.cli import status as status_module
from engine.cli.batch_table import batch_table
from engine.client.documents.status import WorkspaceStatus, batch_documents, read_status
from engine.client.workspace import Workspace
from engine.runtime.lock import EngineLock

ESCAPES = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


def test_status_json_has_exactly_the_documented_shape(run, toys):
    document = run("status", "--json", "--workspace", toys).json

    assert set(document) == {"version", "engine", "paused", "lanes", "hosts", "batches"}
    assert document["version"] == 1
    none = {"running": False, "pid": None, "host": None, "stops_after_current": False}
    assert (document["engine"], document["paused"]) == (none, False)
    fields = {"id", "name", "recipe", "status", "jobs", "cost_usd", "best_score"}
    for batch in document["batches"]:
        times = {"created_at", "started_at", "finished_at"}
        assert set(batch) == fields | times | {"starred", "note", "archived", "ratings"}
        assert set(batch["jobs"]) <= set(JOB_STATES)
    newest, parked, mixed = document["batches"]
    assert (newest["id"], newest["status"], newest["finished_at"]) == ("b3", "queued", None)
    assert (parked["id"], parked["status"], parked["jobs"]) == ("b2", "parked", {"parked": 1})
    assert (mixed["name"], mixed["status"]) == ("mixed", "done_with_failures")
    assert mixed["jobs"] == {"done": 1, "failed": 2}
    assert mixed["cost_usd"] == 0.0025
    for lane in document["lanes"]:
        assert {"name", "state", "reason", "message", "in_flight", "waiting"} <= set(lane)


def test_best_score_is_the_best_of_the_jobs(run, images):
    batch = run("status", "--json", "--workspace", images).json["batches"][0]
    jobs = run("jobs", "b1", "--json", "--workspace", images).json["jobs"]
    assert batch["best_score"] == max(job["best_score"] for job in jobs)


def test_engine_that_holds_the_lock_is_named(run, toys):
    with EngineLock(Workspace(toys).paths.lock):
        found = run("status", "--json", "--workspace", toys).json["engine"]
        text = run("status", "--workspace", toys).out
    assert found["running"] is True
    assert found["pid"] > 0
    assert f"pid {found['pid']} on {found['host']}" in text


def test_piped_status_is_plain_and_whole(run, toys):
    ran = run("status", "--workspace", toys)
    assert ran.code == 0
    assert not ESCAPES.search(ran.out.replace("\n", ""))
    assert "Start one with: safelight engine" in ran.out
    assert "b2: 1 parked (key). No key for toys. Set TOY_KEY in .env." in ran.out
    assert "safelight resume b2" in ran.out
    assert "± done, some failed" in ran.out


@pytest.mark.parametrize("colour", [True, False])
def test_status_fits_80_columns(toys, colour):
    workspace = Workspace(toys)
    with workspace.reading() as connection:
        found = read_status(workspace, connection, 30)
    stream = io.StringIO()
    console = Console(file=stream, width=80, force_terminal=True, no_color=not colour)
    console.print(batch_table(batch_documents(found), 80))
    plain = re.sub("\x1b\\[[0-9;]*m", "", stream.getvalue())
    assert all(len(line.rstrip()) <= 80 for line in plain.splitlines())
    assert "recipe" not in plain
    for word in ("b1", "hostile", "done, some failed", "$0.0025"):
        assert word in plain
    assert ("\x1b[31m" in stream.getvalue()) is colour


def test_limit_lists_the_newest_only(run, toys):
    text = run("status", "--limit", 1, "--workspace", toys).out
    assert "hostile" in text
    assert "mixed" not in text


def test_empty_workspace_says_how_to_go_on(run, tmp_path):
    run("init", "--workspace", tmp_path)
    assert "safelight queue refine" in run("status", "--workspace", tmp_path).out


def test_folder_without_a_workspace_is_a_sentence(run, tmp_path):
    ran = run("status", "--workspace", tmp_path)
    assert ran.code == 2
    assert "safelight init" in ran.err
    assert "Traceback" not in ran.err


def test_watch_prints_again_only_when_something_changed(run, toys, monkeypatch):
    ticks = iter(range(6))

    def tick(_seconds):
        number = next(ticks)
        if number == 2:
            Workspace(toys).command("pause", ["b3"])
        if number == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", tick)
    ran = run("status", "--watch", "--json", "--workspace", toys)
    documents = [json.loads(line) for line in ran.lines]
    assert ran.code == 0
    assert len(documents) == 2
    assert [document["batches"][0]["status"] for document in documents] == ["queued", "paused"]


def test_watch_on_a_terminal_draws_in_place(toys, monkeypatch):
    def stop(_seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", stop)
    written = io.StringIO()
    console = Console(file=written, width=80, force_terminal=True)
    with pytest.raises(KeyboardInterrupt):
        status_module._watch(Workspace(toys), console, 30, as_json=False)
    assert "mixed" in written.getvalue()


@pytest.mark.parametrize("command", [["status"], ["jobs", "b1"], ["show", "j1"], ["costs"]])
def test_a_text_that_is_not_utf8_is_a_sentence(run, images, command):
    with sqlite3.connect(images / ".safelight/safelight.db") as connection:
        connection.execute("UPDATE jobs SET message = CAST(x'ff1b' AS TEXT)")
        connection.execute("UPDATE batches SET name = CAST(x'ff1b' AS TEXT)")
    ran = run(*command, "--workspace", images)
    assert ran.code == 2
    assert ran.err.startswith("Error: The store holds something that Safelight does not write")
    assert "\x1b" not in ran.err


def test_a_lane_that_holds_calls_up_says_how_many_go_at_once(toys):
    lane = LaneRow("fal:m", "open", None, None, 8, 4, 60.0, 4, 12, "2026-01-01T00:00:00.000000Z")
    found = WorkspaceStatus((1, "here"), [lane], [], {}, [])
    (line,) = status_module._lane_lines(found)
    assert line.plain == (
        "Lane fal:m: 4 in flight (4 of 8 allowed now, 60 per minute at most), 12 waiting."
    )
    idle = dataclasses.replace(lane, width=8, in_flight=1, waiting=0)
    assert not list(status_module._lane_lines(dataclasses.replace(found, lanes=[idle])))


@pytest.mark.parametrize(
    ("column", "value", "command"),
    [
        ("batches SET created_at", "9" * 400, ["status"]),
        ("batches SET started_at", "not a time", ["status", "--json"]),
        ("critiques SET measurements", "{broken", ["show", "j1", "--json"]),
        ("steps SET finished_at", "yesterday", ["show", "j1"]),
    ],
)
def test_rows_that_safelight_did_not_write_are_no_traceback(run, images, column, value, command):
    with sqlite3.connect(images / ".safelight/safelight.db") as connection:
        connection.execute(f"UPDATE {column} = ?", (value,))
    ran = run(*command, "--workspace", images)
    assert ran.code in (0, 2)
    assert "Traceback" not in ran.err
    assert (ran.code == 0) == (not ran.err.startswith("Error: "))
