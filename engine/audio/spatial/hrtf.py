"""Head-related impulse responses of a SOFA file (AES69), read by `sofar`."""

import math
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MAX_BYTES = 256 << 20
"""The largest SOFA file, in bytes."""

MAX_DIRECTIONS, MAX_TAPS = 100_000, 16_384
"""Directions of one file, and samples of each response, at most."""

MAX_DELAY = 10_000
"""Delay of a response in samples, at most."""

MAX_VALUES = 1 << 24
"""Samples of all responses that are in use at once, at most."""

LOWEST_RATE, HIGHEST_RATE = 8_000, 192_000
"""Sample rates of responses in Hz."""

MAGIC = b"\x89HDF\r\n\x1a\n"
"""First bytes of a SOFA file, which is HDF5."""


class HrtfError(ValueError):
    """A SOFA file that cannot be used; the message ends a sentence."""


class MissingSofarError(HrtfError):
    """The extra `spatial` is not installed."""

    package = "sofar"

    def __init__(self) -> None:
        super().__init__(
            f"cannot be read, because the package {self.package} is missing; install the extra "
            "'spatial': pip install 'safelight[spatial]'"
        )


@dataclass(frozen=True, slots=True)
class HrtfFacts:
    """Facts of a SOFA file.

    Attributes:
        directions: Number of directions.
        taps: Samples of each response.
        sample_rate: Sample rate in Hz.
    """

    directions: int
    taps: int
    sample_rate: int


@dataclass(frozen=True, eq=False, slots=True)
class Responses:
    """Impulse responses of some directions.

    Attributes:
        by_azimuth: Samples of the left and the right ear by azimuth, of shape (2, taps); azimuths
            with the same measured direction have the same array. With all of them, a sound in
            front has the power that it has in stereo.
        sample_rate: Sample rate in Hz.
        largest_error: Largest angle in degrees between a direction and the measured one that is
            used for it.
    """

    by_azimuth: dict[float, "Floats"]
    sample_rate: int
    largest_error: float


def hrtf_facts(data: bytes) -> HrtfFacts:
    """Return the facts of a SOFA file whose responses can be used.

    Raises:
        HrtfError: It cannot be used.
        MissingSofarError: The extra `spatial` is not installed.
    """
    with _opened(data) as file:
        return _checked(file)


def responses(data: bytes, azimuths: Sequence[float]) -> Responses:
    """Return the responses of the measured directions that are nearest to some.

    Args:
        data: The SOFA file.
        azimuths: Directions at the height of the ears in degrees, to the right above 0.

    Raises:
        HrtfError: It cannot be used.
        MissingSofarError: The extra `spatial` is not installed.
    """
    import numpy as np

    with _opened(data) as file:
        facts = _checked(file)
        nearest, largest_error = _nearest((*azimuths, 0.0), _directions(file, facts.directions))
        by_number = _read(file, sorted(set(nearest)), facts)
    front = math.sqrt(float(np.square(by_number[nearest[-1]]).sum()))
    if not front > 0:
        raise HrtfError("cannot be used: its response to the front is silent")
    scaled = {number: response / front for number, response in by_number.items()}
    return Responses(
        {azimuth: scaled[number] for azimuth, number in zip(azimuths, nearest, strict=False)},
        facts.sample_rate,
        largest_error,
    )


def _nearest(azimuths: Sequence[float], measured: "Floats") -> tuple[list[int], float]:
    """Return the number of the measured direction nearest to each, and the largest angle."""
    import numpy as np

    numbers, lowest = list[int](), 1.0
    for azimuth in azimuths:  # one by one, since a film has as many as a file has directions
        cosines = measured @ np.array(_towards(azimuth))
        numbers.append(int(cosines.argmax()))
        lowest = min(lowest, float(cosines[numbers[-1]]))
    return numbers, math.degrees(math.acos(max(-1.0, lowest)))


def _read(file: Any, numbers: Sequence[int], facts: HrtfFacts) -> dict[int, "Floats"]:
    """Return responses by their numbers."""
    delays = _few(file.Data_Delay, 2 * facts.directions).reshape(-1, 2)
    result, values = dict[int, "Floats"](), 0
    for number in numbers:
        delay = delays[number if len(delays) > 1 else 0]
        result[number] = _response(file, number, facts, delay)
        values += result[number].size
        if values > MAX_VALUES:
            raise HrtfError("has responses that are too long for so many directions")
    return result


def _towards(azimuth: float) -> tuple[float, float, float]:
    """Return a direction as AES69 has it: x to the front, y to the left, z up."""
    angle = math.radians(azimuth)
    return math.cos(angle), -math.sin(angle), 0.0


@contextmanager
def _opened(data: bytes) -> Iterator[Any]:
    """Open a SOFA file; any error of the reader is a sentence."""
    if not data.startswith(MAGIC):
        raise HrtfError("is not a SOFA file")
    if len(data) > MAX_BYTES:
        raise HrtfError(f"has more than the {MAX_BYTES >> 20} MiB that a SOFA file may have")
    try:
        from sofar import SofaStream
    except ImportError:
        raise MissingSofarError from None
    with tempfile.TemporaryDirectory(prefix="safelight-") as folder:
        path = Path(folder) / "hrtf.sofa"
        path.write_bytes(data)
        try:
            with SofaStream(str(path)) as file:
                yield file
        except HrtfError:
            raise
        except (OSError, RuntimeError, ValueError, AttributeError, IndexError, TypeError):
            raise HrtfError("is damaged, or has not what AES69 asks for") from None


def _checked(file: Any) -> HrtfFacts:
    """Return the facts of an open file once its shapes and its rate are sane."""
    if str(file.GLOBAL_DataType) != "FIR":
        raise HrtfError("has no impulse responses (data type FIR)")
    shape = tuple(int(side) for side in file.Data_IR.shape)
    if len(shape) != 3 or shape[1] != 2:
        raise HrtfError("has not the responses of two ears")
    directions, _, taps = shape
    if not (1 <= directions <= MAX_DIRECTIONS and 1 <= taps <= MAX_TAPS):
        raise HrtfError(
            f"has {directions} directions of {taps} samples; at most {MAX_DIRECTIONS} of "
            f"{MAX_TAPS} can be used"
        )
    rate = float(_few(file.Data_SamplingRate, 1).flat[0])
    if not (LOWEST_RATE <= rate <= HIGHEST_RATE and rate.is_integer()):
        raise HrtfError(f"has a sample rate that is not {LOWEST_RATE} to {HIGHEST_RATE} Hz")
    return HrtfFacts(directions, taps, int(rate))


def _few(variable: Any, most: int) -> "Floats":
    """Return the numbers of a variable, all finite."""
    import numpy as np

    if not 1 <= math.prod(int(side) for side in variable.shape or (1,)) <= most:
        raise HrtfError("is damaged, or has not what AES69 asks for")
    values = np.asarray(np.ma.filled(variable[...], np.nan), np.float64)
    if not np.isfinite(values).all():
        raise HrtfError("holds values that are not numbers")
    return values


def _directions(file: Any, count: int) -> "Floats":
    """Return all directions as unit vectors, of shape (directions, 3)."""
    import numpy as np

    places = _few(file.SourcePosition, 3 * count).reshape(-1, 3)
    if len(places) not in {1, count}:
        raise HrtfError("has not a place for each of its directions")
    if str(file.SourcePosition_Type) == "spherical":
        azimuth, elevation = np.radians(places[:, 0]), np.radians(places[:, 1])
        flat = np.cos(elevation)
        axes = [flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)]
        places = np.stack(axes, axis=1)
    lengths = np.linalg.norm(places, axis=1, keepdims=True)
    if not (lengths > 0).all():
        raise HrtfError("has a direction without a place")
    return np.broadcast_to(places / lengths, (count, 3))


def _response(file: Any, number: int, facts: HrtfFacts, delay: "Floats") -> "Floats":
    """Return one response with its delays, the left ear first."""
    import numpy as np

    samples = np.asarray(np.ma.filled(file.Data_IR[number], np.nan), np.float64)
    if not np.isfinite(samples).all() or np.abs(samples).max() > 1e6:
        raise HrtfError("holds values that are not samples")
    if not (np.abs(delay) <= MAX_DELAY).all():
        raise HrtfError(f"has delays of more than {MAX_DELAY} samples")
    later = np.rint(delay - delay.min()).astype(int)
    response = np.zeros((2, facts.taps + int(later.max())))
    for ear, start in enumerate(later):
        response[ear, start : start + facts.taps] = samples[ear]
    return response[::-1] if _is_swapped(file) else response


def _is_swapped(file: Any) -> bool:
    """Return True if the first receiver is the right ear: its y is below the other's."""
    if str(file.ReceiverPosition_Type) != "cartesian":
        return False
    places = _few(file.ReceiverPosition, 6 * MAX_DIRECTIONS)
    if places.size < 6:
        return False
    by_ear = places.reshape(2, 3, -1)
    return bool(by_ear[0, 1, 0] < by_ear[1, 1, 0])
