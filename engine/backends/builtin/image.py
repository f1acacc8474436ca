"""Capability `image` of the embedded backends: the painter."""

from typing import Any

from engine.backends.builtin.embedded import embedded_info
from engine.backends.builtin.painter.paint import paint
from engine.backends.builtin.settings import BuiltinSettings, versioned
from engine.backends.common.lineage import lineage_of
from engine.backends.common.references import references_of
from engine.contract.backend import BaseBackend, CallContext
from engine.contract.errors import Permanent
from engine.contract.image import GeneratedImage, ImageInfo, ImageRequest
from engine.contract.travelling import travels
from engine.imaging.lineage import Lineage, stamp

MAX_REFERENCES = 16
"""Images that the painter follows at most in one request."""


class Painter(BaseBackend):
    """Paints images from words, by the method of `engine.backends.builtin.painter`."""

    info: ImageInfo

    def __init__(self, settings: BuiltinSettings) -> None:
        self.freedom = settings.freedom
        version = versioned("2", "freedom", settings.freedom)
        self.info = embedded_info(
            ImageInfo,
            model="painter-1",
            version=version,
            max_references=MAX_REFERENCES,
            follows_layout=True,
        )

    async def generate(self, request: ImageRequest, context: CallContext) -> GeneratedImage:
        """Paint the requested image.

        Raises:
            Permanent: A reference is no image, or there are too many.
        """
        followed = references_of(request, MAX_REFERENCES, self.info.model)
        references = [await context.read(one) for one in followed]
        lineage = lineage_of(self.info, request, followed)
        context.progress(None, "painting")
        try:
            png = await context.compute(painted, lineage.model_dump(), references, self.freedom)
        except ValueError as error:
            raise Permanent(f"The painter could not follow the request: {error}") from error
        image = await context.keep(png, role="image")
        return GeneratedImage(image=image, seed=request.seed)


@travels()
def painted(lineage: dict[str, Any], references: list[bytes], freedom: float) -> bytes:
    """An image as PNG that carries its lineage; plain data in and out, for the process pool."""
    asked = Lineage.model_validate(lineage)
    png = paint(
        asked.prompt,
        asked.negative_prompt,
        asked.seed,
        asked.width,
        asked.height,
        more_references=references,
        freedom=freedom,
    )
    return stamp(png, asked)
