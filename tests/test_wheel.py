"""The built wheel holds everything it needs: it runs the loop from somewhere else."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True, timeout=120)
    return next(target.glob("*.whl"))


def test_it_holds_data_and_no_tests(wheel: Path):
    names = zipfile.ZipFile(wheel).namelist()
    folders = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert folders == {"safelight", "tui", "engine", "db", "themes"}
    assert any(name.startswith("engine/") and name.endswith(".toml") for name in names)
    assert any(name.startswith("themes/") and name.endswith(".toml") for name in names)


def test_it_runs_the_loop_elsewhere(wheel: Path, tmp_path: Path):
    site, work = tmp_path / "site", tmp_path / "work"
    work.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (work / "one.txt").write_text("a red boat on a calm lake at dawn\n")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(site), sysconfig.get_path("purelib")]),
    }
    where = subprocess.run(
        [sys.executable, "-c", "import safelight; print(safelight.__file__)"],
        cwd=work, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert where.stdout.startswith(str(site))
    settings = ["--set", "width=96", "--set", "height=96", "--max-iterations", "2"]
    ran = subprocess.run(
        [sys.executable, "-m", "safelight", "run", "refine", "one.txt", "--plain", *settings],
        cwd=work, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    summaries = list(work.glob("outputs/results/*/summary.json"))
    assert len(summaries) == 1
    assert json.loads(summaries[0].read_text())["best"]


def test_it_brings_the_examples(wheel: Path):
    names = zipfile.ZipFile(wheel).namelist()
    written = ("prompts.json", "coffee.yaml", "greensleeves.ogg")
    assert {f"engine/examples/{name}" for name in written} <= set(names)
