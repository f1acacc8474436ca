"""Grading of a keyframe: its colours are pulled to the palette, its size is that of the film."""

import io
from typing import Any, ClassVar

from pydantic import Field

from engine.contract import Artifact, CallContext, Request, Result
from engine.contract.travelling import travels
from engine.recipes.music_video.fields import Colour

MARGIN = 1.25
"""Size of a graded image in relation to the film: what the camera can move in."""

MAX_SIDE = 4096
"""Longer side of a graded image, at most."""

SMALL_SIDE = 640
"""Longer side of the copy for previews and contact sheets."""


class GradeRequest(Request):
    """Request for a graded image.

    Attributes:
        image: The image.
        palette: Colours of its section.
        strength: Pull, 0 (none) to 1.
        width: Width of the film in pixels.
        height: Height of the film.
    """

    image: Artifact
    palette: tuple[Colour, ...]
    strength: float = Field(ge=0, le=1)
    width: int
    height: int


class GradedImage(Result):
    """A keyframe as it is shown.

    Attributes:
        image: The image, in the shape of the film; None if it cannot be decoded.
        small: A small copy.
        problem: Why there is none, as a sentence.
        before: Mean distance of its colours to the palette before, OKLab times 100.
        after: The same after; never more.
        similarity: Structural similarity to the image before, up to 1.
    """

    kind: ClassVar[str] = "image"

    image: Artifact | None = None
    small: Artifact | None = None
    problem: str = ""
    before: float | None = None
    after: float | None = None
    similarity: float | None = None


async def grade(request: GradeRequest, context: CallContext) -> GradedImage:
    """Grade an image in the process pool."""
    size = (request.width, request.height)
    try:
        graded = await context.compute(
            graded_image, request.image, request.palette, request.strength, size
        )
    except ValueError as error:
        return GradedImage(problem=f"The image cannot be used: {error}.")
    return GradedImage(
        image=await context.keep(graded["image"], "graded"),
        small=await context.keep(graded["small"], "small"),
        before=graded["before"],
        after=graded["after"],
        similarity=graded["similarity"],
    )


@travels()
def graded_image(
    data: bytes, palette: tuple[str, ...], strength: float, size: tuple[int, int]
) -> dict[str, Any]:
    """Return an image in the shape of a film with the colours of a palette, as PNG.

    Raises:
        ValueError: It is not an image that can be read safely.
    """
    from PIL import Image, ImageOps

    from engine.imaging.decode import decoded
    from engine.imaging.errors import ImageError
    from engine.imaging.palette.enforce import enforce

    try:
        image = decoded(data)
    except ImageError as error:
        raise ValueError(str(error)) from error
    scale = min(MARGIN, MAX_SIDE / max(size))
    target = (round(size[0] * scale), round(size[1] * scale))
    fitted = ImageOps.fit(image, target, Image.Resampling.LANCZOS)
    report = None
    if strength:
        fitted, report = enforce(fitted, palette, strength)
    small = fitted.copy()
    small.thumbnail((SMALL_SIDE, SMALL_SIDE), Image.Resampling.LANCZOS)
    return {
        "image": _png(fitted),
        "small": _png(small),
        "before": report and round(report.before, 3),
        "after": report and round(report.after, 3),
        "similarity": report and round(report.similarity, 4),
    }


def _png(image: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=3)
    return stream.getvalue()
