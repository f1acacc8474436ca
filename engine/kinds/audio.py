"""Kind `audio`: WAV, FLAC, MP3, Ogg, and sound in MP4 and WebM."""

from collections.abc import Sequence
from typing import BinaryIO

from engine.audio.headers import facts_of_headers
from engine.audio.samples import Waveform, read_waveform, waveform_of
from engine.audio.sound import SoundError
from engine.contract.bars import waveform
from engine.contract.kinds import Content, Drawing, Item, Kind, Lines, Recognition, Size, Span
from engine.imaging.waveform import waveform_image
from engine.text import quantities

MAX_COLUMNS = 480
"""Columns of a waveform, at most."""

MAX_DECODED = 40_000_000
"""Samples of all channels that are decoded for a drawing: 7 minutes of stereo at 48 kHz."""


class AudioKind(Kind):
    """Sound."""

    name = "audio"
    title = "audio"
    plays = True
    rows = 13
    suffixes = {  # noqa: RUF012 - a constant of the class
        "audio/wav": ".wav",
        "audio/flac": ".flac",
        "audio/mpeg": ".mp3",
        "audio/mp4": ".m4a",
        "audio/webm": ".weba",
        "audio/aac": ".aac",
        "audio/aiff": ".aiff",
        "audio/basic": ".au",
        "audio/ogg": ".ogg",
        "audio/x-caf": ".caf",
        "audio/x-ms-wma": ".wma",
    }

    def recognise(self, content: Content) -> Recognition | None:
        """Return the facts of sound by its headers."""
        with content.open() as stream:
            facts = facts_of_headers(content.head, stream, content.size)
        return Recognition(facts.media_type, facts=facts.known) if facts else None

    def facts(self, item: Item) -> Sequence[tuple[str, str]]:
        """Return length, sample rate and channels."""
        return sound_facts(item)

    def thumbnail(self, item: Item, side: int) -> bytes | None:
        """Return the waveform as an image, half as high as wide."""
        found = _waveform(item, side)
        return None if found is None else waveform_image(found.columns, side)

    def full(self, item: Item, size: Size) -> Drawing | None:
        """Return faults, waveform, spectrogram and levels; less of them if there is little room."""
        picture = _picture(item, size)
        if picture is not None:
            return picture
        found = _waveform(item, size.columns)
        return None if found is None else _drawn(item, found, size, _top(found))

    def small(self, item: Item, size: Size) -> Drawing | None:
        """Return the waveform alone, with its length if there is a row for it."""
        found = _waveform(item, size.columns)
        if found is None:
            return None
        below = [_line(quantities.length(_seconds(item)))] if size.rows > 2 else []
        levels = _scaled(found, _top(found))
        return Lines((*waveform(levels, size.rows - len(below)), *below))

    def beside(self, items: Sequence[Item], size: Size) -> Sequence[Drawing | None]:
        """Return sounds in full on one scale of time and of level."""
        longest = max(_seconds(item) for item in items) or 1.0
        found = [_waveform(one, round(size.columns * _seconds(one) / longest)) for one in items]
        top = max((_top(one) for one in found if one), default=1.0)
        return [
            _picture(item, size, longest, top)
            or (None if wave is None else _drawn(item, wave, size, top))
            for item, wave in zip(items, found, strict=True)
        ]


def _picture(
    item: Item, size: Size, seconds: float | None = None, top: float | None = None
) -> Drawing | None:
    """The sound in full, if there is room for it and it can be decoded in a moment."""
    from engine.kinds.sound_page import SMALLEST, picture_of

    if size.columns < SMALLEST.columns or size.rows < SMALLEST.rows or not _is_short(item):
        return None
    facts = ", ".join(text for _, text in sound_facts(item))
    return picture_of(item, size, facts, seconds=seconds, top=top)


def _is_short(item: Item) -> bool:
    rate, channels = item.facts.get("sample_rate"), item.facts.get("channels")
    if not isinstance(rate, int | float) or not isinstance(channels, int):
        return False
    return 0 < _seconds(item) * rate * channels <= MAX_DECODED


def _top(found: Waveform) -> float:
    """The level that fills the height: that of the peak, so that quiet sounds have a shape."""
    return max(found.columns, default=0.0) or 1.0


def _scaled(found: Waveform, top: float) -> list[float]:
    return [level / top for level in found.columns]


def _drawn(item: Item, found: Waveform, size: Size, top: float) -> Lines:
    about = "about " if found.is_sampled else ""
    level = f"{about}{found.loudness:.1f} dBFS RMS, peak {found.peak:.1f}"
    facts = ", ".join(text for _, text in sound_facts(item))
    below = [_line(level), _line(facts)][: max(0, size.rows - 1)]
    rows = max(1, min(16, size.rows - len(below)))
    return Lines((*waveform(_scaled(found, top), rows), *below))


def _line(text: str) -> tuple[Span, ...]:
    return (Span(text, "muted"),)


def _seconds(item: Item) -> float:
    value = item.facts.get("seconds", 0.0)
    return float(value) if isinstance(value, int | float) else 0.0


def _waveform(item: Item, columns: int) -> Waveform | None:
    """The levels of a file; None if it cannot be decoded, or would take long."""
    if item.open is None:
        return None
    count = max(1, min(columns, MAX_COLUMNS))
    with item.open() as stream:
        if item.media_type == "audio/wav":
            return read_waveform(stream, item.size, count)
        return _decoded(item, stream, count)


def _decoded(item: Item, stream: BinaryIO, columns: int) -> Waveform | None:
    from engine.audio.decode import decode

    if not _is_short(item):
        return None
    try:
        return waveform_of(decode(stream), columns)
    except SoundError:
        return None


def sound_facts(item: Item) -> list[tuple[str, str]]:
    """Return length, sample rate and channels as texts, those that are known."""
    known = {key: value for key, value in item.facts.items() if not isinstance(value, str)}
    found = []
    if "seconds" in known:
        found.append(("length", quantities.length(known["seconds"])))
    if "sample_rate" in known:
        found.append(("sample rate", quantities.hertz(known["sample_rate"])))
    if "channels" in known:
        found.append(("channels", quantities.channels(known["channels"])))
    return found
