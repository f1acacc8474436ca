import json
import re

from engine.client.documents.files import output_files

FIELDS = {
    "id", "key", "status", "iterations", "best_score", "rating", "axes", "cost_usd", "error",
    "outputs",
}  # fmt: skip


def test_jobs_json_has_the_documented_shape_in_the_order_of_the_input(run, toys):
    document = run("jobs", "mixed", "--json", "--workspace", toys).json
    assert set(document) == {"version", "jobs"}
    assert document["version"] == 1
    assert [set(job) for job in document["jobs"]] == [FIELDS] * 3
    assert [job["key"] for job in document["jobs"]] == ["0001-fine", "0002-wrong", "0003-bug"]
    assert [job["status"] for job in document["jobs"]] == ["done", "failed", "failed"]
    fine, wrong, _ = document["jobs"]
    assert (fine["id"], fine["error"], fine["outputs"]) == ("j1", None, [])
    assert wrong["error"].startswith("Cannot say")
    assert wrong["cost_usd"] == 0.0025


def test_parked_jobs_say_what_they_wait_for(run, toys):
    (job,) = run("jobs", "b2", "--json", "--workspace", toys).json["jobs"]
    assert job["status"] == "parked"
    assert "TOY_KEY" in job["error"]


def test_outputs_are_files_that_are_there_relative_to_the_workspace(run, images):
    jobs = run("jobs", "b1", "--json", "--workspace", images).json["jobs"]
    for job in jobs:
        assert job["outputs"]
        assert all((images / path).is_file() for path in job["outputs"])
        assert not any(path.startswith("/") for path in job["outputs"])
    circles = jobs[0]["outputs"]
    assert "outputs/results/circles/iteration_1.png" in circles
    assert "outputs/results/circles/summary.json" in circles


def test_output_files_count_up_and_leave_out_links_and_hidden_files(tmp_path):
    folder = tmp_path / "outputs" / "results" / "a"
    (folder / "below").mkdir(parents=True)
    for name in ("iteration_10.png", "iteration_2.png", ".iteration_2.png.aa.tmp", "below/x"):
        (folder / name).write_text("")
    (folder / "elsewhere").symlink_to(tmp_path, target_is_directory=True)
    assert output_files(tmp_path, "outputs/results/a") == [
        "outputs/results/a/below/x",
        "outputs/results/a/iteration_2.png",
        "outputs/results/a/iteration_10.png",
    ]


def test_jobs_can_be_narrowed_to_a_state(run, toys):
    document = run("jobs", "b1", "--state", "failed", "--json", "--workspace", toys).json
    assert [job["id"] for job in document["jobs"]] == ["j2", "j3"]
    assert run("jobs", "b1", "--state", "paused", "--json", "--workspace", toys).json["jobs"] == []
    assert "No such jobs" in run("jobs", "b1", "--state", "paused", "--workspace", toys).out
    assert run("jobs", "b1", "--state", "happy", "--workspace", toys).code == 2


def test_text_is_aligned_and_cannot_act_on_a_terminal(run, toys):
    ran = run("jobs", "b1", "--workspace", toys)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", ran.out.replace("\n", ""))
    assert "[bold]not bold[/bold]" in ran.out
    assert "✗ failed" in ran.out
    assert len({line.index("0") for line in ran.lines[1:]}) == 1


def test_json_of_hostile_text_is_ascii_and_keeps_it(run, toys):
    ran = run("jobs", "b1", "--json", "--workspace", toys)
    assert ran.out.isascii()
    assert "\x1b" not in ran.out
    assert "\x1b[31mred" in json.loads(ran.out)["jobs"][1]["error"]


def test_unknown_batch_is_a_sentence(run, toys):
    ran = run("jobs", "b\x1b[31m9", "--workspace", toys)
    assert ran.code == 2
    assert "\x1b[31m9" not in ran.err
    assert "safelight status" in ran.err
