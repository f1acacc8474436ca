"""Answers of the checklist's rule on constructed pictures, counted by kind of question.

Usage: python -m bench.cases.checklist SEED ROUNDS
"""

import sys
from collections import Counter

from bench.machine import emit
from engine.recipes.refine.rules.answers import answers
from tests.support.checklist_truth import Case, cases


def outcomes(case: Case) -> list[tuple[str, str]]:
    """Return for each question its kind, and `right`, `wrong` or `cannot_tell`."""
    replies = answers(case.image, [question for question, _ in case.questions], "")["answers"]
    return [
        (question.kind, _outcome(reply["verdict"], truth=truth))
        for (question, truth), reply in zip(case.questions, replies, strict=True)
    ]


def _outcome(verdict: str, *, truth: bool) -> str:
    if verdict == "cannot_tell":
        return verdict
    return "right" if (verdict == "yes") == truth else "wrong"


def main() -> None:
    """Print how many questions of each kind had which outcome."""
    kinds: dict[str, Counter[str]] = {}
    for case in cases(int(sys.argv[1]), int(sys.argv[2])):
        for kind, outcome in outcomes(case):
            kinds.setdefault(kind, Counter())[outcome] += 1
    emit(kinds=kinds)


if __name__ == "__main__":
    main()
