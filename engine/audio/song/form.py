"""Form of a song: sections with names such as `chorus_2`, and which of them repeat which.

The function of a section follows from repetition, energy and position: the repeated part with the
most energy is the chorus, the one repeated most beside it the verse, and what else occurs after a
chorus a bridge, or an instrumental if it is as loud as the chorus.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from engine.audio.features import Rhythm
from engine.audio.song.structure import confidences_of, parts_of
from engine.audio.spectra import Spectra

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

Function = Literal["intro", "verse", "chorus", "bridge", "inst", "outro"]

_QUIETER = 0.9
_SHORTER = 0.75


@dataclass(frozen=True, slots=True)
class SongSection:
    """A section of a song.

    Attributes:
        start: Time at which it starts in seconds.
        end: Time at which it ends.
        name: Function and number, unique in the song: `verse_1`, `chorus_2`.
        function: Function in the form.
        repeat_of: Index of the first section that sounds like it, or None.
        energy: Mean energy, 0 to 1 relative to the song.
        confidence: Confidence in what it repeats, 0 to 1; 0.5 is a toss-up, 1 what a person says.
    """

    start: float
    end: float
    name: str
    function: Function
    repeat_of: int | None
    energy: float
    confidence: float = 0.5


def form_of(
    spectra: Spectra, rhythm: Rhythm | None, times: "Floats", energy: "Floats"
) -> tuple[tuple[SongSection, ...], tuple[tuple[float, ...], ...]]:
    """Return sections that cover a song without gaps, and the similarity of each two of them.

    A song that is too short to be divided has one.

    Args:
        spectra: The song.
        rhythm: Its beats and bars, or None.
        times: Times of the energy in seconds.
        energy: Energy, 0 to 1.
    """
    parts = parts_of(spectra, rhythm)
    groups = list(parts.groups)
    bounds = [*parts.starts, spectra.seconds]
    confidences = confidences_of(groups, parts.similarities)
    energies = [_mean(energy, times, start, end) for start, end in pairwise(bounds)]
    functions = functions_of(groups, energies, [end - start for start, end in pairwise(bounds)])
    names = _names(functions)
    sections = tuple(
        SongSection(
            start=round(bounds[k], 4),
            end=round(bounds[k + 1], 4),
            name=names[k],
            function=functions[k],
            repeat_of=_first_alike(groups, functions, k),
            energy=round(energies[k], 4),
            confidence=confidences[k],
        )
        for k in range(len(groups))
    )
    return sections, parts.similarities


def functions_of(groups: list[int], energies: list[float], seconds: list[float]) -> list[Function]:
    """Return the function of each section.

    Args:
        groups: Number of the group of sections that sound alike, by section.
        energies: Mean energy of each section.
        seconds: Length of each section.
    """
    count = len(groups)
    if count == 1:
        return ["verse"]
    chorus = _chorus(groups, energies)
    verse = _verse(groups, chorus)
    first_chorus, usual = groups.index(chorus), _group_mean(groups, energies, chorus)
    plain: list[Function] = []
    for index, group in enumerate(groups):
        if group == chorus:
            plain.append("chorus")
        elif group == verse or (index < first_chorus and groups.count(group) == 1):
            plain.append("verse")
        else:
            plain.append("inst" if energies[index] >= usual else "bridge")
    return _with_ends(plain, groups, energies, seconds)


def _mean(values: "Floats", times: "Floats", start: float, end: float) -> float:
    import numpy as np

    first, last = np.searchsorted(times, (start, end))
    return float(values[first : max(first + 1, last)].mean())


def _chorus(groups: list[int], energies: list[float]) -> int:
    """Return the repeated group with the most energy, or without any the loudest section's."""
    repeated = [group for group, size in Counter(groups).items() if size > 1]
    means = {group: _group_mean(groups, energies, group) for group in repeated or set(groups)}
    return max(means, key=lambda group: means[group])


def _group_mean(groups: list[int], energies: list[float], group: int) -> float:
    values = [energy for energy, other in zip(energies, groups, strict=True) if other == group]
    return sum(values) / len(values)


def _verse(groups: list[int], chorus: int) -> int | None:
    """Return the most frequent group beside the chorus, the earliest of several, if repeated."""
    sizes = Counter(group for group in groups if group != chorus)
    group, size = max(sizes.items(), key=lambda item: item[1], default=(0, 0))
    return group if size > 1 else None


def _with_ends(
    plain: list[Function], groups: list[int], energies: list[float], seconds: list[float]
) -> list[Function]:
    """Return functions in which a first and a last section that stand apart are named so."""
    functions = list(plain)
    names: tuple[tuple[int, Function], ...] = ((0, "intro"), (-1, "outro"))
    for index, name in names:
        alike = [k for k, group in enumerate(groups) if group == groups[index]]
        others = [k for k in alike if k != index % len(groups)]
        if not others:
            functions[index] = name
            continue
        usual_energy = sum(energies[k] for k in others) / len(others)
        usual_seconds = sum(seconds[k] for k in others) / len(others)
        is_quiet = energies[index] < _QUIETER * usual_energy
        is_long = seconds[index] > usual_seconds / _SHORTER
        if (is_quiet and not is_long) or seconds[index] < _SHORTER * usual_seconds:
            functions[index] = name
    return functions


def _names(functions: list[Function]) -> list[str]:
    counts: Counter[str] = Counter()
    names = []
    for function in functions:
        counts[function] += 1
        names.append(f"{function}_{counts[function]}")
    return names


def _first_alike(groups: list[int], functions: list[Function], index: int) -> int | None:
    """Return the index of the first section of the same group, if that is an earlier one."""
    first = next(
        k
        for k in range(len(groups))
        if groups[k] == groups[index] and functions[k] == functions[index]
    )
    return first if first < index else None
