"""Rating, searching, archiving and deleting from the command line."""

import json
import sqlite3
from contextlib import closing

import pytest

from db.store import Store
from tests.cli.conftest import HOSTILE

HIT = {
    "job", "key", "batch", "batch_name", "recipe", "state", "score", "rating", "archived", "field",
    "part", "snippet", "marks",
}  # fmt: skip


def stored(root) -> set[str]:
    folder = root / ".safelight" / "artifacts"
    return {path.parent.name + path.name for path in folder.glob("??/*")}


def files(root) -> set[str]:
    return {str(path.relative_to(root)) for path in (root / "outputs").rglob("*") if path.is_file()}


def test_a_rating_is_shown_listed_and_counted(run, images):
    at = ("--workspace", images)
    assert "Rated j1 (circles): 4." in run("rate", "b1/circles", "4", *at).out
    assert run("rate", "j1:iteration-1", "keep", "--note", f"soft {HOSTILE}", *at).code == 0
    assert run("rate", "j1", "--note", "for the poster", *at).code == 0
    jobs = run("jobs", "b1", "--json", *at).json["jobs"]
    assert [job["rating"] for job in jobs] == ["4", None]
    shown = run("show", "j1", "--json", *at).json["job"]
    assert shown["rating"] == "4"
    assert [(one["part"], one["rating"]) for one in shown["ratings"]] == [
        ("", "4"),
        ("iteration-1", "keep"),
        ("", "4"),
    ]
    assert shown["ratings"][-1]["note"] == "for the poster"
    (batch,) = run("status", "--json", *at).json["batches"]
    assert batch["ratings"] == {"4": 1}
    text = run("show", "j1", *at).out
    assert "for the poster" in text
    assert "\x1b" not in text
    assert run("rate", "j1", "none", *at).code == 0
    assert run("jobs", "b1", "--json", *at).json["jobs"][0]["rating"] == "keep"  # of its part


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("j1", "6"), "6"),
        (("j1",), "--note"),
        (("b1", "4"), "is a batch"),
        (("j99", "4"), "j99"),
        (("j1:nonsense", "4"), "nonsense"),
        (("j1", "--note", "x" * 5000), "4000"),
    ],
)
def test_a_wrong_rating_is_refused(run, images, arguments, message):
    ran = run("rate", *arguments, "--workspace", images)
    assert ran.code == 2
    assert message in ran.err
    assert run("show", "j1", "--json", "--workspace", images).json["job"]["ratings"] == []


def test_export_writes_only_what_is_rated_so(run, images, tmp_path):
    at = ("--workspace", images)
    run("rate", "j1", "keep", *at)
    run("rate", "j2", "2", *at)
    for number, (option, value, jobs) in enumerate(
        [("--rating", "keep", 1), ("--min-rating", 3, 1), ("--rating", ">=2", 2)]
    ):
        out = tmp_path / f"out{number}"
        assert f"Wrote {jobs} job" in run("export", "b1", out, option, value, *at).out
        assert sum(path.is_dir() for path in out.iterdir()) == jobs
        assert not (out / "batch_summary.json").exists()
    assert run("export", "b1", tmp_path / "no", "--rating", "good", *at).code == 2
    assert run("export", "b1", tmp_path / "all", *at).code == 0
    summary = json.loads((tmp_path / "all/circles/summary.json").read_text())
    assert summary["rating"]["rating"] == "keep"
    whole = json.loads((tmp_path / "all/batch_summary.json").read_text())
    assert [job["rating"] and job["rating"]["rating"] for job in whole["jobs"]] == ["keep", "2"]


def test_search_json_has_the_documented_shape(run, images):
    at = ("--json", "--workspace", images)
    document = run("search", "red", "circ", *at).json
    assert set(document) == {"version", "hits", "unindexed", "looked_at"}
    assert document["unindexed"] == 0
    (hit,) = document["hits"]
    assert set(hit) == HIT
    assert (hit["job"], hit["field"]) == ("j1", "prompt")
    marked = [hit["snippet"][first:end].lower() for first, end in hit["marks"]]
    assert {"red", "circ"} <= set(marked)
    assert run("search", "lemons", "--min-score", "101", *at).json["hits"] == []
    assert run("search", "lemons", "--recipe", "storyboard", *at).json["hits"] == []
    assert [one["job"] for one in run("search", "bowl", "--batch", "b1", *at).json["hits"]] == [
        "j2"
    ]
    run("rate", "j2", "reject", "--note", "waxy", "--workspace", images)
    (hit,) = run("search", "waxy", "--rating", "reject", *at).json["hits"]
    assert (hit["job"], hit["rating"], hit["field"]) == ("j2", "reject", "note")


def test_a_hit_in_a_critique_names_its_part(run, images):
    with closing(Store(images / ".safelight/safelight.db").reader()) as reader:
        sql = """SELECT j.key, s.scope, c.text FROM critiques c JOIN steps s ON s.id = c.step_id
                 JOIN jobs j ON j.id = c.job_id WHERE c.text <> '' AND s.superseded_at IS NULL"""
        key, scope, text = reader.execute(sql).fetchone()
    hits = run("search", f'"{text[:40]}"', "--json", "--workspace", images).json["hits"]
    assert (key, scope, "critique") in {(hit["key"], hit["part"], hit["field"]) for hit in hits}


@pytest.mark.parametrize("words", ['"', "NEAR(", "a OR", "prompt:", "((", "*", "🦊", "x" * 100_000])
def test_any_words_are_a_query(run, images, words):
    ran = run("search", words, "--workspace", images)
    assert ran.code == 0
    assert "Traceback" not in ran.err
    assert run("search", "x", "--rating", "good", "--workspace", images).code == 2


def test_archived_batches_are_left_out_of_the_status(run, toys):
    at = ("--workspace", toys)
    assert run("archive", "mixed", *at).code == 0
    assert run("star", "parked", *at).code == 0
    assert run("note", "parked", f"key {HOSTILE}", *at).code == 0
    listed = run("status", "--json", *at).json["batches"]
    assert [batch["id"] for batch in listed] == ["b3", "b2"]
    marks = [(batch["starred"], batch["archived"]) for batch in listed]
    assert marks == [(False, False), (True, False)]
    assert listed[1]["note"].startswith("key ")
    text = run("status", *at).out
    assert "1 batch is archived: safelight status --archived" in text
    assert "\x1b" not in text
    every = run("status", "--json", "--archived", *at).json["batches"]
    assert [batch["archived"] for batch in every] == [False, False, True]
    assert run("archive", "mixed", *at).code == 2
    assert run("unarchive", "mixed", *at).code == 0
    assert len(run("status", "--json", *at).json["batches"]) == 3
    assert run("star", "parked", "--off", *at).code == 0
    assert run("note", "parked", *at).code == 0
    assert run("status", "--json", *at).json["batches"][1]["note"] == ""


def test_deleting_says_what_it_frees_and_removes_only_that(run, images):
    at = ("--workspace", images)
    foreign = images / "outputs/results/circles/mine.txt"
    foreign.write_text("mine")
    with closing(sqlite3.connect(images / ".safelight/safelight.db")) as connection:
        spent = connection.execute("SELECT count(*), sum(cost) FROM spending").fetchone()
    before = stored(images)
    said = run("delete", "b1", "--dry-run", *at).out
    assert "2 jobs" in said
    assert f"{len(before)} stored files" in said
    assert "Delete with: safelight delete --yes b1" in run("delete", "b1", *at).out
    assert stored(images) == before
    steps = sum(one["steps"] for one in run("costs", "--json", *at).json["spending"])
    assert run("delete", "b1", "--yes", *at).code == 0
    assert stored(images) == set()
    assert files(images) == {"outputs/results/circles/mine.txt"}
    assert run("status", "--json", *at).json["batches"] == []
    assert run("search", "circles", "--json", *at).json["hits"] == []
    assert sum(one["steps"] for one in run("costs", "--json", *at).json["spending"]) == steps
    with closing(sqlite3.connect(images / ".safelight/safelight.db")) as connection:
        assert connection.execute("SELECT count(*), sum(cost) FROM spending").fetchone() == spent
        tables = ("jobs", "steps", "artifacts", "scores", "prompts", "critiques", "ratings")
        for table in (*tables, "job_texts", "freed_files", "batches", "api_calls"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0, table
    assert Store(images / ".safelight/safelight.db").check() == []
    assert run("delete", "b1", "--yes", *at).code == 2


def test_a_batch_that_has_not_ended_is_not_deleted(run, toys):
    at = ("--workspace", toys)
    ran = run("delete", "b3", "--yes", *at)
    assert ran.code == 2
    assert "safelight cancel b3" in ran.err
    assert run("cancel", "b3", *at).code == 0
    assert run("delete", "b3", "--yes", *at).code == 0
    assert [batch["id"] for batch in run("status", "--json", *at).json["batches"]] == ["b2", "b1"]
