"""Links, pipes and devices in a workspace from somebody else lead nowhere."""

import os
import shutil
from pathlib import Path

import pytest

from db.errors import LinkFound
from engine.cli.app import main
from engine.client.engine_process import EngineProcess
from safelight import open_workspace
from tests.support.engines import eventually
from tests.support.one_process import compute_here

pytestmark = pytest.mark.usefixtures("one_process")

ONE = ("--max-iterations", "1", "--set", "width=64", "--set", "height=64")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Something of the user's, outside the workspace, that nobody else may change."""
    home = tmp_path / "home"
    (home / "folder").mkdir(parents=True)
    (home / "folder").chmod(0o755)
    (home / "notes").write_text("mine\n")
    (home / "notes").chmod(0o644)
    return home


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a batch that is done, to copy."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "p.txt").write_text("a red fox\n")
    command = ("run", "refine", str(folder / "p.txt"), *ONE, "-w", str(folder / "w"), "--plain")
    with pytest.MonkeyPatch.context() as patch:
        compute_here(patch)
        assert main(list(command)) == 0
    return folder / "w"


@pytest.fixture
def foreign(tmp_path: Path, finished: Path) -> Path:
    """A workspace with a batch that is done."""
    (tmp_path / "p.txt").write_text("a red fox\n")
    return Path(shutil.copytree(finished, tmp_path / "w"))


def state_of(home: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in home.rglob("*")
    }


def plant(place: Path, target: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(target)


COMMANDS = (("status",), ("pause", "b1"), ("engine", "--until-idle"), ("engine", "--detach"))


@pytest.mark.parametrize(
    "name",
    [
        ".safelight/engine.lock",
        ".safelight/intake.lock",
        ".safelight/safelight.db",
        ".safelight/safelight.db-wal",
        ".safelight/safelight.db-shm",
        ".safelight/safelight.db-journal",
        ".safelight/gone",
    ],
)
def test_no_file_of_the_private_folder_is_opened_through_a_link(run, foreign, mine, name):
    before = state_of(mine)
    plant(foreign / name, mine / ("notes" if "gone" not in name else "nothing"))
    for command in COMMANDS:
        said = run(*command, "-w", foreign)
        assert said.code == 2
        assert f"{foreign / name} is a link" in said.err
    assert state_of(mine) == before


def test_a_private_folder_that_is_a_link_is_left_as_it_is(run, tmp_path, mine):
    before = state_of(mine)
    (tmp_path / "w").mkdir()
    plant(tmp_path / "w" / ".safelight", mine / "folder")
    (tmp_path / "p.txt").write_text("a red fox\n")
    for command in (("init",), ("status",), ("queue", "refine", tmp_path / "p.txt")):
        said = run(*command, "-w", tmp_path / "w")
        assert said.code == 2
        assert ".safelight is a link" in said.err
    assert state_of(mine) == before


@pytest.mark.parametrize("what", ["link", "folder", "pipe"])
def test_what_an_engine_prints_goes_through_no_link(run, foreign, mine, what):
    before = state_of(mine)
    place = foreign / "logs" / "engine.out"
    if what == "link":
        plant(place, mine / "notes")
    elif what == "folder":
        plant(foreign / "logs", mine / "folder")
    else:
        os.mkfifo(place)
    said = run("engine", "--detach", "-w", foreign)
    assert said.code == 2
    assert "is a link" in said.err or "is not a regular file" in said.err
    if what == "folder":
        workspace = open_workspace(foreign, create=False)
        with pytest.raises(LinkFound, match="logs is a link"):
            EngineProcess(workspace.paths).start()
        assert run("engine", "--until-idle", "-w", foreign).code == 2
    assert state_of(mine) == before


async def test_what_an_engine_prints_is_private(run, foreign):
    (foreign / "logs" / "engine.out").write_text("")
    (foreign / "logs" / "engine.out").chmod(0o644)
    assert run("engine", "--detach", "--until-idle", "-w", foreign).code == 0
    assert (foreign / "logs" / "engine.out").stat().st_mode & 0o777 == 0o600
    await eventually(lambda: "log is" in (foreign / "logs" / "engine.out").read_text())
    await eventually(lambda: open_workspace(foreign, create=False).engine_process() is None)


@pytest.mark.parametrize("part", ["outputs", "outputs/results"])
def test_outputs_go_through_no_link(run, foreign, mine, part, tmp_path):
    before = state_of(mine)
    plant(foreign / part, mine / "folder")
    said = run("run", "refine", tmp_path / "p.txt", *ONE, "-w", foreign, "--plain")
    assert said.code == 3
    shown = run("doctor", "-w", foreign).out
    assert f"{part} is a link" in shown.replace("\n", "")
    assert "--output-dir" in shown
    assert state_of(mine) == before
    (foreign / part).unlink()
    run("resume", "b2", "-w", foreign)
    assert run("engine", "--until-idle", "-w", foreign).code == 0
    assert any((foreign / "outputs").rglob("iteration_1.png"))


def test_stored_files_go_into_no_folder_that_is_a_link(run, foreign, mine, tmp_path):
    before = state_of(mine)
    plant(foreign / ".safelight" / "artifacts", mine / "folder")
    (tmp_path / "other.txt").write_text("a green heron\n")
    said = run("run", "refine", tmp_path / "other.txt", *ONE, "-w", foreign, "--plain")
    assert said.code == 2
    assert "artifacts is a link" in said.err
    assert state_of(mine) == before


@pytest.mark.parametrize("kind", ["pipe", "link", "device"])
def test_a_stored_file_that_is_something_else_counts_as_gone(run, foreign, mine, kind, tmp_path):
    (stored,) = [p for p in (foreign / ".safelight" / "artifacts").glob("*/*") if p.is_file()]
    stored.unlink()
    if kind == "pipe":
        os.mkfifo(stored)
    else:
        stored.symlink_to(mine / "notes" if kind == "link" else "/dev/zero")
    doctor = run("doctor", "--deep", "-w", foreign)
    assert doctor.code == 1
    assert f"1 stored file is gone: {stored.parent.name}{stored.name[:10]}" in doctor.out
    export = run("export", "b1", tmp_path / "out", "-w", foreign)
    assert export.code != 0 or "gone" in export.out + export.err
    assert not any((tmp_path / "out").rglob("*.png"))


def test_a_workspace_whose_own_folder_is_a_link_works(run, foreign, tmp_path):
    (tmp_path / "link").symlink_to(foreign)
    said = run("run", "refine", tmp_path / "p.txt", *ONE, "-w", tmp_path / "link", "--plain")
    assert said.code == 0
    assert run("doctor", "--deep", "-w", tmp_path / "link").code == 0
