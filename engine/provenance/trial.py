"""A trial: whether a certificate and its key really sign, and the signature is valid."""

import io
import zlib
from struct import pack

from engine.config.provenance_settings import ProvenanceSettings
from engine.imaging.png_stream import SIGNATURE
from engine.provenance.errors import THEN, CannotSign
from engine.provenance.identity import Identity
from engine.provenance.origin import VOCABULARY
from engine.provenance.signing import sign


def try_to_sign(identity: Identity, settings: ProvenanceSettings) -> None:
    """Sign an image of one pixel in memory, and read it back.

    Raises:
        CannotSign: It cannot be signed, or what is signed is not valid.
    """
    import c2pa

    action = {"action": "c2pa.created", "digitalSourceType": f"{VOCABULARY}algorithmicMedia"}
    statement = {
        "claim_generator_info": [{"name": settings.claim_generator}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}],
    }
    signed = io.BytesIO()
    sign(identity, settings.tsa, statement, (), "image/png", (io.BytesIO(_pixel()), signed))
    signed.seek(0)
    with c2pa.Reader("image/png", signed) as reader:
        state = reader.get_validation_state()
    if state == "Invalid":
        raise CannotSign(
            f"What {identity.name} signs is not valid for readers of C2PA.",
            remedy=f"Look at its certificate with: openssl x509 -text. {THEN}",
        )


def _pixel() -> bytes:
    """Return a PNG file of one black pixel."""
    parts = (
        (b"IHDR", pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0\0")),
        (b"IEND", b""),
    )
    chunks = (
        pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return SIGNATURE + b"".join(chunks)
