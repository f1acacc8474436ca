"""The recipe's own step: the measures and the judgement of a take."""

from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from engine.audio.measures import SoundMeasures
from engine.contract import Artifact, Blocked, CallContext, Permanent, Request, Result, Score
from engine.contract.travelling import travels
from engine.recipes.sound_effect.judging import Judgement, judge
from engine.recipes.sound_effect.wishes import wishes_of

METHOD = "sound"
"""Name of the step's method in the store; part of its fingerprint."""

METRIC = "score"
"""Metric of a take, 0 to 100."""

_SCORER = "sound measures-1"


def _is_none(value: object) -> bool:
    return value is None


class MeasureRequest(Request):
    """Request for the judgement of one take.

    Attributes:
        sound: The take.
        brief: Words of the operator, whose wishes it is judged by.
        seconds: Length that is asked for.
        generated: The take before its last touches, whose clipping a lower level hides; None if
            there were none.
        scores: Scores of a backend by metric, 0 to 100; None if there is none.
    """

    sound: Artifact
    brief: str
    seconds: float
    generated: Artifact | None = Field(None, exclude_if=_is_none)
    scores: dict[str, float] | None = Field(None, exclude_if=_is_none)


class MeasuredTake(Result):
    """Measures of a take, and its judgement.

    Attributes:
        measures: Its measures.
        judgement: Its judgement.
    """

    kind: ClassVar[str] = "sound-measures"

    measures: SoundMeasures
    judgement: Judgement

    def scores(self) -> list[Score]:
        """Return the score of the take, and of each aspect that was judged."""
        aspects = [
            Score(metric=aspect, value=value, scorer=_SCORER)
            for aspect, value in self.judgement.aspects.items()
        ]
        return [Score(metric=METRIC, value=self.judgement.score, scorer=_SCORER), *aspects]


async def measure_take(request: MeasureRequest, context: CallContext) -> MeasuredTake:
    """Measure and judge one take.

    Raises:
        Permanent: It cannot be decoded.
    """
    outcome = await context.compute(measured, request.sound, request.generated)
    if outcome.missing:
        raise Blocked(
            f"Sounds {outcome.missing}.", reason="backend", remedy="Install it, then resume."
        )
    if outcome.measures is None:
        raise Permanent(f"The sound of this take {outcome.problem}.")
    wishes = wishes_of(request.brief, request.seconds)
    judgement = judge(outcome.measures, wishes, request.scores or {})
    return MeasuredTake(measures=outcome.measures, judgement=judgement)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Measures of a sound, as a worker returns them.

    Attributes:
        measures: The measures; None with a problem.
        problem: Reason why it cannot be decoded, as the end of a sentence.
        missing: A package that is missing, as the end of a sentence.
    """

    measures: SoundMeasures | None = None
    problem: str = ""
    missing: str = ""


@travels()
def measured(data: bytes, generated: bytes | None = None) -> Outcome:
    """Return the measures of the bytes of a sound, or its problem.

    Args:
        data: The sound.
        generated: The sound before its last touches, if there were any.
    """
    from engine.audio.clicks import clipped_share
    from engine.audio.decode import decode
    from engine.audio.measures import measure_sound
    from engine.audio.sound import MissingExtraError, SoundError

    try:
        measures = measure_sound(decode(data))
        if generated is None or measures.clipping is None:
            return Outcome(measures)
        clipping = max(measures.clipping, clipped_share(decode(generated).samples))
        return Outcome(measures.model_copy(update={"clipping": clipping}))
    except MissingExtraError as error:
        return Outcome(missing=str(error))
    except SoundError as error:
        return Outcome(problem=str(error))
