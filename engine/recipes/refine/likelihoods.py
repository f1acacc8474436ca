"""Answers of a scorer that says how likely a yes is, with a band in which it cannot tell."""

from collections.abc import Sequence

from engine.recipes.refine.checklist import Answered, Answers, AnswerVerdict, Question

YES, NO = 0.6, 0.4
"""Likelihood of a yes from which the answer is yes, and up to which it is no: a judgement, for
models are not calibrated."""


def answers_by_likelihood(
    questions: Sequence[Question], likelihoods: Sequence[float | None], scorer: str
) -> Answers:
    """Return the answers of a checklist for an image.

    Args:
        questions: The questions.
        likelihoods: How likely a yes is for each, 0 to 1; None if the scorer gave no number.
        scorer: Who answered.
    """
    pairs = zip(questions, likelihoods, strict=True)
    return Answers(answers=tuple(_answered(*pair) for pair in pairs), scorer=scorer)


def _answered(question: Question, likely: float | None) -> Answered:
    if likely is None:
        return Answered(id=question.id, verdict="cannot_tell", reason="The scorer gave no number.")
    verdict: AnswerVerdict = "yes" if likely >= YES else "no" if likely <= NO else "cannot_tell"
    reason = f"yes is {likely:.0%} likely"
    return Answered(id=question.id, verdict=verdict, confidence=round(likely, 4), reason=reason)
