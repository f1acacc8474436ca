"""Images with a C2PA manifest in each format, as far as their structure goes."""

import struct
import zlib

BOX = (
    struct.pack(">I4s", 200, b"jumb")
    + struct.pack(">I4s", 38, b"jumd")
    + bytes.fromhex("63327061 0011 0010 8000 00aa00389b71")
    + b"\x03c2pa\0"
)
"""Start of a superbox of C2PA; the rest of it does not matter here."""
MANIFEST = BOX + bytes(200 - len(BOX))


def sign(data: bytes) -> bytes:
    """The same image with a manifest where its format has it."""
    if data.startswith(b"\x89PNG"):
        body = b"caBX" + MANIFEST
        return data[:33] + struct.pack(">I", len(MANIFEST)) + body + crc(body) + data[33:]
    if data.startswith(b"\xff\xd8"):
        return data[:2] + app11(MANIFEST) + data[2:]
    if data.startswith(b"RIFF"):
        whole = data + struct.pack("<4sI", b"C2PA", len(MANIFEST)) + MANIFEST
        return whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:]
    if data.startswith(b"GIF"):
        blocks = b"!\xff\x0bC2PA_GIF\x01\0\0" + bytes([len(BOX)]) + BOX + b"\0"
        return data[:-1] + blocks + data[-1:]
    return data + box(bytes.fromhex("d8fec3d61b0e483c92975828877ec481") + MANIFEST)


def app11(content: bytes) -> bytes:
    """A JPEG segment of JUMBF."""
    return b"\xff\xeb" + struct.pack(">H2sHI", 10 + len(content), b"JP", 1, 1) + content


def box(content: bytes) -> bytes:
    """A `uuid` box."""
    return struct.pack(">I4s", 8 + len(content), b"uuid") + content


def crc(body: bytes) -> bytes:
    """The checksum of a PNG chunk."""
    return struct.pack(">I", zlib.crc32(body))
