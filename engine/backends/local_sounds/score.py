"""Capability `score` for sounds: a set of them as one task of a model host."""

import json
from collections.abc import Sequence
from itertools import chain

from engine.backends.common.readiness import has_package
from engine.backends.local_sounds.settings import LocalSoundsSettings
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
from engine.contract.install import install_command
from engine.contract.model_host import ModelKey, ModelNeeds, Task
from engine.contract.packages import missing_packages
from engine.models.scorers.models import marked_model
from engine.models.scorers.sounds.hosted import (
    LOADER,
    SoundCompareAnswer,
    SoundCompareTask,
    SoundScoreTask,
)
from engine.models.scorers.sounds.options import (
    METRICS,
    SOUND_MAPS,
    SoundScorer,
    SoundScoringOptions,
    sound_scorers_wanted,
)
from engine.models.weights import RequiredWeights, lane_of, missing_weights, model_needs

VERSION = "1"
"""Raised when the same weights and request would give another number."""

_LOCAL = {"torch": "torch", "transformers": "transformers", "huggingface_hub": "huggingface-hub"}
_AUDIO = {"soundfile": "soundfile", "av": "av", "scipy": "scipy"}
_OF_SCORER: dict[SoundScorer, tuple[str, str]] = {
    "audiobox": ("audiobox_aesthetics", "audiobox-aesthetics")
}
"""Packages by the module that they install: of the extras, and of a model."""


class LocalSoundScorers(BaseBackend):
    """Scorers of sounds in the model hosts of this machine."""

    info: ScoreInfo

    def __init__(self, settings: LocalSoundsSettings) -> None:
        self.settings = settings
        metrics = tuple(chain.from_iterable(METRICS[name] for name in settings.scorers))
        self.info = ScoreInfo(
            name="local-sounds",
            model=", ".join(settings.scorers),
            version=_version(settings, metrics),
            lane=lane_of("local-sounds", self.weights()),
            reusable=True,
            limits=Limits(settings.concurrency),
            metrics=metrics,
            media=frozenset({"audio"}),
        )

    def weights(self) -> Sequence[RequiredWeights]:
        """The weights of the models that are chosen."""
        settings = self.settings
        return sound_scorers_wanted(settings, settings.scorers, offline=settings.offline)

    def missing(self) -> list[MissingRequirement]:
        """The packages that are not installed, or else the weights that are not there."""
        lacking = [*_of_extra(_LOCAL, "local"), *_of_extra(_AUDIO, "audio")]
        for scorer in self.settings.scorers:
            module, package = _OF_SCORER.get(scorer, ("", ""))
            if package and not has_package(module):
                remedy = f"Run: {install_command(package=package)} (then resume)"
                what = f"the package {package}"
                lacks = MissingRequirement(
                    what=what, remedy=remedy, reason="backend", elsewhere=True
                )
                lacking.append(lacks)
        return lacking or missing_weights(self.weights())

    def needs(self) -> ModelNeeds:
        """Return what a machine needs for its models."""
        of_scorers = [_OF_SCORER[name][0] for name in self.settings.scorers if name in _OF_SCORER]
        return model_needs([*_LOCAL, *_AUDIO, *of_scorers], self.weights())

    async def score(self, request: ScoreRequest, context: CallContext) -> ScoreTable:
        """Score the sounds of one set by each requested metric.

        Raises:
            Permanent: A metric is asked for that the models do not have, or something is no sound.
            StepError: The model host could not do it.
        """
        scorers = self._scorers(request.metrics)
        sounds = await _sounds(request.images, context)
        payload: SoundScoreTask = {"sounds": sounds, "brief": request.brief}
        columns = await context.infer(Task(self._key(scorers), "score", payload))
        tables = [ScorerScores.model_validate(column) for column in columns]
        wanted = set(request.metrics or self.info.metrics)
        return ScoreTable(
            images=request.images,
            columns=tuple(column for column in tables if column.metric in wanted),
        )

    async def compare(self, request: CompareRequest, context: CallContext) -> Comparison:
        """Measure the similarity of sounds by CLAP.

        Raises:
            Permanent: A sound cannot be read, or CLAP is not among the models.
            StepError: The model host could not do it.
        """
        if "clap" not in self.settings.scorers:
            raise Permanent(
                "Sounds are compared by CLAP, which is not among the scorers.",
                remedy="Add clap to backends.local-sounds.scorers.",
            )
        payload: SoundCompareTask = {"sounds": await _sounds(request.images, context)}
        answer: SoundCompareAnswer = await context.infer(
            Task(self._key(("clap",)), "compare", payload)
        )
        similarity = Similarity(
            measure="clap_similarity",
            method=answer["method"],
            higher_is_more_similar=True,
            values=tuple(tuple(row) for row in answer["values"]),
        )
        return Comparison(likenesses=(similarity,))

    def _scorers(self, metrics: Sequence[str]) -> tuple[SoundScorer, ...]:
        unknown = [name for name in metrics if name not in self.info.metrics]
        if unknown:
            raise Permanent(
                f"The backend local-sounds does not score by {', '.join(unknown)}; it has "
                f"{', '.join(self.info.metrics)}.",
                remedy="Add its model to backends.local-sounds.scorers, or ask for another metric.",
            )
        return tuple(
            name
            for name in self.settings.scorers
            if not metrics or not set(METRICS[name]).isdisjoint(metrics)
        )

    def _key(self, scorers: tuple[SoundScorer, ...]) -> ModelKey:
        settings = self.settings.model_dump(include=set(SoundScoringOptions.model_fields))
        options = SoundScoringOptions.model_validate({**settings, "scorers": scorers})
        described = json.dumps(options.model_dump(mode="json"), sort_keys=True)
        return ModelKey(LOADER, described, ", ".join(scorers), self.settings.device)


async def _sounds(artifacts: Sequence[Artifact], context: CallContext) -> list[bytes]:
    for number, artifact in enumerate(artifacts, 1):
        if artifact.kind != "audio":
            raise Permanent(
                f"The backend local-sounds scores sounds, and number {number} of the set is of the "
                f"kind {artifact.kind}.",
                remedy="Choose another backend for the capability score, such as local.",
            )
    return [await context.read(artifact) for artifact in artifacts]


def _of_extra(packages: dict[str, str], extra: str) -> list[MissingRequirement]:
    lacking = [name for module, name in packages.items() if not has_package(module)]
    return [missing_packages(*lacking, extra=extra, elsewhere=True)] if lacking else []


def _version(settings: LocalSoundsSettings, metrics: Sequence[str]) -> str:
    """All that the numbers depend on: method, maps, models, precision."""
    maps = "+".join(dict.fromkeys(SOUND_MAPS[metric].version for metric in metrics))
    sources = " ".join(
        f"{name}={marked_model(getattr(settings, name))}" for name in settings.scorers
    )
    return f"{VERSION} {maps} {settings.precision} {sources}"
