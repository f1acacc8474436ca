"""Capability `score` of the local models: a set of images as one task of a model host."""

import json
from collections.abc import Sequence
from typing import Any

from engine.backends.local.packages import PACKAGES, lacking_packages
from engine.backends.local.settings import LocalSettings
from engine.contract import (
    Artifact,
    BaseBackend,
    CallContext,
    CompareRequest,
    Comparison,
    Limits,
    MissingRequirement,
    Permanent,
    ScoreInfo,
    ScoreRequest,
    ScorerScores,
    ScoreTable,
    Similarity,
)
from engine.contract.model_host import ModelKey, ModelNeeds, Task
from engine.contract.score import AskRequest, YesLikelihoods
from engine.models.scorers.calibration import MAPS
from engine.models.scorers.hosted import (
    LOADER,
    AskAnswer,
    AskTask,
    CompareAnswer,
    CompareTask,
    ScoreTask,
)
from engine.models.scorers.models import Part, ScoringOptions, marked_model, wanted_by
from engine.models.weights import RequiredWeights, lane_of, missing_weights, model_needs

ASKED: Part = "vqascore"
"""Scorer whose model answers questions."""

CLIP_SIMILARITY = "clip_similarity"
"""Name of the measure that compares images by CLIP."""

VERSION = "1"
"""Raised when the same weights and request would give another number."""


class LocalScorers(BaseBackend):
    """Scorers in the model hosts of this machine."""

    info: ScoreInfo

    def __init__(self, settings: LocalSettings) -> None:
        self.settings = settings
        wanted = self.weights()
        self.info = ScoreInfo(
            name="local",
            model=", ".join(settings.scorers),
            version=_version(settings),
            lane="local" if wanted == _USUAL else lane_of("local", wanted),
            reusable=True,
            limits=Limits(settings.concurrency),
            metrics=settings.scorers,
            subject_measures=(CLIP_SIMILARITY,),
            answers=ASKED in settings.scorers,
        )

    def weights(self) -> Sequence[RequiredWeights]:
        """The weights of the scorers that are chosen, and of the comparison."""
        return _weights(self.settings)

    def missing(self) -> list[MissingRequirement]:
        """The packages that are not installed, or else the weights that are not there."""
        return lacking_packages() or missing_weights(self.weights())

    def needs(self) -> ModelNeeds:
        """Return what a machine needs for its models."""
        return model_needs(PACKAGES, self.weights())

    async def score(self, request: ScoreRequest, context: CallContext) -> ScoreTable:
        """Score the images of one set by each requested metric.

        Raises:
            Permanent: A metric is asked for that is not among the scorers.
            StepError: The model host could not do it.
        """
        parts = self._parts(request.metrics)
        payload: ScoreTask = {
            "images": await _bytes(request.images, context),
            "brief": request.brief,
            "prompt": request.prompt,
        }
        columns = await context.infer(Task(self._key(parts), "score", payload))
        return ScoreTable(
            images=request.images,
            columns=tuple(ScorerScores.model_validate(column) for column in columns),
        )

    async def ask(self, request: AskRequest, context: CallContext) -> YesLikelihoods:
        """Answer yes/no questions about images by the model of `vqascore`.

        Raises:
            Permanent: It is not among the scorers.
            StepError: The model host could not do it.
        """
        payload: AskTask = {
            "images": await _bytes(request.images, context),
            "questions": list(request.questions),
        }
        key = self._key(self._parts((ASKED,)))
        answer: AskAnswer = await context.infer(Task(key, "ask", payload))
        return YesLikelihoods.model_validate(answer)

    async def compare(self, request: CompareRequest, context: CallContext) -> Comparison:
        """Measure the similarity of images by CLIP, and by their palettes.

        Raises:
            Permanent: An image cannot be read.
            StepError: The model host could not do it.
        """
        images = await _bytes(request.images, context)
        payload: CompareTask = {"images": images}
        by_clip: CompareAnswer = await context.infer(
            Task(self._key(("similarity",)), "compare", payload)
        )
        distances = await context.compute(palette_distances, images)
        return Comparison(
            likenesses=(
                Similarity(
                    measure=CLIP_SIMILARITY,
                    method=by_clip["method"],
                    higher_is_more_similar=True,
                    values=tuple(tuple(row) for row in by_clip["values"]),
                ),
                Similarity(
                    measure="palette_distance",
                    method="sliced Wasserstein distance in CIELAB, 48 directions; v1",
                    higher_is_more_similar=False,
                    values=distances,
                ),
            )
        )

    def _parts(self, metrics: Sequence[str]) -> tuple[Part, ...]:
        unknown = [name for name in metrics if name not in self.info.metrics]
        if unknown:
            raise Permanent(
                f"The backend local does not score by {', '.join(unknown)}; it has "
                f"{', '.join(self.info.metrics)}.",
                remedy="Add it to backends.local.scorers, or ask for another metric.",
            )
        return tuple(name for name in self.settings.scorers if not metrics or name in metrics)

    def _key(self, parts: tuple[Part, ...]) -> ModelKey:
        settings = self.settings.model_dump(include=set(ScoringOptions.model_fields))
        options = ScoringOptions.model_validate({**settings, "parts": parts})
        described = _canonical(options.model_dump(mode="json"))
        return ModelKey(LOADER, described, ", ".join(parts), self.settings.device)


def _weights(settings: LocalSettings) -> list[RequiredWeights]:
    parts: tuple[Part, ...] = (*settings.scorers, "similarity")
    return wanted_by(settings, parts, offline=settings.offline)


_USUAL = _weights(LocalSettings())


def palette_distances(images: list[bytes]) -> tuple[tuple[float, ...], ...]:
    """Return the colour distance of each pair of images; for the process pool."""
    from engine.imaging.measure.likeness import imprint, palette_distance

    taken = [imprint(image) for image in images]
    return tuple(tuple(round(palette_distance(one, other), 4) for other in taken) for one in taken)


async def _bytes(images: Sequence[Artifact], context: CallContext) -> list[bytes]:
    return [await context.read(image) for image in images]


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _version(settings: LocalSettings) -> str:
    """All that the numbers depend on: method, maps, models, precision."""
    maps = "+".join(MAPS[metric].version for metric in settings.scorers)
    models = settings.model_dump(
        include={name for name in type(settings).model_fields if _is_of(name, settings.scorers)}
    )
    described = " ".join(f"{name}={marked_model(str(value))}" for name, value in models.items())
    return f"{VERSION} {maps} {settings.precision} {described}"


def _is_of(field: str, scorers: Sequence[str]) -> bool:
    return field == "similarity" or field.split("_", maxsplit=1)[0] in scorers
