"""Programs that open files: viewers and players, found on the path and never run by a shell.

A workspace may come from somebody else, so its settings only choose among programs that are known
here. A command of one's own is in the environment of the operator: `SAFELIGHT_VIEWER` and
`SAFELIGHT_PLAYER`. A file is always an absolute path, which no program takes for an option.
"""

import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.config.open_settings import OpenSettings
from engine.kinds.registry import kinds
from engine.text.terminal import clean, quoted

VIEWER_VARIABLE, PLAYER_VARIABLE = "SAFELIGHT_VIEWER", "SAFELIGHT_PLAYER"
"""Names of the environment variables with the operator's own commands."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program that opens a file.

    Attributes:
        name: Its name, for messages.
        command: The program and its arguments; the file's path follows.
        plays: True for a player: it ends with the sound, and can be stopped.
        seek: Arguments of a player that starts at a time, with `{}` for the seconds.
    """

    name: str
    command: tuple[str, ...]
    plays: bool
    seek: tuple[str, ...] = ()

    def on(self, path: Path, start: float = 0.0) -> list[str]:
        """Return the whole command for a file of an absolute path.

        Args:
            path: The file.
            start: Seconds at which a player starts, if it can.
        """
        if not path.is_absolute():
            raise ValueError("a file to open has an absolute path")
        seek = [part.format(f"{start:.3f}") for part in self.seek] if start > 0 else []
        return [self.command[0], *seek, *self.command[1:], str(path)]


@dataclass(frozen=True, slots=True)
class _Player:
    """A player: its arguments, more of them for sound alone, and the media types that it plays."""

    name: str
    arguments: tuple[str, ...] = ()
    for_sound: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    seek: tuple[str, ...] = ()
    plays: tuple[str, ...] = ("audio/", "video/")


_PLAYERS = (
    _Player("mpv", ("--no-terminal", "--really-quiet"), ("--no-video",), ("--",), ("--start={}",)),
    _Player("ffplay", ("-loglevel", "quiet", "-autoexit"), ("-nodisp",), (), ("-ss", "{}")),
    _Player("afplay", plays=("audio/wav", "audio/mpeg", "audio/mp4", "audio/flac")),
    _Player("pw-play", end=("--",), plays=("audio/wav", "audio/flac")),
    _Player("paplay", end=("--",), plays=("audio/wav", "audio/flac")),
    _Player("aplay", ("-q",), end=("--",), plays=("audio/wav",)),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """The program for a file, or the reason why there is none.

    Attributes:
        program: The program; None if there is none.
        reason: The reason, a sentence.
    """

    program: Program | None = None
    reason: str = ""


def program_for(
    kind: str, media_type: str, settings: OpenSettings, environment: Mapping[str, str]
) -> Choice:
    """Return the program that opens a file here.

    Args:
        kind: Name of its kind.
        media_type: Its media type.
        settings: The workspace's settings.
        environment: The environment of this process.
    """
    if not kinds().of(kind).plays:
        return _viewer(settings, environment)
    program = _player(media_type, settings, environment)
    if program.program is None and not _is_remote(environment):
        viewer = _viewer(settings, environment)
        return viewer if viewer.program else program
    return program


def _viewer(settings: OpenSettings, environment: Mapping[str, str]) -> Choice:
    if command := environment.get(VIEWER_VARIABLE):
        return _own(VIEWER_VARIABLE, command, plays=False)
    if settings.viewer == "none":
        return Choice(reason="The setting open.viewer is none.")
    if not _has_display(environment):
        return Choice(reason="There is no display here to show it on.")
    name = "open" if sys.platform == "darwin" else "xdg-open"
    path = _which(name)
    if path is None:
        return Choice(reason=f"{name} is not installed; {VIEWER_VARIABLE} names another program.")
    return Choice(Program(name, (path,), plays=False))


def _player(media_type: str, settings: OpenSettings, environment: Mapping[str, str]) -> Choice:
    if player_command := environment.get(PLAYER_VARIABLE):
        return _own(PLAYER_VARIABLE, player_command, plays=True)
    if settings.player == "none":
        return Choice(reason="The setting open.player is none.")
    if _is_remote(environment):
        return Choice(reason="This is a connection over SSH: it would play on the other machine.")
    is_sound = media_type.startswith("audio/")
    if not is_sound and not _has_display(environment):
        return Choice(reason="There is no display here to show it on.")
    wanted = [p for p in _PLAYERS if settings.player in {"auto", p.name}]
    able = [p for p in wanted if media_type.startswith(p.plays)]
    for player in able:
        if path := _which(player.name):
            more = player.for_sound if is_sound else ()
            command = (path, *player.arguments, *more, *player.end)
            return Choice(Program(player.name, command, plays=True, seek=player.seek))
    return Choice(reason=_no_player(media_type, wanted, able))


def _no_player(media_type: str, wanted: list[_Player], able: list[_Player]) -> str:
    if not able:
        return f"{wanted[0].name} does not play {clean(media_type, 40)}."
    names = " or ".join(player.name for player in able[:2])
    return f"No player is installed: install {names}, or name one in {PLAYER_VARIABLE}."


def _own(variable: str, text: str, *, plays: bool) -> Choice:
    """Return the operator's own command, split into words as a shell would."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        return Choice(reason=f"{variable} cannot be read: {error}.")
    path = _which(words[0]) if words else None
    if path is None:
        return Choice(reason=f"{variable} is {quoted(text)}, which is not installed.")
    return Choice(Program(clean(Path(words[0]).name, 40), (path, *words[1:]), plays=plays))


def _which(name: str) -> str | None:
    """Return the absolute path of a program; one in the current folder is never meant."""
    path = shutil.which(name)
    return path if path and Path(path).is_absolute() else None


def _is_remote(environment: Mapping[str, str]) -> bool:
    return bool(environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"))


def _has_display(environment: Mapping[str, str]) -> bool:
    if sys.platform == "darwin":
        return not _is_remote(environment)
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))
