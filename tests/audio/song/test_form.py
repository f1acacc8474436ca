"""Form of songs: names, repeats, and sections against the form that songs were composed with."""

import numpy as np
import pytest

from engine.audio.song.analysis import SongAnalysis, analyse_song
from engine.audio.song.form import functions_of
from engine.audio.song.structure import confidences_of
from tests.support.songs import formed, lacking, rendered

Truth = list[tuple[float, float, str]]

SEEDS = (1, 33)


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[SongAnalysis, Truth]]:
    missing = lacking()
    if missing:
        pytest.skip(f"needs the Debian package {missing}")
    pieces = [formed(seed) for seed in SEEDS]
    sounds = rendered([song for song, _ in pieces], tmp_path_factory.mktemp("form"))
    return [(analyse_song(sound), truth) for sound, (_, truth) in zip(sounds, pieces, strict=True)]


def test_sections_start_where_they_were_composed(songs: list[tuple[SongAnalysis, Truth]]) -> None:
    scores = [_boundary_scores(analysis, truth) for analysis, truth in songs]
    near, far = np.mean(scores, axis=0)
    assert near >= 0.75
    assert far >= 0.85


def test_functions_are_those_of_the_form(songs: list[tuple[SongAnalysis, Truth]]) -> None:
    shares = [_share_of_time(analysis, truth) for analysis, truth in songs]
    assert np.mean(shares) >= 0.8


def test_names_are_unique_and_choruses_repeat_the_first(
    songs: list[tuple[SongAnalysis, Truth]],
) -> None:
    for analysis, _ in songs:
        names = [section.name for section in analysis.sections]
        assert len(set(names)) == len(names)
        choruses = [k for k, name in enumerate(names) if name.startswith("chorus")]
        assert len(choruses) >= 2
        assert {analysis.sections[k].repeat_of for k in choruses[1:]} == {choruses[0]}
        assert analysis.sections[analysis.climax.section].function == "chorus"


def test_similarities_are_a_matrix_in_which_repeats_stand_out(
    songs: list[tuple[SongAnalysis, Truth]],
) -> None:
    for analysis, truth in songs:
        matrix = np.array(analysis.similarities)
        count = len(analysis.sections)
        assert matrix.shape == (count, count)
        assert np.allclose(matrix, matrix.T)
        assert np.allclose(np.diagonal(matrix), 1)
        assert 0 <= matrix.min() <= matrix.max() <= 1
        names = [_true_name(section.start, section.end, truth) for section in analysis.sections]
        same = np.array([[a == b for b in names] for a in names]) & ~np.eye(count, dtype=bool)
        other = np.array([[a != b for b in names] for a in names])
        assert matrix[same].mean() > matrix[other].mean() + 0.2
        confidences = [section.confidence for section in analysis.sections]
        assert all(0 <= one <= 1 for one in confidences)
        assert np.mean(confidences) > 0.6


@pytest.mark.parametrize(
    ("groups", "similar", "confidences"),
    [
        ([0], [[1.0]], (0.5,)),
        ([0, 0], [[1.0, 0.9], [0.9, 1.0]], (0.5, 0.5)),
        ([0, 1], [[1.0, 0.2], [0.2, 1.0]], (0.9, 0.9)),
        ([0, 1, 0], [[1.0, 0.1, 0.8], [0.1, 1.0, 0.3], [0.8, 0.3, 1.0]], (0.85, 0.9, 0.75)),
        ([0, 1, 0], [[1.0, 0.9, 0.1], [0.9, 1.0, 0.1], [0.1, 0.1, 1.0]], (0.1, 0.75, 0.5)),
    ],
    ids=["one", "one-group", "two", "clear", "wrong"],
)
def test_confidence_is_the_lead_of_the_own_group(
    groups: list[int], similar: list[list[float]], confidences: tuple[float, ...]
) -> None:
    assert confidences_of(groups, similar) == pytest.approx(confidences)


def test_beats_and_bars_of_whole_songs_are_found(
    songs: list[tuple[SongAnalysis, Truth]],
) -> None:
    pieces = [formed(seed)[0] for seed in SEEDS]
    for (analysis, _), piece in zip(songs, pieces, strict=True):
        assert analysis.rhythm
        assert _f_measure(analysis.rhythm.beats, piece.beats, 0.07) >= 0.87
        assert _f_measure(analysis.rhythm.downbeats, piece.downbeats, 0.07) >= 0.8


@pytest.mark.parametrize(
    ("groups", "energies", "functions"),
    [
        ([0], [0.5], ["verse"]),
        ([0, 1], [0.3, 0.9], ["intro", "outro"]),
        (
            [0, 1, 2, 1, 2, 3, 2, 4],
            [0.2, 0.5, 0.9, 0.5, 0.9, 0.4, 1.0, 0.1],
            ["intro", "verse", "chorus", "verse", "chorus", "bridge", "chorus", "outro"],
        ),
        (
            [0, 1, 0, 1, 2, 1],
            [0.4, 0.8, 0.4, 0.8, 0.95, 0.8],
            ["verse", "chorus", "verse", "chorus", "inst", "chorus"],
        ),
        ([0, 0, 0], [0.5, 0.5, 0.2], ["chorus", "chorus", "outro"]),
    ],
    ids=["one", "two", "pop", "solo", "alike"],
)
def test_functions_follow_from_repetition_energy_and_position(
    groups: list[int], energies: list[float], functions: list[str]
) -> None:
    assert functions_of(groups, energies, [16.0] * len(groups)) == functions


def _true_name(start: float, end: float, truth: Truth) -> str:
    """Return the function of the true part that a section shares most time with."""
    return max(truth, key=lambda part: min(end, part[1]) - max(start, part[0]))[2]


def _boundary_scores(analysis: SongAnalysis, truth: Truth) -> tuple[float, float]:
    """Return the F measures of inner boundaries within 0.5 s and 3 s."""
    found = [section.start for section in analysis.sections[1:]]
    known = [start for start, _, _ in truth[1:]]
    return _f_measure(found, known, 0.5), _f_measure(found, known, 3.0)


def _f_measure(found: list[float] | tuple[float, ...], known: list[float], reach: float) -> float:
    distances = np.abs(np.array(found)[:, None] - np.array(known)[None]) <= reach
    hits = min(distances.any(axis=0).sum(), distances.any(axis=1).sum())
    return float(2 * hits / (len(found) + len(known)))


def _share_of_time(analysis: SongAnalysis, truth: Truth) -> float:
    """Return the share of the song's time in which the function is the true one."""
    total = 0.0
    for start, end, function in truth:
        for section in analysis.sections:
            if section.function == function:
                total += max(0.0, min(end, section.end) - max(start, section.start))
    return total / truth[-1][1]
