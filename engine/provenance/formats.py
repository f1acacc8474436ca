"""Formats of files that can carry a statement."""

FORMATS = frozenset(
    {
        "image/png", "image/jpeg", "image/webp", "image/avif", "image/gif", "image/tiff",
        "audio/wav", "audio/x-wav", "audio/mpeg", "audio/flac", "audio/mp4",
        "video/mp4", "video/quicktime",
    }
)  # fmt: skip
"""Media types that C2PA has a place in; Matroska, WebM and Ogg are not among them."""

SUFFIXES = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp",
    ".avif": "image/avif", ".gif": "image/gif", ".tif": "image/tiff", ".tiff": "image/tiff",
    ".wav": "audio/wav", ".mp3": "audio/mpeg", ".flac": "audio/flac", ".m4a": "audio/mp4",
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime",
}  # fmt: skip
"""Media types by ending, for the files of a folder."""


def format_of(head: bytes) -> str:
    """Return the media type that the first 16 bytes of a file show; empty for any other."""
    kinds = (
        (head.startswith(b"\x89PNG\r\n\x1a\n"), "image/png"),
        (head.startswith(b"\xff\xd8\xff"), "image/jpeg"),
        (head[:4] == b"RIFF" and head[8:12] == b"WEBP", "image/webp"),
        (head[:4] == b"RIFF" and head[8:12] == b"WAVE", "audio/wav"),
        (head[:6] in (b"GIF87a", b"GIF89a"), "image/gif"),
        (head[:4] in (b"II*\0", b"MM\0*"), "image/tiff"),
        (head[:4] == b"fLaC", "audio/flac"),
        (head[:2] in (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"), "audio/mpeg"),
        (head[4:12] == b"ftypavif", "image/avif"),
        (head[4:12] == b"ftypqt  ", "video/quicktime"),
        (head[4:11] == b"ftypM4A", "audio/mp4"),
        (head[4:8] == b"ftyp", "video/mp4"),
    )
    return next((name for fits, name in kinds if fits), "")
