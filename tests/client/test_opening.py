"""A file is copied under a safe name, and played or shown by a program that stays silent."""

import os
import tempfile
import time
from pathlib import Path

import pytest

from engine.client.opening.copies import KEPT_SECONDS, OpenedFile, copy_of
from engine.client.opening.errors import CannotOpen
from engine.client.opening.part import open_file
from engine.config.open_settings import OpenSettings
from engine.runtime.artifacts import ArtifactStore
from tests.support import media_files as media
from tests.support.programs import FakePrograms, is_alive


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePrograms:
    made = FakePrograms(tmp_path / "bin")
    monkeypatch.setenv("PATH", made.path)
    return made


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    return tmp_path / "artifacts"


def stored(artifacts: Path, *label: str) -> OpenedFile:
    hash_ = ArtifactStore(artifacts).put(media.wav())
    return OpenedFile(label or ("j1", "sing"), "audio", "audio/wav", hash_)


def until(condition) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come about")


def test_a_copy_has_a_safe_name_and_the_suffix_of_its_kind(artifacts: Path) -> None:
    file = stored(artifacts, "j1", "--x/../\x1b[31m\u202e`rm`; é/part")
    path = copy_of(file, ArtifactStore(artifacts))
    assert path.is_absolute()
    assert path.name == f"j1-x-31m-rm-part-{file.hash[:8]}.wav"
    assert path.read_bytes() == media.wav()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_folder_that_others_may_write_is_not_used(
    artifacts: Path, own_temporary_folder: Path
) -> None:
    trap = own_temporary_folder / f"safelight-{os.getuid()}"
    trap.symlink_to("/nowhere")
    assert copy_of(stored(artifacts), ArtifactStore(artifacts)).parent != trap
    trap.unlink()
    trap.mkdir()
    trap.chmod(0o777)
    assert copy_of(stored(artifacts), ArtifactStore(artifacts)).parent != trap


def test_copies_are_removed_a_day_later(artifacts: Path) -> None:
    old = copy_of(stored(artifacts, "old"), ArtifactStore(artifacts))
    long_ago = time.time() - KEPT_SECONDS - 1
    os.utime(old, (long_ago, long_ago))
    new = copy_of(stored(artifacts, "new"), ArtifactStore(artifacts))
    assert not old.exists()
    assert new.exists()


def test_a_file_that_is_gone_is_a_sentence(artifacts: Path) -> None:
    file = stored(artifacts)
    ArtifactStore(artifacts).path(file.hash).unlink()
    with pytest.raises(CannotOpen, match="The file cannot be opened"):
        copy_of(file, ArtifactStore(artifacts))


def test_a_player_gets_the_copy_and_writes_nowhere(
    artifacts: Path, programs: FakePrograms, capfd: pytest.CaptureFixture[str]
) -> None:
    programs.add("mpv")
    running = open_file(stored(artifacts), ArtifactStore(artifacts), OpenSettings())
    assert running.wait() == ""
    (call,) = programs.calls
    assert call["arguments"][-2:] == ["--", str(running.path)]
    assert call["size"] == len(media.wav())
    assert capfd.readouterr() == ("", "")


def test_a_player_is_stopped_with_all_that_it_started(
    artifacts: Path, programs: FakePrograms
) -> None:
    programs.add("mpv", seconds=60)
    running = open_file(stored(artifacts), ArtifactStore(artifacts), OpenSettings())
    until(lambda: programs.calls)
    running.stop()
    assert not running.is_running
    assert not is_alive(programs.calls[0]["pid"])
    assert running.wait() == ""  # stopped, not failed


def test_a_player_that_fails_is_a_sentence_with_the_file(
    artifacts: Path, programs: FakePrograms
) -> None:
    programs.add("mpv", status=3)
    running = open_file(stored(artifacts), ArtifactStore(artifacts), OpenSettings())
    assert running.wait() == f"mpv could not open it (status 3). The file: {running.path}"


def test_without_a_player_the_sentence_has_the_file(
    artifacts: Path, programs: FakePrograms
) -> None:
    with pytest.raises(CannotOpen, match=r"No player is installed.*The file: /.*\.wav$") as refused:
        open_file(stored(artifacts), ArtifactStore(artifacts), OpenSettings(), {"HOME": "/"})
    assert Path(str(refused.value).partition("The file: ")[2]).read_bytes() == media.wav()
