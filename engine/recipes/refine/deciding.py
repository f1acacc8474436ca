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


def _beyond(shape: JobShape, number: int) -> str:
    return _no_such_turn(number, shape.settings.max_iterations, "makes at most")


def _no_such_turn(number: int, most: int, makes: str) -> str:
    return f"There is no iteration {number}: the job {makes} {most}." if number > most else ""
