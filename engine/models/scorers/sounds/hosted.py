"""Scorers of sounds in a model host: a set of sounds is one task, several tasks are one batch."""

import math
from collections.abc import Sequence
from typing import Any, Protocol, TypedDict

from engine.contract.errors import Permanent
from engine.contract.model_host import BatchReporter, LoadContext
from engine.contract.score import ImageScore, ScorerScores
from engine.models.scorers.device_modules import DeviceModule, Precision, ResidentModules, settled
from engine.models.scorers.scorer import Reads
from engine.models.scorers.sounds.audiobox import load_audiobox
from engine.models.scorers.sounds.batch import SoundBatch
from engine.models.scorers.sounds.clap import Clap, load_clap
from engine.models.scorers.sounds.options import (
    SOUND_MAPS,
    SoundScorer,
    SoundScoringOptions,
    sound_scorers_wanted,
)
from engine.models.weights import identity, require

LOADER = "engine.models.scorers.sounds.hosted:load"
MAX_TASKS = 8


class SoundScoreTask(TypedDict):
    """Payload of the operation `score`; the reply has `ScorerScores`, as plain data, per metric."""

    sounds: list[bytes]
    brief: str


class SoundCompareTask(TypedDict):
    """Payload of the operation `compare`; its reply is a `SoundCompareAnswer`."""

    sounds: list[bytes]


class SoundCompareAnswer(TypedDict):
    """Cosines of each pair of sounds, and the model that computed them."""

    method: str
    values: list[list[float]]


class LoadedSoundScorer(Protocol):
    """A loaded model.

    Attributes:
        metrics: Names of its columns.
        reads: Kind of text that it reads.
        identity: Identity of its weights, for the record.
        device_module: Its weights.
    """

    metrics: tuple[str, ...]
    reads: Reads
    identity: str
    device_module: DeviceModule

    def raws(self, sounds: SoundBatch, texts: Sequence[str]) -> list[list[float]]:
        """Return its own numbers, a column per metric with a number for each readable sound."""
        ...

    def cuts(self, text: str) -> bool:
        """Return whether a text is longer than it reads."""
        ...


def load(options: str, place: LoadContext) -> "LoadedSoundScorers":
    """Load models that score sounds.

    Args:
        options: `SoundScoringOptions` as JSON.
        place: Place to load them in.

    Raises:
        Blocked: Weights or a package are missing or wrong.
    """
    chosen = SoundScoringOptions.model_validate_json(options)
    precision = settled(chosen.precision, place.device)
    scorers = {name: _loaded(name, chosen, precision, place) for name in chosen.scorers}
    return LoadedSoundScorers(scorers, precision)


def _loaded(
    name: SoundScorer, chosen: SoundScoringOptions, precision: Precision, place: LoadContext
) -> LoadedSoundScorer:
    (wanted,) = sound_scorers_wanted(chosen, (name,))
    folder = require(wanted)
    named, device, batch = identity(wanted, folder), place.device, chosen.batch
    if name == "audiobox":
        return load_audiobox(folder, identity=named, device=device, batch=batch)
    return load_clap(folder, precision=precision, identity=named, device=device, batch=batch)


class LoadedSoundScorers(ResidentModules):
    """Models that score sounds, on a device.

    Args:
        scorers: The models by name, in the order of their columns.
        precision: Precision of CLAP, for the record.
    """

    most = MAX_TASKS

    def __init__(self, scorers: dict[SoundScorer, LoadedSoundScorer], precision: Precision) -> None:
        self.scorers = scorers
        self.precision = precision

    def run(self, operation: str, payloads: Sequence[Any], reporter: BatchReporter) -> list[Any]:
        """Run a batch of tasks of one operation, `score` or `compare`."""
        do = {"score": self._score, "compare": self._compare}[operation]
        return [
            None if reporter.is_given_up(task) else do(payload, task, reporter)
            for task, payload in enumerate(payloads)
        ]

    def close(self) -> None:
        """Release the weights."""
        self.scorers = {}

    def _device_modules(self) -> list[DeviceModule]:
        return [scorer.device_module for scorer in self.scorers.values()]

    def _score(
        self, payload: SoundScoreTask, task: int, reporter: BatchReporter
    ) -> list[dict[str, Any]] | None:
        sounds, brief = SoundBatch(payload["sounds"]), payload["brief"]
        columns: list[dict[str, Any]] = []
        for done, (name, scorer) in enumerate(self.scorers.items()):
            if reporter.is_given_up(task):
                return None
            reporter.progress(task, done / len(self.scorers), f"scoring by {name}")
            raws = scorer.raws(sounds, [brief] * len(sounds)) if len(sounds) else []
            for place, metric in enumerate(scorer.metrics):
                column = self._column(scorer, metric, raws[place] if raws else [], sounds, brief)
                columns.append(column.model_dump(mode="json"))
        return columns

    def _column(
        self,
        scorer: LoadedSoundScorer,
        metric: str,
        raws: Sequence[float],
        sounds: SoundBatch,
        brief: str,
    ) -> ScorerScores:
        numbers = dict(zip(sounds.places, raws, strict=True))
        every = range(len(sounds) + len(sounds.notes))
        precision = f", {self.precision}" if scorer.reads == "brief" else ""
        return ScorerScores(
            metric=metric,
            scorer=f"{scorer.identity}{precision}, map {SOUND_MAPS[metric].version}",
            text=scorer.reads,
            cut=scorer.cuts(brief),
            marks=tuple(_mark(metric, numbers.get(place), sounds, place) for place in every),
        )

    def _compare(
        self, payload: SoundCompareTask, task: int, reporter: BatchReporter
    ) -> "SoundCompareAnswer | Permanent":
        clap = self.scorers.get("clap")
        if not isinstance(clap, Clap):
            raise ValueError("the model that compares sounds was not asked for")  # noqa: TRY004
        reporter.progress(task, None, "comparing sounds")
        sounds = SoundBatch(payload["sounds"])
        for place, note in sounds.notes.items():
            return Permanent(f"Sound {place + 1} of the set cannot be compared. {note}")
        vectors = clap.of_sounds(sounds)
        cosines = (vectors @ vectors.T).clamp(-1, 1).tolist()
        return {
            "method": f"cosine of embeddings of {clap.identity}, {self.precision}",
            "values": [[round(value, 6) for value in row] for row in cosines],
        }


def _mark(metric: str, raw: float | None, sounds: SoundBatch, place: int) -> ImageScore:
    if raw is None:
        return ImageScore(note=sounds.notes[place])
    if not math.isfinite(raw):
        return ImageScore(note=f"{metric} gave no number.")
    return ImageScore(raw=raw, value=SOUND_MAPS[metric](raw))
