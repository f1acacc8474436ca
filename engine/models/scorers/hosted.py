"""Scorers in a model host: a whole set of images is one task, several tasks are one batch.

Each image is decoded once, prepared once for each preprocessing, and embedded once by each tower;
each text is encoded once per tower. `engine.backends.local` describes the tasks.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypedDict

from engine.contract.errors import Permanent
from engine.contract.model_host import BatchReporter, LoadContext
from engine.contract.score import ImageScore, ScorerScores
from engine.models.scorers.calibration import MAPS
from engine.models.scorers.device_modules import DeviceModule, Precision, ResidentModules
from engine.models.scorers.encoders import Tower
from engine.models.scorers.images import ImageBatch
from engine.models.scorers.loading import Loader
from engine.models.scorers.models import ScoringOptions
from engine.models.scorers.scorer import LoadedScorer
from engine.models.scorers.vqascore import VqaScore

LOADER = "engine.models.scorers.hosted:load"
MAX_TASKS = 8


class ScoreTask(TypedDict):
    """Payload of the operation `score`; the reply has `ScorerScores`, as plain data, per scorer."""

    images: list[bytes]
    brief: str
    prompt: str


class CompareTask(TypedDict):
    """Payload of the operation `compare`; its reply is a `CompareAnswer`."""

    images: list[bytes]


class CompareAnswer(TypedDict):
    """Cosines of each pair of images, and the model that computed them."""

    method: str
    values: list[list[float]]


class AskTask(TypedDict):
    """Payload of the operation `ask`; its reply is an `AskAnswer`."""

    images: list[bytes]
    questions: list[str]


class AskAnswer(TypedDict):
    """For each image the likelihood of a yes per question, with who answered and why there is none.

    An image that cannot be read has a note and no values.
    """

    scorer: str
    values: list[list[float | None]]
    notes: list[str]


def load(options: str, place: LoadContext) -> "LoadedScorers":
    """Load scorers.

    Args:
        options: `ScoringOptions` as JSON.
        place: Place to load them in.

    Raises:
        Blocked: Weights are missing or wrong.
    """
    chosen = ScoringOptions.model_validate_json(options)
    loader = Loader(chosen, place)
    scorers = [loader.scorer(part) for part in chosen.parts if part != "similarity"]
    tower = loader.tower("similarity") if "similarity" in chosen.parts else None
    return LoadedScorers(scorers, tower, loader.precision)


class LoadedScorers(ResidentModules):
    """Scorers on a device.

    Args:
        scorers: The scorers, in the order of their columns.
        tower: The CLIP model that compares images, if requested.
        precision: A resolved precision, for the record.
    """

    most = MAX_TASKS

    def __init__(
        self, scorers: Sequence[LoadedScorer], tower: Tower | None, precision: Precision
    ) -> None:
        self.scorers = scorers
        self.tower = tower
        self.precision = precision

    def run(self, operation: str, payloads: Sequence[Any], reporter: BatchReporter) -> list[Any]:
        """Run a batch of tasks of one operation, `score`, `compare` or `ask`."""
        alive = [task for task in range(len(payloads)) if not reporter.is_given_up(task)]
        answers: list[Any] = [None] * len(payloads)
        if alive:
            operations: dict[str, Callable[..., list[Any]]] = {
                "score": self._score,
                "compare": self._compare,
                "ask": self._ask,
            }
            do = operations[operation]
            inputs = [payloads[task] for task in alive]
            for task, answer in zip(alive, do(inputs, alive, reporter), strict=True):
                answers[task] = answer
        return answers

    def close(self) -> None:
        """Release the weights."""
        self.scorers, self.tower = (), None

    def _device_modules(self) -> list[DeviceModule]:
        """Return every module once, however many scorers share it."""
        modules = [
            device_module for scorer in self.scorers for device_module in scorer.device_modules()
        ]
        if self.tower is not None:
            modules.append(self.tower.device_module)
        return list({id(device_module): device_module for device_module in modules}.values())

    def _score(
        self, tasks: Sequence[ScoreTask], named: Sequence[int], reporter: BatchReporter
    ) -> list[Any]:
        images = ImageBatch([image for task in tasks for image in task["images"]])
        owners = [index for index, task in enumerate(tasks) for _ in task["images"]]
        columns: list[list[dict[str, Any]]] = [[] for _ in tasks]
        for done, scorer in enumerate(self.scorers):
            if all(reporter.is_given_up(task) for task in named):
                return [None] * len(tasks)
            for task in named:
                reporter.progress(task, done / len(self.scorers), f"scoring by {scorer.metric}")
            raws = self._raws(scorer, images, [tasks[owners[p]] for p in images.places])
            marks = [_mark(scorer.metric, raw, images, p) for p, raw in enumerate(raws)]
            for index, task_ in enumerate(tasks):
                own_marks = [
                    mark for mark, owner in zip(marks, owners, strict=True) if owner == index
                ]
                columns[index].append(
                    self._column(scorer, task_, own_marks).model_dump(mode="json")
                )
        return columns

    def _raws(
        self, scorer: LoadedScorer, images: ImageBatch, tasks: Sequence[ScoreTask]
    ) -> list[float | None]:
        """Return a number for each image of the batch, None for those that cannot be read."""
        raws: list[float | None] = [None] * (len(images) + len(images.notes))
        if len(images):
            texts = [_text_for(scorer, task) for task in tasks]
            for place, raw in zip(images.places, scorer.raws(images, texts), strict=True):
                raws[place] = raw
        return raws

    def _column(
        self, scorer: LoadedScorer, task: ScoreTask, marks: Sequence[ImageScore]
    ) -> ScorerScores:
        version = MAPS[scorer.metric].version
        return ScorerScores(
            metric=scorer.metric,
            scorer=f"{scorer.identity}, {self.precision}, map {version}",
            text=scorer.reads,
            cut=scorer.cuts(_text_for(scorer, task)),
            marks=tuple(marks),
        )

    def _compare(
        self, tasks: Sequence[CompareTask], named: Sequence[int], reporter: BatchReporter
    ) -> list[Any]:
        if self.tower is None:
            raise ValueError("the model that compares images was not asked for")
        for task in named:
            reporter.progress(task, None, "comparing images")
        images = ImageBatch([image for task in tasks for image in task["images"]])
        vectors = self.tower.of_images(images) if len(images) else None
        answers: list[Any] = []
        start = 0
        for task_ in tasks:
            end = start + len(task_["images"])
            answers.append(self._compared(self.tower, images, vectors, range(start, end)))
            start = end
        return answers

    def _ask(
        self, tasks: Sequence[AskTask], named: Sequence[int], reporter: BatchReporter
    ) -> list[Any]:
        scorer = next((one for one in self.scorers if isinstance(one, VqaScore)), None)
        if scorer is None:
            raise ValueError("the model that answers questions was not asked for")
        for task in named:
            reporter.progress(task, None, "answering questions")
        return [self._asked(scorer, task) for task in tasks]

    def _asked(self, scorer: VqaScore, task: AskTask) -> AskAnswer:
        images = ImageBatch(task["images"])
        values: list[list[float | None]] = [[None] * len(task["questions"]) for _ in task["images"]]
        if len(images):
            answered = scorer.yes(images, [task["questions"]] * len(images))
            for place, row in zip(images.places, answered, strict=True):
                values[place] = [one if math.isfinite(one) else None for one in row]
        return {
            "scorer": f"{scorer.identity}, {self.precision}",
            "values": values,
            "notes": [images.notes.get(place, "") for place in range(len(values))],
        }

    def _compared(
        self, tower: Tower, images: ImageBatch, vectors: Any, places: Sequence[int]
    ) -> "CompareAnswer | Permanent":
        """Return the similarities of the images at some positions of a batch."""
        for number, place in enumerate(places, 1):
            if place in images.notes:
                note = images.notes[place]
                return Permanent(f"Image {number} of the set cannot be compared. {note}")
        own_vectors = vectors[[images.places.index(place) for place in places]]
        return {
            "method": f"cosine of embeddings of {tower.identity}, {self.precision}",
            "values": [
                [round(v, 6) for v in row]
                for row in (own_vectors @ own_vectors.T).clamp(-1, 1).tolist()
            ],
        }


def _text_for(scorer: LoadedScorer, task: ScoreTask) -> str:
    return {"brief": task["brief"], "prompt": task["prompt"], "none": ""}[scorer.reads]


def _mark(metric: str, raw: float | None, images: ImageBatch, place: int) -> ImageScore:
    if raw is None:
        return ImageScore(note=images.notes[place])
    if not math.isfinite(raw):
        return ImageScore(note=f"{metric} gave no number.")
    return ImageScore(raw=raw, value=MAPS[metric](raw))
