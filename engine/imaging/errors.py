"""Reasons why bytes are refused as a picture."""


class PictureError(ValueError):
    """Bytes that are not a picture, are broken, or are larger than is accepted."""


class UnknownFormatError(PictureError):
    """The bytes are not a picture of an accepted format."""


class TooLargeError(PictureError):
    """The picture has more pixels than are decoded."""
