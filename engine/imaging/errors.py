"""Reasons why bytes are refused as an image."""


class ImageError(ValueError):
    """Bytes that are not an image, are broken, or are larger than is accepted."""


class UnknownFormatError(ImageError):
    """The bytes are not an image of an accepted format."""


class TooLargeError(ImageError):
    """The image has more pixels than are decoded."""
