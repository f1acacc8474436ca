"""One turn of the loop: candidates are generated, judged as one set, and the best is taken."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.contract import Permanent
from engine.contract.job import Iteration
from engine.contract.side_by_side import side_by_side
from engine.recipes.refine.agents.evaluator import CheckedEvaluation
from engine.recipes.refine.agents.refiner import Attempt
from engine.recipes.refine.candidates import (
    Candidate,
    ImageBudget,
    Planned,
    generate,
    scope_of,
)
from engine.recipes.refine.evaluating import Judge
from engine.recipes.refine.gates import NextImage
from engine.recipes.refine.pairwise import Entrant, tournament
from engine.recipes.refine.selection import (
    Match,
    RatedCandidate,
    SelectRequest,
    best_of,
    select_candidate,
)
from engine.recipes.refine.settings import RefineSettings
from engine.recipes.refine.turn import METHOD, RefineJob, RefineTurn

SELECT = "select"
"""Name of the step that selects a candidate, and of the operator's decision about it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn with what the next one needs.

    Attributes:
        result: The turn as a result.
        evaluation: Its whole evaluation, with checks.
        seed: Number of the seed of its image.
        attempts: Every prompt of the turn with the evaluation of its best image, the best last.
    """

    result: RefineTurn
    evaluation: CheckedEvaluation
    seed: int
    attempts: tuple[Attempt, ...]

    @property
    def rank(self) -> tuple[float, float]:
        """Order among turns by score, and of equal scores by certainty."""
        return self.evaluation.score, self.evaluation.certainty or 0.0

    @property
    def words(self) -> NextImage:
        """Prompt of its image."""
        return NextImage(prompt=self.result.prompt, negative_prompt=self.result.negative_prompt)


@dataclass(slots=True)
class _Set:
    """Candidates of an iteration that are judged so far."""

    candidates: list[Candidate] = field(default_factory=list)
    evaluations: dict[int, CheckedEvaluation] = field(default_factory=dict)
    matches: list[Match] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    champion: int = 0

    def of(self, number: int) -> Candidate:
        return next(one for one in self.candidates if one.number == number)

    def rated(self) -> list[RatedCandidate]:
        return [_rated(one, self.evaluations.get(one.number)) for one in self.candidates]

    @property
    def best(self) -> Candidate:
        return self.of(self.champion or best_of(self.rated()))


@dataclass(slots=True)
class TurnTaker:
    """Takes the turns of one job, within its budget of images.

    Attributes:
        job: The job.
        judge: Judge of its images.
        budget: Images and seeds that it has used.
    """

    job: RefineJob
    judge: Judge
    budget: ImageBudget

    async def take(
        self,
        iteration: Iteration,
        prompts: Sequence[NextImage],
        lead: int | None,
        *,
        explores: bool = True,
    ) -> Turn:
        """Generate and judge the images of an iteration, and select one.

        Several prompts are tried with one image each, of the same seed; the best of them has the
        further candidates.

        Args:
            iteration: The iteration.
            prompts: Its prompts, at least one.
            lead: Number of the first image's seed; None for one that was not used.
            explores: True if the best prompt has candidates with further seeds.
        """
        images = _Set()
        first = self.budget.fresh_seed() if lead is None else lead
        further = self.job.settings.candidates - 1 if explores else 0
        if len(prompts) > 1:
            await self._add(iteration, images, [(words, first) for words in prompts])
            words, seeds = images.best.planned.words, self._fresh_seeds(further)
        else:
            words, seeds = prompts[0], [first, *self._fresh_seeds(further, reserved=1)]
        await self._add(iteration, images, [(words, seed) for seed in seeds])
        return await self._selected(iteration, images)

    def _fresh_seeds(self, count: int, reserved: int = 0) -> list[int]:
        """Return seeds for further images, as many as the budget has beside those reserved."""
        affordable = self.budget.affordable(count + reserved) - reserved
        return [self.budget.fresh_seed() for _ in range(affordable)]

    async def _add(
        self, iteration: Iteration, images: _Set, wanted: Sequence[tuple[NextImage, int]]
    ) -> None:
        """Generate further candidates and judge them with the best of those before."""
        if not wanted:
            return
        start = len(images.candidates) + len(images.failures) + 1
        planned = [Planned(at, *one) for at, one in enumerate(wanted, start)]
        self.budget.planned += len(planned)
        batch = await generate(self.job, iteration, planned, must=not images.candidates)
        images.failures += batch.failures
        if self.job.settings.evaluation == "pairwise":
            await self._compare(iteration, images, batch.candidates)
        else:
            await self._evaluate(iteration, images, batch.candidates)

    async def _evaluate(
        self, iteration: Iteration, images: _Set, candidates: Sequence[Candidate]
    ) -> None:
        """Give candidates their scores, side by side; one that has none is left out.

        Raises:
            Permanent: No candidate of the iteration has one.
        """

        async def evaluated(one: Candidate) -> CheckedEvaluation:
            scope = scope_of(self.job, iteration, one.number)
            return await self.judge.evaluate(scope, one.image.image)

        results = await side_by_side(evaluated, candidates)
        for one, result in zip(candidates, results, strict=True):
            if isinstance(result, Permanent):
                images.failures.append(f"Candidate {one.number} has no score: {result.message}")
            else:
                images.candidates.append(one)
                images.evaluations[one.number] = result
        if not images.candidates:
            raise next(result for result in results if isinstance(result, Permanent))

    async def _compare(
        self, iteration: Iteration, images: _Set, candidates: Sequence[Candidate]
    ) -> None:
        """Find the winner of candidates and of the one that has won so far."""
        entrants = [images.best] if images.candidates else []
        images.candidates += candidates
        winner, matches = await tournament(
            self.job,
            iteration,
            [Entrant(one.number, one.image.image) for one in (*entrants, *candidates)],
        )
        images.matches += matches
        images.champion = winner.number

    async def _selected(self, iteration: Iteration, images: _Set) -> Turn:
        """Take the best image, or the one that an operator decided, with its evaluation."""
        decided = 0
        if self.job.settings.has_sets:
            numbers = [one.number for one in images.candidates]
            decided = await iteration.decide(SELECT, default=0, among=(0, *numbers))
        chosen = images.of(decided) if decided else images.best
        if chosen.number not in images.evaluations:
            scope = scope_of(self.job, iteration, chosen.number)
            evaluation = await self.judge.evaluate(scope, chosen.image.image)
            images.evaluations[chosen.number] = evaluation
        if self.job.settings.has_sets:
            await self._select(iteration, images, decided)
        return _turn(self.job.settings, iteration.number, images, chosen)

    async def _select(self, iteration: Iteration, images: _Set, decided: int) -> None:
        """Store which image is taken, and why."""
        request = SelectRequest(
            candidates=tuple(images.rated()),
            failed=tuple(images.failures),
            matches=tuple(images.matches),
            champion=images.champion,
            decided=decided,
        )
        for failure in images.failures:
            await iteration.warn(failure)
        await iteration.local(SELECT, select_candidate, request, method=METHOD)


def _turn(settings: RefineSettings, number: int, images: _Set, chosen: Candidate) -> Turn:
    evaluation = images.evaluations[chosen.number]
    words = chosen.planned.words
    result = RefineTurn(
        iteration=number,
        prompt=words.prompt,
        negative_prompt=words.negative_prompt,
        image=chosen.image,
        evaluation=evaluation,
        candidate=chosen.number if settings.has_sets else None,
    )
    others = _other_prompts(images, chosen)
    return Turn(result, evaluation, chosen.planned.seed, (*others, result.attempt))


def _other_prompts(images: _Set, chosen: Candidate) -> list[Attempt]:
    """Return the prompts that were tried beside the chosen one, each with its best image."""
    best: dict[NextImage, RatedCandidate] = {}
    for one in images.rated():
        words = images.of(one.number).planned.words
        if words == chosen.planned.words or one.score is None:
            continue
        best[words] = one if words not in best else _better(best[words], one)
    return [
        Attempt(
            prompt=words.prompt,
            negative_prompt=words.negative_prompt,
            evaluation=images.evaluations[one.number],
        )
        for words, one in best.items()
    ]


def _better(one: RatedCandidate, other: RatedCandidate) -> RatedCandidate:
    return one if best_of([one, other]) == one.number else other


def _rated(one: Candidate, evaluation: CheckedEvaluation | None) -> RatedCandidate:
    return RatedCandidate(
        number=one.number,
        image=one.image.image,
        score=evaluation.score if evaluation else None,
        certainty=evaluation.certainty if evaluation else None,
    )
