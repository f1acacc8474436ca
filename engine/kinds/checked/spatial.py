"""Events of a film and head-related responses that operators hand in, checked by content."""

from pathlib import Path
from typing import NamedTuple

from engine.audio.spatial.events import MAX_BYTES as MAX_EVENTS_BYTES
from engine.audio.spatial.events import read_events
from engine.audio.spatial.hrtf import MAX_BYTES as MAX_HRTF_BYTES
from engine.audio.spatial.hrtf import MissingSofarError, hrtf_facts
from engine.contract.backend import Facts
from engine.contract.files import open_regular
from engine.contract.install import install_command


class CheckedFile(NamedTuple):
    """A file that was read and can be used.

    Attributes:
        data: Its bytes, unchanged.
        media_type: Its media type.
        kind: Name of its kind.
        facts: Facts of its content.
    """

    data: bytes
    media_type: str
    kind: str
    facts: Facts


def events_file(source: Path | bytes) -> CheckedFile:
    """Read a file of events.

    Raises:
        ValueError: It cannot be read or used; the end of a sentence.
    """
    data = _bytes(source, MAX_EVENTS_BYTES)
    events = read_events(data)
    facts: dict[str, int | float] = {"events": len(events.events)}
    if events.film.duration is not None:
        facts["seconds"] = events.film.duration
    return CheckedFile(data, "application/json", "step-events", facts)


def hrtf_file(source: Path | bytes) -> CheckedFile:
    """Read a SOFA file.

    Raises:
        ValueError: It cannot be read or used, or the extra `spatial` is not installed; the end of
            a sentence.
    """
    data = _bytes(source, MAX_HRTF_BYTES)
    try:
        facts = hrtf_facts(data)
    except MissingSofarError as error:
        command = install_command(extra="spatial")
        raise ValueError(f"cannot be read, because {error.package} is missing: {command}") from None
    numbers = {"directions": facts.directions, "sample_rate": facts.sample_rate}
    return CheckedFile(data, "application/x-hdf5", "file", numbers)


def _bytes(source: Path | bytes, limit: int) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        with open_regular(source, limit) as stream:
            return stream.read(limit + 1)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror or error}") from None
