"""Visual prompts on the command line: flags, estimates, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engine.cli.app import app
from engine.client.workspace import Workspace
from tests.recipes.visual_prompts.sounds import cadence, save_dataset


@pytest.fixture(autouse=True)
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three samples in the current folder."""
    monkeypatch.chdir(tmp_path)
    save_dataset(tmp_path / "songs.npy", [{"audio": cadence()[:8000]}] * 3)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), standalone_mode=False)


def message(result: Result) -> str:
    return f"{result.output}{result.exception}"


def stored(sql: str) -> tuple[Any, ...]:
    with Workspace(Path()).reading() as connection:
        return tuple(connection.execute(sql).fetchone())


def test_the_flags_of_the_known_command_set_what_they_say() -> None:
    known = ["--dataset", "songs.npy", "--output-dir", "generated_prompts", "--samples", "2"]
    known += ["--start-idx", "1", "--mel-spectrogram", "--batch-size", "5"]
    result = run("queue", "visual-prompts", *known)
    assert result.return_value == 0, message(result)
    in_flight, outputs, text = stored("SELECT in_flight, outputs, settings FROM batches")
    settings = json.loads(text)
    assert in_flight == 5
    assert outputs == "generated_prompts"  # and not a folder in it
    assert (settings["samples"], settings["start_idx"]) == (2, 1)
    assert settings["mel_spectrogram"] is True
    assert stored("SELECT count(*), min(key), max(key) FROM jobs") == (
        2,
        "sample_001",
        "sample_002",
    )


def test_flags_may_have_underscores() -> None:
    given = ["songs.npy", "--start_idx", "2", "--batch_size", "3", "--mel_spectrogram"]
    assert run("queue", "visual-prompts", *given).return_value == 0
    assert stored("SELECT in_flight, outputs FROM batches") == (3, "outputs/generated_prompts")
    assert stored("SELECT min(key) FROM jobs") == ("sample_002",)


def test_an_estimate_counts_calls_by_capability() -> None:
    result = run("run", "visual-prompts", "songs.npy", "--images", "--dry-run", "--json")
    estimate = json.loads(result.output)
    calls = {one["capability"]: tuple(one["calls"].values()) for one in estimate["calls"]}
    assert calls == {"text": (15, 30), "embedding": (0, 3), "image": (15, 15), "score": (15, 15)}
    assert estimate["jobs"] == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "listen=true"], "needs another text backend"),
        (["--set", "convergent=0", "--set", "divergent=0"], "both 0"),
        (["--start-idx", "3"], "has 3 samples, and start_idx is 3"),
        (["--samples", ""], "Setting samples: Input should be a valid integer"),
        (["--set", "width=10"], "Setting width"),
    ],
)
def test_what_cannot_work_is_refused(arguments: list[str], said: str) -> None:
    result = run("queue", "visual-prompts", "songs.npy", *arguments)
    assert said in message(result)
    assert result.return_value in (2, None)


def test_a_folder_of_results_that_cannot_be_created_is_refused_before_any_work() -> None:
    result = run("queue", "visual-prompts", "songs.npy", "--output-dir", "songs.npy/results")
    assert "songs.npy' is not a folder. Choose another folder" in message(result)
    assert not Path(".safelight").exists()


def test_a_folder_of_results_that_cannot_be_written_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("locked").mkdir()
    monkeypatch.setattr("os.access", lambda path, _mode: Path(path).name != "locked")
    result = run("queue", "visual-prompts", "songs.npy", "--output-dir", "locked/results")
    assert "locked' cannot be written" in message(result)


def test_the_recipe_is_listed_with_its_extra() -> None:
    [line] = [one for one in run("recipes").output.splitlines() if "visual-prompts" in one]
    assert "[audio]" in line
