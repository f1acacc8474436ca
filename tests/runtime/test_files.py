"""Files of any size and kind, kept by steps and read back."""

import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from db.queries import jobs as job_queries
from engine.contract import Artifact, CallContext, OpenFile
from engine.recipes.refine.agents.refiner import RefineRequest
from engine.runtime.artifacts import CHUNK_BYTES, ArtifactStore, FileLost
from tests.support import media_files as media
from tests.support import work
from tests.support.engines import Toy

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_a_large_film_passes_through_in_little_memory(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.large_file", str(tmp_path), "300"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    state, kind, frames, size, read, peak = done.stdout.split()
    assert (state, kind, frames) == ("done", "video", "25")
    assert int(size) == int(read) > 300 << 20
    assert int(peak) < 200 << 10


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1])
def test_streams_are_stored_once_by_content_and_opened_checked(tmp_path: Path, size: int) -> None:
    store, data = ArtifactStore(tmp_path / "artifacts"), os.urandom(size)
    hash_ = store.put(data)
    assert store.put_stream(io.BytesIO(data)) == (hash_, size)
    store.path(hash_).unlink()
    assert store.put_stream(io.BytesIO(data)) == (hash_, size)
    with store.open(hash_) as stream:
        assert stream.read() == data
    assert store.hashes() == [hash_]
    assert not list(store.folder.glob("*/.new-*"))


def test_a_damaged_file_is_not_opened(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "artifacts")
    hash_ = store.put(bytes(CHUNK_BYTES * 2))
    with store.path(hash_).open("r+b") as file:
        file.seek(CHUNK_BYTES)
        file.write(b"!")
    with pytest.raises(FileLost, match="damaged"):
        store.open(hash_)
    assert store.lost([hash_]) == [hash_]
    with pytest.raises(FileLost, match="gone"):
        store.open(hash_)


def test_a_stream_that_cannot_be_written_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ArtifactStore(tmp_path / "artifacts")

    def no_room(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", no_room)
        with pytest.raises(OSError, match="No space"):
            store.put_stream(io.BytesIO(b"film"))
    assert not [path for path in store.folder.rglob("*") if path.is_file()]


async def test_rows_carry_kind_media_type_and_facts(toy: Toy) -> None:
    async def reply(_request: RefineRequest, context: CallContext) -> None:
        path = toy.root / "film.tmp"
        path.write_bytes(media.mp4([b"x"] * 10))
        film = await context.keep_file(path)
        sound = await context.keep(media.wav(0.5, 8000))
        table = await context.keep(b'{"a": 1}', "figures", kind="table")
        kept.extend([film, sound, table])

    kept: list[Artifact] = []
    toy.backend.reply = reply
    toy.queue(1, overrides={"steps": 1})
    await toy.run()
    rows = toy.read(lambda c: job_queries.artifacts(c, 1))
    assert [(row.kind, row.media_type, row.role) for row in rows] == [
        ("video", "video/mp4", "result"),
        ("audio", "audio/wav", "result"),
        ("table", "application/json", "figures"),
    ]
    assert (rows[0].width, rows[0].height) == (640, 360)
    assert json.loads(rows[0].facts)["frames"] == 10
    assert json.loads(rows[1].facts) == {"seconds": 0.5, "sample_rate": 8000, "channels": 1}
    assert [artifact.kind for artifact in kept] == ["video", "audio", "table"]
    assert Artifact.model_validate_json(kept[1].model_dump_json()) == kept[1]
    assert toy.steps()[0].kind == "prompt"


async def test_a_worker_reads_the_files_that_it_computes_with(toy: Toy) -> None:
    found: list[int] = []

    async def reply(_request: RefineRequest, context: CallContext) -> None:
        sound = await context.keep(media.wav(0.5, 8000))
        found.append(await context.compute(len, sound))
        assert await context.compute(work.first_bytes, OpenFile(sound), 4) == b"RIFF"
        ArtifactStore(toy.paths.artifacts).path(sound.hash).unlink()
        with pytest.raises(FileLost, match="is gone"):
            await context.compute(len, sound)
        with pytest.raises(FileLost, match="is gone"):
            await context.compute(work.first_bytes, OpenFile(sound), 4)
        found.append(sound.size)

    toy.backend.reply = reply
    toy.queue(1, overrides={"steps": 1})
    await toy.run()
    assert found[0] == found[1] > 8000


@pytest.mark.parametrize(
    ("what", "sentence"),
    [("folder", "is a folder"), ("pipe", "is a named pipe"), ("nothing", "does not exist")],
)
async def test_what_is_no_file_is_not_kept(toy: Toy, what: str, sentence: str) -> None:
    path = toy.root / "result.bin"
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)

    async def reply(_request: RefineRequest, context: CallContext) -> None:
        await context.keep_file(path)

    toy.backend.reply = reply
    toy.queue(1, overrides={"steps": 1})
    await toy.run()
    (error,) = toy.read(lambda c: job_queries.errors(c, 1))
    assert error.kind == "permanent"
    assert sentence in error.message


def test_handles_of_images_are_written_as_before() -> None:
    old = {"hash": "a" * 64, "media_type": "image/png", "size": 3, "width": 1, "height": 2}
    handle = Artifact.model_validate(old)
    assert handle.model_dump(mode="json") == old
    assert (handle.kind, dict(handle.facts)) == ("image", {})
    assert len({handle, Artifact.model_validate(old)}) == 1
    unknown = Artifact(hash="b" * 64, media_type="application/octet-stream", size=1)
    assert unknown.kind == "file"
    assert "kind" not in unknown.model_dump()


def test_a_scratch_folder_is_beside_the_files_and_goes_with_its_call(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "artifacts")
    hash_ = store.put(b"kept")
    with store.scratch() as folder:
        assert store.folder in folder.parents
        assert folder.stat().st_mode & 0o077 == 0
        (folder / "film").write_bytes(b"large")
        store.sweep()  # of a process that lives
        assert (folder / "film").exists()
    assert not folder.exists()
    assert store.hashes() == [hash_]


def test_scratch_of_a_killed_process_is_swept(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from engine.runtime.artifacts import ArtifactStore\n"
        "with ArtifactStore(Path(sys.argv[1])).scratch() as folder:\n"
        "    (folder / 'film').write_bytes(b'x')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    folder = tmp_path / "artifacts"
    command = [sys.executable, "-c", script, str(folder)]
    subprocess.run(command, cwd=ROOT, check=False)
    assert len(list(folder.glob("00/.new-*/film"))) == 1
    ArtifactStore(folder).sweep()
    assert list(folder.glob("00/*")) == []
