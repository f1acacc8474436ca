"""The Python door, as the examples show it."""

import asyncio
import json
import os
import re
import resource
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.app import main
from engine.queueing.queue import QueueOptions
from safelight import open_workspace

EXAMPLES = Path(__file__).parent.parent / "examples"


def test_the_example_runs_a_batch_from_python(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    example = runpy.run_path(str(EXAMPLES / "use_from_python.py"))
    example["main"](str(tmp_path / "work"), max_iterations=1, width=96, height=96)
    said = capsys.readouterr().out
    assert "12/12" in said
    assert "The red field: iteration 1" in said


def test_the_readme_names_files_and_ids_that_there_are(tmp_path: Path):
    readme = (EXAMPLES.parent / "README.md").read_text()
    shell = "\n".join(re.findall(r"```sh\n(.*?)```", readme, re.DOTALL))
    assert main(["examples", str(tmp_path)]) == 0
    named = set(re.findall(r"[\w-]+\.(?:json|csv|yaml|txt|ogg)\b", shell))
    assert len(named) >= 3
    assert named <= {path.name for path in tmp_path.iterdir()}
    ids = {entry["id"] for entry in json.loads((tmp_path / "prompts.json").read_text())}
    assert set(re.findall(r"\bb1/([\w-]+)", shell)) <= ids


def test_examples_that_are_there_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "prompts.json").write_text("mine")
    assert main(["examples", str(tmp_path)]) == 0
    assert (tmp_path / "prompts.json").read_text() == "mine"
    assert f"Kept {tmp_path / 'prompts.json'}" in capsys.readouterr().out


def test_an_example_that_cannot_be_written_whole_is_written_at_the_next_try(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, limits[1]))  # less than coffee.yaml has
    try:
        assert main(["examples", str(tmp_path)]) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "A file cannot be written: File too large." in capsys.readouterr().err
    assert main(["examples", str(tmp_path)]) == 0
    assert (tmp_path / "coffee.yaml").read_bytes() == (EXAMPLES / "coffee.yaml").read_bytes()


RECIPES = {
    "prompts.json": "refine",
    "more.csv": "refine",
    "coffee.yaml": "storyboard",
    "lighthouse.yaml": "storyboard",
    "sounds.json": "sound-effect",
}


def test_the_example_generates_a_sound_from_python(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    pytest.importorskip("soundfile")
    example = runpy.run_path(str(EXAMPLES / "generate_sound.py"))
    example["main"](str(tmp_path / "work"), num_variations=1, max_iterations=1)
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.endswith("_high_heels_on_concrete_pavement.wav: 4 s, shape [2, 192000]")
    assert second.endswith(" s on cpu")
    assert third.startswith("RMS: 0.")


@pytest.mark.parametrize("name", RECIPES)
def test_every_example_can_be_queued(tmp_path: Path, name: str):
    recipe = RECIPES[name]
    if recipe == "sound-effect":
        pytest.importorskip("soundfile")
    source = str(EXAMPLES / name)
    assert main(["run", recipe, source, "--dry-run", "-w", str(tmp_path / "w")]) == 0


async def test_the_door_opens_where_an_event_loop_runs_already(tmp_path: Path):
    prompts = tmp_path / "one.txt"
    prompts.write_text("a yellow boat at noon\n")
    with open_workspace(tmp_path) as workspace:
        small = {"width": 64, "height": 64, "max_iterations": 1}
        batch = workspace.run("refine", prompts, settings=small)
        [report] = workspace.results(batch)
    await asyncio.sleep(0)
    assert report.state == "done"
    assert report.best_iteration is not None


def test_settings_count_beside_options(tmp_path: Path):
    prompts = tmp_path / "one.txt"
    prompts.write_text("a yellow boat at noon\n")
    options = QueueOptions(name="boats", overrides={"seed": 1, "max_iterations": 2})
    with open_workspace(tmp_path) as workspace:
        workspace.queue("refine", prompts, settings={"seed": 7}, options=options)
        with workspace.reading() as connection:
            (batch,) = connection.execute("SELECT name, seed, settings FROM batches").fetchall()
    assert (batch["name"], batch["seed"]) == ("boats", 7)
    assert '"max_iterations":2' in batch["settings"]


SCRIPT_WITHOUT_A_GUARD = """
import sys
from safelight import open_workspace

with open_workspace(sys.argv[1]) as workspace:
    batch = workspace.run("refine", sys.argv[2], settings={"width": 64, "height": 64})
    print([report.state for report in workspace.results(batch)])
"""


def test_a_script_needs_no_guard_against_its_own_workers(tmp_path: Path):
    (tmp_path / "script.py").write_text(SCRIPT_WITHOUT_A_GUARD)
    (tmp_path / "one.txt").write_text("a white barn in snow\n")
    ran = subprocess.run(
        [sys.executable, "script.py", "w", "one.txt"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(EXAMPLES.parent)},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ran.stdout == "['done']\n", ran.stderr
