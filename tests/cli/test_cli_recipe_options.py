"""A recipe's own flags on the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engine.cli.app import app
from engine.client.workspace import Workspace
from engine.plugins import points


@pytest.fixture(autouse=True)
def corpus(monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.setitem(points.OURS["recipe"], "corpus", "tests.support.corpus:CORPUS")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sounds.txt").write_text("rain\nboots\n")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), standalone_mode=False)


def message(result: Result) -> str:
    return f"{result.output}{result.exception}"


def settings(batch: int = 1) -> Any:
    with Workspace(Path("w")).reading() as connection:
        sql = "SELECT settings FROM batches WHERE id = ?"
        return json.loads(connection.execute(sql, (batch,)).fetchone()[0])


def queue(*arguments: str) -> Result:
    return run("queue", *arguments, "-w", "w")


def test_flags_of_every_shape_set_settings():
    flags = ["--num_samples=7", "--ckpt", "best.ckpt", "--mel-spectrogram", "--mode", "divergent"]
    result = queue("corpus", "sounds.txt", *flags, "--tag", "wet", "--tag", "loud")
    assert result.return_value == 0, message(result)
    assert settings() == {
        "text": "builtin",
        "samples": 7,
        "start_idx": 0,
        "checkpoint": "best.ckpt",
        "mel_spectrogram": True,
        "mode": "divergent",
        "tag": ["wet", "loud"],
    }


def test_a_switch_is_turned_off_and_what_is_not_given_is_left_to_the_settings():
    queue("corpus", "sounds.txt", "--set", "mel_spectrogram=true", "--no-mel-spectrogram")
    queue(
        "corpus",
        "sounds.txt",
        "--set",
        "mel_spectrogram=true",
    )
    assert settings()["mel_spectrogram"] is False
    assert settings(2)["mel_spectrogram"] is True


@pytest.mark.parametrize(
    "arguments",
    [
        ("--samples", "2", "corpus", "sounds.txt"),
        ("--samples", "2", "--name", "refine", "corpus", "sounds.txt"),
        ("corpus", "--dataset", "sounds.txt", "--samples", "2"),
    ],
)
def test_flags_may_stand_anywhere(arguments: tuple[str, ...]):
    result = queue(*arguments)
    assert result.return_value == 0, message(result)
    assert settings()["samples"] == 2


def test_an_entry_is_given_by_a_flag():
    result = queue("corpus", "--sound", "heavy boots", "--output", "made")
    assert result.return_value == 0, message(result)
    with Workspace(Path("w")).reading() as connection:
        batch = connection.execute("SELECT name, outputs FROM batches").fetchone()
        assert connection.execute("SELECT input FROM jobs").fetchone()[0] == (
            '{"prompt":"heavy boots"}'
        )
    assert tuple(batch) == ("heavy-boots", str(Path("made").absolute() / "corpus"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("refine", "sounds.txt", "--samples", "2"),
            "--samples is an option of corpus and visual-prompts, not of ref",
        ),
        (
            ("corpus", "sounds.txt", "--prompt", "x"),
            "--prompt is an option of generate, refine, refine-prompt, sound-effect and ",
        ),
        (
            ("nothing", "sounds.txt", "--mode", "convergent"),
            "--mode is an option of corpus, name it",
        ),
        (("corpus", "sounds.txt", "--frames", "2"), "No such option"),
        (("corpus", "sounds.txt", "--mode", "sideways"), "'sideways' is not one of 'convergent'"),
        (("corpus", "sounds.txt", "--samples", "0"), "Setting samples: Input should be greater"),
        (("--append", "b1", "x.txt", "--samples", "2"), "With --append, --samples has no effect"),
    ],
)
def test_a_flag_is_refused_where_it_means_nothing(arguments: tuple[str, ...], said: str):
    result = queue(*arguments)
    assert said in message(result)
    assert result.return_value in (2, None)
    assert not Path("w").exists()


@pytest.mark.parametrize("arguments", [("corpus", "--help"), ("--help", "corpus")])
def test_help_lists_the_flags_of_the_recipe_only(arguments: tuple[str, ...]):
    text = " ".join(run("run", *arguments).output.split())
    assert "Options of corpus:" in text
    assert "--samples, --num-samples, --num_samples INTEGER Number of samples." in text
    assert "--ckpt PATH Weights to describe with." in text
    assert "--mel-spectrogram / --no-mel-spectrogram Draw spectrograms." in text
    assert "--mode [convergent|divergent]" in text
    assert "--dataset PATH The same as INPUT." in text
    assert "--samples" not in run("run", "refine", "--help").output
    assert "Options of" not in run("run", "--help").output


def test_recipes_lists_the_flags():
    found = json.loads(run("recipes", "--json").output)["recipes"]
    corpus = next(recipe for recipe in found if recipe["name"] == "corpus")
    assert {"flags": ["--dataset"], "target": "input", "name": None} in corpus["options"]


def test_python_takes_the_same_options():
    workspace = Workspace(Path("w"), create=True)
    workspace.queue("corpus", flags={"dataset": "sounds.txt", "num_samples": 9})
    workspace.queue("corpus", flags={"sound": "rain"}, settings={"mode": "divergent"})
    assert (settings(1)["samples"], settings(2)["mode"]) == (9, "divergent")


@pytest.mark.parametrize("flag", ["--batch-size", "--batch_size", "--workers"])
def test_the_number_of_jobs_at_the_same_time_has_other_spellings(flag: str):
    result = queue("corpus", "sounds.txt", flag, "5")
    assert result.return_value == 0, message(result)
    with Workspace(Path("w")).reading() as connection:
        assert connection.execute("SELECT in_flight FROM batches").fetchone()[0] == 5
    assert "0 is not in the range" in message(queue("corpus", "sounds.txt", flag, "0"))


def test_the_number_of_jobs_at_the_same_time_is_given_once():
    said = message(queue("corpus", "sounds.txt", "--batch-size", "5", "--workers", "6"))
    assert "Give --batch-size or --batch_size, not both." in said


@pytest.mark.parametrize("recipe", ["refine", "generate"])
def test_a_prompt_needs_no_file(recipe: str):
    result = queue(recipe, "--prompt", "--a fox in snow")
    assert result.return_value == 0, message(result)
    with Workspace(Path("w")).reading() as connection:
        entries = [row[0] for row in connection.execute("SELECT input FROM jobs")]
    assert [json.loads(entry)["prompt"] for entry in entries] == ["--a fox in snow"]
    assert "Give INPUT or --prompt, not both" in message(
        queue(recipe, "sounds.txt", "--prompt", "x")
    )
    assert "--prompt TEXT" in run("run", recipe, "--help").output
    assert queue(recipe, "--prompt", " ").return_value != 0
