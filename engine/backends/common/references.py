"""The reference pictures of a request: all of them, in order, as many as a model takes."""

from engine.capabilities import Artifact, ImageRequest, Permanent

FEWER = "Ask with fewer, with one sheet that shows them all, or another backend."


def references_of(
    request: ImageRequest,
    most: int,
    whose: str,
    *,
    most_bytes: int | None = None,
    remedy: str = FEWER,
) -> tuple[Artifact, ...]:
    """The pictures that a request is to follow, the first one first.

    None is left out without a word: a picture that follows half of what it was to follow would be
    paid for and looked at as if it followed all.

    Args:
        request: What is asked for.
        most: How many the model takes.
        whose: The model, for messages.
        most_bytes: Bytes that all of them together may have, where they travel in the request.
        remedy: What to do where there are too many.

    Raises:
        Permanent: There are more than the model takes, or they are too large.
    """
    first = () if request.reference is None else (request.reference,)
    found = (*first, *request.more_references)
    if len(found) > most:
        takes = "one reference picture" if most == 1 else f"{most} reference pictures"
        raise Permanent(
            f"{whose} takes {takes} at most, and there are {len(found)} reference pictures.",
            remedy=remedy,
        )
    size = sum(picture.size for picture in found)
    if most_bytes is not None and size > most_bytes:
        raise Permanent(
            f"The reference pictures have {size / 2**20:.1f} MiB, more than the "
            f"{most_bytes >> 20} MiB that can be sent to {whose}.",
            remedy="Use smaller ones.",
        )
    return found
