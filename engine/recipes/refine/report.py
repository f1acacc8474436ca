"""Reports of a job and of a batch: plain data, independent of the store.

Times are UTC in ISO 8601, durations are seconds, costs are integer millionths of a US dollar.
"""

from typing import Any, Literal

from pydantic import Field

from engine.contract.backend import Artifact, FrozenModel
from engine.contract.data import Check
from engine.imaging.lineage import Lineage
from engine.recipes.refine.agents.evaluator import Asking, spread_of
from engine.recipes.refine.turn import Stop

JobStatus = Literal["queued", "running", "paused", "parked", "done", "failed", "cancelled"]
"""States of a job."""


def _is_missing(value: object) -> bool:
    return value is None or value == ()


class EvaluationReport(FrozenModel):
    """A judgement of one image.

    Attributes:
        score: 0 to 100, higher is better; None in the words of an older script, which gave none.
        description: What is in the image, in words.
        reasons: Why the score is what it is.
        missing: What the image lacks.
        measurements: Named measured values; their units are the scorer's.
        scorer: Method or model that judged, with its version.
        backend: Name of the backend that judged.
        model: The model it ran.
        checks: What was looked for, each with its verdict, for a checklist its questions.
        certainty: Mean confidence that the brief is met, 0 to 1; None if it is not known.
        askings: Each answer of a judge that was asked several times.
    """

    score: float | None = Field(default=None, ge=0, le=100)
    description: str = ""
    reasons: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    measurements: dict[str, float] = Field(default_factory=dict)
    scorer: str = ""
    backend: str = ""
    model: str = ""
    checks: tuple[Check, ...] = Field(default=(), exclude_if=_is_missing)
    certainty: float | None = Field(default=None, exclude_if=_is_missing)
    askings: tuple[Asking, ...] = Field(default=(), exclude_if=_is_missing)

    @property
    def spread(self) -> float | None:
        """Standard deviation of the scores of several askings; None if there are no two."""
        return spread_of([one.score for one in self.askings if one.score is not None])

    @property
    def has_words(self) -> bool:
        """True if it has any content."""
        return bool(self.description or self.reasons or self.missing)


class ImageReport(FrozenModel):
    """An image that a prompt was generated to.

    Attributes:
        prompt: What the backend was asked to show.
        negative_prompt: What it was asked to keep out.
        seed: Source of its randomness; None if it is not known.
        backend: Name of the backend that generated the image.
        model: The model it ran.
        width: Width of the image in pixels.
        height: Height of the image in pixels.
        score: 0 to 100, or None while it has not been judged.
        evaluation: The whole judgement.
        artifact: The stored image.
        reference: SHA-256 of the image that was followed, if there was one.
        file: Name of the image's file, empty for the usual one.
    """

    prompt: str
    negative_prompt: str = ""
    seed: int | None = Field(default=None, ge=0, lt=2**63)
    backend: str = ""
    model: str = ""
    width: int = Field(ge=1)
    height: int = Field(ge=1)
    score: float | None = Field(default=None, ge=0, le=100)
    evaluation: EvaluationReport | None = None
    artifact: Artifact
    reference: str | None = None
    file: str = ""

    @property
    def lineage(self) -> Lineage | None:
        """Lineage of the image; None if the seed is not known."""
        if self.seed is None:
            return None
        return Lineage(
            prompt=self.prompt,
            negative_prompt=self.negative_prompt,
            seed=self.seed,
            width=self.width,
            height=self.height,
            backend=self.backend,
            model=self.model,
            reference=self.reference,
        )


class CandidateReport(ImageReport):
    """One of several images of an iteration.

    Attributes:
        number: Its number in the iteration, from 1.
    """

    number: int = Field(ge=1)


class IterationReport(ImageReport):
    """One turn of the loop that has an image: of several, the one that was selected.

    Attributes:
        number: 1 for the first.
        started_at: When the first of its steps began.
        finished_at: When the last of its steps ended.
        timings: Seconds by step: `generate`, `evaluate`, `refine`, those that ran.
        cost_microdollars: What its steps have cost.
        candidate: Number of its image among the candidates; None if it has only one.
        reason: Why that one was selected.
        candidates: All its images, if it may have several.
    """

    number: int = Field(ge=1)
    started_at: str | None = None
    finished_at: str | None = None
    timings: dict[str, float] = Field(default_factory=dict)
    cost_microdollars: int = Field(default=0, ge=0)
    candidate: int | None = None
    reason: str = ""
    candidates: tuple[CandidateReport, ...] = ()

    @property
    def others(self) -> tuple[CandidateReport, ...]:
        """The images that were not selected."""
        return tuple(one for one in self.candidates if one.number != self.candidate)


class Totals(FrozenModel):
    """Sums over a job or a batch.

    Attributes:
        cost_microdollars: What it has cost.
        seconds: Time spent in its steps.
        calls: Number of calls to backends.
        iterations: How many iterations have an image.
    """

    cost_microdollars: int = Field(default=0, ge=0)
    seconds: float = Field(default=0.0, ge=0)
    calls: int = Field(default=0, ge=0)
    iterations: int = Field(default=0, ge=0)


class JobReport(FrozenModel):
    """One job, finished or running.

    Attributes:
        id: The job's number in the store; None if it is not known.
        batch_id: The batch's number in the store; None if it is not known.
        batch_name: The batch's name.
        recipe: Name of the recipe.
        key: The id that the operator gave it, any text.
        title: Its title, empty if it has none.
        input: What was queued, as plain data.
        state: Where it stands.
        error: Why it failed, in a sentence.
        best: Number of the best iteration so far.
        stop: Why the loop ended, one of `turn.STOPS`; None while it runs, or if it is not known.
        output: Its folder, relative to the folder of all results, with `/`.
        totals: Its sums.
        iterations: Its iterations in order.
        rating: What the operator thinks of it: `rating` (`1` to `5`, `keep`, `reject`), `note`,
            `author`, `created_at`; None if it is not rated.
    """

    id: int | None = None
    batch_id: int | None = None
    batch_name: str = ""
    recipe: str = ""
    key: str
    title: str = ""
    input: dict[str, Any] = Field(default_factory=dict)
    state: JobStatus
    error: str | None = None
    best: int | None = None
    stop: Stop | None = None
    output: str = ""
    totals: Totals = Totals()
    iterations: tuple[IterationReport, ...] = ()
    rating: dict[str, Any] | None = None

    @property
    def best_iteration(self) -> IterationReport | None:
        """The best iteration so far."""
        return next((turn for turn in self.iterations if turn.number == self.best), None)


class BatchReport(FrozenModel):
    """A batch without its jobs.

    Attributes:
        id: Its number in the store.
        name: Its name.
        recipe: Name of the recipe.
        state: Where it stands.
        seed: The batch seed that the jobs' seeds derive from.
        source: The file it was read from.
        created_at: When it was queued.
        finished_at: When its last job ended.
    """

    id: int | None = None
    name: str = ""
    recipe: str = ""
    state: str = ""
    seed: int | None = None
    source: str = ""
    created_at: str | None = None
    finished_at: str | None = None
