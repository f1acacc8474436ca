"""Pictures as models look at them: no larger than they see, of a type that all of them take."""

import io

from engine.agents.conversation import InlinePicture

MAX_SIDE = 1568
"""Longest side in pixels; beyond it the providers scale pictures down themselves."""

MAX_BYTES = 3_500_000
"""Most bytes; with base64 a third more, which stays under the strictest limit of 5 MB."""

_TAKEN = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


def fitted(data: bytes) -> InlinePicture:
    """A picture as it is where all providers take it, else scaled down as JPEG of quality 92.

    Args:
        data: The bytes of a picture of any type that Pillow reads.

    Raises:
        ValueError: They are no picture, or one of too many pixels.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as picture:
            media_type = _TAKEN.get(picture.format or "")
            if media_type and max(picture.size) <= MAX_SIDE and len(data) <= MAX_BYTES:
                return InlinePicture(data, media_type)
            picture.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
            out = io.BytesIO()
            picture.convert("RGB").save(out, "JPEG", quality=92)
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise ValueError(str(error)) from None
    except (OSError, SyntaxError) as error:
        raise ValueError(f"it is damaged: {error}") from None
    return InlinePicture(out.getvalue(), "image/jpeg")
