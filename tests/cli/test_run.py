"""`safelight run` and `queue`: the whole way from a file to images, and every exit code."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.cli import app as command_line
from engine.cli import run as run_module
from engine.cli.app import app
from engine.cli.live import PlainDisplay
from engine.cli.run import attend
from engine.client.watch import BatchUpdate
from engine.client.workspace import Workspace
from engine.contract import MissingRequirement, Permanent
from engine.contract.outputs import Outputs
from tests.support.toys import TOY, ToyBackend, ToyCatalog

ROOT = Path(__file__).parent.parent.parent
SMALL = ["--set", "width=64", "--set", "height=64", "--max-iterations", "1"]


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=text, standalone_mode=False)


def toy_workspace(folder: Path, **backend: object) -> Workspace:
    return Workspace(folder, create=True, catalog=ToyCatalog(ToyBackend(**backend)))  # type: ignore[arg-type]


def queue_toys(workspace: Workspace, prompts: str = "a\nb\n") -> str:
    return workspace.queue("toy", io.BytesIO(prompts.encode()))


def test_a_file_becomes_images(tmp_path: Path):
    (tmp_path / "in.txt").write_text("a blue boat at dawn\n")
    result = run("run", "refine", str(tmp_path / "in.txt"), "-w", str(tmp_path / "w"), *SMALL)
    assert result.return_value == 0, result.output
    assert list((tmp_path / "w").glob("outputs/results/*/iteration_1.png"))


def test_prompts_json_here_is_the_default_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prompts.json").write_text('[{"id": "one", "prompt": "a red kite"}]')
    assert run("queue", "refine").return_value == 0
    result = run("jobs", "b1", "--json")
    assert json.loads(result.output)["jobs"][0]["key"] == "one"


def test_without_any_input_it_says_what_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    result = run("queue", "refine")
    assert getattr(result.exception, "exit_code", None) == 2
    assert "prompts.json" in str(result.exception)


def test_standard_input_is_read(tmp_path: Path):
    result = run("queue", "refine", "-", "-w", str(tmp_path), text='["a", "b"]')
    assert result.return_value == 0, result.output
    assert "Queued b1" in result.output


def test_bad_input_is_refused_whole_with_every_problem(tmp_path: Path):
    bad = tmp_path / "bad.json"
    bad.write_text('[{"prompt": ""}, {"prompt": "ok", "widht": 3}, {"prompt": "fine"}]')
    result = run("queue", "refine", str(bad), "-w", str(tmp_path / "w"))
    assert getattr(result.exception, "exit_code", None) == 2
    assert "entry 1" in str(result.exception)
    assert "width" in str(result.exception)
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("max_iterations=none", "max_iterations"),
        ("nonsense=1", "nonsense"),
        ("image=nobody", "nobody"),
        ("seed=-2", "seed"),
        ("fal.model=x", "fal"),
    ],
)
def test_a_bad_setting_is_refused(tmp_path: Path, setting: str, said: str):
    result = run("queue", "refine", "-", "-w", str(tmp_path), "--set", setting, text="a\n")
    assert getattr(result.exception, "exit_code", None) == 2
    assert said in str(result.exception)


def test_entries_are_appended_to_a_batch(tmp_path: Path):
    run("queue", "refine", "-", "-w", str(tmp_path), text="a\n")
    result = run("queue", "--append", "b1", "-", "-w", str(tmp_path), text="b\nc\n")
    assert result.return_value == 0, result.output
    jobs = json.loads(run("jobs", "b1", "--json", "-w", str(tmp_path)).output)["jobs"]
    assert len(jobs) == 3


def test_json_output_is_lines_of_json(tmp_path: Path):
    (tmp_path / "in.txt").write_text("a\n")
    result = run("run", "refine", str(tmp_path / "in.txt"), "--json", "-w", str(tmp_path), *SMALL)
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    assert {document["version"] for document in documents} == {1}
    progress = [document for document in documents if document["type"] == "progress"]
    assert progress[-1]["jobs"] == {"done": 1}
    assert any(document["type"] == "job.done" for document in documents)


def test_a_recipe_without_outputs_names_its_jobs_and_no_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    workspace = toy_workspace(tmp_path)
    assert attend(workspace, queue_toys(workspace), plain=True, as_json=False) == 0
    closing = capsys.readouterr().out.splitlines()[-1]
    assert "Results" not in closing
    assert "jobs b1" in closing


def test_exit_code_1_when_a_job_fails(tmp_path: Path):
    def reply(request: object, _context: object) -> None:
        if str(request).find("b/") >= 0:
            raise Permanent("No.")

    workspace = toy_workspace(tmp_path, reply=reply)
    assert attend(workspace, queue_toys(workspace), plain=True, as_json=False) == 1


def test_exit_code_3_when_something_is_needed(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    workspace = toy_workspace(
        tmp_path, lacks=[MissingRequirement(what="TOY_KEY", remedy="Set TOY_KEY.")]
    )
    assert attend(workspace, queue_toys(workspace), plain=True, as_json=False) == 3
    assert "Set TOY_KEY." in capsys.readouterr().out


def test_exit_code_0_when_all_is_done(tmp_path: Path):
    workspace = toy_workspace(tmp_path)
    assert attend(workspace, queue_toys(workspace), plain=True, as_json=False) == 0


@pytest.mark.parametrize("moment", ["as the batch ends", "as it is said"])
def test_an_interrupt_once_all_is_done_changes_neither_word_nor_code(
    tmp_path: Path, moment: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    workspace = toy_workspace(tmp_path)
    sent = list[int]()

    def interrupt(update: BatchUpdate | None = None) -> None:
        if not sent and (update is None or update.batch.is_over):
            sent.append(signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    if moment == "as the batch ends":
        monkeypatch.setattr(PlainDisplay, "show", lambda _self, update: interrupt(update))
    else:
        took = run_module._took
        monkeypatch.setattr(run_module, "_took", lambda batch: [interrupt(), took(batch)][1])
    assert attend(workspace, queue_toys(workspace), plain=True, as_json=False) == 0
    assert sent
    assert "is done: " in capsys.readouterr().out


def test_a_defect_is_shown_readably(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def fall(*_: object, **__: object) -> None:
        raise RuntimeError("fell over")

    monkeypatch.setattr("engine.cli.app.app.main", fall)
    assert command_line.main(["status"]) == 70
    assert "fell over" in capsys.readouterr().err


@pytest.mark.slow
def test_interrupted_once_it_can_be_resumed(tmp_path: Path):
    prompts = tmp_path / "many.txt"
    prompts.write_text("".join(f"a harbour at dusk, number {n}\n" for n in range(12)))
    process = subprocess.Popen(
        [sys.executable, "-m", "safelight", "run", "refine", str(prompts),
         "-w", str(tmp_path / "w"), "--plain",
         "--set", "width=64", "--set", "height=64", "--set", "seed=3"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    said = ""
    while "job.done" not in said:
        said += process.stdout.readline()
    process.send_signal(signal.SIGINT)
    said += process.communicate(timeout=60)[0]
    assert process.returncode == 130, said
    assert "engine --until-idle" in said
    again = subprocess.run(
        [sys.executable, "-m", "safelight", "engine", "--until-idle", "-w", str(tmp_path / "w")],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    status = json.loads(run("status", "--json", "-w", str(tmp_path / "w")).output)
    assert status["batches"][0]["jobs"] == {"done": 12}


@pytest.mark.parametrize("how", ["--json", pytest.param("--plain", marks=pytest.mark.slow)])
def test_a_reader_that_goes_away_does_not_end_the_run(tmp_path: Path, how: str):
    (tmp_path / "in.txt").write_text("a\nb\n")
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "safelight", "run", "refine", str(tmp_path / "in.txt")]
    command += ["-w", str(tmp_path / "w"), *SMALL, how]
    ran = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, cwd=ROOT, check=False)
    os.close(writing)
    assert ran.returncode == 0
    assert b"Traceback" not in ran.stderr
    told = run("status", "--json", "-w", str(tmp_path / "w")).output
    assert json.loads(told)["batches"][0]["status"] == "done"


def test_run_follows_the_engine_that_is_at_work(tmp_path: Path):
    (tmp_path / "in.txt").write_text("a\nb\n")
    work = str(tmp_path / "w")
    engine = subprocess.Popen([sys.executable, "-m", "safelight", "engine", "-w", work], cwd=ROOT)
    try:
        lock = tmp_path / "w" / ".safelight" / "engine.lock"
        deadline = time.monotonic() + 30
        while not (lock.exists() and lock.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        pid = json.loads(lock.read_text())["pid"]
        assert pid == engine.pid
        result = run("run", "refine", str(tmp_path / "in.txt"), "--plain", "-w", work, *SMALL)
        assert result.return_value == 0, result.output
        assert engine.poll() is None
        status = json.loads(run("status", "--json", "-w", work).output)
        assert status["engine"]["running"]
        assert status["engine"]["pid"] == pid
    finally:
        engine.send_signal(signal.SIGTERM)
        assert engine.wait(30) == 0


SMALL_DEMO = [{"id": f"kite-{n}", "prompt": "a kite", "width": 64, "height": 64} for n in (1, 2)]


@pytest.mark.slow
@pytest.mark.parametrize("which", ["small", pytest.param("whole", marks=pytest.mark.slow)])
def test_make_demo_does_the_main_job(tmp_path: Path, which: str):
    prompts = tmp_path / "small.json" if which == "small" else ROOT / "examples" / "prompts.json"
    (tmp_path / "small.json").write_text(json.dumps(SMALL_DEMO))
    count = len(json.loads(prompts.read_text()))
    venv = Path(sys.prefix)
    variables = [f"VENV={venv}", f"DEMO={tmp_path}/demo"]
    if which == "small":
        variables.append(f"DEMO_PROMPTS={prompts}")
    made = subprocess.run(
        ["make", "-o", f"{venv}/.demo", "demo", *variables],
        cwd=ROOT, capture_output=True, text=True, timeout=300, env={**os.environ, "TERM": "dumb"},
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    results = tmp_path / "demo" / "outputs" / "results"
    assert str(results.relative_to(tmp_path)) in made.stdout
    assert len(list(results.glob("*/iteration_1.png"))) == count
    summary = json.loads((results / "batch_summary.json").read_text())
    assert summary["totals"]["jobs"] == {"done": count}


@pytest.mark.parametrize(
    "option",
    [["--set", "width=64"], ["--name", "n"], ["--max-iterations", "1"], ["--priority", "2"]],
)
def test_an_option_that_the_batch_has_already_is_refused_with_append(
    tmp_path: Path, option: list[str]
):
    assert run("queue", "refine", "-", "-w", str(tmp_path), text='["a"]').return_value == 0
    result = run("queue", "--append", "b1", "-", "-w", str(tmp_path), *option, text='["b"]')
    assert option[0] in str(getattr(result.exception, "message", ""))
    assert len(json.loads(run("jobs", "b1", "--json", "-w", str(tmp_path)).output)["jobs"]) == 1


@pytest.mark.parametrize(
    "option",
    [["--priority", "9" * 30], ["--batch-size", "9" * 30], ["--name", "two\nlines"]],
)
def test_an_option_that_cannot_be_kept_is_refused(tmp_path: Path, option: list[str]):
    result = run("queue", "refine", "-", "-w", str(tmp_path), *option, text='["a"]')
    assert getattr(result.exception, "exit_code", None) == 2


def test_no_batch_is_called_as_another_ones_id(tmp_path: Path):
    (tmp_path / "b1.txt").write_text("a kite\n")
    assert run("queue", "refine", str(tmp_path / "b1.txt"), "-w", str(tmp_path)).return_value == 0
    assert (
        run("queue", "refine", "-", "-w", str(tmp_path), "--name", "j1", text="a").return_value == 0
    )
    batches = json.loads(run("status", "--json", "-w", str(tmp_path)).output)["batches"]
    assert [(batch["id"], batch["name"]) for batch in batches] == [("b2", "j1-2"), ("b1", "b1-2")]


def test_input_that_is_wrong_takes_no_number(tmp_path: Path):
    bad = run("queue", "refine", "-", "-w", str(tmp_path), text='[{"prompt": ""}]')
    assert getattr(bad.exception, "exit_code", None) == 2
    result = run("queue", "refine", "-", "-w", str(tmp_path), text='["a"]')
    assert "Queued b1." in result.output


def test_the_folder_of_a_second_batch_of_the_same_ids_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    workspace = toy_workspace(tmp_path)
    with_folders = replace(TOY, outputs=Outputs(write_job=lambda _projection: None))
    workspace.catalog.known_recipes["toy"] = with_folders  # type: ignore[attr-defined]
    for _ in range(2):
        attend(workspace, queue_toys(workspace), plain=True, as_json=False)
    first, second = (line for line in capsys.readouterr().out.splitlines() if "Results:" in line)
    assert first.endswith("outputs/results")
    assert second.endswith("outputs/results/stdin-2")


def test_what_ended_before_is_not_this_engines_exit_code(tmp_path: Path):
    assert run("queue", "refine", "-", "-w", str(tmp_path), text='["a"]').return_value == 0
    assert run("cancel", "b1", "--yes", "-w", str(tmp_path)).return_value == 0
    assert run("engine", "--until-idle", "-w", str(tmp_path)).return_value == 1
    assert run("engine", "--until-idle", "-w", str(tmp_path)).return_value == 0


def test_the_workspace_that_is_named_wins_over_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    Workspace(tmp_path / "other", create=True)
    monkeypatch.setenv("SAFELIGHT_WORKSPACE", str(tmp_path / "missing"))
    result = run("engine", "--workspace", str(tmp_path / "other"), "stop")
    assert "No engine runs" in str(result.exception)
