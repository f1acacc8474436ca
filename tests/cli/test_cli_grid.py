"""Grids by the command line: queued with their axes, shown as tables, drawn as a sheet."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from engine.client.workspace import Workspace, open_workspace
from engine.queueing.queue import QueueOptions
from tests.cli.conftest import HOSTILE

pytestmark = pytest.mark.usefixtures("module_in_one_process")

SMALL = ("--set", "width=64", "--set", "height=64", "--set", "max_iterations=1")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wildcards").mkdir()
    (tmp_path / "wildcards/colours.txt").write_text("red\nteal\n")
    (tmp_path / "in.json").write_text('["a __colours__ {fox|hare}"]')
    return tmp_path


def test_a_grid_is_run_shown_and_drawn(run, folder: Path) -> None:
    ran = run(
        *("run", "refine", "in.json", "--dynamic", "--axis", "target_score=1,100", *SMALL),
        *("--set", "seed=3", "--plain", "--name", "g"),
    )
    assert ran.code == 0, ran.err
    assert "8 jobs, 16 steps." in ran.err  # the estimate, before anything starts

    shown = run("grid", "g")
    assert shown.lines[0] == "8 cells: colours 2 x choice 2 x target_score 2."
    assert "colours teal" in shown.lines
    assert any(line.startswith("choice / target_score") for line in shown.lines)

    cells = run("grid", "g", "--json").json["cells"]
    assert cells[1]["axes"] == {"colours": "red", "choice": "fox", "target_score": "100"}
    jobs = run("jobs", "g", "--json").json["jobs"]
    assert [job["axes"] for job in jobs] == [cell["axes"] for cell in cells]
    with open_workspace(folder) as workspace:
        seeds = {job.seed for job in workspace.jobs("g")}
        settings = {
            row[0] for row in workspace.store.reader().execute("SELECT settings FROM variants")
        }
    assert len(seeds) == 1  # cells of an entry differ in their axes only
    assert sorted(json.loads(text)["target_score"] for text in settings) == [1.0, 100.0]

    ran = run("grid", "g", "--x", "colours", "--y", "choice", "--sheet", "s.png")
    assert ran.code == 0
    sheet = Image.open(io.BytesIO((folder / "s-1.png").read_bytes()))
    assert sheet.width > 2 * 320
    assert (folder / "s-2.png").is_file()
    assert len(sheet.getcolors(1 << 24) or []) > 50  # images, not only paper


def test_count_and_cost_come_first_and_nothing_is_queued(run, folder: Path) -> None:
    ran = run("queue", "refine", "in.json", "--dynamic", "--axis", "seed=1..5", "--dry-run")
    assert ran.lines[0] == "20 jobs, 40 to 160 steps."
    assert not (folder / ".safelight").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--axis", "sed=1,2"), "did you mean 'seed'?"),
        (("--axis", "id=a,b"), "neither a field nor a setting"),
        (("--axis", "target_score=1,no"), "target_score"),
        (("--axis", "width=1"), "must be at least 64, and is '1'"),
        (("--axis", "nobody.steps=1,2"), "nobody.… names a backend that this batch does not use"),
        (("--sample", "3"), "give --dynamic or --axis too"),
        (("--dynamic", "--axis", "seed=1..9999"), "makes 39996 cells, and 10000 are the limit"),
    ],
)
def test_a_grid_that_is_wrong_is_refused_whole(
    run, folder: Path, options: tuple[str, ...], message: str
) -> None:
    ran = run("queue", "refine", "in.json", *options)
    assert ran.code == 2
    assert message in ran.err
    assert not (folder / ".safelight").exists()


def test_a_sample_of_a_great_grid(run, folder: Path) -> None:
    (folder / "big.txt").write_text("{a|b|c|d}" * 40 + " fox\n")
    ran = run("queue", "refine", "big.txt", "--dynamic", "--sample", "7", "--yes", *SMALL)
    assert ran.code == 0, ran.err
    assert len(run("grid", "big", "--json").json["cells"]) == 7


def test_text_of_axes_is_no_escape_and_no_markup(run, folder: Path) -> None:
    (folder / "bad.json").write_text(json.dumps([{"prompt": f"{{{HOSTILE}|fox}}"}]))
    ran = run("run", "refine", "bad.json", "--dynamic", "--plain", *SMALL)
    assert ran.code == 0, ran.err
    shown = run("grid", "bad", "--sheet", "s.png")
    assert "\x1b" not in shown.out
    assert "\u202e" not in shown.out
    assert "[bold]" in shown.out


def test_a_batch_without_axes_is_no_grid(run, folder: Path) -> None:
    assert run("queue", "refine", "in.json").code == 0
    ran = run("grid", "in", "--sheet", "s.jpg")
    assert ran.code == 2
    assert "s.jpg: a sheet is a PNG file" in ran.err
    ran = run("grid", "in")
    assert ran.code == 2
    assert "is no grid" in ran.err


def test_an_axis_of_settings_does_not_send_keys_elsewhere(
    run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Addresses on an axis are given by the user, as those of --set are."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    workspace = Workspace(folder, create=True)
    grid = workspace.grid({"openai.base_url": ["http://127.0.0.1:9/v1"]})
    batch = workspace.queue(
        "refine", "in.json", settings={"text": "openai"}, options=QueueOptions(grid=grid)
    )
    assert workspace.grid_of(batch).axes == {"openai.base_url": ["http://127.0.0.1:9/v1"]}
