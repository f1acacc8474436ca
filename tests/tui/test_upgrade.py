"""Safelight is upgraded under an open dashboard: it says so, and no traceback."""

import sys

import pytest

from engine.config.process import pinned_code
from engine.config.process.pinned_code import PinnedCode
from tests.tui.support import Place, running, shows
from tui.app import UPGRADED
from tui.bugs import log_file


async def test_an_upgrade_is_a_notice(place: Place) -> None:
    place.batch("evening", ["one"])
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "evening")
        pilot.app.tell_upgrade()
        await shows(pilot, "Safelight was upgraded while this dashboard ran.", "evening")


@pytest.fixture
def upgraded(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of our packages that has changed since the dashboard began."""
    path = tmp_path / "part.py"
    path.write_text("")
    pinned = PinnedCode({"part": tmp_path})
    pinned.read()
    path.write_text("NEW = 1")
    monkeypatch.setattr(pinned_code, "_pinned", [pinned])


@pytest.mark.usefixtures("upgraded")
async def test_what_breaks_after_an_upgrade_ends_with_a_sentence(place: Place, capsys) -> None:
    app = place.dashboard()
    with pytest.raises(ImportError, match="no such name"):
        async with app.run_test() as pilot:
            app.call_later(_break)
            await pilot.pause()
    printed = capsys.readouterr().err
    assert " ".join(printed.split()) == UPGRADED
    assert "no such name" in log_file().read_text()


async def test_any_other_bug_ends_with_its_traceback(place: Place, capsys) -> None:
    app = place.dashboard()
    with pytest.raises(ImportError, match="no such name"):
        async with app.run_test() as pilot:
            app.call_later(_break)
            await pilot.pause()
    printed = capsys.readouterr().err
    assert "Traceback" in printed
    assert "upgraded" not in printed


def _break() -> None:
    raise ImportError("no such name")


def test_the_dashboard_keeps_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned_code, "_pinned", [])
    monkeypatch.setattr(pinned_code, "START_SECONDS", 0.0)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    kept = pinned_code.pin_code()
    assert sys.meta_path[0] is kept
    assert pinned_code.pin_code() is kept
