"""Previews: how an image looks so far, small enough to be shown and safe to be decoded."""

MAX_BYTES = 256 * 1024
"""Size in bytes above which a preview is scaled down."""

SIDE = 512
"""Longest side of a scaled preview, in pixels."""

QUALITY = 85
"""Quality of a scaled preview."""

MAX_PIXELS = 4096 * 4096
"""A preview of more pixels is not decoded."""

_SHOWN = frozenset({"image/jpeg", "image/png"})


def fit_preview(data: bytes) -> bytes | None:
    """A preview as it can be shown.

    Args:
        data: What a provider sent as one.

    Returns:
        A JPEG or PNG of at most `MAX_BYTES`; None if it is no image, or one
        of too many pixels. One that is small is
        given back as it came, with only its header looked at.
    """
    from engine.imaging.decode import describe
    from engine.imaging.errors import ImageError

    try:
        media_type, width, height = describe(data)
        if media_type in _SHOWN and len(data) <= MAX_BYTES:
            return data
        return _smaller(data) if width * height <= MAX_PIXELS else None
    except (ImageError, OSError):
        return None


def _smaller(data: bytes) -> bytes:
    from engine.imaging.decode import decoded
    from engine.imaging.sending import encoded

    small = decoded(data, near=(SIDE, SIDE))
    small.thumbnail((SIDE, SIDE))
    return encoded(small, "JPEG", QUALITY).data
