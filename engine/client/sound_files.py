"""Sound files of a user: measured, and read."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def measured_sound(path: Path) -> dict[str, Any]:
    """Return the measures and faults of a sound file, as `measure --json` prints them.

    Args:
        path: A sound of any format, or an .npz file with `audio` and `sample_rate`.

    Returns:
        A document with `file`, and either `error`, the end of a sentence, or measures and faults.
    """
    from engine.kinds.sound_files import measure_file

    sound = measure_file(path)
    if sound.measures is None:
        return {"file": str(path), "error": sound.error}
    return {
        "file": str(path),
        **sound.measures.model_dump(mode="json"),
        "faults": [asdict(fault) for fault in sound.faults],
    }


def samples_of(path: Path) -> "tuple[NDArray[np.float32], int]":
    """Return the samples of a sound file, of shape (channels, samples), and its rate in Hz.

    Raises:
        OSError: The file cannot be read.
        SoundError: It is not a sound that can be decoded.
    """
    from engine.kinds.sound_files import read_sound_file

    sound = read_sound_file(path)
    return sound.samples, sound.sample_rate
