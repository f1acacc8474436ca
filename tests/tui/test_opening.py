"""Files of a job are opened in a viewer or a player from the dashboard, and players are stopped."""

import socket
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote

import pytest
from textual.content import Content

from tests.support import media_files as media
from tests.support.programs import FakePrograms, is_alive
from tests.tui.support import Place, running, seen, shows, until
from tests.tui.test_kinds_on_screen import keep
from tui.links import linked
from tui.screens.menu import MenuScreen

pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="a display is told otherwise")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePrograms:
    made = FakePrograms(tmp_path / "bin")
    monkeypatch.setenv("PATH", made.path)
    for name in ("SSH_CONNECTION", "SSH_TTY", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return made


@pytest.fixture
def sounds(place: Place) -> Place:
    (job,) = place.job_ids(place.batch("sounds", ["rain"]))
    place.claim(1)
    keep(place, job, "iteration-1", media.wav(1.0))
    keep(place, job, "iteration-2", media.wav(2.0))
    place.end(job)
    return place


async def at_the_job(pilot) -> None:
    await shows(pilot, "b1")
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen.WHERE == "batch" and pilot.app.screen.rows.total)
    await until(pilot, lambda: pilot.app.screen._snapshot.glance)
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen.WHERE == "job" and pilot.app.screen._snapshot)


async def test_a_sound_plays_and_the_same_key_stops_it(
    sounds: Place, programs: FakePrograms
) -> None:
    programs.add("mpv", seconds=60)
    async with running(sounds.dashboard(), (120, 40)) as pilot:
        await at_the_job(pilot)
        await pilot.press("o")
        await shows(pilot, "Playing j1-iteration-2-generate", "♪ playing · O stops")
        await until(pilot, lambda: programs.calls)
        await pilot.press("escape", "o")  # the same sound, in the batch
        await shows(pilot, "Stopped.")
        await until(pilot, lambda: "♪" not in seen(pilot.app))
        assert not is_alive(programs.calls[0]["pid"])


async def test_another_sound_takes_its_place_and_leaving_stops_it(
    sounds: Place, programs: FakePrograms
) -> None:
    programs.add("mpv", seconds=60)
    async with running(sounds.dashboard(), (120, 40)) as pilot:
        await at_the_job(pilot)
        await pilot.press("o")
        await until(pilot, lambda: len(programs.calls) == 1)
        await pilot.press("h")
        await until(pilot, lambda: pilot.app.screen._snapshot.detail.openable[0].part[10] == "1")
        await pilot.press("o")
        await until(pilot, lambda: len(programs.calls) == 2)
        first, second = (call["pid"] for call in programs.calls)
        assert not is_alive(first)
        assert is_alive(second)
    assert not is_alive(second)


async def test_a_player_that_fails_is_reported_with_the_file(
    sounds: Place, programs: FakePrograms
) -> None:
    programs.add("mpv", status=2)
    async with running(sounds.dashboard(), (160, 40)) as pilot:
        await at_the_job(pilot)
        await pilot.press("o")
        await shows(pilot, "mpv could not open it (status 2).", ".wav")
        assert pilot.app.playing == ""
        await pilot.press("O")
        await shows(pilot, "Nothing plays.")


async def test_without_a_display_the_path_is_shown(place: Place, programs: FakePrograms) -> None:
    (job,) = place.job_ids(place.batch("b", ["x"]))
    place.claim(1)
    keep(place, job, "iteration-1", media.image())
    place.end(job)
    programs.add("xdg-open")
    async with running(place.dashboard(), (160, 40)) as pilot:
        await at_the_job(pilot)
        await pilot.press("o")
        await shows(pilot, "There is no display here to show it on. The file:", ".png")
        links = {
            segment.style.link
            for strip in pilot.app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None and segment.style.link
        }
    (link,) = links
    assert link.startswith(f"file://{socket.gethostname()}/")
    assert Path(unquote(link).removeprefix(f"file://{socket.gethostname()}")).exists()
    assert programs.calls == []


def test_a_link_is_safe_whatever_the_path_is_called() -> None:
    path = Path('/tmp/[red]a "b"\x1b]8;;evil\x07 c.png')
    markup = linked(f"The file: {path}", path)
    assert "\x1b" not in markup
    content = Content.from_markup(markup)
    assert content.plain.startswith('The file: /tmp/[red]a "b"')


async def test_of_several_files_of_a_step_one_is_chosen(
    place: Place, programs: FakePrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    programs.add("xdg-open")
    (job,) = place.job_ids(place.batch("b", ["x"]))
    place.claim(1)
    keep(place, job, "", media.ABC.encode(), more=[media.image()])
    place.end(job)
    async with running(place.dashboard(), (120, 40)) as pilot:
        await at_the_job(pilot)
        await pilot.press("2")
        await pilot.press("j")
        await until(pilot, lambda: pilot.app.screen._snapshot.detail.node > 0)
        await pilot.press("o")
        await until(pilot, lambda: isinstance(pilot.app.screen, MenuScreen))
        await shows(pilot, "notation", "D, 4/4", "image", "16×12")
        await pilot.press("j", "enter")
        await until(pilot, lambda: programs.calls)
        assert programs.calls[0]["arguments"][0].endswith(".abc")


async def test_a_part_without_a_file_says_so(place: Place, programs: FakePrograms) -> None:
    (job,) = place.job_ids(place.batch("b", ["x"]))
    place.claim(1)
    place.step(job, "", "think")
    async with running(place.dashboard(), (120, 40)) as pilot:
        await at_the_job(pilot)
        await pilot.press("o")
        await shows(pilot, "This part has no file to open.")
