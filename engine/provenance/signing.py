"""Signing of one file: the one place where `c2pa` writes."""

import errno
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO

from engine.provenance.errors import THEN, CannotSign
from engine.provenance.identity import Identity
from engine.text.terminal import clean

MEMORY_MIB = 32
"""Size from which a file is spooled to the temporary folder while it is signed, not to memory."""

_FULL = "os error 28"
"""Part of the library's message if its temporary files fill a disk."""

_NETWORK = "http resolver"
"""Part of the library's message if an address does not answer."""

_SETTINGS: Mapping[str, Any] = {
    "version": 1,
    "core": {"backing_store_memory_threshold_in_mb": MEMORY_MIB},
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"verify_after_sign": False, "remote_manifest_fetch": False, "ocsp_fetch": False},
}


@dataclass(frozen=True, slots=True)
class Ingredient:
    """A file that went into another.

    Attributes:
        description: Its description, as `c2pa` takes it.
        stream: The file, open for reading.
    """

    description: Mapping[str, Any]
    stream: BinaryIO


def sign(
    identity: Identity,
    tsa: str | None,
    statement: Mapping[str, Any],
    ingredients: Sequence[Ingredient],
    media_type: str,
    streams: tuple[BinaryIO, BinaryIO],
) -> None:
    """Write a signed copy of a file; memory use does not grow with it.

    A film takes about twice its size in the temporary folder meanwhile.

    Args:
        identity: Certificate and key.
        tsa: Address of a time-stamping authority; None for no time stamp.
        statement: The manifest.
        ingredients: Files that went into it.
        media_type: Its media type.
        streams: The file, and where its copy is written; the latter can be read too.

    Raises:
        CannotSign: `c2pa` refuses the key, the authority does not answer, or the file is broken.
        OSError: The copy cannot be written.
    """
    import c2pa

    source, target = streams[0], _Written(streams[1])
    try:
        builder = c2pa.Builder(json.dumps(statement), _context())
        for one in ingredients:
            builder.add_ingredient(
                json.dumps(one.description), str(one.description["format"]), one.stream
            )
        builder.sign(_signer(identity, tsa), media_type, source, target)
    except c2pa.C2paError as error:
        if target.error is not None:
            raise target.error from error
        if _FULL in str(error):
            message = os.strerror(errno.ENOSPC)
            raise OSError(errno.ENOSPC, message, tempfile.gettempdir()) from error
        raise _refusal(str(error), tsa) from error


def _refusal(message: str, tsa: str | None) -> CannotSign:
    """Return the refusal for an error of the library."""
    if tsa and _NETWORK in message:
        return CannotSign(
            f"The time-stamping authority {clean(tsa, 200)} gives no time stamp.",
            remedy=f"Try again later, or take provenance.tsa out. {THEN}",
        )
    return CannotSign(
        f"A file cannot be signed: {clean(message, 300).rstrip('.')}.",
        remedy=f"Run: safelight doctor. {THEN}",
    )


class _Written:
    """A file that remembers why it could not be written: `c2pa` passes on that it could not."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None
        self.read, self.seek, self.tell = file.read, file.seek, file.tell
        self.readinto = file.readinto  # type: ignore[attr-defined]

    def write(self, data: bytes) -> int:
        """Write bytes; remember an error."""
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        """Flush what is written; remember an error."""
        try:
            self._file.flush()
        except OSError as error:
            self.error = error
            raise


@lru_cache(maxsize=1)
def _context() -> Any:
    from c2pa import Context, Settings

    return Context(Settings.from_dict(dict(_SETTINGS)))


@lru_cache(maxsize=4)
def _signer(identity: Identity, tsa: str | None) -> Any:
    from c2pa import C2paSignerInfo, C2paSigningAlg, Signer

    algorithm = getattr(C2paSigningAlg, identity.algorithm)
    info = C2paSignerInfo(
        alg=algorithm,
        sign_cert=identity.chain,
        private_key=identity.key,
        ta_url=tsa.encode() if tsa else None,
    )
    return Signer.from_info(info)
