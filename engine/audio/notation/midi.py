"""Features as a standard MIDI file: tempo, metre, key, a track of melody and a track of chords."""

import io
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.audio.features import Features
from engine.audio.notation.quantise import GridChord, Score, score_of
from engine.audio.notation.spelling import pitch_class

if TYPE_CHECKING:
    from mido import MidiTrack

TICKS = 480
"""Ticks of a quarter note."""

_SIXTEENTH = TICKS // 4
_MELODY, _CHORDS = 0, 1
_VELOCITIES = {_MELODY: 96, _CHORDS: 56}
_PROGRAMS = {_MELODY: 0, _CHORDS: 48}  # a piano, over strings
_CHORD_BASE = 48
_INTERVALS = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "dim7": (0, 3, 6, 9),
    "m7b5": (0, 3, 6, 10),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "9": (0, 4, 7, 10, 14),
}


def to_midi(features: Features) -> bytes:
    """Return the quantised music as a MIDI file of format 1; needs mido (extra `audio`).

    Tracks: signatures and tempo, melody (channel 1), chords (channel 2).
    """
    from mido import MidiFile

    score = score_of(features)
    file = MidiFile(type=1, ticks_per_beat=TICKS)
    melody = ((note.start, note.end, (note.pitch,)) for note in score.notes)
    file.tracks.append(_signatures(score))
    file.tracks.append(_track("Melody", _MELODY, melody))
    file.tracks.append(_track("Chords", _CHORDS, _chords(score)))
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def _signatures(score: Score) -> "MidiTrack":
    from mido import MetaMessage, MidiTrack, bpm2tempo

    upper, lower = score.metre
    quarters = score.bpm * score.per_beat / 4
    return MidiTrack(
        [
            MetaMessage("time_signature", numerator=upper, denominator=lower),
            MetaMessage("key_signature", key=score.key.name),
            MetaMessage("set_tempo", tempo=bpm2tempo(quarters)),
            MetaMessage("end_of_track", time=score.length * _SIXTEENTH),
        ]
    )


def _chords(score: Score) -> Iterable[tuple[int, int, tuple[int, ...]]]:
    for chord, after in pairwise([*score.chords, GridChord(score.length, "")]):
        yield chord.start, after.start, chord_pitches(chord.label)


def chord_pitches(label: str) -> tuple[int, ...]:
    """Return the MIDI numbers of a spelled chord, its root from C3 (48) on."""
    size = 2 if label[1:2] in {"#", "b"} else 1
    root = _CHORD_BASE + pitch_class(label[:size])
    return tuple(root + interval for interval in _INTERVALS[label[size:]])


def _track(
    name: str, channel: int, events: Iterable[tuple[int, int, tuple[int, ...]]]
) -> "MidiTrack":
    """Return a track of notes; each event has a start, an end and pitches."""
    from mido import Message, MetaMessage, MidiTrack

    track = MidiTrack([MetaMessage("track_name", name=name)])
    track.append(Message("program_change", channel=channel, program=_PROGRAMS[channel]))
    now = 0
    for start, end, pitches in events:
        for kind, at in (("note_on", start), ("note_off", end)):
            for pitch in pitches:
                wait, now = at - now, at
                velocity = _VELOCITIES[channel] if kind == "note_on" else 0
                track.append(
                    Message(
                        kind,
                        channel=channel,
                        note=pitch,
                        velocity=velocity,
                        time=wait * _SIXTEENTH,
                    )
                )
    return track
