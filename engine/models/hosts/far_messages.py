"""Messages between the engine and a host on another machine, besides those of any host."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Le, Len, MaxLen

from engine.models.hosts import messages
from engine.models.hosts.messages import Number, Seconds, WorkerOptions

PIECE_BYTES = 1 << 18
"""Maximum size of a piece of large bytes: other messages pass between two of them."""

MAX_PACKAGES = 5000
"""Maximum number of modules that a far side names."""
MAX_WEIGHTS = 1000
"""Maximum number of repositories that it names."""

Name = Annotated[str, MaxLen(200)]
Digest = Annotated[bytes, Len(32, 32)]
Digests = Annotated[tuple[Digest, ...], MaxLen(65_536)]


@dataclass(frozen=True, slots=True)
class Hello:
    """First message of the far side.

    Attributes:
        program: Its version of Safelight.
        python: Its version of Python.
        torch: Its version of torch, empty if it is not installed.
        platform: Its system and processor.
        cores: Its number of processor cores.
        weights: Repositories whose weights its cache holds, as far as it can tell at once.
        packages: Modules that can be imported there.
    """

    program: Name
    python: Name
    torch: Name
    platform: Name
    cores: Annotated[int, Ge(1), Le(65_536)]
    weights: Annotated[tuple[Name, ...], MaxLen(MAX_WEIGHTS)]
    packages: Annotated[tuple[Name, ...], MaxLen(MAX_PACKAGES)]


@dataclass(frozen=True, slots=True)
class FindDevices:
    """Find the devices; those that are named, if any are."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FarDevice:
    """A device of the far side, by its name there."""

    id: Annotated[str, MaxLen(20)]
    name: Name
    memory: Number


@dataclass(frozen=True, slots=True)
class DevicesFound:
    """Devices of the far side, or the packed error with which finding them failed."""

    devices: Annotated[tuple[FarDevice, ...], MaxLen(256)]
    error: bytes | None = None


@dataclass(frozen=True, slots=True)
class StartHost:
    """Become a host.

    Attributes:
        options: Its instructions.
        silence: Seconds without a message after which a side takes the other for lost.
        cache: Bytes that the cache of received bytes may take on the disk.
    """

    options: WorkerOptions
    silence: Seconds
    cache: Number


@dataclass(frozen=True, slots=True)
class Ping:
    """Sign of life of the engine, to be answered at once."""

    number: Number


@dataclass(frozen=True, slots=True)
class Pong:
    """Answer to a ping; number 0 is a sign of life without one."""

    number: Number


@dataclass(frozen=True, slots=True)
class AskBlobs:
    """Ask which of the bytes of a batch, by their sha256, are not there yet."""

    number: Number
    digests: Digests


@dataclass(frozen=True, slots=True)
class MissingBlobs:
    """The bytes of a batch that are not there yet."""

    number: Number
    digests: Digests


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of large bytes, in order and one after the other.

    Attributes:
        number: The batch that they belong to.
        digest: Their sha256.
        size: Their whole size.
        data: The part.
    """

    number: Number
    digest: Digest
    size: Number
    data: Annotated[bytes, MaxLen(PIECE_BYTES)]


FarCommand = messages.HostCommand | FindDevices | StartHost | Ping | AskBlobs | Piece
FarReport = messages.HostReport | Hello | DevicesFound | Pong | MissingBlobs | Piece
