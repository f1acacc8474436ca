"""Kind `image`: raster images, and SVG drawings."""

import contextlib
import re
from collections.abc import Sequence

from engine.contract.kinds import Content, Drawing, Item, Kind, OwnImage, Recognition, Size

MAX_THUMBNAIL_BYTES = 50 * 1024 * 1024
"""Size of the largest image file that gets a thumbnail, in bytes."""

SVG = "image/svg+xml"

_COMMENTS = rb"(?:(?><!--.{0,2000}?-->)\s*+)*+"  # atomic: nothing is tried twice
_SVG_ROOT = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*+(?:<\?xml[^>]{0,200}\?>\s*+)?%b"
    rb"(?:<!DOCTYPE\s+svg[^>\[]{0,400}>\s*+)?%b<svg(?=[\s>])([^>]{0,2000})"
    % (_COMMENTS, _COMMENTS),
    re.DOTALL,
)
_SIDE = {
    name: re.compile(rb"\s%b\s*=\s*[\"']\s*(\d{1,6})(?:\.\d{0,9})?(?:px)?\s*[\"']" % name)
    for name in (b"width", b"height")
}


class ImageKind(Kind):
    """Images that Pillow decodes, and SVG, of which only the header is read."""

    name = "image"
    title = "image"
    rows = 16
    suffixes = {  # noqa: RUF012 - a constant of the class
        "image/png": ".png",
        "image/jpeg": ".jpg",
        "image/webp": ".webp",
        "image/gif": ".gif",
        "image/bmp": ".bmp",
        "image/tiff": ".tif",
        "image/avif": ".avif",
        SVG: ".svg",
    }

    def recognise(self, content: Content) -> Recognition | None:
        """Return an image's media type and sides as stored."""
        from engine.imaging.decode import describe_stream, looks_like_image
        from engine.imaging.errors import ImageError

        if looks_like_image(content.head):
            with contextlib.suppress(ImageError), content.open() as stream:
                return Recognition(*describe_stream(stream))
        return _svg(content.head)

    def facts(self, item: Item) -> Sequence[tuple[str, str]]:
        """Return the sides."""
        if not item.width or not item.height:
            return ()
        return [("size", f"{item.width}×{item.height}")]

    def thumbnail(self, item: Item, side: int) -> bytes | None:
        """Return the image itself: it is fitted when the thumbnail is stored."""
        if item.media_type == SVG or item.open is None or item.size > MAX_THUMBNAIL_BYTES:
            return None
        with item.open() as stream:
            return stream.read()

    def full(self, item: Item, size: Size) -> Drawing | None:
        """Return the image itself; an SVG is not rendered."""
        return None if item.media_type == SVG else OwnImage()


def _svg(head: bytes) -> Recognition | None:
    found = _SVG_ROOT.match(head)
    if found is None:
        return None
    sides = [pattern.search(found[1]) for pattern in _SIDE.values()]
    width, height = (int(side[1]) if side else None for side in sides)
    return Recognition(SVG, width or None, height or None)


def whole_size(data: bytes) -> tuple[int, int]:
    """Decode an image to its end; return width and height in pixels.

    Raises:
        ImageError: It is not a whole image of an accepted format, or it is too large.
    """
    from engine.imaging.decode import check, describe

    check(data)
    _, width, height = describe(data)
    return width, height
