"""`safelight measure`: loudness, phase and faults of sounds."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli import render
from engine.cli.options import json_option
from engine.cli.trouble import FAILED

if TYPE_CHECKING:
    from rich.table import Table

    from engine.audio.measures import SoundMeasures
    from engine.audio.sound import Sound

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
    reports: list[dict[str, Any]] = []
    for path in files:
        report = _report(path)
        reports.append(report)
        if not as_json and "error" in report:
            render.say(f"{path}: {report['error']}")
    readable = [report for report in reports if "error" not in report]
    if as_json:
        render.print_json({"sounds": [_as_json(report) for report in reports]})
    elif readable:
        render.console().print(_table(readable))
        _print_faults(readable)
    return 0 if len(readable) == len(reports) else FAILED


def _report(path: Path) -> dict[str, Any]:
    """Return the measures and the faults of a file, or the error."""
    from engine.audio.faults import faults_of
    from engine.audio.measures import measure_sound
    from engine.audio.sound import SoundError

    try:
        measures = measure_sound(_sound(path))
    except OSError as error:
        return {"file": path, "error": f"cannot be read: {error.strerror or error}."}
    except SoundError as error:
        return {"file": path, "error": f"{error}."}
    return {"file": path, "measures": measures, "faults": faults_of(measures)}


def _sound(path: Path) -> "Sound":
    from zipfile import is_zipfile

    from engine.audio.datasets.npy import read_sound
    from engine.audio.decode import decode

    with path.open("rb") as stream:
        if is_zipfile(stream):
            return read_sound(path)
        stream.seek(0)
        return decode(stream, path.name)


def _as_json(report: dict[str, Any]) -> dict[str, Any]:
    if "error" in report:
        return {"file": str(report["file"]), "error": report["error"]}
    return {
        "file": str(report["file"]),
        **report["measures"].model_dump(mode="json"),
        "faults": [asdict(fault) for fault in report["faults"]],
    }


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
    ("phase", "phase", lambda value: _NO_VALUE if value is None else f"{value.correlation:.2f}"),
)


def _table(reports: list[dict[str, Any]]) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("sound")
    for title, *_ in _COLUMNS:
        table.add_column(title, justify="right")
    table.add_column("faults", justify="right")
    for report in reports:
        table.add_row(*_cells(report["file"], report["measures"]), str(len(report["faults"])))
    return table


def _cells(path: Path, measures: "SoundMeasures") -> list[Any]:
    values = [shown(getattr(measures, name)) for _, name, shown in _COLUMNS]
    return [render.shown(str(path), None), *values]


def _print_faults(reports: list[dict[str, Any]]) -> None:
    for report in reports:
        for fault in report["faults"]:
            render.say(f"{report['file']}: {fault.message}")
