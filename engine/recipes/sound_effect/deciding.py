"""Checks of an operator's decisions against a job of `sound-effect`."""

from typing import Any

from engine.contract.decisions import JobShape


def check_decision(shape: JobShape, key: str, value: Any) -> str:
    """Return why a decision does not fit a job, as a sentence: a take that it cannot have."""
    most = shape.settings.max_iterations * shape.settings.num_variations
    if isinstance(value, int) and value > most:
        return f"There is no take {value}: the job generates at most {most}."
    return ""
