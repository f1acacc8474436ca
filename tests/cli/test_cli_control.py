import json
import sqlite3
import sys
import time
from contextlib import contextmanager
from typing import Any

import click
import pytest

import db.store
from engine.client import commands
from engine.client.workspace import Workspace
from engine.queueing.plan import Planner
from engine.runtime.lock import EngineLock

pytestmark = pytest.mark.usefixtures("one_process")


def job_states(run, root, batch):
    jobs = run("jobs", batch, "--json", "--workspace", root).json["jobs"]
    return [job["status"] for job in jobs]


def test_pause_and_resume_a_job_and_a_batch(run, toys):
    ran = run("pause", "hostile/plain", "--workspace", toys)
    assert (ran.code, "Paused j6" in ran.out) == (0, True)
    assert job_states(run, toys, "b3") == ["queued", "paused"]
    assert run("pause", "b3", "--workspace", toys).code == 0
    assert "b3" in run("resume", "b3", "--workspace", toys).out
    assert job_states(run, toys, "b3") == ["queued", "queued"]


def test_resume_counts_what_goes_on(run, toys):
    assert "none of its jobs is paused or parked" in run("resume", "b3", "--workspace", toys).out
    run("pause", "b3", "--workspace", toys)
    assert "Resumed b3; 2 jobs continue." in run("resume", "b3", "--workspace", toys).out
    run("pause", "j5", "--workspace", toys)
    assert "Resumed b3; 1 job continues." in run("resume", "b3", "--workspace", toys).out


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_a_batch_that_has_ended_is_not_paused_or_resumed(run, toys, verb):
    ran = run(verb, "b1", "--workspace", toys)
    assert ran.code == 2
    assert f"b1 is done with failures; there is nothing to {verb}." in ran.err
    with Workspace(toys).reading() as connection:
        assert not connection.execute("SELECT held FROM batches WHERE id = 1").fetchone()[0]


def test_a_name_is_one_batchs_and_a_newer_namesake_is_told(run, toys, tmp_path):
    source = tmp_path / "mixed.txt"
    source.write_text("a lamp\n")
    ran = run("queue", "refine", source, "--workspace", toys)
    assert "Queued b4. It is called 'mixed-2': b1 has the name 'mixed'." in ran.out
    ran = run("queue", "refine", source, "--name", "b1", "--workspace", toys)
    assert "Queued b5. It is called 'b1-2': no batch can be called 'b1'." in ran.out
    ran = run("queue", "refine", source, "--name", "mine", "--workspace", toys)
    assert ran.out.startswith("Queued b6.\n")
    ran = run("budget", "mixed", "5", "--workspace", toys)
    assert "The budget of b1 is" in ran.out
    assert "'mixed' is b1; the newer b4 is called 'mixed-2'." in ran.err
    for name, meant in (("mixed-2", "b4"), ("b1", "b1"), ("mine", "b6")):
        ran = run("budget", name, "5", "--workspace", toys)
        assert (f"The budget of {meant} is" in ran.out, ran.err) == (True, "")


def test_a_name_that_another_process_has_just_taken_is_not_given_twice(toys, monkeypatch, tmp_path):
    source = tmp_path / "lamps.txt"
    source.write_text("a lamp\n")
    workspace = Workspace(toys)
    workspace.queue("refine", source)
    workspace.queue("refine", source)
    real = Planner.free_name
    stale = iter(["lamps", "lamps-2"])
    monkeypatch.setattr(Planner, "free_name", lambda self, n: next(stale, "") or real(self, n))
    workspace.queue("refine", source)
    with workspace.reading() as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM batches WHERE id > 3")]
    assert names == ["lamps", "lamps-2", "lamps-3"]


def test_retry_takes_up_what_failed(run, toys):
    assert run("retry", "b1", "--workspace", toys).code == 0
    assert job_states(run, toys, "b1") == ["done", "queued", "queued"]


def test_refusal_is_told_and_is_exit_code_2(run, toys):
    ran = run("retry", "j2", "j1", "--workspace", toys)
    assert ran.code == 2
    assert "continues from the step that failed" in ran.out
    assert "j1" in ran.err
    assert "nothing to retry" in ran.err


def test_unknown_id_does_nothing_at_all(run, toys):
    assert run("cancel", "b3", "b99", "--workspace", toys).code == 2
    assert job_states(run, toys, "b3") == ["queued", "queued"]


def test_cancel_of_a_batch_asks_on_a_terminal_only(run, toys, monkeypatch):
    asked = []
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "confirm", lambda *args, **_: asked.append(args))
    run("cancel", "j5", "--workspace", toys)
    assert asked == []
    run("cancel", "b3", "--workspace", toys)
    assert len(asked) == 1
    assert job_states(run, toys, "b3") == ["cancelled", "cancelled"]


def test_cancel_with_yes_does_not_ask(run, toys, monkeypatch):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "confirm", lambda *_, **__: pytest.fail("asked"))
    assert run("cancel", "b3", "--yes", "--workspace", toys).code == 0


@pytest.mark.parametrize(("change", "by"), [("up", 1), ("down", -1), ("+7", 7), ("-5", -5)])
def test_priority_moves_by_a_number(run, toys, change, by):
    assert run("priority", change, "j5", "--workspace", toys).code == 0
    job = run("show", "j5", "--json", "--workspace", toys).json["job"]
    assert job["priority"] == by


def test_front_puts_the_first_named_first_and_refuses_what_is_not_queued(run, toys):
    jobs = [job["id"] for job in run("jobs", "b3", "--json", "--workspace", toys).json["jobs"]]
    names = jobs[::-1]
    assert run("front", *names, "--workspace", toys).code == 0
    shown = [run("show", n, "--json", "--workspace", toys).json["job"]["priority"] for n in names]
    assert shown == sorted(shown, reverse=True)
    assert shown[0] > shown[-1]
    again = run("front", names[0], "--workspace", toys)
    assert again.code == 0
    assert "already" in again.out
    run("cancel", "b3", "--yes", "--workspace", toys)
    assert run("front", names[0], "--workspace", toys).code == 2


@pytest.mark.parametrize("change", ["sideways", "1.5", "99999999999999999999"])
def test_priority_that_is_no_change_is_refused(run, toys, change):
    assert run("priority", change, "j5", "--workspace", toys).code == 2


@pytest.mark.parametrize(
    ("options", "text", "value"),
    [
        ([], "2", 2),
        ([], '"2"', "2"),
        ([], "a lamp", "a lamp"),
        ([], '{"a": [1]}', {"a": [1]}),
        ([], "NaN", "NaN"),
        ([], "[" * 100_000, "[" * 100_000),
        (["--text"], "2", "2"),
    ],
)
def test_decide_takes_json_or_text(run, toys, options, text, value):
    assert run("decide", "j5", "say-0", text, *options, "--workspace", toys).code == 0
    (decision,) = run("show", "j5", "--json", "--workspace", toys).json["job"]["decisions"]
    assert (decision["key"], decision["value"]) == ("say-0", value)


@pytest.mark.parametrize("key", ["selekt", "iteration-1", "iteration-1/../prompt", "\x1b[31m"])
def test_what_the_recipe_never_asks_for_cannot_be_decided(run, images, key):
    ran = run("decide", "j1", key, "1", "--workspace", images)
    assert (ran.code, "\x1b" in ran.err) == (2, False)
    assert "it asks for select, iteration-*/select and iteration-*/prompt" in ran.err
    told = run("show", "j1", "--json", "--workspace", images).json["job"]
    assert (told["status"], told["decisions"]) == ("done", [])


@pytest.mark.parametrize(("key", "value"), [("select", "1"), ("iteration-2/prompt", "a lamp")])
def test_what_the_recipe_asks_for_can_be_decided(run, images, key, value):
    assert run("decide", "j1", key, value, "--workspace", images).code == 0


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ([], '"in quotes"'),
        ([], '{"a": [1]}'),
        ([], '["a lamp", "a rug"]'),
        ([], "NaN"),
        (["--text"], "12"),
        (["--text"], "true"),
    ],
)
def test_a_prompt_that_looks_like_json_is_a_prompt(run, images, options, text):
    arguments = ["decide", "j1", "iteration-1/prompt", text, *options, "--workspace", images]
    assert run(*arguments).code == 0
    (decision,) = run("show", "j1", "--json", "--workspace", images).json["job"]["decisions"]
    assert decision["value"] == text


@pytest.mark.parametrize("text", ["true", "null", "12", "-1.5e3"])
def test_what_is_hardly_a_prompt_is_asked_about(run, images, text):
    arguments = ["decide", "j1", "iteration-1/prompt", "--workspace", images, "--", text]
    ran = run(*arguments)
    assert (ran.code, "add --text" in ran.err) == (2, True)
    told = run("show", "j1", "--json", "--workspace", images).json["job"]
    assert (told["status"], told["decisions"]) == ("done", [])


def test_a_decision_that_does_not_fit_is_refused_with_exit_code_2(run, images):
    ran = run("decide", "j1", "select", "9", "--workspace", images)
    assert (ran.code, "There is no iteration 9: the job made 1." in ran.err) == (2, True)
    assert run("show", "j1", "--json", "--workspace", images).json["job"]["status"] == "done"


def test_decision_about_a_batch_is_refused(run, toys):
    assert run("decide", "b3", "say-0", "x", "--workspace", toys).code == 2


def test_what_an_engine_has_not_answered_is_said_to_be_asked_for(run, toys, monkeypatch):
    monkeypatch.setattr(commands, "ANSWER_SECONDS", 0.0)
    workspace = Workspace(toys)
    with EngineLock(workspace.paths.lock):
        ran = run("pause", "b3", "--workspace", toys)
    assert ran.code == 0
    assert "b3: asked for" in ran.out
    with workspace.reading() as connection:
        (row,) = connection.execute("SELECT verb, targets, source FROM commands").fetchall()
    assert (row[0], json.loads(row[1]), row[2]) == ("pause", [{"batch": 3}], "cli")


def test_command_left_by_an_engine_that_ended_is_carried_out(run, toys, monkeypatch):
    workspace = Workspace(toys)
    lock = EngineLock(workspace.paths.lock)
    lock.acquire()
    monkeypatch.setattr(time, "sleep", lambda _seconds: lock.release())
    ran = run("pause", "b3", "--workspace", toys)
    assert "Paused b3" in ran.out


def test_a_lane_cannot_be_changed_where_no_engine_runs(run, toys):
    ran = run("lane", "fal", "--concurrency", "8", "--workspace", toys)
    assert (ran.code, "No engine runs here" in ran.err) == (2, True)


def test_lane_says_what_it_wants_and_asks_the_engine(run, toys, monkeypatch):
    monkeypatch.setattr(commands, "ANSWER_SECONDS", 0)
    assert run("lane", "fal", "--workspace", toys).code == 2
    assert run("lane", "fal", "--concurrency", "0", "--workspace", toys).code == 2
    workspace = Workspace(toys)
    with EngineLock(workspace.paths.lock):
        ran = run("lane", "fal", "--requests-per-minute", "60", "--workspace", toys)
    assert (ran.code, "fal: asked for" in ran.out) == (0, True)
    with workspace.reading() as connection:
        (row,) = connection.execute("SELECT verb, targets, arguments FROM commands").fetchall()
    wanted = {"lane": "fal", "concurrency": None, "requests_per_minute": 60.0}
    assert (row[0], json.loads(row[1]), json.loads(row[2])) == ("lane", [], wanted)


def test_what_goes_on_needs_an_engine_and_says_so(run, toys):
    assert "engine --until-idle" in run("retry", "b1", "--workspace", toys).out
    assert "engine --until-idle" not in run("pause", "b3", "--workspace", toys).out


def test_what_a_held_store_keeps_from_being_done_is_said_to_be_asked_for(run, toys, monkeypatch):
    monkeypatch.setattr(commands, "ANSWER_SECONDS", 0.0)
    monkeypatch.setattr(db.store, "ALONE_SECONDS", 0.0)
    workspace = Workspace(toys)
    held = sqlite3.connect(workspace.paths.store, isolation_level=None)

    @contextmanager
    def hold_before(self):
        held.execute("BEGIN IMMEDIATE")
        with alone(self) as write:
            yield write

    alone = db.store.Store.alone
    with monkeypatch.context() as patched:
        patched.setattr(db.store.Store, "alone", hold_before)
        ran = run("priority", "up", "b2", "b3", "--workspace", toys)
    assert (ran.code, ran.err) == (0, "")
    assert "b2: asked for, but another program holds the store" in ran.out
    held.execute("ROLLBACK")
    held.close()
    run("pause", "b1", "--workspace", toys)
    with workspace.reading() as connection:
        found = connection.execute("SELECT id, priority FROM batches ORDER BY id").fetchall()
        states = {row[0] for row in connection.execute("SELECT state FROM commands")}
    assert [tuple(row) for row in found] == [(1, 0), (2, 1), (3, 1)]
    assert "pending" not in states


def test_commands_of_one_call_are_asked_for_together_or_not_at_all(run, toys, monkeypatch):
    added: list[Any] = []
    real = commands.add_command  # type: ignore[attr-defined]

    def add_one(connection, *arguments):
        if added:
            raise sqlite3.OperationalError("disk I/O error")
        added.append(real(connection, *arguments))
        return added[0]

    monkeypatch.setattr(commands, "add_command", add_one)
    with pytest.raises(sqlite3.OperationalError):
        Workspace(toys).command("cancel", ["j5", "j6"])
    assert job_states(run, toys, "b3") == ["queued", "queued"]
    monkeypatch.undo()
    run("pause", "b1", "--workspace", toys)
    assert job_states(run, toys, "b3") == ["queued", "queued"]


def test_a_second_engine_is_refused_before_it_says_that_it_is_at_work(run, toys):
    with EngineLock(Workspace(toys).paths.lock):
        ran = run("engine", "--until-idle", "--workspace", toys)
    assert ran.code == 2
    assert "An engine is already at work on this workspace" in ran.err
    assert "its log is" not in ran.err


def test_everything_is_paused_and_resumed(run, toys):
    assert "Paused everything" in run("pause", "--all", "--workspace", toys).out
    assert run("status", "--json", "--workspace", toys).json["paused"] is True
    assert "safelight resume --all" in run("status", "--workspace", toys).out
    assert "Resumed everything" in run("resume", "--all", "--workspace", toys).out
    ran = run("resume", "--all", "--workspace", toys)
    assert (ran.code, "is not paused" in ran.err) == (2, True)
    assert run("status", "--json", "--workspace", toys).json["paused"] is False


@pytest.mark.parametrize("ids", [[], ["b3", "--all"]])
def test_what_is_paused_is_named_or_everything(run, toys, ids):
    ran = run("pause", *ids, "--workspace", toys)
    assert (ran.code, "Name what to pause, or everything with --all." in ran.err) == (2, True)


def test_only_what_waits_is_cancelled(run, toys):
    ran = run("cancel", "b3", "--waiting", "--workspace", toys)
    assert (ran.code, "Cancelled 2 jobs of b3 that waited." in ran.out) == (0, True)
    ran = run("cancel", "b3", "--waiting", "--workspace", toys)
    assert (ran.code, "has no job that waits" in ran.err) == (2, True)


@pytest.mark.parametrize("words", [["stop"], ["engine", "stop"]])
def test_no_engine_is_stopped_after_the_current(run, toys, words):
    ran = run(*words, "--after-current", "--workspace", toys)
    assert (ran.code, "No engine runs on this workspace." in ran.err) == (2, True)
