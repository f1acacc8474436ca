"""Scores of takes by their measures and by the wishes of their prompt, and the choice of the best.

A backend of scores adds how well the words fit, and a rating of quality, if one is named.

Each aspect of a take is 0 to 100, or left out if it was not asked for. The score is their weighted
mean; a sound of no use, such as silence, scores 0. Nothing here judges whether a sound is beautiful
or convincing: that needs ears.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from pydantic import Field

from engine.audio.faults import Fault, faults_of
from engine.audio.measures import SoundMeasures
from engine.contract.backend import FrozenModel
from engine.recipes.sound_effect.wishes import Wishes
from engine.text.plural import pluralize

Aspect = Literal[
    "length", "presence", "pace", "count", "cleanness", "phase", "prompt_fit", "quality"
]

WEIGHTS: dict[Aspect, float] = {
    "length": 1,
    "presence": 2,
    "pace": 3,
    "count": 2,
    "cleanness": 3,
    "phase": 1,
    "prompt_fit": 2,
    "quality": 2,
}
"""Weight of each aspect in the score."""

SCORED: dict[Aspect, str] = {"prompt_fit": "clap", "quality": "audiobox_quality"}
"""Aspects that only a backend of scores can judge, with its metrics."""

POOR_FIT = 40.0
"""Fit to the words below which a take has a problem."""

PENALTIES = {"clipped": 50.0, "clicks": 40.0, "over_full_scale": 20.0, "offset": 30.0}
"""Points that a fault takes from the cleanness of a take."""

EVENT_SECONDS = 0.25
"""Onsets closer than this are parts of one sound, such as heel and toe of a step."""

EXACT_SECONDS = 0.05
"""Deviation of a length that does not count."""

EXACT_PACE = 1.12
"""Ratio of paces up to which they are equal; at twice the pace, a take scores 0."""

_PHASE = {"good": 100.0, "mild_phase_issue": 50.0, "severe_phase_issue": 0.0}


class Problem(FrozenModel):
    """A problem of a take.

    Attributes:
        name: Name of the fault, or of the aspect with a wish that is not met.
        message: The problem in a sentence.
    """

    name: str
    message: str


class Judgement(FrozenModel):
    """Judgement of one take.

    Attributes:
        score: 0 to 100.
        aspects: Aspects that could be judged, 0 to 100 each.
        problems: Problems, the worst first.
    """

    score: float = Field(ge=0, le=100)
    aspects: dict[Aspect, float]
    problems: tuple[Problem, ...]


class BestTake(FrozenModel):
    """The take that is kept.

    Attributes:
        number: Its number.
        reason: Why it is kept, in a sentence.
    """

    number: int
    reason: str


def judge(
    measures: SoundMeasures, wishes: Wishes, scores: Mapping[str, float] | None = None
) -> Judgement:
    """Judge a take by its measures, and by the scores of a backend if there are any.

    Args:
        measures: Its measures.
        wishes: Wishes of its prompt.
        scores: Scores by metric, 0 to 100.
    """
    faults = faults_of(measures)
    severe = [fault for fault in faults if fault.is_severe]
    if severe:
        return Judgement(score=0, aspects={}, problems=tuple(map(_problem, severe)))
    aspects = {name: of(measures, wishes) for name, of in _ASPECTS.items()}
    aspects |= {name: (scores or {}).get(metric) for name, metric in SCORED.items()}
    known = {name: round(value, 1) for name, value in aspects.items() if value is not None}
    weight = sum(WEIGHTS[name] for name in known)
    score = sum(WEIGHTS[name] * value for name, value in known.items()) / weight
    problems = [*_unmet(measures, wishes, known), *_heard(faults, wishes)]
    return Judgement(score=round(score, 1), aspects=known, problems=tuple(problems))


def best_take(judgements: Mapping[int, Judgement]) -> BestTake:
    """Return the take of the highest score, the first among equals.

    Args:
        judgements: Judgement of each take by its number.

    Raises:
        ValueError: There are no takes.
    """
    if not judgements:
        raise ValueError("there are no takes")
    order = sorted(judgements, key=lambda number: (-judgements[number].score, number))
    first = order[0]
    if len(order) == 1:
        return BestTake(number=first, reason="It is the only take.")
    best, next_best = judgements[first], judgements[order[1]]
    return BestTake(number=first, reason=_reason(first, best, order[1], next_best))


def events(onsets: Sequence[float]) -> int:
    """Return the number of sounds that onsets belong to."""
    last = -math.inf
    count = 0
    for onset in onsets:
        count += onset - last >= EVENT_SECONDS
        last = onset
    return count


def _reason(number: int, best: Judgement, other: int, next_best: Judgement) -> str:
    if best.score == next_best.score:
        return f"Takes {number} and {other} have the same score, {best.score:g}; the first is kept."
    scores = f"Take {number} has the highest score, {best.score:g}; take {other} is next with "
    both = best.aspects.keys() & next_best.aspects.keys()
    leads = {name: best.aspects[name] - next_best.aspects[name] for name in WEIGHTS if name in both}
    name = max(leads, key=lambda aspect: WEIGHTS[aspect] * leads[aspect], default=None)
    if name is None or leads[name] <= 0:
        return f"{scores}{next_best.score:g}."
    values = f"{best.aspects[name]:g} against {next_best.aspects[name]:g}"
    return f"{scores}{next_best.score:g}. They differ most in {name}: {values}."


def _length(measures: SoundMeasures, wishes: Wishes) -> float:
    deviation = max(0.0, abs(measures.seconds - wishes.seconds) - EXACT_SECONDS)
    return 100 * max(0.0, 1 - 2 * deviation / wishes.seconds)


def _presence(measures: SoundMeasures, wishes: Wishes) -> float | None:
    """Return how much of a take sounds; of single sounds, only the silence before counts."""
    start, end = measures.silence_start, measures.silence_end
    if start is None or end is None:
        return None
    silence = start + (end if wishes.is_sustained else 0.0)
    return 100 * max(0.0, 1 - silence / measures.seconds)


def _pace(measures: SoundMeasures, wishes: Wishes) -> float | None:
    """Return how near the pace is to the one asked for; 0 if no pace is heard."""
    if wishes.pace is None:
        return None
    if measures.cadence is None:
        return 0.0
    octaves = abs(math.log2(measures.cadence / wishes.pace)) - math.log2(EXACT_PACE)
    return 100 * min(1.0, max(0.0, 1 - octaves / (1 - math.log2(EXACT_PACE))))


def _count(measures: SoundMeasures, wishes: Wishes) -> float | None:
    if wishes.count is None or measures.onsets is None:
        return None
    return 100 * max(0.0, 1 - abs(events(measures.onsets) - wishes.count) / wishes.count)


def _cleanness(measures: SoundMeasures, wishes: Wishes) -> float:
    lost = sum(PENALTIES.get(fault.name, 0.0) for fault in faults_of(measures))
    return max(0.0, 100 - lost)


def _phase(measures: SoundMeasures, wishes: Wishes) -> float | None:
    if measures.phase is not None:
        return _PHASE[measures.phase.status]
    return 0.0 if measures.channels == 2 else None


_ASPECTS: dict[Aspect, Callable[[SoundMeasures, Wishes], float | None]] = {
    "length": _length,
    "presence": _presence,
    "pace": _pace,
    "count": _count,
    "cleanness": _cleanness,
    "phase": _phase,
}


def _unmet(
    measures: SoundMeasures, wishes: Wishes, aspects: dict[Aspect, float]
) -> Iterator[Problem]:
    """Yield the wishes that are not met."""
    if aspects.get("pace", 100) < 100:
        cadence = measures.cadence
        heard = "have no regular pace" if cadence is None else f"come at {cadence:.0f} a minute"
        message = f"The steps {heard}, not at {wishes.pace:.0f} a minute."
        yield Problem(name="pace", message=message)
    if (fit := aspects.get("prompt_fit", 100)) < POOR_FIT:
        message = f"Little of its words is heard in it: CLAP scores their fit {fit:g} of 100."
        yield Problem(name="prompt_fit", message=message)
    if aspects.get("count", 100) < 100:
        number = pluralize(events(measures.onsets or ()), "sound")
        yield Problem(name="count", message=f"It has {number}, not {wishes.count}.")
    if aspects.get("length", 100) < 100:
        lengths = f"{measures.seconds:.2f} s long, not {wishes.seconds:g} s"
        yield Problem(name="length", message=f"It is {lengths}.")


def _heard(faults: Sequence[Fault], wishes: Wishes) -> Iterator[Problem]:
    """Yield the faults of a take; single sounds may end early."""
    for fault in faults:
        if fault.name != "early_end" or wishes.is_sustained:
            yield _problem(fault)


def _problem(fault: Fault) -> Problem:
    return Problem(name=fault.name, message=fault.message)
