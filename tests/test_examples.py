"""The Python door, as the examples show it."""

import asyncio
import runpy
from pathlib import Path

import pytest

from engine import open_workspace

EXAMPLES = Path(__file__).parent.parent / "examples"


def test_the_example_runs_a_batch_from_python(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    example = runpy.run_path(str(EXAMPLES / "use_from_python.py"))
    example["main"](str(tmp_path / "work"), max_iterations=1, width=96, height=96)
    said = capsys.readouterr().out
    assert "12/12" in said
    assert "The red field: iteration 1" in said


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
