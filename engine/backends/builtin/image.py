"""Capability `image` of the embedded backends: the painter."""

from engine.backends.builtin.settings import BuiltinSettings, versioned
from engine.capabilities import Missing
from engine.capabilities.base import CallContext, Capability
from engine.capabilities.errors import Permanent
from engine.capabilities.image import ImageRequest, Picture
from engine.imaging.lineage import Lineage, stamp
from engine.imaging.painter.paint import paint


class Painter:
    """Paints pictures from words, by the method of `engine.imaging.painter`."""

    name = "builtin"
    capability: Capability = "image"
    model = "painter-1"
    paid = False
    resumable = False
    reusable = True  # the same request gives the same result
    lane = "builtin"
    concurrency = 0
    requests_per_minute: float | None = None

    def __init__(self, settings: BuiltinSettings) -> None:
        self.freedom = settings.freedom
        self.version = versioned("1", "freedom", settings.freedom)

    def missing(self) -> list[Missing]:
        """Nothing is ever missing."""
        return []

    async def generate(self, request: ImageRequest, context: CallContext) -> Picture:
        """Paints the picture that is asked for.

        Raises:
            Permanent: The reference is no picture.
        """
        reference = await context.read(request.reference) if request.reference else None
        lineage = Lineage(
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            seed=request.seed,
            width=request.width,
            height=request.height,
            backend=self.name,
            model=self.model,
            version=self.version,
            reference=request.reference.hash if request.reference else None,
        )
        context.progress(None, "painting")
        try:
            png = await context.compute(painted, lineage.model_dump(), reference, self.freedom)
        except ValueError as error:
            raise Permanent(f"The painter could not follow the request: {error}") from error
        image = await context.keep(png, role="image")
        return Picture(image=image, seed=request.seed)


def painted(lineage: dict[str, str | int | None], reference: bytes | None, freedom: float) -> bytes:
    """A picture as PNG that carries its lineage; plain data in and out, for the process pool."""
    asked = Lineage.model_validate(lineage)
    png = paint(
        asked.prompt,
        asked.negative_prompt,
        asked.seed,
        asked.width,
        asked.height,
        reference,
        freedom=freedom,
    )
    return stamp(png, asked)
