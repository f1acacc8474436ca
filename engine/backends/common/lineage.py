"""What an image that is made on this machine says of where it comes from."""

from collections.abc import Sequence

from engine.contract import Artifact, Backend, ImageRequest
from engine.imaging.lineage import Lineage


def lineage_of(
    backend: Backend, request: ImageRequest, followed: Sequence[Artifact] = ()
) -> Lineage:
    """The lineage of an image.

    Args:
        backend: What makes it.
        request: What was asked for.
        followed: The images that it follows, the first one first.
    """
    return Lineage(
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        seed=request.seed,
        width=request.width,
        height=request.height,
        backend=backend.name,
        model=backend.model,
        version=backend.version,
        reference=followed[0].hash if followed else None,
        more_references=tuple(image.hash for image in followed[1:]),
    )
