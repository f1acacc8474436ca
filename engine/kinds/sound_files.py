"""Sound files: read, and measured."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from engine.audio.faults import Fault
    from engine.audio.measures import SoundMeasures
    from engine.audio.sound import Sound


class MeasuredSound(NamedTuple):
    """A sound file as measured.

    Attributes:
        path: The file.
        measures: Its measures; None if it cannot be read.
        faults: Its faults.
        error: The reason why it cannot be read, as the end of a sentence; empty if it can.
    """

    path: Path
    measures: "SoundMeasures | None" = None
    faults: "tuple[Fault, ...]" = ()
    error: str = ""


def measure_file(path: Path) -> MeasuredSound:
    """Measure a sound of any format, or an .npz file with `audio` and `sample_rate`."""
    from engine.audio.faults import faults_of
    from engine.audio.measures import measure_sound
    from engine.audio.sound import SoundError

    try:
        measures = measure_sound(read_sound_file(path))
    except OSError as error:
        return MeasuredSound(path, error=f"cannot be read: {error.strerror or error}.")
    except SoundError as error:
        return MeasuredSound(path, error=f"{error}.")
    return MeasuredSound(path, measures, tuple(faults_of(measures)))


def read_sound_file(path: Path) -> "Sound":
    """Return the samples of a sound of any format, or of an .npz file.

    Raises:
        OSError: The file cannot be read.
        SoundError: It is not a sound that can be decoded.
    """
    from zipfile import is_zipfile

    from engine.audio.datasets.npy import read_sound
    from engine.audio.decode import decode

    with path.open("rb") as stream:
        if is_zipfile(stream):
            return read_sound(path)
        stream.seek(0)
        return decode(stream, path.name)
