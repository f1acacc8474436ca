"""Stored files that are gone or damaged: noticed when read, made good on retry, never shown."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from engine.client.workspace import Workspace
from engine.runtime.artifacts import ArtifactStore, FileLost
from tests.faults.conftest import Diagnose

pytestmark = pytest.mark.usefixtures("one_process")

ENTRIES = '[{"prompt": "a red lighthouse at dusk", "width": 64, "height": 64}]'


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with one job that is done."""
    (tmp_path / "entries.json").write_text(ENTRIES)
    made = Workspace(tmp_path / "workspace", create=True)
    made.run("refine", tmp_path / "entries.json", settings={"seed": 7, "max_iterations": 2})
    return made


def stored(workspace: Workspace) -> list[Path]:
    files = ArtifactStore(workspace.paths.artifacts)
    return sorted(files.path(hash_) for hash_ in files.hashes())


def damage(path: Path, how: str) -> None:
    """Changes or removes a stored file, and not the copies that hang on it."""
    data = path.read_bytes()
    path.unlink()
    if how == "changed":
        path.write_bytes(data[:-20] + bytes(20))
    elif how == "cut":
        path.write_bytes(data[: len(data) // 2])


def again(workspace: Workspace, sql: str) -> None:
    """Queues the job as if an engine had been lost."""
    with workspace.store.alone() as write:
        write(lambda c: c.execute(sql))
        write(lambda c: c.execute("UPDATE jobs SET state = 'queued', result = NULL"))
        write(lambda c: c.execute("UPDATE batches SET finish = 'pending'"))


def only_job(workspace: Workspace) -> Any:
    with workspace.reading() as connection:
        return connection.execute("SELECT * FROM jobs").fetchone()


@pytest.mark.parametrize("how", ["changed", "cut", "gone"])
def test_a_lost_file_fails_its_job_and_a_retry_makes_it_again(
    workspace: Workspace, how: str, diagnose: Diagnose
) -> None:
    before = {path: path.read_bytes() for path in stored(workspace)}
    first = workspace.paths.root / only_job(workspace)["output"] / "iteration_1.png"
    good = first.read_bytes()
    victim = next(path for path in before if path.read_bytes() == good or len(before) == 1)
    damage(victim, how)
    assert "1 stored file is" in diagnose(workspace.paths.root, deep=True)["files"].found
    first.unlink()
    again(workspace, "UPDATE steps SET state = 'open' WHERE name = 'evaluate'")
    workspace.follow("b1")
    job = only_job(workspace)
    assert job["state"] == "failed"
    assert "gone" in job["message"] or "damaged" in job["message"]
    workspace.command("retry", ["j1"])
    workspace.follow("b1")
    assert only_job(workspace)["state"] == "done"
    assert {path: path.read_bytes() for path in stored(workspace)} == before
    assert first.read_bytes() == good
    assert "files" not in diagnose(workspace.paths.root, deep=True)


def test_a_damaged_image_is_never_written_out_as_good(workspace: Workspace) -> None:
    folder = workspace.paths.root / only_job(workspace)["output"]
    good = (folder / "iteration_1.png").read_bytes()
    victim = next(path for path in stored(workspace) if path.read_bytes() == good)
    victim.unlink()
    Image.new("RGB", (64, 64)).save(victim, "PNG")  # a whole image, and another one
    (folder / "iteration_1.png").unlink()
    again(workspace, "SELECT 1")
    workspace.follow("b1")
    assert only_job(workspace)["state"] == "failed"
    assert "damaged" in only_job(workspace)["message"]
    assert not (folder / "iteration_1.png").exists()
    workspace.command("retry", ["j1"])
    workspace.follow("b1")
    assert only_job(workspace)["state"] == "done"
    assert (folder / "iteration_1.png").read_bytes() == good


def test_a_damaged_file_is_put_aside_and_not_thrown_away(tmp_path: Path) -> None:
    files = ArtifactStore(tmp_path)
    hash_ = files.put(b"right")
    files.path(hash_).write_bytes(b"wrong")
    with pytest.raises(FileLost, match="another hash"):
        files.read(hash_)
    gone = hashlib.sha256(b"never stored").hexdigest()
    assert sorted(files.lost([hash_, gone, files.put(b"good")])) == sorted([hash_, gone])
    aside = files.path(hash_).with_name(f"{files.path(hash_).name}.damaged")
    assert aside.read_bytes() == b"wrong"
    assert files.put(b"right") == hash_
    assert files.read(hash_) == b"right"
    assert hash_ in files.hashes()
