"""Tiny models through the whole engine: command line, store, model host, files."""

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from db.queries import jobs as job_queries
from engine.cli.app import main
from engine.client.workspace import Workspace
from engine.imaging import lineage
from engine.runtime.engine import Engine
from tests.support import tiny_pipelines as tiny
from tests.support.optional import HOSTING_TORCH, needs

needs("torch", "diffusers")
pytestmark = pytest.mark.xdist_group(HOSTING_TORCH)

PROMPT = "a red barn at dusk"


@pytest.fixture
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny SDXL."""
    tiny.prepare()
    return tiny.saved(tiny.sdxl, tmp_path_factory.mktemp("models") / "sdxl")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace whose hosts die in the middle of their second image."""
    monkeypatch.setattr("engine.backends.diffusers.image.LOADER", tiny.MORTAL_LOADER)
    overrides = {
        "engine": {"reuse": "job", "jobs_in_flight": 1},
        "retry": {"wait_initial": 0, "wait_jitter": 0},
        "hosts": {"devices": ["cpu"], "cpu_threads": 1},
    }
    return Workspace(tmp_path / "w", create=True, overrides=overrides)


def queue(workspace: Workspace, folder: Path, **settings: Any) -> None:
    """Queues one prompt at the command line."""
    (folder / "in.txt").write_text(f"{PROMPT}\n")
    chosen = {"image": "diffusers", "width": 67, "height": 64, "seed": 5, "max_iterations": 1}
    chosen |= {f"diffusers.{name}": value for name, value in settings.items()}
    options = [part for key, value in chosen.items() for part in ("--set", f"{key}={value}")]
    root = str(workspace.paths.root)
    assert main(["queue", "refine", str(folder / "in.txt"), "-w", root, *options]) == 0


def images(workspace: Workspace) -> list[bytes]:
    """The images that were generated, as files of the outputs."""
    files = [path.read_bytes() for path in sorted(workspace.paths.root.glob("outputs/**/*.png"))]
    return [data for data in files if lineage.read(data)]


@pytest.mark.slow
async def test_refine_runs_on_a_host_that_is_killed_in_the_middle_of_its_second_image(
    workspace: Workspace, model: Path, tmp_path: Path
) -> None:
    for _ in range(2):
        queue(workspace, tmp_path, model=model, steps=4, preview_every=1)
    engine = Engine(
        workspace.paths,
        workspace.settings,
        workspace.catalog,
        version="0",
        run_id="tests",
        signer=workspace.signer,
    )
    async with asyncio.timeout(300):
        await engine.run(lambda running: running.is_idle)
    undisturbed, killed = images(workspace)
    assert killed == undisturbed
    assert Image.open(io.BytesIO(killed)).size == (67, 64)
    found = lineage.read(killed)
    assert found is not None
    assert (found.prompt, found.backend) == (PROMPT, "diffusers")
    assert found.model.startswith("sdxl#")
    assert str(model.parent).encode() not in killed
    with workspace.reading() as reader:
        attempts = [
            step.attempts
            for job in (1, 2)
            for step in job_queries.steps(reader, job)
            if step.name == "generate"
        ]
    assert attempts == [1, 2]
