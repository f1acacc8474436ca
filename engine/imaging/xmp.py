"""XMP in images, for readers that know no C2PA: the kind of source an image is from.

The packet has one property, `Iptc4xmpExt:DigitalSourceType` (IPTC Photo Metadata 2025.1). It is
written where the XMP specification, part 3, has it: `iTXt` of PNG, `APP1` of JPEG, `XMP ` of WebP.
"""

import struct
import zlib
from typing import Any

from engine.imaging.png_stream import SIGNATURE, chunks, is_png

_KEYWORD = b"XML:com.adobe.xmp"
_JPEG_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENDED, _HAS_XMP, _HAS_ALPHA = b"VP8X", 0x04, 0x10

_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" '
    'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    'Iptc4xmpExt:DigitalSourceType="{}"/>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
)


def source_type_packet(address: str) -> bytes:
    """Return an XMP packet with a kind of source: the address of the term in IPTC's vocabulary."""
    return _PACKET.format(address).encode()


def with_source_type(image: bytes, address: str) -> bytes:
    """Return an image with its kind of source as XMP; pixels are unchanged.

    An image of another format, one that is cut short, and one that has XMP already is returned as
    it is.

    Args:
        image: A PNG, JPEG or WebP file.
        address: Address of the term in IPTC's vocabulary.
    """
    packet = source_type_packet(address)
    try:
        if is_png(image):
            return _in_png(image, packet)
        if image.startswith(b"\xff\xd8\xff"):
            return _in_jpeg(image, packet)
        if image[:4] == b"RIFF" and image[8:12] == b"WEBP":
            return _in_webp(image, packet)
    except (struct.error, ValueError, IndexError):
        pass
    return image


def _in_png(image: bytes, packet: bytes) -> bytes:
    body = _KEYWORD + b"\0\0\0\0\0" + packet
    parts: list[Any] = [SIGNATURE]
    for kind, data, whole in chunks(image):
        if kind == b"iTXt" and bytes(data[: len(_KEYWORD)]) == _KEYWORD:
            return image
        parts.append(whole)
        if kind == b"IHDR":
            checksum = struct.pack(">I", zlib.crc32(b"iTXt" + body))
            parts.append(struct.pack(">I", len(body)) + b"iTXt" + body + checksum)
    return b"".join(parts)


def _in_jpeg(image: bytes, packet: bytes) -> bytes:
    """Insert the segment behind those of JFIF and EXIF, which have to come first."""
    position = place = 2
    while image[position] == 0xFF and image[position + 1] not in (0xDA, 0xD9):
        kind = image[position + 1]
        (length,) = struct.unpack_from(">H", image, position + 2)
        if kind == 0xE1 and image[position + 4 :].startswith(_JPEG_HEAD):
            return image
        is_first = kind == 0xE0 or image[position + 4 : position + 8] == b"Exif"
        position += 2 + length
        place = position if is_first else place
    body = _JPEG_HEAD + packet
    segment = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    return image[:place] + segment + image[place:]


def _in_webp(image: bytes, packet: bytes) -> bytes:
    if 8 + int.from_bytes(image[4:8], "little") > len(image):
        return image
    first, content = image[12:16], image[12 : 8 + int.from_bytes(image[4:8], "little")]
    if first == _EXTENDED:
        flags = content[8]
        if flags & _HAS_XMP:
            return image
        body = content[:8] + bytes([flags | _HAS_XMP]) + content[9:]
    else:
        width, height, alpha = _webp_canvas(content)
        flags = _HAS_XMP | (_HAS_ALPHA if alpha else 0)
        canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        body = _EXTENDED + struct.pack("<I", 10) + bytes([flags, 0, 0, 0]) + canvas + content
    body += b"XMP " + struct.pack("<I", len(packet)) + packet + bytes(len(packet) & 1)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _webp_canvas(content: bytes) -> tuple[int, int, bool]:
    """Return width, height and whether there is transparency, of a simple WebP file.

    Raises:
        ValueError: It is neither lossy nor lossless.
    """
    if content[:4] == b"VP8 " and content[11:14] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", content, 14)
        return width & 0x3FFF, height & 0x3FFF, False
    if content[:4] == b"VP8L" and content[8] == 0x2F:
        bits = int.from_bytes(content[9:13], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
    raise ValueError("not a simple WebP file")
