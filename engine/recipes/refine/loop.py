"""Recipe `refine`: generate an image, evaluate it, refine the prompt, again; keep the best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.contract import Rejected
from engine.contract.job import Iteration
from engine.recipes.refine.candidates import ImageBudget
from engine.recipes.refine.estimate import is_short
from engine.recipes.refine.evaluating import Judge
from engine.recipes.refine.gates import NextImage, approved
from engine.recipes.refine.opening import first_prompt
from engine.recipes.refine.pairwise import Entrant, play
from engine.recipes.refine.rewriting import Rewriter
from engine.recipes.refine.stops import comes_back, stop_after
from engine.recipes.refine.taking import Turn, TurnTaker
from engine.recipes.refine.turn import RefineJob, RefineTurn, Stop


async def refine(job: RefineJob) -> RefineTurn:
    """Run the loop and return its best turn.

    An operator may decide a prompt (`iteration-N/prompt`; empty takes the written one), the image
    of an iteration with several (`iteration-N/select`) or the result (`select`; 0 takes the best).
    At a gate, the prompt of the next image waits for approval; one that is rejected ends the loop,
    and the best turn so far is the result.
    """
    loop = _Loop(job)
    stop = await loop.run()
    chosen = await job.decide("select", default=0, among=range(len(loop.turns) + 1))
    best = loop.turns[chosen - 1 if chosen else loop.best].result
    return best.model_copy(update={"stop": stop})


@dataclass(slots=True)
class _Loop:
    """The loop of one job.

    Attributes:
        job: The job.
        judge: Judge of its images.
        budget: Images and seeds that it has used.
        turns: Its turns so far.
        bests: Index of the best turn after each turn.
    """

    job: RefineJob
    judge: Judge = field(init=False)
    budget: ImageBudget = field(init=False)
    turns: list[Turn] = field(default_factory=list)
    bests: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.judge = Judge(self.job)
        self.budget = ImageBudget(self.job.settings.max_images)

    @property
    def best(self) -> int:
        """Index of the best turn so far."""
        return self.bests[-1]

    async def run(self) -> Stop:
        """Take turns until there is a reason to stop; nothing is paid for after the last."""
        job = self.job
        taker = TurnTaker(job, self.judge, self.budget)
        rewriter = Rewriter(job, self.judge)
        prompts = [await first_prompt(job)]
        lead: int | None = None
        for iteration in job.iterations(job.settings.max_iterations):
            try:
                prompts = await approved(job, iteration, prompts)
            except Rejected:
                if not self.turns:
                    raise
                return "rejected"
            if not self.turns:
                await self.judge.prepare()
            self.turns.append(await taker.take(iteration, prompts, lead, explores=self._explores()))
            self.bests.append(await self._best_of_turns(iteration))
            if stop := self._stop():
                return stop
            count = self.budget.affordable(job.settings.rewrites)
            prompts = await rewriter.write(iteration, self.turns, self.best, count)
            if self._goes_back(prompts):
                return "oscillation"
            lead = self.turns[self.best].seed if prompts and not job.settings.vary_seed else None
            prompts = prompts or [self.turns[self.best].words]
        return "iterations"

    async def _best_of_turns(self, iteration: Iteration) -> int:
        """Return the index of the best turn, of equal ones the first."""
        last = len(self.turns) - 1
        if self.job.settings.evaluation != "pairwise" or not last:
            return max(range(last + 1), key=lambda at: self.turns[at].rank)
        new = self.turns[last].result
        match = await play(
            self.job,
            iteration,
            Entrant(0, self.turns[self.best].result.image.image),
            Entrant(new.candidate or 1, new.image.image),
        )
        return last if match.winner == "second" else self.best

    def _explores(self) -> bool:
        """Return True if the next iteration tries further seeds beside the best one's.

        If the budget of images is too small for all of them, only the first one does, and one
        after an iteration that gained nothing: while refining the best seed helps, the budget is
        spent on that.
        """
        if not is_short(self.job.settings) or not self.turns:
            return True
        return self.best != len(self.turns) - 1

    def _stop(self) -> Stop | None:
        scores = [turn.result.score for turn in self.turns]
        return stop_after(self.job.settings, scores, self.bests, is_spent=self.budget.is_spent)

    def _goes_back(self, prompts: Sequence[NextImage]) -> bool:
        """Return True if the loop ends at prompts that were all tried before."""
        tried = [attempt.prompt for turn in self.turns for attempt in turn.attempts]
        written = [words.prompt for words in prompts]
        return self.job.settings.stop_oscillating and comes_back(written, tried)


def best_part(result: Mapping[str, Any]) -> str:
    """Return the step with the image that is the result.

    Args:
        result: A `RefineTurn` as plain data.
    """
    scope = f"iteration-{result['iteration']}"
    candidate = result.get("candidate")
    return f"{scope}/candidate-{candidate}/generate" if candidate else f"{scope}/generate"
