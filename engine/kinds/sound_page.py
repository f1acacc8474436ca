"""Sounds drawn in full: faults first, a picture of the sound, then bars of its levels."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from engine.contract.bars import across
from engine.contract.kinds import Item, Line, Lines, Raster, Size, Span, Tone
from engine.contract.rows import meter, row, wrapped

if TYPE_CHECKING:
    from engine.audio.measures import SoundMeasures
    from engine.audio.sound import Sound

SMALLEST = Size(24, 10)
"""The smallest area that has a picture."""

MAX_VALUES = 12_000_000
"""Samples of all channels of a sound with measures: 2 minutes of stereo at 48 kHz."""

MAX_FAULTS = 2
"""Lines of faults."""

_BAR = 8
_CELL = Size(10, 20)
_FINEST = 800
_QUIETEST = 60.0
_STATUS: dict[str, Tone] = {"good": "good", "severe_phase_issue": "bad"}


@dataclass(slots=True)
class _Bytes:
    """Bytes of a file, equal by their digest; they are let go once they have been used."""

    digest: bytes
    data: bytes = field(compare=False)

    def __hash__(self) -> int:
        return hash(self.digest)


def picture_of(
    item: Item, size: Size, facts: str, *, seconds: float | None = None, top: float | None = None
) -> Raster | None:
    """Return a sound in full; None if it cannot be decoded, or the extra `audio` is missing.

    Args:
        item: The file.
        size: The area, at least `SMALLEST`.
        facts: Its facts, for the last line.
        seconds: Time that the whole width stands for; by default the sound's length.
        top: Peak that fills the height of the waveform; by default the sound's.
    """
    if item.open is None:
        return None
    with item.open() as stream:
        data = stream.read()
    digest = hashlib.blake2b(data, digest_size=16).digest()
    return _picture(_Bytes(digest, data), size, facts, seconds, top)


@lru_cache(maxsize=24)
def _picture(
    content: _Bytes, size: Size, facts: str, seconds: float | None, top: float | None
) -> Raster | None:
    from engine.audio.decode import decode
    from engine.audio.portrait import png, portrait
    from engine.audio.sound import SoundError

    try:
        sound = decode(content.data)
        measures = _measures(content.digest, _Held(sound))
    except (SoundError, ImportError):  # without the extra, a sound is drawn without its measures
        return None
    finally:
        content.data = b""
    above = Lines(tuple(_faults(measures, size.columns)) if measures else ())
    levels = tuple(_levels(measures)) if measures else ()
    below = Lines((*levels, (Span(facts, "muted"),)))
    rows = size.rows - len(above.lines) - len(below.lines)
    scale = min(1.0, _FINEST / (size.columns * _CELL.columns))
    fine = round(size.columns * _CELL.columns * scale), round(rows * _CELL.rows * scale)
    return Raster(
        png(portrait(sound, fine, seconds=seconds, top=top)),
        coarse=png(portrait(sound, (size.columns, 2 * rows), seconds=seconds, top=top)),
        above=above,
        below=below,
    )


@dataclass(slots=True)
class _Held:
    """A sound that is no part of a key."""

    sound: "Sound | None"

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)


@lru_cache(maxsize=64)
def _measures(digest: bytes, held: _Held) -> "SoundMeasures | None":
    """Return the measures of a sound by its digest; None of one that is too long."""
    from engine.audio.measures import measure_sound

    sound, held.sound = held.sound, None
    if sound is None or sound.samples.size > MAX_VALUES:
        return None
    return measure_sound(sound)


def _faults(measures: "SoundMeasures", columns: int) -> Iterator[Line]:
    from engine.audio.faults import faults_of

    messages = [fault.message for fault in faults_of(measures)]
    if not messages:
        yield row("faults", Span("none", "good"))
        return
    lines = list(wrapped("faults", messages, columns, "bad"))
    yield from lines[:MAX_FAULTS]


def _levels(measures: "SoundMeasures") -> Iterator[Line]:
    """Yield loudness and peak as bars, and the phase as a meter."""
    lufs, peak = measures.lufs, measures.true_peak_db
    yield row("loudness", *_bar(lufs, "LUFS"))
    yield row("peak", *_bar(peak, "dBTP"))
    phase = measures.phase
    if phase is None:
        yield row("phase", Span(measures.undefined.get("phase", "none")[:60], "muted"))
        return
    status = phase.status.replace("_", " ").removesuffix(" issue")
    value = Span(f" {phase.correlation:+.2f} ")
    yield row("phase", meter(phase.correlation), value, Span(status, _STATUS.get(phase.status, "")))


def _bar(level: float | None, unit: str) -> tuple[Span, ...]:
    if level is None:
        return (Span("none", "muted"),)
    share = (level + _QUIETEST) / _QUIETEST
    return Span(f"{across(share, _BAR):<{_BAR}}", "accent"), Span(f" {level:.1f} {unit}")
