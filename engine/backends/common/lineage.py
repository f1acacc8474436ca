"""Lineage of images that are generated on this machine."""

from collections.abc import Sequence

from engine.contract import Artifact, BackendInfo, ImageRequest
from engine.imaging.lineage import Lineage


def lineage_of(
    info: BackendInfo, request: ImageRequest, followed: Sequence[Artifact] = ()
) -> Lineage:
    """The lineage of an image.

    Args:
        info: Backend that generates it.
        request: What was asked for.
        followed: The images that it follows, the first one first.
    """
    return Lineage(
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        seed=request.seed,
        width=request.width,
        height=request.height,
        backend=info.name,
        model=info.model,
        version=info.version,
        reference=followed[0].hash if followed else None,
        more_references=tuple(image.hash for image in followed[1:]),
    )
