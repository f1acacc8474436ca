"""`safelight open`: files of jobs in a player or a viewer, or their paths."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support import media_files as media
from tests.support.programs import FakePrograms, is_alive
from tests.tui.support import Place
from tests.tui.test_kinds_on_screen import artifact, keep

pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="a display is told otherwise")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePrograms:
    made = FakePrograms(tmp_path / "bin")
    monkeypatch.setenv("PATH", made.path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in ("SSH_CONNECTION", "SSH_TTY", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    return made


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path / "workspace")
    (job,) = place.job_ids(place.batch("b", ["x"]))
    place.claim(1)
    keep(place, job, "iteration-1", media.wav())
    keep(place, job, "iteration-2", media.image())
    sound = artifact(place, media.wav(2.0))
    del sound["role"]
    document = json.dumps({"sound": sound, "id": "x"})
    place.write(lambda c: c.execute("UPDATE jobs SET input = ?", (document,)))
    place.end(job)
    return place


def test_a_sound_is_played_to_its_end(run, place: Place, programs: FakePrograms) -> None:
    programs.add("mpv")
    ran = run("open", "j1", "iteration-1", "-w", place.root)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Playing in mpv, Ctrl-C stops: /")
    assert programs.calls[0]["size"] == len(media.wav())


def test_a_failing_player_is_an_exit_code(run, place: Place, programs: FakePrograms) -> None:
    programs.add("mpv", status=4)
    ran = run("open", "j1:iteration-1", "-w", place.root)
    assert ran.code == 1
    assert "mpv could not open it (status 4). The file: /" in ran.err


def test_the_file_of_an_input_is_named_by_its_field(
    run, place: Place, programs: FakePrograms
) -> None:
    ran = run("open", "j1", "sound", "--print", "-w", place.root)
    assert ran.code == 0
    assert Path(ran.out.strip()).read_bytes() == media.wav(2.0)
    assert Path(ran.out.strip()).name.startswith("j1-sound-")


def test_an_image_goes_to_the_viewer(
    run, place: Place, programs: FakePrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs.add("xdg-open")
    ran = run("open", "b/x", "-w", place.root)
    assert ran.code == 2
    assert "There is no display here to show it on. The file: /" in ran.err
    monkeypatch.setenv("DISPLAY", ":0")
    ran = run("open", "b/x", "-w", place.root)
    assert ran.out.startswith("Opened in xdg-open: /")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["j9"], "Nothing is called 'j9'."),
        (["b1"], "'b1' is a batch; name one of its jobs"),
        (["j1", "../../etc/passwd"], "has no '../../etc/passwd' that is done."),
    ],
)
def test_a_wrong_name_is_a_sentence(
    run, place: Place, programs: FakePrograms, arguments: list[str], said: str
) -> None:
    ran = run("open", *arguments, "-w", place.root)
    assert ran.code == 2
    assert said in ran.err


def test_a_signal_stops_the_player(place: Place, programs: FakePrograms) -> None:
    programs.add("mpv", seconds=60)
    child = subprocess.Popen(
        [sys.executable, "-m", "safelight", "open", "j1:iteration-1", "-w", str(place.root)],
        stdout=subprocess.PIPE, cwd=str(Path(__file__).parents[2]), env=os.environ,
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while not programs.calls and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    assert child.wait(30) == 130
    assert not is_alive(programs.calls[0]["pid"])
    assert child.stdout is not None
    child.stdout.close()
