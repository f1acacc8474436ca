"""`safelight branch` and `safelight undo`: the cost first, JSON, exit codes."""

import pytest

pytestmark = pytest.mark.usefixtures("one_process")


def decided(run, images, value="1"):
    assert run("decide", "j1", "select", value, "--workspace", images).code == 0


def test_undo_shows_what_it_changes_and_undoes(run, images):
    decided(run, images)
    ran = run("undo", "j1", "--dry-run", "--workspace", images)
    assert (ran.code, "[-1-] {+the recipe's own choice+}" in ran.out) == (0, True)
    document = run("undo", "j1", "--dry-run", "--json", "--workspace", images).json
    assert (document["key"], document["value"], document["before"]) == ("select", 1, None)
    assert set(document) == {
        "version", "decision", "key", "value", "before", "decided_at", "steps_since", "cost_usd",
        "is_gate",
    }  # fmt: skip
    ran = run("undo", "j1", "select", "--yes", "--workspace", images)
    assert (ran.code, "Undid select of j1" in ran.out) == (0, True)
    (decision,) = run("show", "j1", "--json", "--workspace", images).json["job"]["decisions"]
    assert decision["undone_at"] is not None
    ran = run("undo", "j1", "--workspace", images)
    assert (ran.code, "no decision to undo" in ran.err) == (2, True)


def test_a_batch_has_no_decision_to_undo(run, images):
    assert run("undo", "b1", "--workspace", images).code == 2


def test_branch_says_what_it_keeps_and_queues(run, images):
    arguments = ["branch", "j1:iteration-1", "--prompt", "a red lamp", "--workspace", images]
    document = run(*arguments, "--dry-run", "--json").json
    assert (document["begins_at"], document["kept_steps"], document["saved_usd"]) == (
        "iteration-1", 0, 0,
    )  # fmt: skip
    assert document["jobs"] == 1
    ran = run(*arguments, "--dry-run")
    assert "It begins at iteration-1; 0 steps are kept." in ran.out
    assert len(run("status", "--json", "--workspace", images).json["batches"]) == 1
    ran = run(*arguments)
    assert (ran.code, "Queued b2." in ran.out) == (0, True)
    job = run("jobs", "b2", "--json", "--workspace", images).json["jobs"][0]
    shown = run("show", job["id"], "--json", "--workspace", images).json["job"]
    assert [(one["key"], one["value"]) for one in shown["decisions"]] == [
        ("iteration-1/prompt", "a red lamp")
    ]
    assert shown["sent_from"]["branch"] == "iteration-1"


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("b1", ["--prompt", "x"], "name one of its jobs"),
        ("j1:iteration-1", [], "Nothing would differ"),
        ("j1:scene-1", ["--prompt", "x"], "A branch begins at one of: iteration-1"),
        ("j1:iteration-1", ["--set", "nothing=1"], "no setting 'nothing'"),
    ],
)
def test_what_cannot_be_branched_is_refused_with_exit_code_2(run, images, source, options, message):
    ran = run("branch", source, *options, "--workspace", images)
    assert (ran.code, message in ran.err) == (2, True)
