"""Entries from a data set in NumPy's format: each record's sound becomes a WAV file."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.audio.datasets.npy import RawSample, count_samples, read_samples
from engine.audio.wav import write_float_wav
from engine.contract.files import MAX_SOUND_BYTES
from engine.recipes.visual_prompts.metadata import plain_metadata, seconds_of_slice
from engine.recipes.visual_prompts.settings import VisualPromptsSettings
from engine.text.plural import pluralize

MAGIC = b"\x93NUMPY"
"""First bytes of a `.npy` file."""

META = "audio_meta"
"""Key of a record with what is known of its sound; its keys are taken out of it."""

MIN_RATE, MAX_RATE = 1000, 768_000
_COMMON_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000)
_TOLERANCE = 0.05


def dataset_entries(
    path: Path, settings: VisualPromptsSettings, offset: int = 0
) -> Iterator[dict[str, Any]]:
    """Yield the entries of a `.npy` or `.npz` file; skipped records are not decoded.

    Raises:
        ValueError: It is no data set, asks for code to be run, or has no sample that can be used.
        OSError: It cannot be read.
    """
    problem, has_sound = "", False
    for sample in read_samples(path, settings.start_idx, settings.samples):
        entry = _entry(sample, offset, settings.sample_rate)
        has_sound = has_sound or "sound" in entry
        problem = problem or str(entry.get("problem", ""))
        yield entry
    if problem and not has_sound:
        raise ValueError(f"has no sample that can be used; the first {problem}")
    if not has_sound:
        total = count_samples(path)
        first = f", and start_idx is {settings.start_idx}" if total else ""
        raise ValueError(f"has {pluralize(total, 'sample')}{first}")


def _entry(sample: RawSample, offset: int, default_rate: int) -> dict[str, Any]:
    known = dict(sample.metadata)
    inner = known.pop(META, None)
    metadata, notes = plain_metadata(known | (inner if isinstance(inner, dict) else {}))
    entry: dict[str, Any] = {
        "id": f"sample_{sample.index + offset:03d}",
        "index": sample.index + offset,
        "metadata": metadata,
    }
    if sample.audio is None:
        return {**entry, "problem": sample.problem, "notes": notes}
    if sample.audio.nbytes > MAX_SOUND_BYTES - 100:
        limit = f"{MAX_SOUND_BYTES >> 20} MiB"
        return {**entry, "problem": f"is longer than the {limit} that are taken in", "notes": notes}
    rate = _rate(sample, metadata, default_rate)
    doubt = _doubt(sample.audio.shape[-1], rate, metadata)
    sound = write_float_wav(sample.audio, rate)
    return {**entry, "sound": sound, "notes": [*notes, doubt] if doubt else notes}


def _rate(sample: RawSample, metadata: Mapping[str, Any], default: int) -> int:
    """Return the sample rate that the file, else the record, else the settings give."""
    own = metadata.get("sample_rate")
    stated = own if type(own) is int and MIN_RATE <= own <= MAX_RATE else None
    return sample.sample_rate or stated or default


def _doubt(frames: int, rate: int, metadata: Mapping[str, Any]) -> str:
    """Return a sentence if the length contradicts `slice_pos`; empty if it does not."""
    wanted, seconds = seconds_of_slice(metadata), frames / rate
    if wanted is None or abs(seconds - wanted) <= max(0.5, wanted * _TOLERANCE):
        return ""
    likely = min(_COMMON_RATES, key=lambda one: abs(one - frames / wanted))
    hint = ""
    if abs(likely - frames / wanted) <= likely * _TOLERANCE and likely != rate:
        hint = f"; if its sample rate is {likely} Hz, set sample_rate={likely}"
    return f"It lasts {seconds:.2f} s at {rate} Hz, but its slice_pos spans {wanted:g} s{hint}."
