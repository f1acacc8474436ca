"""The reference images of a request: all of them, in order, as many as a model takes."""

import asyncio
from typing import TYPE_CHECKING

from engine.contract import Artifact, CallContext, ImageRequest, Permanent

if TYPE_CHECKING:
    from engine.imaging.sending import Sendable

FEWER = "Ask with fewer, with one sheet that shows them all, or another backend."


def references_of(
    request: ImageRequest,
    most: int,
    whose: str,
    *,
    max_bytes: int | None = None,
    remedy: str = FEWER,
) -> tuple[Artifact, ...]:
    """The images that a request is to follow, the first one first.

    None is left out without a word: an image that follows half of what it was to follow would be
    paid for and looked at as if it followed all.

    Args:
        request: What is asked for.
        most: How many the model takes.
        whose: The model, for messages.
        max_bytes: Bytes that all of them together may have, where they travel in the request.
        remedy: What to do where there are too many.

    Raises:
        Permanent: There are more than the model takes, or they are too large.
    """
    first = () if request.reference is None else (request.reference,)
    references = (*first, *request.more_references)
    if len(references) > most:
        takes = "one reference image" if most == 1 else f"{most} reference images"
        raise Permanent(
            f"{whose} takes {takes} at most, and there are {len(references)} reference images.",
            remedy=remedy,
        )
    size = sum(image.size for image in references)
    if max_bytes is not None and size > max_bytes:
        raise Permanent(
            f"The reference images have {size / 2**20:.1f} MiB, more than the "
            f"{max_bytes >> 20} MiB that can be sent to {whose}.",
            remedy="Use smaller ones.",
        )
    return references


async def read_reference(context: CallContext, image: Artifact) -> "Sendable":
    """A reference image as every provider takes it and sees it; see `engine.imaging.sending`.

    Raises:
        Permanent: It is no image that can be read.
    """
    from engine.imaging.errors import ImageError
    from engine.imaging.sending import sendable

    data = await context.read(image)
    try:
        return await asyncio.to_thread(sendable, data)
    except ImageError as error:
        raise Permanent(f"The reference image cannot be sent: {error}.") from None
