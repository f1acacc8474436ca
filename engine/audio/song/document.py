"""The analysis of a song as a document: names and values of `analysis.json`, and back.

The document has a version, and everything that is needed to rebuild the analysis. Values over time
are lists of the length of `spectral.times`, except for the moods, which have times of their own.
"""

import math
from typing import TYPE_CHECKING, Any

from engine.audio.features import Key, Mood, Rhythm, Tempo
from engine.audio.mood import mood_label
from engine.audio.song.analysis import SongAnalysis
from engine.audio.song.curves import BANDS, Curves
from engine.audio.song.form import SongSection
from engine.audio.song.moods import Climax, MoodPoint, Shift

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

VERSION = 1
"""Version of the document."""

_DIGITS = 4
_STEADY = 0.03
_DANCE_BPM = 120.0


class SongDocumentError(ValueError):
    """A document that is not the analysis of a song; the message ends a sentence."""


def song_document(analysis: SongAnalysis, name: str = "", media_type: str = "") -> dict[str, Any]:
    """Return the analysis of a song as plain data for JSON.

    Args:
        analysis: The analysis.
        name: File name of the song, for a reader.
        media_type: Media type of the song, for a reader.
    """
    return {
        "version": VERSION,
        "metadata": {
            "filename": name,
            "duration": round(analysis.seconds, _DIGITS),
            "sample_rate": analysis.sample_rate,
            "channels": analysis.channels,
            "format": media_type,
        },
        "rhythm": _rhythm(analysis.rhythm),
        "sections": _sections(analysis),
        "spectral": _spectral(analysis.curves),
        "tonal": _tonal(analysis.key, analysis.curves),
        "mood": _mood(analysis),
        "onsets": list(analysis.onsets),
        "harmonic_percussive": {
            "harmonic": _list(analysis.curves.harmonic),
            "percussive": _list(analysis.curves.percussive),
        },
        "climax": {
            "time": analysis.climax.time,
            "section": analysis.climax.section,
            "energy": analysis.climax.energy,
        },
        "undefined": dict(analysis.undefined),
        "warnings": list(analysis.warnings),
    }


def song_of(document: Any) -> SongAnalysis:
    """Return the analysis that a document holds.

    Args:
        document: Plain data from `analysis.json`.

    Raises:
        SongDocumentError: It is not such a document, or of a later version.
    """
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise SongDocumentError(f"is not an analysis of a song of version {VERSION}")
    try:
        return _read(document)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise SongDocumentError(
            f"is not a whole analysis of a song ({type(error).__name__}: {error}); analyse it again"
        ) from None


def _rhythm(rhythm: Rhythm | None) -> dict[str, Any]:
    if rhythm is None:
        return {"bpm": None, "bpm_confidence": 0.0, "beats": [], "downbeats": []}
    gaps = [b - a for a, b in zip(rhythm.beats[:-1], rhythm.beats[1:], strict=True)]
    usual = 60 / rhythm.tempo.bpm
    spread = math.sqrt(sum((gap - usual) ** 2 for gap in gaps) / len(gaps)) / usual
    return {
        "bpm": rhythm.tempo.bpm,
        "bpm_confidence": rhythm.tempo.confidence,
        "beats": list(rhythm.beats),
        "downbeats": list(rhythm.downbeats),
        "time_signature": rhythm.metre,
        "time_signature_confidence": rhythm.metre_confidence,
        "tempo_stable": spread < _STEADY,
        "tempo_curve": [round(60 / gap, 2) for gap in [*gaps, gaps[-1]]],
    }


def _sections(analysis: SongAnalysis) -> dict[str, Any]:
    sections = analysis.sections
    return {
        "boundaries": [section.start for section in sections],
        "ends": [section.end for section in sections],
        "labels": [section.name for section in sections],
        "functions": [section.function for section in sections],
        "repeat_of": [section.repeat_of for section in sections],
        "energy": [section.energy for section in sections],
        "confidence": [section.confidence for section in sections],
        "similarities": [list(row) for row in analysis.similarities],
    }


def _spectral(curves: Curves) -> dict[str, Any]:
    return {
        "times": _list(curves.times),
        "rms": _list(curves.rms, 5),
        "spectral_centroid": _list(curves.centroid, 1),
        "spectral_flux": _list(curves.flux),
        "spectral_rolloff": _list(curves.rolloff, 1),
        "energy": _list(curves.energy),
        "mfcc": [_list(row, 2) for row in curves.mfcc],
        "energy_bands": {name: _list(curves.bands[name]) for name in BANDS},
        "energy_band_edges_hz": {name: list(edges) for name, edges in BANDS.items()},
        "spectrum": [_list(row, 2) for row in curves.spectrum],
    }


def _tonal(key: Key | None, curves: Curves) -> dict[str, Any]:
    return {
        "key": key.tonic if key else None,
        "scale": key.mode if key else None,
        "key_confidence": key.confidence if key else 0.0,
        "runner_up": key.runner_up if key else None,
        "runner_up_confidence": key.runner_up_confidence if key else 0.0,
        "chromagram": [_list(row, 2) for row in curves.chroma],
    }


def _mood(analysis: SongAnalysis) -> dict[str, Any]:
    moods = [point.mood for point in analysis.moods]
    valence = sum(mood.valence for mood in moods) / len(moods)
    arousal = sum(mood.arousal for mood in moods) / len(moods)
    words = sorted({mood.label for mood in moods}, key=lambda w: -[m.label for m in moods].count(w))
    return {
        "valence": round(valence, _DIGITS),
        "energy": round((arousal + 1) / 2, _DIGITS),
        "danceability": _danceability(analysis.rhythm),
        "label": mood_label(valence, arousal),
        "tags": words,
        "over_time": {
            "times": [point.time for point in analysis.moods],
            "valence": [round(mood.valence, _DIGITS) for mood in moods],
            "arousal": [round(mood.arousal, _DIGITS) for mood in moods],
            "labels": [mood.label for mood in moods],
        },
        "shifts": [
            {
                "time": shift.time,
                "section": shift.section,
                "is_inside": shift.is_inside,
                "size": shift.size,
                "before": shift.before,
                "after": shift.after,
            }
            for shift in analysis.shifts
        ],
    }


def _danceability(rhythm: Rhythm | None) -> float:
    """Return the regularity of the pulse, 0 to 1, less the farther the tempo is from 120."""
    if rhythm is None:
        return 0.0
    octaves = abs(math.log2(rhythm.tempo.bpm / _DANCE_BPM))
    return round(math.sqrt(rhythm.tempo.confidence) * math.exp(-octaves), _DIGITS)


def _list(values: "Floats", digits: int = _DIGITS) -> list[float]:
    import numpy as np

    rounded: list[float] = np.round(values.astype(np.float64), digits).tolist()
    return rounded


def _read(document: dict[str, Any]) -> SongAnalysis:
    metadata, mood = document["metadata"], document["mood"]
    sections = _read_sections(document["sections"])
    return SongAnalysis(
        seconds=float(metadata["duration"]),
        sample_rate=int(metadata["sample_rate"]),
        channels=int(metadata["channels"]),
        key=_read_key(document["tonal"]),
        rhythm=_read_rhythm(document["rhythm"]),
        onsets=tuple(float(time) for time in document["onsets"]),
        sections=sections,
        curves=_read_curves(document),
        moods=_read_moods(mood["over_time"]),
        shifts=tuple(Shift(**shift) for shift in mood["shifts"]),
        climax=Climax(**document["climax"]),
        undefined={str(key): str(reason) for key, reason in document["undefined"].items()},
        warnings=tuple(str(warning) for warning in document["warnings"]),
        similarities=_read_similarities(document["sections"], len(sections)),
    )


def _read_sections(data: dict[str, Any]) -> tuple[SongSection, ...]:
    names = ["boundaries", "ends", "labels", "functions", "repeat_of", "energy"]
    if "confidence" in data:  # a field that came later
        names.append("confidence")
    sections = tuple(SongSection(*row) for row in zip(*(data[name] for name in names), strict=True))
    if not sections:
        raise ValueError("there are no sections")
    return sections


def _read_similarities(data: dict[str, Any], count: int) -> tuple[tuple[float, ...], ...]:
    rows = tuple(tuple(map(float, row)) for row in data.get("similarities", ()))
    if rows and {len(rows), *map(len, rows)} != {count}:
        raise ValueError("the similarities are not those of the sections")
    return rows


def _read_key(data: dict[str, Any]) -> Key | None:
    if data["key"] is None:
        return None
    return Key(
        tonic=data["key"],
        mode=data["scale"],
        confidence=data["key_confidence"],
        runner_up=data["runner_up"],
        runner_up_confidence=data["runner_up_confidence"],
    )


def _read_rhythm(data: dict[str, Any]) -> Rhythm | None:
    if data["bpm"] is None:
        return None
    bpm = float(data["bpm"])
    tempo = Tempo(bpm=bpm, confidence=data["bpm_confidence"], half=bpm / 2, double=bpm * 2)
    return Rhythm(
        tempo=tempo,
        beats=tuple(data["beats"]),
        downbeats=tuple(data["downbeats"]),
        metre=data["time_signature"],
        metre_confidence=data["time_signature_confidence"],
    )


def _read_moods(data: dict[str, Any]) -> tuple[MoodPoint, ...]:
    columns = (data[name] for name in ("times", "valence", "arousal", "labels"))
    return tuple(
        MoodPoint(time, Mood(valence=valence, arousal=arousal, label=label))
        for time, valence, arousal, label in zip(*columns, strict=True)
    )


def _read_curves(document: dict[str, Any]) -> Curves:
    import numpy as np

    data, parts = document["spectral"], document["harmonic_percussive"]
    count = len(data["times"])

    def curve(values: Any, rows: int | None = None) -> "Floats":
        shape = (count,) if rows is None else (rows, count)
        array = np.asarray(values, np.float32)
        if array.shape != shape or not np.isfinite(array).all():
            raise ValueError("values over time have not the length of spectral.times")
        return array

    return Curves(
        times=curve(data["times"]),
        rms=curve(data["rms"]),
        flux=curve(data["spectral_flux"]),
        energy=curve(data["energy"]),
        centroid=curve(data["spectral_centroid"]),
        rolloff=curve(data["spectral_rolloff"]),
        bands={name: curve(data["energy_bands"][name]) for name in BANDS},
        spectrum=curve(data["spectrum"], len(data["spectrum"])),
        mfcc=curve(data["mfcc"], len(data["mfcc"])),
        chroma=curve(document["tonal"]["chromagram"], 12),
        harmonic=curve(parts["harmonic"]),
        percussive=curve(parts["percussive"]),
    )
