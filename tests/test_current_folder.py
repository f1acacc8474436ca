"""Nothing is imported from the current folder, which may be a workspace from somebody else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.engines import eventually

NAMES = ("engine", "db", "tui", "multiprocessing", "pickle", "signal", "random", "numpy", "PIL")
SAFELIGHT = [str(Path(sys.executable).parent / "safelight")]
SCRIPT = """
import mine
from safelight import open_workspace

if __name__ == "__main__":
    with open_workspace("w") as workspace:
        small = {"max_iterations": 1, "width": 64, "height": 64}
        batch = workspace.run("refine", "p.txt", settings=small)
        print(mine.WORD, [report.key for report in workspace.results(batch)])
"""
POOL = """
import asyncio
from engine.runtime.process_pool import ComputePool
import mine

if __name__ == "__main__":
    pool = ComputePool(1)
    print(asyncio.run(pool.run(mine.word)))
    pool.close()
"""


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder with an input, and with modules that leave a mark where they are imported."""
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(
            f"open({str(tmp_path / 'imported')!r}, 'a').write('{name} ')\nraise ImportError\n"
        )
    (tmp_path / "engine.py").rename(tmp_path / "keep")
    (tmp_path / "engine").mkdir()
    (tmp_path / "keep").rename(tmp_path / "engine" / "__init__.py")
    (tmp_path / "p.txt").write_text("a red fox\n")
    return tmp_path


def safelight(folder: Path, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [*SAFELIGHT, *arguments],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


SMALL = ("--max-iterations", "1", "--set", "width=64", "--set", "height=64")
RUN = ("run", "refine", "p.txt", *SMALL, "--plain")


def test_a_run_with_its_workers_imports_nothing_from_the_current_folder(hostile: Path) -> None:
    safelight(hostile, *RUN)
    assert not (hostile / "imported").exists()


@pytest.mark.slow
@pytest.mark.parametrize("path", [":/nowhere", pytest.param(".", marks=pytest.mark.slow)])
def test_a_relative_entry_of_the_python_path_is_not_used(tmp_path: Path, path: str) -> None:
    """Once Safelight has started, which Python itself does with the entry."""
    for name in ("multiprocessing", "numpy", "PIL"):
        (tmp_path / f"{name}.py").write_text("raise ImportError\n")
    (tmp_path / "p.txt").write_text("a red fox\n")
    safelight(tmp_path, *RUN, PYTHONPATH=path)


async def test_an_engine_in_the_background_starts_in_a_folder_with_a_folder_named_engine(
    hostile: Path,
) -> None:
    safelight(hostile, "queue", "refine", "p.txt", *SMALL)
    safelight(hostile, "engine", "--detach", "--until-idle")
    await eventually(lambda: any((hostile / "outputs").glob("*/*/summary.json")))
    assert not (hostile / "imported").exists()


@pytest.mark.slow
def test_a_script_keeps_its_own_modules_beside_it(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("WORD = 'hello'\n")
    (tmp_path / "p.txt").write_text("a red fox\n")
    (tmp_path / "script.py").write_text(SCRIPT)
    said = run_script(tmp_path)
    assert said.startswith("hello ['")


def test_workers_of_a_script_find_its_modules(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def word():\n    return 'from a worker'\n")
    (tmp_path / "script.py").write_text(POOL)
    assert run_script(tmp_path) == "from a worker\n"


def run_script(folder: Path) -> str:
    command = [sys.executable, "script.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_source_tree_that_is_not_installed_runs_from_its_own_folder(tmp_path: Path) -> None:
    root = Path(__file__).parents[1]
    others = [entry for entry in sys.path if entry and Path(entry) != root]
    done = subprocess.run(
        [sys.executable, "-S", "-m", "safelight", "init", "--workspace", str(tmp_path)],
        cwd=root,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(others)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-500:]
