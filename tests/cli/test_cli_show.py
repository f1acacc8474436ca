import re

from engine.cli import show
from engine.client.workspace import Workspace

CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")


def test_refine_job_is_told_iteration_by_iteration(run, images):
    job = run("show", "b1/circles", "--json", "--workspace", images).json["job"]
    assert (job["id"], job["key"], job["status"]) == ("j1", "circles", "done")
    assert job["batch"] == {"id": "b1", "name": "prompts"}
    assert job["input"]["title"] == "Round"
    first = job["iterations"][0]
    assert first["number"] == 1
    assert first["prompt"] == "Round. An abstract pattern of red circles"
    assert first["author"] == "operator"
    assert 0 <= first["score"] <= 100
    assert first["critique"]
    assert (images / first["image"]).read_bytes().startswith(b"\x89PNG")
    for turn in job["iterations"][1:]:
        assert turn["reason"]
        assert turn["author"] != "operator"
    assert {step["state"] for step in job["steps"]} == {"done"}
    assert all(step["seconds"] >= 0 for step in job["steps"])
    assert job["best_score"] == max(turn["score"] for turn in job["iterations"])


def test_image_is_the_stored_file_where_the_outputs_are_gone(run, images):
    (images / "outputs/results/circles/iteration_1.png").unlink()
    job = run("show", "j1", "--json", "--workspace", images).json["job"]
    image = job["iterations"][0]["image"]
    assert image.startswith(".safelight/artifacts/")
    assert (images / image).is_file()


def test_refine_job_as_text(run, images):
    text = run("show", "j1", "--workspace", images).out
    for words in (
        "circles   ✓ done",
        "iteration-1",
        "score",
        "because" if "iteration-2" in text else "",
        "image",
    ):
        assert words in text
    assert not CONTROL.search(text.replace("\n", ""))
    assert all(line == line.rstrip() or len(line) < 400 for line in text.splitlines())


def test_permanent_failure_says_what_happened_and_what_to_do(run, toys):
    text = run("show", "j2", "--workspace", toys).out
    assert "permanent in say-0" in text
    assert "What to do: Say it otherwise." in text
    assert "safelight retry j2" in text
    assert not CONTROL.search(text.replace("\n", ""))


def test_bug_shows_its_traceback_readably(run, toys):
    text = run("show", "j3", "--workspace", toys).out
    assert "bug in say-0" in text
    assert "Traceback (most recent call last):" in text
    assert "raise ZeroDivisionError(HOSTILE)" in text
    assert "ZeroDivisionError: red [bold]not bold[/bold]" in text
    assert not CONTROL.search(text.replace("\n", ""))
    error = run("show", "j3", "--json", "--workspace", toys).json["job"]["errors"][0]
    assert (error["kind"], error["type"]) == ("bug", "ZeroDivisionError")
    assert "\n" in error["traceback"]


def test_parked_job_says_what_it_waits_for(run, toys):
    text = run("show", "j4", "--workspace", toys).out
    assert "Waits for: key. No key for toys. Set TOY_KEY in .env." in text
    assert "safelight resume j4" in text
    assert run("show", "j4", "--json", "--workspace", toys).json["job"]["waits_for"] == "key"


def test_decisions_are_shown_with_who_made_them(run, toys):
    Workspace(toys).command("decide", ["j1"], {"key": "say-1", "value": "QUIET"})
    (decision,) = run("show", "j1", "--json", "--workspace", toys).json["job"]["decisions"]
    assert (decision["key"], decision["value"]) == ("say-1", "QUIET")
    assert decision["author"]
    assert "QUIET" in run("show", "j1", "--workspace", toys).out


def test_key_with_slashes_and_hostile_input_is_found_and_harmless(run, toys):
    ran = run("show", "hostile/a/../b", "--workspace", toys)
    assert ran.code == 0
    assert "red [bold]not bold[/bold] gnp.exe" in ran.out
    assert not CONTROL.search(ran.out.replace("\n", ""))


def test_batch_is_refused(run, toys):
    ran = run("show", "b1", "--workspace", toys)
    assert ran.code == 2
    assert "name one of its jobs" in ran.err


def test_a_step_that_was_reused_says_so_and_what_it_saved():
    step = {"reused_from": 3, "saved_usd": 0.04, "cost_usd": 0.0}
    assert show._cost(step) == "reused, $0.040000 saved"
    assert show._cost({**step, "saved_usd": 0.0}) == "reused"
    assert show._cost({**step, "reused_from": None, "cost_usd": 0.04}) == "$0.040000"


def test_a_provider_s_words_are_shown_as_far_as_an_error_keeps_them():
    said = "why " * 500
    error = {"kind": "permanent", "step": "iteration-1/evaluate", "at": "now", "remedy": ""}
    found = {**error, "message": f"openai answered 400: {said}done", "traceback": ""}
    shown = "".join(str(line) for line in show._error(found))
    assert shown.endswith("why done")
