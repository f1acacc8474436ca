"""Candidates of an iteration: images side by side, with different seeds or different prompts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.contract import GeneratedImage, Permanent
from engine.contract.job import Iteration, Scope
from engine.contract.side_by_side import side_by_side
from engine.recipes.refine.gates import NextImage
from engine.recipes.refine.turn import RefineJob


@dataclass(frozen=True, slots=True)
class Planned:
    """An image that is to be generated.

    Attributes:
        number: Its number in the iteration, from 1.
        words: Its prompt.
        seed: Number of its seed in the job, from 0.
    """

    number: int
    words: NextImage
    seed: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """An image of an iteration.

    Attributes:
        planned: What was asked for.
        image: The image.
    """

    planned: Planned
    image: GeneratedImage

    @property
    def number(self) -> int:
        """Its number in the iteration, from 1."""
        return self.planned.number


@dataclass(slots=True)
class ImageBudget:
    """Images and seeds that a job has used.

    Attributes:
        most: Images that it may have; None for no limit.
        planned: Images that it has asked for.
        seeds: Seeds that it has used.
    """

    most: int | None
    planned: int = 0
    seeds: int = 0

    def affordable(self, count: int) -> int:
        """Return how many of some images may still be asked for."""
        return count if self.most is None else max(0, min(count, self.most - self.planned))

    @property
    def is_spent(self) -> bool:
        """True if no further image may be asked for."""
        return self.affordable(1) == 0

    def fresh_seed(self) -> int:
        """Return the number of a seed that the job has not used."""
        self.seeds += 1
        return self.seeds - 1


@dataclass(slots=True)
class Batch:
    """Candidates that were generated together.

    Attributes:
        candidates: Those that there are.
        failures: A sentence for each that failed for good.
    """

    candidates: list[Candidate] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def scope_of(job: RefineJob, iteration: Iteration, number: int) -> Scope:
    """Return the scope of a candidate's steps: the iteration's own if it has only one."""
    return iteration.scope(f"candidate-{number}") if job.settings.has_sets else iteration


async def generate(
    job: RefineJob, iteration: Iteration, planned: Sequence[Planned], *, must: bool
) -> Batch:
    """Generate images side by side; some may fail for good.

    Args:
        job: The job.
        iteration: Their iteration.
        planned: The images.
        must: True if at least one has to succeed.

    Raises:
        Permanent: `must` is set, and all failed.
    """
    results = await side_by_side(lambda one: _image(job, iteration, one), planned)
    errors = [result for result in results if isinstance(result, Permanent)]
    if must and len(errors) == len(results):
        raise errors[0]
    batch = Batch()
    for one, result in zip(planned, results, strict=True):
        if isinstance(result, Permanent):
            batch.failures.append(f"Candidate {one.number} failed: {result.message}")
        else:
            batch.candidates.append(Candidate(one, result))
    return batch


async def _image(job: RefineJob, iteration: Iteration, planned: Planned) -> GeneratedImage:
    entry, settings = job.input, job.settings
    return await scope_of(job, iteration, planned.number).step(
        "generate",
        job.image.generate,
        planned.words.prompt,
        negative_prompt=planned.words.negative_prompt,
        seed=job.seed_for(planned.seed),
        width=entry.width or settings.width,
        height=entry.height or settings.height,
        reference=entry.reference_image,
    )
