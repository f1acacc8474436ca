"""Images as models look at them: no larger than they see, of a type that all of them take."""

from engine.contract.chat.conversation import InlineImage

MAX_SIDE = 1568
"""Longest side in pixels; beyond it the providers scale images down themselves."""

MAX_BYTES = 3_500_000
"""Most bytes; with base64 a third more, which stays under the strictest limit of 5 MB."""

QUALITY = 92
"""Quality of an image that is encoded for them."""


def fitted(data: bytes) -> InlineImage:
    """An image as it is where all providers take it, else scaled down as JPEG.

    Args:
        data: The bytes of an image of any accepted format.

    Raises:
        ValueError: They are no image, or one of too many pixels.
    """
    from PIL import Image

    from engine.imaging.decode import decoded
    from engine.imaging.sending import encoded, plain_type

    media_type = plain_type(data, MAX_SIDE) if len(data) <= MAX_BYTES else None
    if media_type is not None:
        return InlineImage(data, media_type)
    image = decoded(data, near=(MAX_SIDE, MAX_SIDE))
    image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    return InlineImage(*encoded(image, "JPEG", QUALITY))
