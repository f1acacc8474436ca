"""Thumbnails: generated once, never in the way, and gone with their files."""

import asyncio
import io
import os
from pathlib import Path

import pytest
from PIL import Image

from engine.client.unreferenced import find_unnamed, remove_unnamed
from engine.client.workspace import Workspace
from engine.contract import Artifact, CallContext
from engine.kinds.registry import content_of, kinds
from engine.kinds.thumbnails import SIDES, Previews, StoredFile, Thumbnails, generate_all
from engine.recipes.refine.agents.refiner import RefineRequest
from engine.runtime import thumbnailer
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.process_pool import ComputePool
from engine.runtime.thumbnailer import Thumbnailer
from engine.runtime.timings import EngineTimings
from tests.support import media_files as media
from tests.support.engines import Toy, eventually


@pytest.fixture
def thumbnails(tmp_path: Path) -> Thumbnails:
    return Thumbnails(tmp_path / "thumbnails")


def stored(root: Path, data: bytes) -> StoredFile:
    store = ArtifactStore(root / "artifacts")
    hash_ = store.put(data)
    kind, found = kinds().recognise(content_of(data))
    return StoredFile(
        hash=hash_,
        path=store.path(hash_),
        kind=kind,
        media_type=found.media_type,
        size=len(data),
        width=found.width,
        height=found.height,
        facts=found.facts,
    )


def handle(artifacts: ArtifactStore, data: bytes, size: tuple[int, int]) -> Artifact:
    width, height = size
    return Artifact(
        hash=artifacts.put(data),
        media_type="image/png",
        size=len(data),
        width=width,
        height=height,
    )


def sides(data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data), formats=["WEBP"]) as image:
        return image.size


FILES = {
    "a large image": (media.image(size=(1200, 600)), {96: (96, 48), 480: (480, 240)}),
    "a middling image": (media.image("JPEG", (200, 400)), {96: (48, 96)}),
    "a small image": (media.image(size=(96, 20)), {}),
    "sound": (media.wav(), {96: (96, 48), 480: (480, 240)}),
    "film of images": (
        media.mp4([media.image("JPEG", (640, 360))] * 3, codec=b"jpeg"),
        {96: (96, 54), 480: (480, 270)},
    ),
    "film that needs a decoder": (media.mp4(), {}),
    "a drawing": (media.SVG.encode(), {}),
    "text": (b"a lamp", {}),
    "a broken image": (media.image(size=(1200, 600))[:-300], {}),
}


@pytest.mark.parametrize("name", FILES)
def test_each_kind_has_the_thumbnails_that_it_can(name: str, tmp_path: Path) -> None:
    data, expected = FILES[name]
    thumbnails, file = Thumbnails(tmp_path / "thumbnails"), stored(tmp_path, data)
    assert {side: sides(image) for side, image in thumbnails.generate(file).items()} == expected
    assert {side for side in SIDES if thumbnails.has(file.hash, side)} == set(expected)
    assert not list((tmp_path / "thumbnails").glob("*/.new-*"))
    for side, size in expected.items():
        image = thumbnails.read(file, side)
        assert image is not None
        assert sides(image) == size


def test_a_preview_is_the_stored_thumbnail_or_a_small_file_itself(tmp_path: Path) -> None:
    thumbnails = Thumbnails(tmp_path / "thumbnails")
    artifacts = ArtifactStore(tmp_path / "artifacts")
    preview = Previews(thumbnails, artifacts.stored)
    large, small = media.image(size=(1200, 600)), media.image(size=(96, 20))
    shown = preview(handle(artifacts, large, (1200, 600)))
    assert sides(shown) == (480, 240)
    hash_ = artifacts.put(large)
    assert thumbnails.path(hash_, 480).read_bytes() == shown
    mark = media.image("WEBP", (5, 5))
    thumbnails.path(hash_, 480).write_bytes(mark)
    assert preview(handle(artifacts, large, (1200, 600))) == mark  # read, not drawn again
    assert preview(handle(artifacts, small, (96, 20))) == small
    gone = handle(artifacts, small, (96, 20))
    artifacts.path(gone.hash).unlink()
    with pytest.raises(FileNotFoundError):
        preview(gone)


def test_a_thumbnail_that_is_gone_is_generated_again(
    thumbnails: Thumbnails, tmp_path: Path
) -> None:
    file = stored(tmp_path, media.image(size=(600, 600)))
    first = thumbnails.read(file, 96)
    assert generate_all(tmp_path / "thumbnails", [file]) == 0
    thumbnails.path(file.hash, 96).unlink()
    assert generate_all(tmp_path / "thumbnails", [file, file]) == 2
    assert thumbnails.read(file, 96) == first


def test_a_link_in_the_place_of_a_thumbnail_is_not_followed(
    thumbnails: Thumbnails, tmp_path: Path
) -> None:
    file = stored(tmp_path, media.image(size=(600, 600)))
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    place = thumbnails.path(file.hash, 96)
    place.parent.mkdir(parents=True)
    place.symlink_to(secret)
    found = thumbnails.read(file, 96)
    assert found is not None
    assert sides(found) == (96, 96)
    assert secret.read_bytes() == b"secret"


def test_a_workspace_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    file = stored(tmp_path, media.image(size=(600, 400)))
    assert Thumbnails(tmp_path / "gone" / "thumbnails").read(file, 96)
    assert not (tmp_path / "gone").exists()


def test_a_folder_that_cannot_be_written_costs_only_the_cache(tmp_path: Path) -> None:
    (tmp_path / "thumbnails").write_bytes(b"in the way")
    file = stored(tmp_path, media.image(size=(600, 600)))
    found = Thumbnails(tmp_path / "thumbnails").read(file, 480)
    assert found is not None
    assert sides(found) == (480, 480)


@pytest.mark.parametrize(("hash_", "side"), [("../../x", 96), ("a" * 64, 97), ("A" * 64, 96)])
def test_a_thumbnail_is_named_by_a_hash(thumbnails: Thumbnails, hash_: str, side: int) -> None:
    with pytest.raises(ValueError, match="named by a hash"):
        thumbnails.path(hash_, side)


async def test_an_engine_generates_them_in_the_pool(toy: Toy) -> None:
    toy.timings = EngineTimings(thumbnails=0.0)
    data = media.image(size=(600, 300))

    async def reply(_request: RefineRequest, context: CallContext) -> None:
        await context.keep(data, "image")
        await context.keep(b"a note", "note")

    toy.backend.reply = reply
    toy.queue(1, overrides={"steps": 1})
    folder = toy.paths.thumbnails
    await toy.run(until=lambda engine: engine.is_idle and len(list(folder.glob("*/*.webp"))) == 2)
    assert toy.job().state == "done"
    names = sorted(path.name.rpartition("-")[2] for path in folder.glob("*/*"))
    assert names == ["480.webp", "96.webp"]


async def test_a_full_pool_is_left_to_the_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnailer, "POLL_SECONDS", 0.0)
    monkeypatch.setattr(thumbnailer, "MAX_POLLS", 10**9)
    pool = FakePool()
    store = ArtifactStore(tmp_path / "artifacts")
    worker = Thumbnailer(pool, store, tmp_path / "thumbnails", delay=0.0)  # type: ignore[arg-type]
    columns = _columns(tmp_path)
    worker.schedule([columns])
    for _ in range(20):
        await asyncio.sleep(0)
    assert pool.calls == []
    pool.is_full = False
    await eventually(lambda: pool.calls == [[columns["hash"]]])
    pool.error = RuntimeError("no memory")
    worker.schedule([columns])
    await eventually(lambda: len(pool.calls) == 2)
    await worker.close()


class FakePool:
    def __init__(self) -> None:
        self.is_full = True
        self.calls: list[list[str]] = []
        self.error: Exception | None = None

    async def run(self, _function: object, _folder: Path, files: list[StoredFile]) -> int:
        self.calls.append([file.hash for file in files])
        if self.error:
            raise self.error
        return 0


def _columns(root: Path) -> dict[str, object]:
    file = stored(root, media.image(size=(600, 300)))
    names = ("hash", "kind", "media_type", "size", "width", "height", "facts")
    return {name: getattr(file, name) for name in names}


def test_gc_removes_them_with_their_files(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, create=True)
    thumbnails = Thumbnails(workspace.paths.thumbnails)
    root = workspace.paths.private
    gone, young = (stored(root, media.image(size=(600, side))) for side in (300, 500))
    for file in (gone, young):
        thumbnails.generate(file)
    os.utime(gone.path, (1, 1))
    remove_unnamed(workspace, list(find_unnamed(workspace)))
    assert not gone.path.exists()
    assert [thumbnails.has(gone.hash, side) for side in SIDES] == [False, False]
    assert [thumbnails.has(young.hash, side) for side in SIDES] == [True, True]


def test_the_pool_says_whether_it_is_full() -> None:
    pool = ComputePool(1)
    assert not pool.is_full
    pool.close()
