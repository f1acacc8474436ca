"""The five examples, on one small data set."""

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.audio.synthetic import RATE
from tests.recipes.visual_prompts.sounds import cadence, save_dataset

RUNNER = Path(__file__).parents[3] / "examples" / "visual_prompts"
SETTINGS = {"convergent": 1, "divergent": 1, "seed": 7, "sample_rate": RATE}


@pytest.fixture(scope="module")
def examples() -> dict[str, Any]:
    return runpy.run_path(str(RUNNER))["EXAMPLES"]


@pytest.fixture(scope="module")
def ran(examples: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A data set of two samples, and a workspace with the first example's batch of it."""
    folder = tmp_path_factory.mktemp("examples")
    dataset = str(folder / "songs.npy")
    save_dataset(Path(dataset), [{"audio": cadence(0)}, {"audio": np.zeros(RATE)}])
    root = folder / "work"
    root.mkdir()
    (root / "safelight.toml").write_text("[engine]\ncpu_workers = 1\n")
    examples["1"](dataset, str(root), **SETTINGS)
    return dataset, str(root)


@pytest.mark.slow
def test_a_partial_run_prints_prompts(examples, ran, capsys):
    examples["2"](*ran, **SETTINGS)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "0 convergent (T=0.4)",
        "0 divergent (T=0.8)",
    ]


@pytest.mark.slow
def test_mel_spectrograms_are_named(examples, ran, capsys):
    examples["3"](*ran, **SETTINGS)
    [path] = capsys.readouterr().out.split()
    assert Path(path).read_bytes().startswith(b"\x89PNG")


def test_the_export_is_read_again(examples, ran, capsys):
    examples["4"](*ran)
    first, moods, *prompts = capsys.readouterr().out.splitlines()
    assert first.endswith("beats per minute")
    assert len(prompts) == 2
    assert [line.split()[:2] for line in prompts] == [["0", "convergent"], ["0", "divergent"]]
    assert json.loads(moods.replace("'", '"').replace("(", "[").replace(")", "]"))[0][1] == 1


@pytest.mark.slow
def test_prompts_become_images(examples, ran, capsys):
    examples["5"](*ran, width=64, height=64)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["sample_000_prompt_00", "sample_000_prompt_01"]
    assert all(float(line.split()[1]) > 0 for line in lines)


def test_the_runner_says_how_it_is_called():
    main = runpy.run_path(str(RUNNER))["main"]
    with pytest.raises(SystemExit, match="NUMBER DATASET"):
        main(["9", "x"])
