"""Capability `score` of the embedded backends: scorers that measure."""

from typing import Any, Literal, cast

from engine.backends.builtin.embedded import Embedded
from engine.backends.builtin.scorers import SCORERS, marks
from engine.backends.builtin.settings import BuiltinSettings, versioned
from engine.contract.backend import CallContext, Capability
from engine.contract.errors import Permanent
from engine.contract.score import (
    Column,
    CompareRequest,
    Comparison,
    Likeness,
    Mark,
    ScoreRequest,
    ScoreSheet,
)
from engine.imaging.measure.likeness import imprint, layout_similarity, palette_distance
from engine.text.terminal import quoted


class Measurer(Embedded):
    """Scores and compares pictures by measuring them."""

    capability: Capability = "score"
    model = "measures-1"
    metrics = tuple(SCORERS)

    def __init__(self, settings: BuiltinSettings) -> None:
        self.strictness = settings.strictness
        self.version = versioned("1", "strictness", settings.strictness)

    async def score(self, request: ScoreRequest, context: CallContext) -> ScoreSheet:
        """Scores the pictures of one set; one that cannot be read gets a note instead of numbers.

        Raises:
            Permanent: A metric is asked for that there is none of.
        """
        metrics = list(dict.fromkeys(request.metrics)) or list(self.metrics)
        unknown = [name for name in metrics if name not in SCORERS]
        if unknown:
            names = ", ".join(quoted(name) for name in unknown[:5])
            raise Permanent(
                f"The embedded backend has no metric {names}; it has {', '.join(self.metrics)}."
            )
        context.progress(None, "measuring")
        pictures = [await context.read(image) for image in request.images]
        text = request.prompt or request.brief
        rows = await context.compute(marks, pictures, text, metrics, self.strictness)
        columns = tuple(
            self._column(name, row, request) for name, row in zip(metrics, rows, strict=True)
        )
        return ScoreSheet(images=request.images, columns=columns)

    def _column(self, name: str, row: list[Any], request: ScoreRequest) -> Column:
        scorer = SCORERS[name]
        given = "brief" if scorer.text == "prompt" and not request.prompt else scorer.text
        return Column(
            metric=name,
            scorer=f"{self.name}/{self.model} {self.version}: {scorer.method}",
            text=cast("Literal['brief', 'prompt', 'none']", given),
            marks=tuple(Mark(raw=raw, value=value, note=note) for raw, value, note in row),
        )

    async def compare(self, request: CompareRequest, context: CallContext) -> Comparison:
        """Says how alike pictures are in colour and layout.

        Raises:
            Permanent: A picture cannot be read.
        """
        pictures = [await context.read(image) for image in request.images]
        try:
            found = await context.compute(compared, pictures)
        except ValueError as error:
            raise Permanent(f"The pictures could not be compared: {error}") from error
        return Comparison(
            likenesses=(
                Likeness(
                    measure="palette_distance",
                    method="sliced Wasserstein distance in CIELAB, 48 directions; v1",
                    higher_is_more_alike=False,
                    values=found["palette_distance"],
                ),
                Likeness(
                    measure="layout_similarity",
                    method="structural similarity of lightness in 12 by 12 cells; v1",
                    higher_is_more_alike=True,
                    values=found["layout_similarity"],
                ),
            )
        )


def compared(pictures: list[bytes]) -> dict[str, tuple[tuple[float, ...], ...]]:
    """Every picture with every other one, as symmetric squares; plain data, for the process pool.

    Raises:
        ValueError: A picture cannot be read; says which.
    """
    taken = []
    for at, picture in enumerate(pictures, 1):
        try:
            taken.append(imprint(picture))
        except ValueError as error:
            raise ValueError(f"of picture {at} of {len(pictures)}, {error}") from error
    measures = {"palette_distance": palette_distance, "layout_similarity": layout_similarity}
    return {
        name: tuple(tuple(round(distance(one, other), 4) for other in taken) for one in taken)
        for name, distance in measures.items()
    }
