"""Checks of an operator's decisions against a job of `refine`."""

from typing import Any

from engine.contract.decisions import SELECT, JobShape, numbered


def check_decision(shape: JobShape, key: str, value: Any) -> str:
    """Why a decision does not fit a job, as a sentence: a turn that is not there."""
    if key == SELECT:
        iterations = shape.numbers("iteration", "evaluate") if shape.job.state == "done" else []
        return (
            _no_such_turn(value, len(iterations), "made") if iterations else _beyond(shape, value)
        )
    number = numbered(key, "iteration")
    return f"There is no {key.partition('/')[0]}." if number is None else _beyond(shape, number)


def check_candidate(shape: JobShape, key: str, value: Any) -> str:
    """Return the reason to refuse the choice of an iteration's image; empty if it fits."""
    number = numbered(key, "iteration")
    if number is None or _beyond(shape, number):
        return check_decision(shape, key, value)
    scope = f"iteration-{number}"
    if not shape.settings.has_sets:
        return "Each iteration has one image; set candidates to have several to choose from."
    if shape.result_of(scope, "select") is None:
        there = list(range(1, shape.settings.rewrites + shape.settings.candidates))
    else:
        there = shape.numbers(f"{scope}/candidate", "generate")
    if value in (0, *there):
        return ""
    images = ", ".join(map(str, there))
    return (
        f"There is no candidate {value} of iteration {number}; its images are {images}, and 0 is "
        "the one that the judge chooses."
    )


def _beyond(shape: JobShape, number: int) -> str:
    return _no_such_turn(number, shape.settings.max_iterations, "makes at most")


def _no_such_turn(number: int, most: int, makes: str) -> str:
    return f"There is no iteration {number}: the job {makes} {most}." if number > most else ""
