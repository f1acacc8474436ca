"""Analysis of a song's file in the process pool: its document, its levels, and its facts."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO, get_args

from engine.contract.travelling import travels

if TYPE_CHECKING:
    from engine.audio.song.analysis import SongAnalysis
    from engine.audio.song.lyrics import Word
    from engine.audio.sound import Sound

LEVELS_A_SECOND = 30.0
"""Rate of the levels that effects follow."""

MAX_LYRICS = 2000
"""Characters of the lyrics of a section that its plan is written with, at most."""

_NUMBER = re.compile(r"[\s_-]*\d+$")


@dataclass(frozen=True, slots=True)
class Measured:
    """Analysis of a song, as a worker returns it.

    Attributes:
        facts: Fields of a `Song`, without its files.
        document: `analysis.json`.
        levels: Levels as JSON.
        timeline: Outline of the song in JSON.
        problem: Reason why it cannot be used, as the end of a sentence.
        missing: A package that is missing, as the end of a sentence.
    """

    facts: dict[str, Any]
    document: bytes = b""
    levels: bytes = b""
    timeline: bytes = b""
    problem: str = ""
    missing: str = ""


def _is_heard(*args: Any) -> bool:
    """Return whether words are heard: that needs weights which are on this machine."""
    return bool(args[-1])


@travels(stays_with=_is_heard)
def measure(
    stream: BinaryIO,
    name: str,
    media_type: str,
    lyrics: str,
    hand: Sequence[tuple[str, float]],
    hear: bool,
) -> Measured:
    """Return the analysis of a song's file, or its problem.

    Args:
        stream: The file.
        name: Name of the song, for its document.
        media_type: Media type of the file.
        lyrics: Lyrics of any format.
        hand: Label and start of sections that a person has marked; empty for the analysis's own.
        hear: True to hear the words of the song for the times of its lyrics.
    """
    from engine.audio.decode import decode
    from engine.audio.song.analysis import analyse_song
    from engine.audio.song.document import song_document
    from engine.audio.song.levels import levels_of
    from engine.audio.song.outline import outline_of
    from engine.audio.sound import MissingExtraError, SoundError
    from engine.recipes.common.documents import to_json

    try:
        sound = decode(stream)
        analysis = analyse_song(sound)
    except MissingExtraError as error:
        return Measured({}, missing=str(error))
    except SoundError as error:
        return Measured({}, problem=str(error))
    unused = _unused(hand, analysis.seconds)
    if hand:
        analysis = _by_hand(analysis, hand, sound)
    lines, warnings = _lyrics(lyrics, sound, analysis, hear=hear)
    facts = _facts(analysis, lines) | {"warnings": [*analysis.warnings, *unused, *warnings]}
    return Measured(
        facts=facts,
        document=to_json(song_document(analysis, name, media_type), indent=None),
        levels=to_json(asdict(levels_of(analysis, LEVELS_A_SECOND)), indent=None),
        timeline=to_json(outline_of(analysis).model_dump(mode="json"), indent=None),
    )


def _by_hand(
    analysis: "SongAnalysis", hand: Sequence[tuple[str, float]], sound: "Sound"
) -> "SongAnalysis":
    """Return an analysis with sections that a person has marked, in place of its own.

    Sections of one name, with or without a number, repeat the first of them. Of those that start
    at the same time, the last one counts.
    """
    from engine.audio.song.form import Function
    from engine.audio.song.form import SongSection as Section
    from engine.audio.song.moods import climax_of, shifts_of
    from engine.audio.song.structure import similarities_of
    from engine.audio.spectra import Spectra

    marked = {start: label for label, start in hand if start < analysis.seconds}
    starts = sorted(marked.items())
    bounds = [0.0, *(start for start, _ in starts[1:]), analysis.seconds]
    functions: dict[str, Function] = {one: one for one in get_args(Function)}
    names = [_NUMBER.sub("", label).casefold() for _, label in starts]
    sections = tuple(
        Section(
            start=bounds[index],
            end=bounds[index + 1],
            name=label,
            function=functions.get(names[index], "verse"),
            repeat_of=first if (first := names.index(names[index])) < index else None,
            energy=_energy(analysis, bounds[index], bounds[index + 1]),
            confidence=1.0,
        )
        for index, (_, label) in enumerate(starts)
    )
    if not sections:
        return analysis
    return replace(
        analysis,
        sections=sections,
        shifts=shifts_of(analysis.moods, sections),
        climax=climax_of(analysis.curves, sections, analysis.rhythm),
        similarities=similarities_of(Spectra.of(sound), analysis.rhythm, bounds[:-1]),
    )


def _unused(hand: Sequence[tuple[str, float]], seconds: float) -> list[str]:
    """Return sentences about sections that a person has marked and that are not used."""
    from engine.text.terminal import quoted

    return [
        f"The section {quoted(label, 60)} starts at {start:g} s, after the end of the song at "
        f"{seconds:.1f} s; it is left out."
        for label, start in hand
        if start >= seconds
    ]


def _energy(analysis: "SongAnalysis", start: float, end: float) -> float:
    """Return the mean energy of a part."""
    import numpy as np

    first, last = np.searchsorted(analysis.curves.times, (start, end))
    return float(analysis.curves.energy[first : max(first + 1, last)].mean())


def _facts(analysis: "SongAnalysis", lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    rhythm = analysis.rhythm
    sections = [_section(analysis, index, lines) for index in range(len(analysis.sections))]
    return {
        "seconds": analysis.seconds,
        "bpm": rhythm.tempo.bpm if rhythm else None,
        "key": analysis.key.name if analysis.key else "",
        "mood": _mood(analysis, 0.0, analysis.seconds)["mood"],
        "beats": list(rhythm.beats) if rhythm else [],
        "downbeats": list(rhythm.downbeats) if rhythm else [],
        "sections": sections,
        "climax": analysis.climax.time,
        "lyrics": list(lines),
    }


def _section(
    analysis: "SongAnalysis", index: int, lines: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    section = analysis.sections[index]
    sung = [one["text"] for one in lines if section.start <= one["start"] < section.end]
    inside = [one.time for one in analysis.shifts if one.section == index and one.is_inside]
    return {
        "index": index,
        "label": section.name,
        "start": section.start,
        "end": section.end,
        "repeat_of": section.repeat_of,
        "energy": min(1.0, max(0.0, section.energy)),
        **_mood(analysis, section.start, section.end),
        "is_climax": analysis.climax.section == index,
        "shifts": inside,
        "lyrics": "\n".join(sung)[:MAX_LYRICS],
    }


def _mood(analysis: "SongAnalysis", start: float, end: float) -> dict[str, Any]:
    """Return the mean valence and the mood of a part."""
    from engine.audio.mood import mood_label

    points = [one.mood for one in analysis.moods if start <= one.time < end]
    if not points:
        points = [min(analysis.moods, key=lambda one: abs(one.time - start)).mood]
    valence = sum(one.valence for one in points) / len(points)
    arousal = sum(one.arousal for one in points) / len(points)
    return {"valence": round(valence, 4), "mood": mood_label(valence, arousal)}


def _lyrics(
    text: str, sound: "Sound", analysis: "SongAnalysis", *, hear: bool
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the lines of lyrics with their times, and problems of the lyrics as sentences."""
    from engine.audio.song.lyrics import LyricsError
    from engine.audio.song.lyrics_timing import lyrics_of

    words, problems = _heard(sound) if hear else ((), [])
    if not text.strip() and not words:
        return [], problems
    beats = analysis.rhythm.beats if analysis.rhythm else ()
    try:
        lines = lyrics_of(text, analysis.seconds, analysis.sections, beats, words)
    except LyricsError as error:
        return [], [*problems, f"The lyrics are not shown: the text {error}."]
    return [asdict(line) for line in lines], problems


def _heard(sound: "Sound") -> "tuple[tuple[Word, ...], list[str]]":
    from engine.audio.song.sung_words import WordsUnavailableError, sung_words

    try:
        return sung_words(sound), []
    except WordsUnavailableError as error:
        return (), [f"The words of the song are not heard: {error}"]
