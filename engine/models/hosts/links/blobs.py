"""Large bytes of messages: they travel by their sha256, in pieces, each once."""

import hashlib
from collections.abc import Iterable, Iterator

from engine.models.hosts import codec
from engine.models.hosts.far_messages import PIECE_BYTES, Piece

LARGE = 64 * 1024
"""Bytes from which on they travel by their hash."""

MAX_BATCH_BYTES = 1 << 30
"""Maximum size of all large bytes of one batch, in one direction."""


class WrongBytes(codec.NotPlainData):
    """Pieces do not make up what they should."""


def without_blobs(data: bytes, blobs: dict[bytes, bytes]) -> bytes:
    """Return packed data without the large bytes in it, which are added to `blobs` by digest."""
    if len(data) < LARGE:
        return data

    def leave_out(part: bytes) -> bytes | None:
        if len(part) < LARGE:
            return None
        digest = hashlib.sha256(part).digest()
        blobs[digest] = part
        return digest

    return codec.pack_around(codec.unpack(data), leave_out)


def with_blobs(data: bytes, blobs: dict[bytes, bytes]) -> bytes:
    """Return packed data with the bytes that were left out.

    Raises:
        NotPlainData: Some are not there.
    """
    return codec.pack(codec.unpack(data, blobs.__getitem__)) if blobs else data


def pieces(number: int, digest: bytes, data: bytes) -> Iterator[Piece]:
    """Yield the pieces of large bytes of a batch."""
    for start in range(0, len(data), PIECE_BYTES):
        yield Piece(number, digest, len(data), data[start : start + PIECE_BYTES])


class Gathering:
    """Large bytes that arrive in pieces, by batch.

    Args:
        limit: Maximum bytes of one batch.
    """

    def __init__(self, limit: int = MAX_BATCH_BYTES) -> None:
        self._limit = limit
        self._whole: dict[int, dict[bytes, bytes]] = {}
        self._part: tuple[int, bytes, bytearray] | None = None

    def hold(self, number: int, digest: bytes, data: bytes) -> None:
        """Hold bytes that are there already."""
        self._whole.setdefault(number, {})[digest] = data

    def take(self, number: int) -> dict[bytes, bytes]:
        """Return the bytes of a batch, by digest, and forget them."""
        return self._whole.pop(number, {})

    def add(self, piece: Piece) -> bytes | None:
        """Add a piece; return the bytes that are complete with it, None if more are needed.

        Raises:
            WrongBytes: It does not belong there, or the bytes have another hash.
        """
        number, digest, part = self._part or (piece.number, piece.digest, bytearray())
        if (number, digest) != (piece.number, piece.digest):
            raise WrongBytes("a piece of other bytes comes in between")
        part += piece.data
        held = sum(map(len, self._whole.get(number, {}).values()))
        if len(part) > piece.size or held + piece.size > self._limit:
            raise WrongBytes("there are more bytes than allowed")
        if len(part) < piece.size:
            self._part = (number, digest, part)
            return None
        self._part, data = None, bytes(part)
        if hashlib.sha256(data).digest() != digest:
            raise WrongBytes("received bytes have another hash than announced")
        self.hold(number, digest, data)
        return data

    def forget_all_but(self, numbers: Iterable[int]) -> None:
        """Forget the bytes of other batches."""
        for number in set(self._whole) - set(numbers):
            del self._whole[number]
