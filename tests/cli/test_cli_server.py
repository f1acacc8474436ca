"""`safelight --server URL`: the everyday commands, against a live server with an engine."""

import io
import json
import re
import time
from dataclasses import fields

import pytest
from PIL import Image

from db.queries.search import count_unindexed
from engine.client.remote.operations import reading
from engine.client.search import SearchHit
from engine.client.workspace import Workspace
from tests.cli.conftest import HOSTILE
from tests.client.remote.conftest import engine_at
from tests.support.live_server import serving, strange_server
from tests.support.one_process import compute_here

HIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")

SETTINGS = [
    "--set",
    "width=64",
    "--set",
    "height=64",
    "--set",
    "max_iterations=1",
    "--set",
    "seed=3",
]


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """A server of an empty workspace with an engine, and the client's own folder."""
    root = tmp_path_factory.mktemp("server") / "workspace"
    with pytest.MonkeyPatch.context() as patch:
        compute_here(patch)
        patch.setattr(reading, "POLL_SECONDS", 0.05)
        workspace = Workspace(root, create=True)
        with serving(workspace) as created, engine_at(workspace):
            yield created


@pytest.fixture
def there(run, live, monkeypatch, tmp_path):
    """Runs a command at the server, from a folder of its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("SAFELIGHT_TOKEN", live.token)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: run("--server", live.url, *arguments)


def await_index(live) -> None:
    """Wait until the engine has indexed the words of all finished jobs."""
    for _ in range(600):
        with live.workspace.reading() as connection:
            if not count_unindexed(connection):
                return
        time.sleep(0.05)
    raise AssertionError("not indexed")


def test_a_file_with_an_image_is_run_looked_at_and_fetched(there, live, tmp_path) -> None:
    Image.new("RGB", (64, 64), "red").save(tmp_path / "red.png")
    entry = {"id": "circle", "prompt": "a red circle", "reference_image": "red.png"}
    (tmp_path / "prompts.json").write_text(json.dumps([entry]))
    ran = there("run", "refine", *SETTINGS, "--name", "evening")
    assert ran.code == 0, ran.err
    assert "is done: 1 done. Results: export b" in ran.out
    batch = ran.out.split()[1]
    status = there("status")
    assert "evening" in status.out
    assert "Engine: running on http://127.0.0.1" in status.out
    document = there("status", "--json").json
    assert set(document) == {"version", "engine", "paused", "lanes", "hosts", "batches"}
    [line] = there("jobs", "evening", "--json").json["jobs"]
    assert "circle" in there("jobs", batch).out
    shown = there("show", "evening/circle")
    assert "a red circle" in shown.out
    detail = there("show", line["id"], "--json").json["job"]
    assert detail["input"]["reference_image"]["media_type"] == "image/png"
    assert there("export", "evening", tmp_path / "out").code == 0
    record = json.loads((tmp_path / "out" / "circle" / "job.json").read_text())
    assert record["best_score"] == detail["best_score"]
    [image] = (tmp_path / "out" / "circle").glob("*.png")
    assert Image.open(io.BytesIO(image.read_bytes())).size == (64, 64)
    again = image.stat().st_mtime_ns
    assert there("export", "evening", tmp_path / "out").code == 0
    assert image.stat().st_mtime_ns == again
    assert "batch.done" in there("events", batch).out
    assert there("events", "--last", "1", "--json").json["version"] == 1
    assert there("costs").out == "Spent: $0.00.\n"
    await_index(live)
    [hit] = there("search", "red", "circ", "--batch", batch, "--json").json["hits"]
    assert (hit["job"], hit["key"], hit["batch_name"]) == (line["id"], "circle", "evening")
    assert set(hit) == {field.name for field in fields(SearchHit)}
    assert f"{line['id']} circle" in there("search", "red", "--batch", "evening").out
    assert there("search", "red", "-circle").out == "Nothing matches.\n"
    assert "'6' is no rating" in there("search", "red", "--rating", "6").err
    assert there("search", "red", "--batch", "b99").code == 2
    assert there("costs", "--retries", batch).out == "No attempt has failed.\n"
    assert "refine" in there("recipes").out
    assert there("schema", "refine").json["properties"]["prompt"]
    assert "builtin" in there("backends").out


def test_commands_step_in_and_refusals_exit_with_2(there, tmp_path) -> None:
    (tmp_path / "two.txt").write_text("one\ntwo\n")
    assert "Paused everything" in there("pause", "--all").out
    queued = there("queue", "refine", "two.txt", *SETTINGS)
    assert queued.out.startswith("Queued b")
    batch = queued.out.split()[1]
    for command in (
        ["pause", batch], ["resume", batch], ["priority", "up", batch], ["front", batch],
        ["budget", batch, "2.50"], ["star", batch], ["note", batch, "look"], ["archive", batch],
        ["unarchive", batch], ["cancel", f"{batch}"], ["retry", batch], ["cancel", batch],
        ["rate", f"{batch}/0001-one", "4", "--note", "good"],
    ):  # fmt: skip
        done = there(*command)
        assert (done.code, done.err) == (0, ""), (command, done)
        assert done.out
    assert there("queue", "--append", batch, "two.txt").out == f"2 jobs added to {batch}.\n"
    assert there("resume", "--all").code == 0
    refused = there("approve", batch)
    assert (refused.code, bool(refused.err)) == (2, True)
    assert there("show", "nowhere").code == 2
    film = there("queue", "storyboard", "--prompt", "a lamp", "--target-duration", "5", "--dry-run")
    assert film.out.startswith("1 job")
    estimate = there("queue", "refine", "two.txt", *SETTINGS, "--dry-run")
    assert estimate.out.startswith("2 jobs")
    assert there("queue", "refine", "two.txt", "--dry-run", "--json").json["jobs"] == 2


def test_what_a_server_cannot_do_is_said(there, tmp_path) -> None:
    refused = there("gc")
    assert refused.code == 2
    assert "safelight gc is about a workspace of this machine" in refused.err
    (tmp_path / "one.txt").write_text("one\n")
    both = there("queue", "storyboard", "one.txt", "--prompt", "a lamp")
    assert (both.code, "Give INPUT or --prompt, not both" in both.err) == (2, True)
    nothing = there("queue", "storyboard")
    assert (nothing.code, "No input was given" in nothing.err) == (2, True)
    folder = there("queue", "refine", "one.txt", "--output-dir", "x")
    assert (folder.code, "folder of the server's" in folder.err) == (2, True)
    grid = there("queue", "refine", "one.txt", "--axis", "seed=1..3")
    assert (grid.code, "Grids are not sent" in grid.err) == (2, True)
    secret = there("queue", "refine", "one.txt", "--set", "openai.base_url=https://evil.example")
    assert secret.code == 2
    (tmp_path / "gone.json").write_text('[{"prompt": "x", "reference_image": "gone.png"}]')
    missing = there("queue", "refine", "gone.json")
    assert (missing.code, "'gone.png' is not a file here" in missing.err) == (2, True)


def test_login_keeps_a_token_that_is_never_an_argument(run, live, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("SAFELIGHT_TOKEN", raising=False)
    lost = run("--server", live.url, "status")
    assert (lost.code, "safelight login" in lost.err) == (2, True)
    monkeypatch.setattr("sys.stdin", io.StringIO("sl_wrong\n"))
    assert run("login", live.url).code == 2
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{live.token}\n"))
    logged = run("login", live.url)
    assert (logged.code, live.token in logged.out + logged.err) == (0, False)
    assert run("--server", live.url, "status").code == 0
    assert run("logout", live.url).code == 0
    assert run("--server", live.url, "status").code == 2


def test_what_a_hostile_server_sends_acts_on_no_terminal(run, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("SAFELIGHT_TOKEN", "sl_t")
    monkeypatch.chdir(tmp_path)
    event = {"id": 1, "at": HOSTILE, "batch": HOSTILE, "job": None, "type": HOSTILE}
    job = {"id": HOSTILE, "key": HOSTILE, "status": HOSTILE, "iterations": 1, "best_score": None}
    more = {"cost_usd": "0.00", "error": HOSTILE, "stage": "", "started_at": None}
    events = [{**event, "level": "x", "message": HOSTILE}]
    document = {"events": events, "jobs": [{**job, **more, "finished_at": None}], "links": {}}
    with strange_server() as server:
        server.answer.update(type="application/json", body=json.dumps(document).encode())
        for command in (["events"], ["jobs", "b1"], ["jobs", "b1", "--json"]):
            shown = run("--server", server.url, *command)
            assert shown.code == 0, shown.err
            assert not HIDDEN.search(shown.out), shown.out
        lacking = run("--server", server.url, "costs")
        assert (lacking.code, "Install the same version" in lacking.err) == (2, True)
        server.answer.update(body=b'{"batches": [{"id": "b1"}], "links": {}}')
        strange = run("--server", server.url, "status")
        assert (strange.code, "does not answer as a Safelight server" in strange.err) == (2, True)
