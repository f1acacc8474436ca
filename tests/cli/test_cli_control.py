import json

import pytest

from engine.cli import control
from engine.runtime.lock import EngineLock
from engine.workspace import Workspace


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


def test_retry_takes_up_what_failed(run, toys):
    assert run("retry", "b1", "--workspace", toys).code == 0
    assert job_states(run, toys, "b1") == ["done", "queued", "queued"]


def test_refusal_is_told_and_is_exit_code_2(run, toys):
    ran = run("retry", "j2", "j1", "--workspace", toys)
    assert ran.code == 2
    assert "goes on from the step that failed" in ran.out
    assert "j1" in ran.err
    assert "nothing to retry" in ran.err


def test_unknown_id_does_nothing_at_all(run, toys):
    assert run("cancel", "b3", "b99", "--workspace", toys).code == 2
    assert job_states(run, toys, "b3") == ["queued", "queued"]


def test_cancel_of_a_batch_asks_on_a_terminal_only(run, toys, monkeypatch):
    asked = []
    monkeypatch.setattr(control.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(control.click, "confirm", lambda *args, **_: asked.append(args))
    run("cancel", "j5", "--workspace", toys)
    assert asked == []
    run("cancel", "b3", "--workspace", toys)
    assert len(asked) == 1
    assert job_states(run, toys, "b3") == ["cancelled", "cancelled"]


def test_cancel_with_yes_does_not_ask(run, toys, monkeypatch):
    monkeypatch.setattr(control.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(control.click, "confirm", lambda *_, **__: pytest.fail("asked"))
    assert run("cancel", "b3", "--yes", "--workspace", toys).code == 0


@pytest.mark.parametrize(("change", "by"), [("up", 1), ("down", -1), ("+7", 7), ("-5", -5)])
def test_priority_moves_by_a_number(run, toys, change, by):
    assert run("priority", change, "j5", "--workspace", toys).code == 0
    job = run("show", "j5", "--json", "--workspace", toys).json["job"]
    assert job["priority"] == by


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
def test_what_the_recipe_never_asks_for_cannot_be_decided(run, pictures, key):
    ran = run("decide", "j1", key, "1", "--workspace", pictures)
    assert (ran.code, "\x1b" in ran.err) == (2, False)
    assert "it asks for select and iteration-*/prompt" in ran.err
    told = run("show", "j1", "--json", "--workspace", pictures).json["job"]
    assert (told["status"], told["decisions"]) == ("done", [])


@pytest.mark.parametrize("key", ["select", "iteration-2/prompt"])
def test_what_the_recipe_asks_for_can_be_decided(run, pictures, key):
    assert run("decide", "j1", key, "1", "--workspace", pictures).code == 0


def test_decision_about_a_batch_is_refused(run, toys):
    assert run("decide", "b3", "say-0", "x", "--workspace", toys).code == 2


def test_what_an_engine_has_not_answered_is_said_to_be_asked_for(run, toys, monkeypatch):
    monkeypatch.setattr(control, "ANSWER_SECONDS", 0.0)
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
    monkeypatch.setattr(control.time, "sleep", lambda _seconds: lock.release())
    ran = run("pause", "b3", "--workspace", toys)
    assert "Paused b3" in ran.out


def test_a_lane_cannot_be_changed_where_no_engine_runs(run, toys):
    ran = run("lane", "fal", "--concurrency", "8", "--workspace", toys)
    assert (ran.code, "No engine runs here" in ran.err) == (2, True)


def test_lane_says_what_it_wants_and_asks_the_engine(run, toys, monkeypatch):
    monkeypatch.setattr(control, "ANSWER_SECONDS", 0)
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
