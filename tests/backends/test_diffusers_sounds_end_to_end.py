"""A tiny model of sounds through the whole engine: recipe, store, model host, files."""

import asyncio
import io
import wave
from pathlib import Path

import pytest

from db.queries import jobs as job_queries
from engine.cli.app import main
from engine.client.workspace import Workspace
from engine.runtime.engine import Engine
from tests.support import tiny_pipelines as tiny
from tests.support import tiny_sounds
from tests.support.optional import HOSTING_TORCH, needs

needs("torch", "diffusers", "soundfile")
pytestmark = [pytest.mark.xdist_group(HOSTING_TORCH), pytest.mark.slow]


async def test_takes_come_from_a_host_that_is_killed_in_the_middle_of_its_second_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.prepare()
    model = tiny.saved(tiny_sounds.stable_audio, tmp_path / "model")
    monkeypatch.setattr("engine.backends.diffusers.audio.LOADER", tiny_sounds.MORTAL_LOADER)
    overrides = {
        "engine": {"jobs_in_flight": 1},
        "retry": {"wait_initial": 0, "wait_jitter": 0},
        "hosts": {"devices": ["cpu"], "cpu_threads": 1},
    }
    workspace = Workspace(tmp_path / "w", create=True, overrides=overrides)
    chosen = {
        "audio": "diffusers",
        "audio_length": 0.7,
        "num_variations": 2,
        "max_iterations": 1,
        "steps": 4,
        "seed": 5,
        "diffusers.audio_model": model,
        "diffusers.audio_batch": 1,
    }
    options = [part for key, value in chosen.items() for part in ("--set", f"{key}={value}")]
    root = ["-w", str(workspace.paths.root), "--prompt", "boots on marble"]
    assert main(["queue", "sound-effect", *root, *options]) == 0
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
    files = sorted(workspace.paths.root.glob("outputs/**/*.wav"))
    sounds = {path.read_bytes() for path in files}
    assert len(sounds) == 2
    for data in sounds:
        with wave.open(io.BytesIO(data)) as file:
            assert (file.getnframes(), file.getframerate()) == (round(0.7 * 44_100), 44_100)
    with workspace.reading() as reader:
        steps = [step for step in job_queries.steps(reader, 1) if step.name == "generate"]
    assert sorted(step.attempts for step in steps) == [1, 2]
