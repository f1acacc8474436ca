"""Spelling: key signatures, names of notes and chords, and accidentals of a bar.

Names are ordered by the line of fifths (... Bb -2, F -1, C 0, G 1, D 2 ...): a key has its
signature there, and each pitch class takes the name nearest to it.
"""

import re
from dataclasses import dataclass

from engine.audio.features import PITCH_CLASSES, Mode

_LETTERS = "FCGDAEB"  # from -1 on, by fifths
_NATURAL = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {-1: "_", 0: "=", 1: "^"}
_SUFFIXES = {-1: "b", 0: "", 1: "#"}
_LOWEST_NOTE, _HIGHEST_NOTE = -8, 12  # Fb to B#: no double accidentals
_LOWEST_ROOT, _HIGHEST_ROOT = -7, 10  # Cb to A#

_MODES: dict[str, Mode] = {"major": "major", "minor": "minor"}

_CHORD = re.compile(r"([A-G])([#b]?)(|m|dim|aug|7|m7|maj7|sus2|sus4|dim7|m7b5|6|m6|9)")


@dataclass(frozen=True, slots=True)
class Signature:
    """A key signature.

    Attributes:
        tonic: Name of the tonic as it is written: `Bb`, never `A#` major.
        mode: Mode.
        fifths: Sharps if positive, flats if negative, -6 to 6.
    """

    tonic: str
    mode: Mode
    fifths: int

    @property
    def name(self) -> str:
        """Name of the key in ABC and in MIDI: `Bb`, `F#m`."""
        return self.tonic + ("m" if self.mode == "minor" else "")

    def alteration(self, letter: str) -> int:
        """Return -1, 0 or 1: flat, natural or sharp by the signature."""
        place = _LETTERS.index(letter)
        if self.fifths > 0:
            return int(place < self.fifths)
        return -int(place >= 7 + self.fifths)


def signature(tonic: str, mode: Mode) -> Signature:
    """Return the signature of a key, of its two spellings the one with fewer accidentals.

    Of six sharps or six flats, F# major and Eb minor are chosen.

    Args:
        tonic: Name of a pitch class with a sharp, a flat or neither.
        mode: Mode.

    Raises:
        ValueError: There is no such pitch class.
    """
    shift = 3 if mode == "minor" else 0
    place = _fifths(pitch_class(tonic), -3 if mode == "minor" else -5)
    return Signature(_name(place), mode, place - shift)


def key_name(name: str) -> str:
    """Return a key such as `A# major` as musicians write it: `Bb major`; others as they are."""
    tonic, _, mode = name.partition(" ")
    try:
        return f"{signature(tonic, _MODES[mode]).tonic} {mode}"
    except (KeyError, ValueError):
        return name


def pitch_class(name: str) -> int:
    """Return the number, 0 to 11, of a named pitch class."""
    letter, sign = name[:1], name[1:]
    if letter not in _NATURAL or sign not in {"", "#", "b"}:
        raise ValueError(
            f"{name[:20]!r} is not a pitch class; use one of {', '.join(PITCH_CLASSES)}."
        )
    return (_NATURAL[letter] + {"": 0, "#": 1, "b": -1}[sign]) % 12


def _fifths(number: int, lowest: int) -> int:
    """Return the place on the line of fifths of a pitch class, from a place on."""
    return lowest + (number * 7 - lowest) % 12


def _name(fifths: int) -> str:
    letter, alteration = _spelled(fifths)
    return letter + _SUFFIXES[alteration]


def _spelled(fifths: int) -> tuple[str, int]:
    """Return the letter and the alteration at a place on the line of fifths."""
    alteration, place = divmod(fifths + 1, 7)
    return _LETTERS[place], alteration


def _within(fifths: int, lowest: int, highest: int) -> int:
    """Move a place by twelve fifths, which keeps its pitch, into bounds."""
    while fifths < lowest:
        fifths += 12
    while fifths > highest:
        fifths -= 12
    return fifths


def note_name(pitch: int, key: Signature) -> tuple[str, int, int]:
    """Return letter, alteration (-1 to 1) and octave (4 from middle C) of a pitch in a key.

    Outside the scale it is the nearest of three fifths below the signature's major tonic to eight
    above: in C major Eb, Bb, F#, C# and G#.
    """
    fifths = _fifths(pitch % 12, key.fifths - 3)
    letter, alteration = _spelled(_within(fifths, _LOWEST_NOTE, _HIGHEST_NOTE))
    return letter, alteration, (pitch - alteration - _NATURAL[letter]) // 12 - 1


def chord_symbol(label: str, key: Signature) -> str | None:
    """Return a chord's label with its root spelled in a key; None for no chord, or an unknown one.

    Minor and diminished chords lean to sharps (C#m in C major), others to flats (Db).
    """
    found = _CHORD.fullmatch(label)
    if found is None:
        return None
    sharp = found[3].startswith(("m", "dim")) and not found[3].startswith("maj")
    fifths = _fifths(pitch_class(found[1] + found[2]), key.fifths - (3 if sharp else 5))
    return _name(_within(fifths, _LOWEST_ROOT, _HIGHEST_ROOT)) + found[3]


class Bar:
    """Accidentals of one bar.

    ABC readers differ on whether an accidental holds in other octaves: one is written unless both
    readings give the same note. Below C0 it is always written: abc2midi mixes up notes there.

    Args:
        key: The signature that holds at the start of the bar.
    """

    def __init__(self, key: Signature) -> None:
        self._key = key
        self._state: dict[str, int] = {}

    def note(self, pitch: int) -> str:
        """Return a pitch in ABC, with an accidental if it needs one: `^F`, `c'`."""
        letter, alteration, octave = note_name(pitch, self._key)
        places = letter, f"{letter}{octave}"
        usual = self._key.alteration(letter)
        needed = octave < 0 or any(self._state.get(place, usual) != alteration for place in places)
        self._state.update(dict.fromkeys(places, alteration))
        return (_ACCIDENTALS[alteration] if needed else "") + _in_octave(letter, octave)


def _in_octave(letter: str, octave: int) -> str:
    if octave <= 4:
        return letter + "," * (4 - octave)
    return letter.lower() + "'" * (octave - 5)
