"""The next prompts of a loop: rewritten from all attempts, and checked against the brief."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.contract.job import Iteration, Scope
from engine.recipes.refine.agents.guard import GUARD, GuardRequest
from engine.recipes.refine.agents.refiner import REFINER, RefineRequest
from engine.recipes.refine.evaluating import Judge
from engine.recipes.refine.gates import NextImage
from engine.recipes.refine.judging import met_demands
from engine.recipes.refine.taking import Turn
from engine.recipes.refine.turn import RefineJob

REFINE, GUARDED, REPAIR, REPAIRED = "refine", "guard", "repair", "guard-repair"
"""Names of steps: a prompt, its check, its repair and the check of that."""


@dataclass(frozen=True, slots=True)
class Rewriter:
    """Writes the next prompts of one job.

    Attributes:
        job: The job.
        judge: Judge of its images, which has its checklist.
    """

    job: RefineJob
    judge: Judge

    async def write(
        self, iteration: Iteration, turns: Sequence[Turn], best: int, count: int
    ) -> list[NextImage]:
        """Write different prompts, one after the other; each knows those before it.

        Args:
            iteration: The iteration that they follow.
            turns: All turns so far.
            best: Index of the best one.
            count: Maximum number of prompts, at least one.

        Returns:
            Prompts that ask for all of the brief. None if every one has lost some of it.
        """
        prompts: list[NextImage] = []
        for number in range(1, count + 1):
            scope = (
                iteration.scope(f"rewrite-{number}")
                if self.job.settings.rewrites > 1
                else iteration
            )
            request = self._request(turns, best, prompts)
            words = await self._written(scope, request)
            if words is not None and words not in prompts:
                prompts.append(words)
        return prompts

    def _request(
        self, turns: Sequence[Turn], best: int, prompts: Sequence[NextImage]
    ) -> RefineRequest:
        attempts = [attempt for turn in turns for attempt in turn.attempts]
        last_of_best = sum(len(turn.attempts) for turn in turns[: best + 1])
        is_compared = self.job.settings.evaluation == "pairwise"
        return RefineRequest(
            brief=self.judge.brief,
            attempts=tuple(attempts),
            best=last_of_best if is_compared else None,
            keep=met_demands(turns[best].evaluation) if self.judge.checklist else (),
            avoid=self.job.settings.avoid,
            others=tuple(words.prompt for words in prompts),
        )

    async def _written(self, scope: Scope, request: RefineRequest) -> NextImage | None:
        """Return a prompt that passes the guard, repaired once if it does not at first."""
        draft = await self._refined(scope, REFINE, request)
        lost = await self._lost(scope, GUARDED, draft)
        if not lost:
            return draft
        repair = request.model_copy(update={"others": (*request.others, draft.prompt)})
        repair = repair.model_copy(update={"lost": lost})
        draft = await self._refined(scope, REPAIR, repair)
        lost = await self._lost(scope, REPAIRED, draft)
        if not lost:
            return draft
        await scope.warn(f"A new prompt is left out, since it lost: {'; '.join(lost)[:300]}")
        return None

    async def _refined(self, scope: Scope, name: str, request: RefineRequest) -> NextImage:
        refinement = await scope.step(name, self.job.text.structured, REFINER, request)
        negative_prompt = refinement.negative_prompt or self.job.input.negative_prompt
        return NextImage(prompt=refinement.prompt, negative_prompt=negative_prompt)

    async def _lost(self, scope: Scope, name: str, words: NextImage) -> tuple[str, ...]:
        """Return the demands of the brief that a prompt has lost; none without a guard."""
        if not self.job.settings.is_guarded:
            return ()
        checklist = self.judge.checklist
        is_own = words.negative_prompt == self.job.input.negative_prompt
        request = GuardRequest(
            brief=self.judge.brief,
            prompt=words.prompt,
            negative_prompt="" if is_own else words.negative_prompt,
            questions=tuple(one.text for one in checklist.questions) if checklist else (),
        )
        guarded = await scope.step(name, self.job.text.structured, GUARD, request)
        return guarded.lost
