import json
import re
import time

import pytest

from engine.client.workspace import Workspace

FIELDS = {"version", "id", "at", "type", "level", "batch", "job", "message", "data"}


def read(ran):
    return [json.loads(line) for line in ran.lines]


def test_events_are_json_lines_oldest_first(run, toys):
    found = read(run("events", "--json", "--workspace", toys))
    assert all(set(event) == FIELDS for event in found)
    assert all(event["version"] == 1 for event in found)
    numbers = [event["id"] for event in found]
    assert numbers == sorted(numbers)
    assert {"batch.queued", "job.started", "job.failed", "job.parked"} <= {e["type"] for e in found}


def test_events_of_one_batch_or_job(run, toys):
    of_batch = read(run("events", "mixed", "--json", "--workspace", toys))
    of_job = read(run("events", "j2", "--json", "--workspace", toys))
    assert {event["batch"] for event in of_batch} == {"b1"}
    assert {event["job"] for event in of_job} == {"j2"}
    assert of_job[-1]["type"] == "job.failed"


@pytest.mark.parametrize("last", [0, 1, 3, 10_000])
def test_last_gives_the_newest(run, toys, last):
    every = read(run("events", "--json", "--workspace", toys))
    newest = read(run("events", "--json", "--last", last, "--workspace", toys))
    assert newest == (every[-last:] if last else [])
    of_batch = read(run("events", "b1", "--json", "--last", last, "--workspace", toys))
    assert of_batch == ([e for e in every if e["batch"] == "b1"][-last:] if last else [])


def test_text_cannot_act_on_a_terminal(run, toys):
    ran = run("events", "--workspace", toys)
    assert "job.failed 0002-wrong: Cannot say red [bold]not bold[/bold]" in ran.out
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", ran.out.replace("\n", ""))


def test_follow_goes_on_with_what_happens_until_interrupted(run, toys, monkeypatch):
    def tick(_seconds):
        if not done:
            done.append(True)
            Workspace(toys).command("pause", ["j6"])
            return
        raise KeyboardInterrupt

    done = []
    monkeypatch.setattr(time, "sleep", tick)
    ran = run("events", "b3", "--follow", "--last", 0, "--json", "--workspace", toys)
    assert ran.code == 0
    assert [event["type"] for event in read(ran)] == ["job.paused"]
