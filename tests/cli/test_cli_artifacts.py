"""`safelight artifacts`: to an object store and back, and what doctor, gc and trust say of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.client.workspace import Workspace
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.objects import cached
from tests.support.object_server import BUCKET, ENVIRONMENT, ObjectServer

pytestmark = pytest.mark.usefixtures("one_process")

SMALL = ("--set", "width=64", "--set", "height=64", "--set", "max_iterations=2")


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectServer]:
    """An S3 server with an empty bucket."""
    started = ObjectServer()
    started.client().create_bucket(Bucket=BUCKET)
    yield started
    started.close()


@pytest.fixture
def workspace(
    tmp_path: Path, server: ObjectServer, monkeypatch: pytest.MonkeyPatch, run: Any
) -> Iterator[Path]:
    """A workspace with a batch, from before an object store was set."""
    monkeypatch.setattr(cached, "WAIT_SECONDS", 0.001)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "p.txt").write_text("a red fox\na blue lighthouse\n")
    root = tmp_path / "w"
    assert run("run", "refine", tmp_path / "p.txt", "-w", root, *SMALL).code == 0
    yield root
    server.calm()


def to_the_store(root: Path, server: ObjectServer) -> None:
    text = f'[artifacts]\nurl = "s3://{BUCKET}/{root.parent.name}"\n'
    (root / "safelight.toml").write_text(text + f'endpoint = "{server.endpoint}"\n')


def from_the_store(root: Path) -> None:
    (root / "safelight.toml").unlink()


def here(root: Path) -> list[Path]:
    files = ArtifactStore(root / ".safelight" / "artifacts")
    return [files.path(hash_) for hash_ in files.hashes()]


def status_of(run: Any, root: Path) -> dict[str, Any]:
    return json.loads(run("artifacts", "status", "-w", root, "--json").out)


def test_a_workspace_moves_there_and_back(workspace: Path, server: ObjectServer, run: Any) -> None:
    root, count = workspace, len(here(workspace))
    to_the_store(root, server)
    refused = run("artifacts", "push", "-w", root)
    assert refused.code == 3
    assert "safelight trust" in refused.err
    trusted = run("trust", root)
    assert f"files in s3://{BUCKET}" in trusted.out

    dry = run("artifacts", "push", "-w", root, "--dry-run")
    assert f"{count} files to upload" in dry.out
    assert server.objects(root.parent.name) == {}
    assert run("artifacts", "verify", "-w", root).code == 1
    server.fault(method="PUT", after=1, status=507, code="QuotaExceeded")
    full = run("artifacts", "push", "-w", root)
    assert full.code == 3
    assert "takes no more files" in full.err
    server.calm()
    assert run("artifacts", "push", "-w", root).code == 0
    assert status_of(run, root) | {"in_store": count, "only_here": 0, "gone": 0} == status_of(
        run, root
    )
    assert run("artifacts", "verify", "-w", root, "--deep").code == 0
    assert "each" not in run("doctor", "-w", root).out

    for path in here(root):
        path.unlink()
    for output in (root / "outputs").rglob("*.png"):
        output.unlink()
    assert run("export", "b1", "-w", root).code == 0  # whatever is needed is fetched
    assert list((root / "outputs").rglob("*.png"))
    copy = run("open", "j1", "-w", root, "--path")
    assert Path(copy.out.strip()).stat().st_size

    assert run("artifacts", "pull", "-w", root).code == 0
    assert len(here(root)) == count
    from_the_store(root)
    assert "artifacts" in run("artifacts", "status", "-w", root).out
    assert Workspace(root).artifacts.lost([p.parent.name + p.name for p in here(root)]) == []


def test_wrong_and_lost_files_and_those_that_nothing_names(
    workspace: Path, server: ObjectServer, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = workspace
    to_the_store(root, server)
    run("trust", root)
    assert run("artifacts", "push", "-w", root).code == 0
    client = server.client()
    names = sorted(server.objects(root.parent.name))
    size = server.objects(root.parent.name)[names[0]]
    client.put_object(Bucket=BUCKET, Key=names[0], Body=bytes(size))
    deep = run("artifacts", "verify", "-w", root, "--deep")
    assert (deep.code, "1 file has other bytes there" in deep.out) == (1, True)
    assert "damaged there" in run("doctor", "-w", root, "--deep").out
    client.delete_object(Bucket=BUCKET, Key=names[1])
    for path in here(root):
        path.unlink()
    lost = run("artifacts", "status", "-w", root)
    assert (lost.code, "1 file is gone" in lost.out) == (1, True)

    prefix = names[0].rsplit("/", 2)[0]
    client.put_object(Bucket=BUCKET, Key=f"{prefix}/ab/{'c' * 62}", Body=b"unnamed")
    assert run("gc", "-w", root, "--yes").code == 0
    assert f"{prefix}/ab/{'c' * 62}" in server.objects()  # it is younger than an hour
    monkeypatch.setattr("engine.client.unreferenced.FRESH_SECONDS", -60)
    assert "Removed 1 file" in run("gc", "-w", root, "--yes").out
    assert f"{prefix}/ab/{'c' * 62}" not in server.objects()


def test_doctor_says_what_is_wrong_with_the_store(
    workspace: Path, server: ObjectServer, run: Any
) -> None:
    root = workspace
    to_the_store(root, server)
    assert "safelight trust" in run("doctor", "-w", root).out
    run("trust", root)
    assert "was written, read and cleared" in run("doctor", "-w", root).out
    server.fault(method="PUT", status=403, code="RequestTimeTooSkewed")
    assert "clock" in run("doctor", "-w", root).out
    (root / "safelight.toml").write_text('[artifacts]\nurl = "http://bucket"\n')
    refused = run("status", "-w", root)
    assert refused.code == 2
    assert "artifacts.url" in refused.err


def test_queueing_stores_files_there_first(workspace: Path, server: ObjectServer, run: Any) -> None:
    root = workspace
    to_the_store(root, server)
    image = next((root / "outputs").rglob("iteration_1.png"))
    entries = root.parent / "entries.json"
    entries.write_text(json.dumps([{"image": str(image)}]))
    queued = ("queue", "evaluate", entries, "-w", root)
    assert run(*queued).code == 3
    run("trust", root)
    server.fault(method="PUT", status=507, code="QuotaExceeded")
    assert "takes no more files" in run(*queued).err
    assert len(json.loads(run("status", "-w", root, "--json").out)["batches"]) == 1
    server.calm()
    assert run(*queued).code == 0
    assert len(server.objects(root.parent.name)) == 1
