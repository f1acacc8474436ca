import errno
import io
import json
import os
import stat
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from engine.contract.folder import ExportError, Folder
from engine.imaging.lineage import read
from engine.imaging.png import read_text
from engine.imaging.png_stream import is_png
from engine.recipes.refine.outputs import write_job
from engine.text.temporary_names import _started, mark
from tests.support.pixels import pixel
from tests.support.refine_results import image, make_job, make_turn, snapshot, stamped

NAMES = [
    "iteration_1.png",
    "iteration_1_results.json",
    "iteration_1_results.yaml",
    "iteration_1_evaluation.json",
    "iteration_2.png",
    "iteration_2_results.json",
    "iteration_2_results.yaml",
    "iteration_2_evaluation.json",
    "summary.json",
]


def test_a_job_is_written_with_hard_links(job, shelf, tmp_path):
    folder = tmp_path / "outputs" / "results" / "lamp"
    assert write_job(job, folder, shelf.path) == NAMES
    assert sorted(path.name for path in folder.iterdir()) == sorted(NAMES)
    for turn in job.iterations:
        link = folder / f"iteration_{turn.number}.png"
        assert link.samefile(shelf.path(turn.artifact.hash))
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["best"] == {
        "iteration": 2,
        "score": 80.0,
        "prompt": "a brighter lamp",
        "image": "iteration_2.png",
    }
    assert [turn["prompt"] for turn in summary["iterations"]] == ["a lamp", "a brighter lamp"]
    assert summary["totals"]["cost_usd"] == 0.080246


def test_writing_again_changes_nothing(job, shelf, tmp_path):
    write_job(job, tmp_path / "lamp", shelf.path)
    before = snapshot(tmp_path / "lamp")
    assert write_job(job, tmp_path / "lamp", shelf.path) == NAMES
    assert snapshot(tmp_path / "lamp") == before


def test_a_running_job_grows(job, shelf, tmp_path):
    running = job.model_copy(
        update={"iterations": job.iterations[:1], "state": "running", "best": 1}
    )
    write_job(running, tmp_path / "lamp", shelf.path)
    before = snapshot(tmp_path / "lamp")
    write_job(job, tmp_path / "lamp", shelf.path)
    after = snapshot(tmp_path / "lamp")
    changed = {name for name in after if before.get(name) != after[name]}
    assert changed == {name for name in NAMES if "_2" in name} | {"summary.json"}


def test_files_are_private_whatever_the_umask(job, shelf, tmp_path):
    for umask in (0o000, 0o777):
        folder = tmp_path / f"outputs{umask}" / "results" / "lamp"
        previous = os.umask(umask)
        try:
            write_job(job, folder, shelf.path)
        finally:
            os.umask(previous)
        for path in folder.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        for path in (folder, folder.parent, folder.parent.parent):
            assert stat.S_IMODE(path.stat().st_mode) == 0o700


@pytest.mark.parametrize("code", [errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP])
def test_where_linking_is_impossible_the_bytes_are_copied(job, shelf, tmp_path, monkeypatch, code):
    def refuse(*args, **options):
        raise OSError(code, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    write_job(job, tmp_path / "lamp", shelf.path)
    copy, source = tmp_path / "lamp/iteration_1.png", shelf.path(job.iterations[0].artifact.hash)
    assert copy.read_bytes() == source.read_bytes()
    assert not copy.samefile(source)
    before = snapshot(tmp_path / "lamp")
    write_job(job, tmp_path / "lamp", shelf.path)
    assert snapshot(tmp_path / "lamp") == before


def test_a_link_that_another_export_has_made_leaves_no_temporary_file(shelf, tmp_path):
    artifact = shelf.keep(image())
    with Folder(tmp_path / "lamp") as folder:
        for _ in range(2):  # both saw that the file was not there yet
            assert folder.link("iteration_1.png", shelf.path(artifact.hash))
        assert folder.names() == ["iteration_1.png"]


def test_another_failure_of_linking_is_raised(job, shelf, tmp_path, monkeypatch):
    def refuse(*args, **options):
        raise OSError(errno.EIO, "broken disk")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(OSError, match="broken disk"):
        write_job(job, tmp_path / "lamp", shelf.path)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_an_image_without_lineage_is_converted_and_stamped(shelf, tmp_path, monkeypatch, kind):
    stored = image(kind)
    turn = make_turn(shelf.keep(stored, f"image/{kind.lower()}"))
    write_job(make_job(turn), tmp_path / "lamp", shelf.path)
    data = (tmp_path / "lamp/iteration_1.png").read_bytes()
    assert is_png(data)
    assert read(data).prompt == "a lamp"
    assert "Seed: 7" in read_text(data)["parameters"]
    with Image.open(io.BytesIO(stored)) as before, Image.open(io.BytesIO(data)) as after:
        assert before.tobytes() == after.tobytes()
    assert shelf.path(turn.artifact.hash).read_bytes() == stored

    monkeypatch.setattr(
        "engine.recipes.common.images.to_png", lambda data: pytest.fail("made again")
    )
    write_job(make_job(turn), tmp_path / "lamp", shelf.path)
    assert (tmp_path / "lamp/iteration_1.png").read_bytes() == data


def test_a_copy_is_made_again_when_it_is_of_another_image_or_cut(shelf, tmp_path):
    target = tmp_path / "lamp/iteration_1.png"
    for shade in (1, 200):
        turn = make_turn(shelf.keep(image("BMP", shade), "image/bmp"))
        write_job(make_job(turn), tmp_path / "lamp", shelf.path)
        with Image.open(target) as decoded:
            assert pixel(decoded, (15, 7))[0] == shade
    whole = target.read_bytes()
    target.write_bytes(whole[:-30])
    write_job(make_job(turn), tmp_path / "lamp", shelf.path)
    assert target.read_bytes() == whole


def test_without_a_seed_a_png_is_linked_as_it_is(shelf, tmp_path):
    artifact = shelf.keep(image())
    write_job(make_job(make_turn(artifact, seed=None)), tmp_path / "lamp", shelf.path)
    assert (tmp_path / "lamp/iteration_1.png").samefile(shelf.path(artifact.hash))


def test_links_planted_inside_are_replaced_and_not_followed(job, shelf, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("precious")
    folder = tmp_path / "lamp"
    folder.mkdir()
    for name in NAMES:
        (folder / name).symlink_to(outside / "precious")
    (folder / "iteration_9.png").symlink_to(outside / "precious")
    (folder / "notes").symlink_to(outside)
    write_job(job, folder, shelf.path)
    assert [path.name for path in outside.iterdir()] == ["precious"]
    assert (outside / "precious").read_text() == "precious"
    assert not any((folder / name).is_symlink() for name in NAMES)
    assert not (folder / "iteration_9.png").is_symlink()
    assert (folder / "notes").is_symlink()


def test_a_planted_hard_link_is_replaced_and_not_written_through(job, shelf, tmp_path):
    (tmp_path / "lamp").mkdir()
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "lamp/summary.json").hardlink_to(tmp_path / "precious")
    write_job(job, tmp_path / "lamp", shelf.path)
    assert (tmp_path / "precious").read_text() == "precious"


def test_a_folder_that_is_a_link_or_a_file_is_refused(job, shelf, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "real")
    (tmp_path / "file").write_text("x")
    for name in ("linked", "file"):
        with pytest.raises(ExportError, match="not a folder"):
            write_job(job, tmp_path / name, shelf.path)
    assert list((tmp_path / "real").iterdir()) == []


def test_a_named_pipe_in_the_way_is_replaced_without_waiting(job, shelf, tmp_path):
    (tmp_path / "lamp").mkdir()
    os.mkfifo(tmp_path / "lamp/summary.json")
    write_job(job, tmp_path / "lamp", shelf.path)
    assert (tmp_path / "lamp/summary.json").is_file()


def test_a_folder_where_a_file_belongs_is_one_clear_error(job, shelf, tmp_path):
    (tmp_path / "lamp/summary.json").mkdir(parents=True)
    with pytest.raises(ExportError, match="move it away"):
        write_job(job, tmp_path / "lamp", shelf.path)
    assert not [path for path in (tmp_path / "lamp").iterdir() if path.name.endswith(".tmp")]


def test_only_own_files_of_dropped_iterations_are_removed(job, shelf, tmp_path):
    folder = tmp_path / "lamp"
    write_job(job, folder, shelf.path)
    for name in ("iteration_2.png.bak", "notes.txt", "iteration_x.png", "iteration_02.png"):
        (folder / name).write_text("mine")
    one = job.model_copy(update={"iterations": job.iterations[:1], "best": 1})
    kept = write_job(one, folder, shelf.path, frozenset({"json"}))
    assert kept == [name for name in NAMES if "_2" not in name and not name.endswith("yaml")]
    others = {"iteration_2.png.bak", "notes.txt", "iteration_x.png", "iteration_02.png"}
    assert {path.name for path in folder.iterdir()} == set(kept) | others


def test_abandoned_temporary_files_are_swept_and_fresh_ones_left(job, shelf, tmp_path, monkeypatch):
    folder = tmp_path / "lamp"
    folder.mkdir()
    abandoned = folder / ".iteration_1.png.0123abcd.tmp"
    foreign = folder / ".other.0123abcd.tmp"
    abandoned.write_text("x")
    foreign.write_text("x")
    write_job(job, folder, shelf.path)
    assert abandoned.exists()
    monkeypatch.setattr("engine.contract.folder._ABANDONED_SECONDS", -1)
    write_job(job, folder, shelf.path)
    assert not abandoned.exists()
    assert foreign.exists()


def test_temporary_files_of_ended_processes_are_swept_at_once_and_of_others_never(
    job, shelf, tmp_path, monkeypatch
):
    monkeypatch.setattr("engine.contract.folder._ABANDONED_SECONDS", -1)
    folder = tmp_path / "lamp"
    folder.mkdir()
    machine, pid, started = mark().split("-")
    with subprocess.Popen(["true"]) as ended:
        pass
    names = {
        f"{machine}-{ended.pid}-1": False,
        f"{machine}-{pid}-{int(started) + 1}": False,  # the number has gone to another process
        mark(): True,
        f"{machine}-1-{_started(1)}": True,
        "00000000-1-1": False,  # another machine's, by its age
    }
    files = {owner: folder / f".iteration_1.png.{owner}-0123abcd.tmp" for owner in names}
    for path in files.values():
        path.write_text("x")
    write_job(job, folder, shelf.path)
    assert {owner: path.exists() for owner, path in files.items()} == names


def test_the_summary_s_folder_is_swept_too(tmp_path):
    with subprocess.Popen(["true"]) as ended:
        pass
    left = tmp_path / f".batch_summary.json.{mark().split('-')[0]}-{ended.pid}-1-0123abcd.tmp"
    other = tmp_path / left.name.replace("batch", "patch")
    left.write_text("x")
    other.write_text("x")
    with Folder(tmp_path) as target, target.replacing("batch_summary.json", tidy=True) as stream:
        stream.write(b"{}")
    assert sorted(path.name for path in tmp_path.iterdir()) == [other.name, "batch_summary.json"]


def test_what_fails_halfway_leaves_the_old_file(job, shelf, tmp_path, monkeypatch):
    folder = tmp_path / "lamp"
    write_job(job, folder, shelf.path)
    before = snapshot(folder)

    def fail(*args, **options):
        raise OSError(errno.ENOSPC, "disk full")

    monkeypatch.setattr(os, "rename", fail)
    changed = job.model_copy(update={"title": "Another"})
    with pytest.raises(OSError, match="disk full"):
        write_job(changed, folder, shelf.path)
    assert snapshot(folder) == before


def test_a_lost_or_bad_image_stops_only_itself(job, shelf, tmp_path):
    write_job(job, tmp_path / "lamp", shelf.path)
    shelf.path(job.iterations[0].artifact.hash).unlink()
    bad = make_turn(shelf.keep(b"<html>504</html>", "image/png"), 3)
    more = job.model_copy(update={"iterations": (*job.iterations, bad)})
    with pytest.raises(ExportError) as caught:
        write_job(more, tmp_path / "lamp", shelf.path)
    assert "iteration_1.png: the stored image is gone" in str(caught.value)
    assert "iteration_3.png: this is not an image" in str(caught.value)
    assert (tmp_path / "lamp/iteration_1.png").exists()
    assert (tmp_path / "lamp/iteration_3_results.json").exists()
    assert len(json.loads((tmp_path / "lamp/summary.json").read_text())["iterations"]) == 3


def test_unknown_formats_are_refused(job, shelf, tmp_path):
    with pytest.raises(ValueError, match="toml"):
        write_job(job, tmp_path / "lamp", shelf.path, frozenset({"toml"}))


def test_hostile_text_stays_inside_the_files(shelf, tmp_path):
    text = "../../x \x1b[31m [bold]b[/bold] \u202e"
    turn = make_turn(shelf.keep(stamped()), prompt=text)
    job = make_job(turn, key=text, title=text, error=text, input={text: text})
    write_job(job, tmp_path / "deep/er/lamp", shelf.path)
    content = (tmp_path / "deep/er/lamp/summary.json").read_text()
    assert "\x1b" not in content
    assert json.loads(content)["id"] == text
    assert {path.name for path in tmp_path.iterdir()} == {"artifacts", "deep"}


def test_the_path_of_the_shelf_is_asked_by_hash(job, shelf, tmp_path):
    asked: list[str] = []

    def path(digest: str) -> Path:
        asked.append(digest)
        return shelf.path(digest)

    write_job(job, tmp_path / "lamp", path)
    assert asked == [turn.artifact.hash for turn in job.iterations]


def test_a_file_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    def full(*_names, **_folders):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "rename", full)
    with Folder(tmp_path) as folder, pytest.raises(OSError, match="No space") as raised:
        folder.put("summary.json", b"{}")
    assert raised.value.filename == str(tmp_path / "summary.json")
    assert list(tmp_path.iterdir()) == []


def test_what_is_read_and_written_again_under_the_lock_loses_nothing(tmp_path):
    def count(_number):
        with Folder(tmp_path) as folder, folder.locked():
            known = int(folder.read("count", 9) or b"0")
            time.sleep(0)  # lets others run
            folder.put("count", b"%d" % (known + 1))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(40)))
    assert (tmp_path / "count").read_bytes() == b"40"
