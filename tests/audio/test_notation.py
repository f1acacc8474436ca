"""Notation: every tune is valid ABC, and reads back as the notes that went in."""

import re
import shutil
import subprocess
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from engine.audio.features import (
    PITCH_CLASSES,
    Chord,
    Features,
    Key,
    Melody,
    Mode,
    Note,
    Rhythm,
    Tempo,
)
from engine.audio.notation.abc import abc_of, to_abc
from engine.audio.notation.midi import TICKS, chord_pitches, to_midi
from engine.audio.notation.quantise import MAX_BARS, Score, score_of
from engine.audio.notation.spelling import Bar, chord_symbol, note_name, pitch_class, signature
from engine.audio.notation.staff import drawable

mido = pytest.importorskip("mido")

KEYS: list[tuple[str, Mode]] = [(tonic, mode) for tonic in PITCH_CLASSES for mode in get_args(Mode)]
METRES = {"4/4": (4, 4), "3/4": (3, 4), "6/8": (2, 6)}  # beats of a bar, sixteenths of a beat
HOSTILE = '100% \\u0041 &amp; \x1b[31m\nX:9\r\nK:C\u2028|] "$1 %%abc %'


def features(
    notes: tuple[tuple[float, float, int], ...] = (),
    chords: tuple[tuple[float, float, str], ...] = (),
    key: tuple[str, Mode] | None = ("C", "major"),
    rhythm: Rhythm | None = None,
) -> Features:
    """Return features of a sound with these notes and chords."""
    pitches = [pitch for *_, pitch in notes]
    melody = notes and Melody(
        notes=tuple(Note(start=s, end=e, pitch=p) for s, e, p in notes),
        lowest=min(pitches),
        highest=max(pitches),
        contour="mixed",
        density=1,
    )
    return Features(
        seconds=10,
        sample_rate=16_000,
        channels=1,
        key=key
        and Key.model_validate(
            {
                "tonic": key[0],
                "mode": key[1],
                "confidence": 1,
                "runner_up": "A minor",
                "runner_up_confidence": 0,
            }
        ),
        rhythm=rhythm,
        melody=melody or None,
        chords=tuple(Chord(start=s, end=e, label=name) for s, e, name in chords) or None,
        dynamics=None,
        timbre=None,
        sections=None,
        mood=None,
    )


def rhythm(metre: str = "4/4", bpm: float = 120, start: float = 0, beats: int = 16) -> Rhythm:
    """Return a steady rhythm whose first beat is a downbeat at `start`."""
    times = tuple(start + i * 60 / bpm for i in range(beats))
    return Rhythm(
        tempo=Tempo(bpm=bpm, confidence=1, half=bpm / 2, double=bpm * 2),
        beats=times,
        downbeats=times[:: METRES[metre][0]],
        metre=metre,
        metre_confidence=1,
    )


Expected = list[tuple[int, int, int]]
"""Notes on the grid: start, length, pitch."""

Sound = tuple[Features, Expected]


@st.composite
def sounds(draw: st.DrawFn) -> Sound:
    """Return features and their notes on the grid: start, length, pitch."""
    metre, bpm = draw(st.sampled_from(sorted(METRES))), draw(st.integers(50, 200))
    start = draw(st.sampled_from([0, 0.31]))
    step = 60 / bpm / METRES[metre][1]
    at, expected = 0, []
    for rest, length, pitch in draw(
        st.lists(
            st.tuples(st.sampled_from([0, 0, 2, 5, 17]), st.integers(1, 30), st.integers(36, 96)),
            max_size=12,
        )
    ):
        expected.append((at + rest, length, pitch))
        at += rest + length
    notes = tuple((start + a * step, start + (a + n) * step, p) for a, n, p in expected)
    names = [*PITCH_CLASSES, *(f"{name}m" for name in PITCH_CLASSES), "N", "?"]
    labels = draw(st.lists(st.sampled_from(names), max_size=6))
    beat = 60 / bpm
    chords = tuple((start + i * beat, start + (i + 1) * beat, n) for i, n in enumerate(labels))
    key = draw(st.none() | st.sampled_from(KEYS))
    return features(notes, chords, key, rhythm(metre, bpm, start)), expected


def examples(count: int) -> list[Sound]:
    """Return random sounds, the same on every run, and one in each key."""
    found: list[Sound] = []

    @settings(max_examples=count, derandomize=True, database=None, phases=[Phase.generate])
    @given(sounds())
    def collect(sound: Sound) -> None:
        found.append(sound)

    collect()
    return found + [in_key(key) for key in KEYS]


def in_key(key: tuple[str, Mode]) -> Sound:
    """Return a chromatic scale over all chords, in a key."""
    scale = tuple((i / 8, (i + 1) / 8, 60 + i) for i in range(24))
    chords = tuple((i / 2, i / 2 + 0.5, name) for i, name in enumerate(PITCH_CLASSES))
    return features(scale, chords, key, rhythm()), [(i, 1, 60 + i) for i in range(24)]


def needs(program: str, package: str) -> str:
    """Return the path of a program, or skip the test."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"needs {program}: Debian package {package}")
    return found


def from_first_bar(notes: Expected, score: Score) -> Expected:
    """Return expected notes counted from the bar that the score begins with.

    A gap of a sixteenth never occurs in them: rests are longer.
    """
    first = min(notes)[0] if notes else 0
    shift = (score.notes[0].start - first) if notes else 0
    assert shift % score.bar == 0
    return [(at + shift, length, pitch) for at, length, pitch in notes]


def sounding(file: Any, channel: int) -> Expected:
    """Return start, length (both in sixteenths) and pitch of the notes on a channel."""
    found, unit = [], file.ticks_per_beat / 4
    for track in file.tracks:
        now, on = 0, {}
        for message in track:
            now += message.time
            if message.type not in {"note_on", "note_off"} or message.channel != channel:
                continue
            if message.type == "note_on" and message.velocity:
                on[message.note] = now
            else:
                start = on.pop(message.note)
                found.append((round(start / unit), round((now - start) / unit), message.note))
    return sorted(found)


@pytest.fixture(scope="module")
def tunes() -> list[Sound]:
    return examples(120)


@pytest.fixture(scope="module")
def book(tunes: list[Sound], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of all tunes, numbered from 1; half of them with a hostile title."""
    path = tmp_path_factory.mktemp("abc") / "all.abc"
    titles = (HOSTILE if i % 2 else f"Tune {i}" for i in range(len(tunes)))
    texts = [
        abc_of(score_of(sound), title, number)
        for number, ((sound, _), title) in enumerate(zip(tunes, titles, strict=True), 1)
    ]
    path.write_text("\n".join(texts))
    return path


def test_every_tune_keeps_its_notes(tunes: list[Sound]) -> None:
    for sound, notes in tunes:
        score = score_of(sound)
        found = [(note.start, note.end - note.start, note.pitch) for note in score.notes]
        assert found == from_first_bar(notes, score)


def test_every_tune_can_be_drawn(tunes: list[Sound]) -> None:
    assert all(drawable(to_abc(sound, HOSTILE)) for sound, _ in tunes)


def test_abc2midi_accepts_every_tune_and_plays_its_notes(tunes: list[Sound], book: Path) -> None:
    program = needs("abc2midi", "abcmidi")
    run = subprocess.run([program, book.name], cwd=book.parent, capture_output=True, text=True)
    assert not re.findall(r"^(?:Error|Warning).*", run.stdout, re.MULTILINE)
    for number, (sound, notes) in enumerate(tunes, 1):
        file = mido.MidiFile(book.parent / f"all{number}.mid")
        assert sounding(file, 0) == from_first_bar(notes, score_of(sound)), f"tune {number}"


def test_abcm2ps_accepts_every_tune(book: Path) -> None:
    program = needs("abcm2ps", "abcm2ps")
    command = [program, book.name, "-O", "/dev/null"]
    run = subprocess.run(command, cwd=book.parent, capture_output=True, text=True)
    complaints = re.findall(r".*(?:error|warning).*", run.stdout + run.stderr, re.IGNORECASE)
    assert [line for line in complaints if "underfull" not in line] == []
    assert run.returncode == 0


def test_music21_reads_the_same_notes(tunes: list[Sound]) -> None:
    music21 = pytest.importorskip("music21")
    for sound, notes in [*tunes[:12], *tunes[-24::4]]:
        score = score_of(sound)
        read = music21.converter.parse(to_abc(sound, "Tune"), format="abc")
        assert read.flatten().getElementsByClass("KeySignature")[0].sharps == score.key.fifths
        heard = [
            (round(note.offset * 4), round(note.quarterLength * 4), note.pitch.midi)
            for note in read.stripTies().flatten().notes
            if note.isNote
        ]
        assert heard == from_first_bar(notes, score)


def test_midi_reads_back(tunes: list[Sound]) -> None:
    for sound, notes in tunes[::4]:
        score, file = score_of(sound), mido.MidiFile(file=BytesIO(to_midi(sound)))
        assert file.ticks_per_beat == TICKS
        assert sounding(file, 0) == from_first_bar(notes, score)
        starts = [*(chord.start for chord in score.chords), score.length]
        expected = [
            (chord.start, end - chord.start, pitch)
            for chord, end in zip(score.chords, starts[1:], strict=True)
            for pitch in chord_pitches(chord.label)
        ]
        assert sounding(file, 1) == sorted(expected)
        signs = {message.type: message for message in file.tracks[0]}
        metre = (signs["time_signature"].numerator, signs["time_signature"].denominator)
        assert metre == score.metre
        assert signs["key_signature"].key == score.key.name
        seconds = score.length / score.per_beat * 60 / score.bpm
        assert file.length == pytest.approx(seconds, rel=1e-4)


def test_all_keys_have_at_most_six_accidentals_and_their_usual_names() -> None:
    names = [signature(tonic, mode).name for tonic, mode in KEYS]
    assert " ".join(names[::2]) == "C Db D Eb E F F# G Ab A Bb B"
    assert " ".join(names[1::2]) == "Cm C#m Dm Ebm Em Fm F#m Gm G#m Am Bbm Bm"
    assert all(abs(signature(tonic, mode).fifths) <= 6 for tonic, mode in KEYS)


@pytest.mark.parametrize("key", KEYS, ids=" ".join)
def test_notes_of_a_scale_need_no_accidental(key: tuple[str, Mode]) -> None:
    sign = signature(*key)
    steps = (0, 2, 4, 5, 7, 9, 11) if key[1] == "major" else (0, 2, 3, 5, 7, 8, 10)
    bar = Bar(sign)
    names = [bar.note(60 + pitch_class(key[0]) + step) for step in steps]
    assert not any(name[0] in "_=^" for name in names)
    assert len({name[0].upper() for name in names}) == 7


@pytest.mark.parametrize(
    ("label", "key", "expected"),
    [
        ("G#", ("C", "major"), "Ab"),
        ("C#m", ("C", "major"), "C#m"),
        ("A#", ("F", "major"), "Bb"),
        ("D#m7b5", ("C#", "minor"), "D#m7b5"),
        ("A#maj7", ("C", "major"), "Bbmaj7"),
        ("Cm", ("F#", "major"), "Cm"),
        ("N", ("C", "major"), None),
        ('C"|', ("C", "major"), None),
    ],
)
def test_chords_are_spelled_in_the_key(
    label: str, key: tuple[str, Mode], expected: str | None
) -> None:
    assert chord_symbol(label, signature(*key)) == expected


def test_an_accidental_holds_to_the_end_of_its_bar_in_either_reading() -> None:
    bar = Bar(signature("G", "major"))
    assert [bar.note(pitch) for pitch in (66, 65, 65, 77, 78, 66)] == [
        "F",
        "=F",
        "F",
        "=f",
        "^f",
        "^F",
    ]


@given(st.integers(0, 127), st.sampled_from(KEYS))
def test_a_spelled_note_has_its_pitch(pitch: int, key: tuple[str, Mode]) -> None:
    letter, alteration, octave = note_name(pitch, signature(*key))
    assert 12 * (octave + 1) + pitch_class(letter) + alteration == pitch


def test_a_tune_as_text() -> None:
    notes = ((0.25, 0.75, 62), (0.75, 1.375, 66), (1.5, 2.75, 65))
    chords = ((0.25, 2.25, "D"), (2.25, 4.25, "A#"), (4.25, 6.25, "N"))
    tune = to_abc(features(notes, chords, ("D", "major"), rhythm(start=0.25)), "Lamp")
    assert tune == ('X:1\nT:Lamp\nM:4/4\nL:1/16\nQ:1/4=120\nK:D\n"D"D4 F6=F6-|"Bb"=F4 z12|]\n')


def test_a_title_stays_on_its_line() -> None:
    lines = to_abc(features(), HOSTILE).splitlines()
    assert len(lines) == 7
    assert lines[1].isprintable()
    assert lines[1].startswith("T:100\\% ")
    assert re.search(r"(?<!\\)%", lines[1]) is None
    assert to_abc(features(), " \x00\n").splitlines()[1] == "T:Untitled"


def test_without_a_melody_there_are_chords_over_rests() -> None:
    tune = to_abc(features(chords=((0, 2, "C"), (2, 3, "F"), (3, 4, "G"))), "Pads")
    assert tune.splitlines()[-1] == '"C"z16|"F"z8 "G"z8|]'


def test_without_anything_there_is_a_bar_of_rest() -> None:
    assert to_abc(features(key=None), "Silence").splitlines()[2:] == [
        "M:4/4",
        "L:1/16",
        "Q:1/4=120",
        "K:C",
        "z16|]",
    ]


def test_notes_follow_beats_that_drift() -> None:
    times, now = [], 0.4
    for beat in range(16):
        times.append(now)
        now += 0.5 + 0.02 * beat
    drifting = rhythm().model_copy(update={"beats": tuple(times), "downbeats": tuple(times[::4])})
    notes = tuple((a, b, 60) for a, b in pairwise(times))
    score = score_of(features(notes, rhythm=drifting))
    assert [note.start for note in score.notes] == list(range(0, 60, 4))


def test_eighths_heard_as_beats_give_the_same_bars() -> None:
    slow, fast = rhythm("6/8", 60), rhythm("6/8", 180, beats=48)
    fast = fast.model_copy(update={"downbeats": fast.beats[::6]})
    notes = tuple((i / 3, (i + 1) / 3, 60 + i) for i in range(12))
    tunes = {to_abc(features(notes, rhythm=heard), "Jig") for heard in (slow, fast)}
    assert len(tunes) == 1
    assert "Q:3/8=60" in tunes.pop()


def test_compound_metres_are_written_in_beats() -> None:
    notes = ((0, 8 / 6, 60), (8 / 6, 21 / 6, 62))
    tune = to_abc(features(notes, rhythm=rhythm("6/8", 60)), "Jig")
    assert tune.splitlines()[-1] == "C6- C2D4-|D6- D3z3|]"


def test_gaps_of_a_sixteenth_close_and_longer_ones_stay() -> None:
    notes = ((0, 0.375, 60), (0.5, 0.75, 62), (1, 1.5, 64))
    score = score_of(features(notes))
    assert [(n.start, n.end) for n in score.notes] == [(0, 4), (4, 6), (8, 12)]


def test_far_away_notes_are_left_out() -> None:
    notes = ((0, 1, 60), (1e9, 2e9, 62), (3e9, 1e300, 64))
    score = score_of(features(notes))
    assert score.bars == MAX_BARS
    assert [note.pitch for note in score.notes] == [60]


def test_extreme_pitches_are_accepted(tmp_path: Path) -> None:
    program = needs("abc2midi", "abcmidi")
    notes = tuple((i / 8, (i + 1) / 8, i) for i in range(128))
    (tmp_path / "a.abc").write_text(to_abc(features(notes), "All"))
    run = subprocess.run([program, "a.abc"], cwd=tmp_path, capture_output=True, text=True)
    assert not re.findall(r"^(?:Error|Warning).*", run.stdout, re.MULTILINE)
    heard = [pitch for *_, pitch in sounding(mido.MidiFile(tmp_path / "a1.mid"), 0)]
    assert heard == list(range(128))
