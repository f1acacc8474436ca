"""Choice of the program that opens a file, and the sentence if there is none."""

import sys
from pathlib import Path

import pytest

from engine.client.opening.programs import Choice, program_for
from engine.config.open_settings import OpenSettings
from tests.support.programs import FakePrograms

DISPLAY = {"DISPLAY": ":0"}
SSH = {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}

pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="a display is told otherwise")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePrograms:
    made = FakePrograms(tmp_path / "bin")
    monkeypatch.setenv("PATH", made.path)
    return made


def choose(kind: str, media_type: str, environment: dict[str, str], **settings: str) -> Choice:
    return program_for(kind, media_type, OpenSettings.model_validate(settings), environment)


def test_a_sound_is_played_without_a_window_or_a_display(programs: FakePrograms) -> None:
    mpv = programs.add("mpv")
    programs.add("ffplay")
    program = choose("audio", "audio/wav", {}).program
    assert program is not None
    assert program.plays
    assert program.on(Path("/tmp/a.wav")) == [
        str(mpv), "--no-terminal", "--really-quiet", "--no-video", "--", "/tmp/a.wav",
    ]  # fmt: skip


def test_a_player_only_gets_what_it_plays(programs: FakePrograms) -> None:
    programs.add("aplay")
    assert choose("audio", "audio/wav", {}).program is not None
    assert choose("audio", "audio/mpeg", {}).reason.startswith("No player is installed: install")
    assert choose("audio", "audio/mpeg", {}, player="aplay").reason == (
        "aplay does not play audio/mpeg."
    )


def test_a_film_needs_a_display(programs: FakePrograms) -> None:
    programs.add("ffplay")
    assert choose("video", "video/mp4", {}).reason == "There is no display here to show it on."
    program = choose("video", "video/mp4", DISPLAY).program
    assert program is not None
    assert "-nodisp" not in program.command


def test_a_sound_without_a_player_goes_to_the_viewer(programs: FakePrograms) -> None:
    programs.add("xdg-open")
    program = choose("audio", "audio/wav", DISPLAY).program
    assert program is not None
    assert (program.name, program.plays) == ("xdg-open", False)


def test_over_ssh_nothing_plays_on_the_other_machine(programs: FakePrograms) -> None:
    programs.add("mpv")
    programs.add("xdg-open")
    assert "SSH" in choose("audio", "audio/wav", SSH).reason
    assert "SSH" in choose("audio", "audio/wav", {**SSH, **DISPLAY}).reason
    own = choose("audio", "audio/wav", {**SSH, "SAFELIGHT_PLAYER": "mpv --ao=pulse"}).program
    assert own is not None
    assert own.command[1:] == ("--ao=pulse",)


def test_an_image_goes_to_the_viewer_where_there_is_a_display(programs: FakePrograms) -> None:
    assert choose("image", "image/png", DISPLAY).reason.startswith("xdg-open is not installed")
    programs.add("xdg-open")
    assert choose("image", "image/png", {}).reason == "There is no display here to show it on."
    assert choose("image", "image/png", SSH).program is None
    program = choose("image", "image/png", {**SSH, **DISPLAY}).program
    assert program is not None
    assert program.name == "xdg-open"


def test_settings_choose_among_known_programs_only(programs: FakePrograms) -> None:
    programs.add("mpv")
    ffplay = programs.add("ffplay")
    program = choose("audio", "audio/wav", {}, player="ffplay").program
    assert program is not None
    assert program.command[0] == str(ffplay)
    assert choose("audio", "audio/wav", {}, player="none").reason == (
        "The setting open.player is none."
    )
    assert "open.viewer is none" in choose("image", "image/png", DISPLAY, viewer="none").reason
    with pytest.raises(ValueError, match="player"):
        OpenSettings.model_validate({"player": "/tmp/evil"})


@pytest.mark.parametrize(
    ("own", "reason"),
    [
        ("gone --x", "SAFELIGHT_PLAYER is 'gone --x', which is not installed."),
        ("mpv 'half", "SAFELIGHT_PLAYER cannot be read: No closing quotation."),
        (" ", "SAFELIGHT_PLAYER is '', which is not installed."),
    ],
)
def test_a_wrong_command_is_a_sentence(programs: FakePrograms, own: str, reason: str) -> None:
    assert choose("audio", "audio/wav", {"SAFELIGHT_PLAYER": own}).reason == reason


def test_a_program_of_the_current_folder_is_never_run(
    programs: FakePrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs.add("mpv")
    monkeypatch.chdir(programs.folder)
    for path in (".", ""):
        monkeypatch.setenv("PATH", path)
        assert choose("audio", "audio/wav", {}).program is None


def test_a_file_is_an_absolute_path(programs: FakePrograms) -> None:
    programs.add("mpv")
    program = choose("audio", "audio/wav", {}).program
    assert program is not None
    with pytest.raises(ValueError, match="absolute"):
        program.on(Path("--script=evil.lua"))
