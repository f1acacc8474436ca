"""Selection of an iteration's best candidate, with the reason in words."""

from collections.abc import Sequence

from pydantic import Field

from engine.contract import Artifact, Critique, Permanent, Request, Result, Score
from engine.contract.backend import FrozenModel
from engine.recipes.refine.agents.comparer import Winner

SELECTOR = "refine select-1"
"""Source of the score of a selection."""


class RatedCandidate(FrozenModel):
    """A candidate, with its score if it has one.

    Attributes:
        number: Its number in the iteration, from 1.
        image: Its image.
        score: Its score, 0 to 100; None if it was compared in pairs only.
        certainty: Order of equal scores, 0 to 1, higher is better; None if there is none.
    """

    number: int
    image: Artifact
    score: float | None = None
    certainty: float | None = None


class Match(FrozenModel):
    """Comparison of two candidates in both orders.

    Attributes:
        first: Number of the one.
        second: Number of the other; 0 for the best image of earlier iterations.
        points: Comparisons that the first has won, less those that the second has.
        askings: How often a judge was asked, each time in both orders.
    """

    first: int
    second: int
    points: int
    askings: int

    @property
    def winner(self) -> Winner:
        """The winner: a tie if the judge's answers cancel each other out."""
        return "tie" if self.points == 0 else "first" if self.points > 0 else "second"


class SelectRequest(Request):
    """Request for the best candidate of an iteration.

    Attributes:
        candidates: The candidates.
        failed: A sentence for each that failed.
        matches: Comparisons in pairs, in order; empty if scores decide.
        champion: Number of the winner of the matches; 0 if scores decide.
        decided: The candidate that an operator decided; 0 if nobody has.
    """

    candidates: tuple[RatedCandidate, ...] = Field(min_length=1)
    failed: tuple[str, ...] = ()
    matches: tuple[Match, ...] = ()
    champion: int = 0
    decided: int = 0


class CandidateSelection(Result):
    """Selected candidate of an iteration.

    Attributes:
        best: The candidate that the judge chose.
        chosen: The candidate that is taken: the best, or what an operator decided.
        reason: Why it is taken, in words.
        candidates: All candidates.
        matches: Comparisons in pairs.
        failed: A sentence for each candidate that failed.
    """

    best: int
    chosen: int
    reason: str
    candidates: tuple[RatedCandidate, ...]
    matches: tuple[Match, ...] = ()
    failed: tuple[str, ...] = ()

    def scores(self) -> list[Score]:
        """Return the score of what is taken, with its image."""
        taken = next(one for one in self.candidates if one.number == self.chosen)
        if taken.score is None:
            return []
        image = taken.image.hash
        return [Score(metric="score", value=taken.score, scorer=SELECTOR, image=image)]

    def critiques(self) -> list[Critique]:
        """Return the reason and the failures."""
        return [Critique(text=self.reason, missing=self.failed)]


def best_of(candidates: Sequence[RatedCandidate]) -> int:
    """Return the number of the candidate with the best score, of equal ones the first."""
    return max(candidates, key=lambda one: (one.score or 0.0, one.certainty or 0.0)).number


def select_candidate(request: SelectRequest) -> CandidateSelection:
    """Select a candidate of an iteration.

    Raises:
        Permanent: What was decided is no candidate.
    """
    numbers = [one.number for one in request.candidates]
    best = request.champion or best_of(request.candidates)
    chosen = request.decided or best
    if chosen not in numbers:
        raise Permanent(
            f"Candidate {chosen} was decided, and the candidates are "
            f"{', '.join(map(str, numbers))}.",
            remedy="Decide one of these, or 0 for the best one.",
        )
    return CandidateSelection(
        best=best,
        chosen=chosen,
        reason=_reason(request, chosen, best),
        candidates=request.candidates,
        matches=request.matches,
        failed=request.failed,
    )


def _reason(request: SelectRequest, chosen: int, best: int) -> str:
    if chosen != best:
        return f"An operator chose candidate {chosen}; the judge would have chosen {best}."
    if len(request.candidates) == 1:
        return f"Candidate {chosen} is the only image."
    if request.champion:
        wins = sum(_has_won(match, chosen) for match in request.matches)
        played = sum(chosen in (match.first, match.second) for match in request.matches)
        return f"Candidate {chosen} was not beaten: it won {wins} of {played} comparisons."
    ranked = sorted(request.candidates, key=lambda one: -(one.score or 0.0))
    scores = {one.number: one.score or 0.0 for one in ranked}
    runner_up = next(one for one in ranked if one.number != chosen)
    if scores[runner_up.number] == scores[chosen]:
        tie = "more certainly met" if _is_surer(request.candidates, chosen) else "the first of them"
        return f"Several candidates score {scores[chosen]:.1f}; candidate {chosen} is {tie}."
    return (
        f"Candidate {chosen} has the best score of {len(ranked)}, {scores[chosen]:.1f}; candidate "
        f"{runner_up.number} follows with {scores[runner_up.number]:.1f}."
    )


def _is_surer(candidates: Sequence[RatedCandidate], chosen: int) -> bool:
    chosen_one = next(one for one in candidates if one.number == chosen)
    return any(
        (chosen_one.certainty or 0.0) > (one.certainty or 0.0)
        for one in candidates
        if one.score == chosen_one.score and one.number != chosen
    )


def _has_won(match: Match, number: int) -> bool:
    winner = {"first": match.first, "second": match.second, "tie": None}[match.winner]
    return winner == number
