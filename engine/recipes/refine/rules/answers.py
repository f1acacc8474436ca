"""Answers the questions of a checklist by measuring the image; says what no measure can tell."""

from collections.abc import Sequence
from typing import Any

from engine.imaging.measure.image import measure
from engine.imaging.vocabulary.expectations import Expectation, measured, understand
from engine.recipes.refine.checklist import Question
from engine.recipes.refine.rules.critic import MET, describe

_UNSEEN = "No measure sees this."


def answers(
    image: bytes, questions: Sequence[Question], brief: str, strictness: float = 1.0
) -> dict[str, Any]:
    """Return the fields of the answers to a checklist, less the scorer.

    Args:
        image: PNG, JPEG or WebP.
        questions: The questions.
        brief: What the operator asked for, which the expectations are read from.
        strictness: Divides every tolerance.

    Raises:
        ValueError: The bytes are no image.
    """
    measures = measure(image)
    expectations = understand(brief, strictness).expectations
    values = measured(measures, expectations)
    by_measure = {one.measure: one for one in expectations}
    return {
        "answers": [_answer(one, by_measure, values) for one in questions],
        "description": describe(measures),
        "measurements": values,
    }


def _answer(
    question: Question, expectations: dict[str, Expectation], values: dict[str, float]
) -> dict[str, Any]:
    one = expectations.get(question.measure)
    if one is None:
        return {"id": question.id, "verdict": "cannot_tell", "reason": _UNSEEN}
    value = values[one.measure]
    met = one.met(value)
    return {
        "id": question.id,
        "verdict": "yes" if met >= MET else "no",
        "confidence": round(met, 4),
        "reason": f"{value:.2f}, expected {one.low:.2f} to {one.high:.2f}",
    }
