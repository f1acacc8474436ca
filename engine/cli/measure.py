"""`safelight measure`: loudness, phase and faults of sounds."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli import render
from engine.cli.options import json_option
from engine.cli.trouble import FAILED
from engine.client.sound_files import measured_sound

if TYPE_CHECKING:
    from rich.table import Table

_NO_VALUE = "-"


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@json_option
def measure(files: tuple[Path, ...], *, as_json: bool) -> int:
    """Measure sounds: length, loudness, peaks, silence, onsets, phase and faults.

    FILES are sounds of any format, or .npz files with audio and sample_rate. --json has every
    measure; one without a value is null, with the reason in `undefined`. Nothing is written, and no
    workspace is needed. The exit code is 1 if a file cannot be read.
    """
    sounds: list[dict[str, Any]] = []
    for path in files:
        sound = measured_sound(path)
        sounds.append(sound)
        if not as_json and "error" in sound:
            render.say(f"{path}: {sound['error']}")
    readable = [sound for sound in sounds if "error" not in sound]
    if as_json:
        render.print_json({"sounds": sounds})
    elif readable:
        render.console().print(_table(readable))
        _print_faults(readable)
    return 0 if len(readable) == len(sounds) else FAILED


def _decimals(digits: int, unit: str) -> Callable[[Any], str]:
    return lambda value: _NO_VALUE if value is None else f"{value:.{digits}f}{unit}"


_COLUMNS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("length", "seconds", _decimals(2, " s")),
    ("LUFS", "lufs", _decimals(1, "")),
    ("true peak", "true_peak_db", _decimals(1, " dB")),
    ("RMS", "rms_db", _decimals(1, " dB")),
    ("ends at", "sound_end", _decimals(2, " s")),
    ("onsets", "onsets", lambda value: _NO_VALUE if value is None else str(len(value))),
    ("a minute", "cadence", _decimals(0, "")),
    ("phase", "phase", lambda value: _NO_VALUE if value is None else f"{value['correlation']:.2f}"),
)


def _table(sounds: Sequence[Mapping[str, Any]]) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("sound")
    for title, *_ in _COLUMNS:
        table.add_column(title, justify="right")
    table.add_column("faults", justify="right")
    for sound in sounds:
        table.add_row(*_cells(sound), str(len(sound["faults"])))
    return table


def _cells(sound: Mapping[str, Any]) -> list[Any]:
    values = [shown(sound[name]) for _, name, shown in _COLUMNS]
    return [render.shown(sound["file"], None), *values]


def _print_faults(sounds: Sequence[Mapping[str, Any]]) -> None:
    for sound in sounds:
        for fault in sound["faults"]:
            render.say(f"{sound['file']}: {fault['message']}")
