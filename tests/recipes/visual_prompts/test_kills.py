"""`kill -9` of the engine in the middle of a batch: the same files as without, nothing repeated."""

import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.client.workspace import Workspace
from engine.config.paths import WorkspacePaths
from tests.audio.synthetic import RATE
from tests.recipes.visual_prompts.sounds import cadence, save_dataset

SAMPLES, KILLED_AT = 12, (1, 5, 9)
IN_FLIGHT = 4
TIMES = re.compile(rb'"\d{4}-\d\d-\d\dT[^"]*"')

pytestmark = pytest.mark.slow


def queued(root: Path, dataset: Path) -> Workspace:
    root.mkdir()
    (root / "safelight.toml").write_text(
        f"[engine]\ncpu_workers = 2\njobs_in_flight = {IN_FLIGHT}\n"
    )
    workspace = Workspace(root, create=True)
    settings = {"seed": 11, "sample_rate": RATE, "mel_spectrogram": True}
    workspace.queue("visual-prompts", dataset, settings=settings)
    return workspace


def engine(root: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "safelight", "engine", "--until-idle", "-w", str(root)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def run_until(root: Path, ended: int) -> None:
    """Run the engine, and kill it once a number of jobs have ended."""
    process = engine(root)
    connection = sqlite3.connect(f"file:{WorkspacePaths(root).store}?mode=ro", uri=True)
    try:
        while count(connection, "SELECT count(*) FROM jobs WHERE state = 'done'") < ended:
            assert process.poll() is None, "the engine has ended too early"
            time.sleep(0.01)
    finally:
        connection.close()
        process.kill()
        assert process.wait() == -signal.SIGKILL


def count(connection: sqlite3.Connection, sql: str) -> int:
    return int(connection.execute(sql).fetchone()[0])


def files(root: Path) -> dict[str, bytes]:
    """The content of all files without times; the summary has durations, too."""
    folder = root / "outputs" / "generated_prompts"
    return {
        str(path.relative_to(folder)): TIMES.sub(b"TIME", path.read_bytes())
        for path in folder.rglob("[!.]*")
        if path.is_file() and path.name != "batch_summary.json" and "checkpoint" not in path.name
    }


def test_killed_three_times_it_writes_the_same(tmp_path: Path) -> None:
    dataset = tmp_path / "songs.npy"
    meta = {"artist_name": ["A"], "track_name": "b"}
    save_dataset(dataset, [{"audio": cadence(n), "audio_meta": meta} for n in range(SAMPLES)])
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    queued(whole, dataset)
    assert engine(whole).wait() == 0
    workspace = queued(killed, dataset)
    for ended in KILLED_AT:
        run_until(killed, ended)
    assert engine(killed).wait() == 0
    assert files(killed) == files(whole)
    assert len(files(whole)) > 7 * SAMPLES
    names = {path.name for path in (killed / "outputs" / "generated_prompts").glob("*checkpoint*")}
    assert names == {"prompts_checkpoint_010.json"}
    with workspace.reading() as connection:
        steps = count(connection, "SELECT count(*) FROM steps WHERE job_id IS NOT NULL")
        again = count(connection, "SELECT sum(attempts - 1) FROM steps")
    assert steps == SAMPLES * 7
    assert again <= len(KILLED_AT) * IN_FLIGHT
