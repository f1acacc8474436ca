"""Comparison of images in pairs: both orders, a tournament, and a match against the best so far."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.contract import Artifact, Permanent
from engine.contract.job import Iteration
from engine.contract.side_by_side import side_by_side
from engine.recipes.refine.agents.comparer import COMPARER, PairRequest, PairVerdict
from engine.recipes.refine.evaluating import all_of, askings_of
from engine.recipes.refine.selection import Match
from engine.recipes.refine.turn import RefineJob

COMPARE, SWAPPED = "compare", "compare-swapped"
"""Names of the steps of a match: in the order of the numbers, and the other way around."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """An image in a tournament.

    Attributes:
        number: Number of the candidate, from 1; 0 for the best image of earlier iterations.
        image: The image.
    """

    number: int
    image: Artifact


async def tournament(
    job: RefineJob, iteration: Iteration, entrants: Sequence[Entrant]
) -> tuple[Entrant, list[Match]]:
    """Return the winner of matches in rounds, and the matches; after a tie the earlier stays.

    Args:
        job: The job.
        iteration: Their iteration.
        entrants: The images, at least one.
    """
    matches: list[Match] = []
    left = list(entrants)
    while len(left) > 1:
        pairs = [(left[at], left[at + 1]) for at in range(0, len(left) - 1, 2)]
        played = await all_matches(job, iteration, pairs)
        matches += played
        winners = [
            pair[1] if match.winner == "second" else pair[0]
            for pair, match in zip(pairs, played, strict=True)
        ]
        left = [*winners, *left[2 * len(pairs) :]]
    return left[0], matches


async def all_matches(
    job: RefineJob, iteration: Iteration, pairs: Sequence[tuple[Entrant, Entrant]]
) -> list[Match]:
    """Play matches side by side.

    Raises:
        Permanent: One could not be judged.
    """
    results = await side_by_side(lambda pair: play(job, iteration, *pair), pairs)
    for result in results:
        if not isinstance(result, Match):
            raise result
    return [result for result in results if isinstance(result, Match)]


async def play(job: RefineJob, iteration: Iteration, one: Entrant, other: Entrant) -> Match:
    """Compare two images in both orders, because judges favour a position.

    Raises:
        Permanent: No asking has an answer in both orders.
    """
    scope = iteration.scope(f"pair-{one.number or 'best'}-{other.number or 'best'}")
    askings = askings_of(job)

    async def in_order(name: str, number: int, shown: tuple[Entrant, Entrant]) -> PairVerdict:
        request = PairRequest(
            first=shown[0].image,
            second=shown[1].image,
            brief=job.input.full_prompt,
            ask=number,
            temperature=job.settings.judge_temperature,
        )
        name = name if askings == 1 else f"{name}-{number}"
        return await scope.step(name, job.vision.structured, COMPARER, request)

    async def ask(number: int) -> int:
        orders = [(COMPARE, (one, other)), (SWAPPED, (other, one))]
        results = await side_by_side(lambda order: in_order(order[0], number, order[1]), orders)
        straight, swapped = (_points(result) for result in results)
        return straight - swapped

    points = await all_of(ask, askings)
    return Match(first=one.number, second=other.number, points=sum(points), askings=len(points))


def _points(verdict: PairVerdict | Permanent) -> int:
    """Return 1 if the image that was shown first has won, -1 if the other has, 0 for a tie."""
    if isinstance(verdict, Permanent):
        raise verdict
    return {"first": 1, "second": -1, "tie": 0}[verdict.winner]
