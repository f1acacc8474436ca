"""Capability `score` of the embedded backends: scorers that measure."""

from typing import Any, Literal, cast

from engine.backends.builtin.embedded import embedded_info
from engine.backends.builtin.scorers import SCORERS, marks
from engine.backends.builtin.settings import BuiltinSettings, versioned
from engine.contract.backend import BaseBackend, CallContext
from engine.contract.errors import Permanent
from engine.contract.score import (
    CompareRequest,
    Comparison,
    ImageScore,
    ScoreInfo,
    ScoreRequest,
    ScorerScores,
    ScoreTable,
    Similarity,
)
from engine.imaging.measure.likeness import imprint, layout_similarity, palette_distance
from engine.text.terminal import quoted


class Measurer(BaseBackend):
    """Scores and compares images by measuring them."""

    info: ScoreInfo

    def __init__(self, settings: BuiltinSettings) -> None:
        self.strictness = settings.strictness
        version = versioned("1", "strictness", settings.strictness)
        self.info = embedded_info(
            ScoreInfo, model="measures-1", version=version, metrics=tuple(SCORERS)
        )

    async def score(self, request: ScoreRequest, context: CallContext) -> ScoreTable:
        """Score the images of one set; an unreadable one gets a note instead of numbers.

        Raises:
            Permanent: A metric is asked for that there is none of.
        """
        metrics = list(dict.fromkeys(request.metrics)) or list(SCORERS)
        unknown = [name for name in metrics if name not in SCORERS]
        if unknown:
            names = ", ".join(quoted(name) for name in unknown[:5])
            raise Permanent(
                f"The embedded backend has no metric {names}; it has {', '.join(SCORERS)}."
            )
        context.progress(None, "measuring")
        images = [await context.read(image) for image in request.images]
        text = request.prompt or request.brief
        rows = await context.compute(marks, images, text, metrics, self.strictness)
        columns = tuple(
            self._column(name, row, request) for name, row in zip(metrics, rows, strict=True)
        )
        return ScoreTable(images=request.images, columns=columns)

    def _column(self, name: str, row: list[Any], request: ScoreRequest) -> ScorerScores:
        scorer = SCORERS[name]
        text = "brief" if scorer.text == "prompt" and not request.prompt else scorer.text
        return ScorerScores(
            metric=name,
            scorer=f"{self.info.signature()}: {scorer.method}",
            text=cast("Literal['brief', 'prompt', 'none']", text),
            marks=tuple(ImageScore(raw=raw, value=value, note=note) for raw, value, note in row),
        )

    async def compare(self, request: CompareRequest, context: CallContext) -> Comparison:
        """Measure the similarity of images in colour and layout.

        Raises:
            Permanent: An image cannot be read.
        """
        images = [await context.read(image) for image in request.images]
        try:
            similarities = await context.compute(compared, images)
        except ValueError as error:
            raise Permanent(f"The images could not be compared: {error}") from error
        return Comparison(
            likenesses=(
                Similarity(
                    measure="palette_distance",
                    method="sliced Wasserstein distance in CIELAB, 48 directions; v1",
                    higher_is_more_similar=False,
                    values=similarities["palette_distance"],
                ),
                Similarity(
                    measure="layout_similarity",
                    method="structural similarity of lightness in 12 by 12 cells; v1",
                    higher_is_more_similar=True,
                    values=similarities["layout_similarity"],
                ),
            )
        )


def compared(images: list[bytes]) -> dict[str, tuple[tuple[float, ...], ...]]:
    """Every image with every other one, as symmetric squares; plain data, for the process pool.

    Raises:
        ValueError: An image cannot be read; says which.
    """
    taken = []
    for at, image in enumerate(images, 1):
        try:
            taken.append(imprint(image))
        except ValueError as error:
            raise ValueError(f"of image {at} of {len(images)}, {error}") from error
    measures = {"palette_distance": palette_distance, "layout_similarity": layout_similarity}
    return {
        name: tuple(tuple(round(distance(one, other), 4) for other in taken) for one in taken)
        for name, distance in measures.items()
    }
