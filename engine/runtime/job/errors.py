"""Errors that end the run of a recipe: the one that decides, and its record."""

import logging
from collections.abc import Iterator

from db.writes.errors import ErrorRecord
from engine.contract import Blocked, StepError
from engine.runtime.step.outcome import StepUnknown, bug_record

log = logging.getLogger(__name__)


def deciding_error(error: BaseException) -> BaseException:
    """Return the one error of a group that decides how a run ends.

    Errors that park the job take precedence over failures: after the fix, the run reaches its
    failure again.
    """

    def rank(one: BaseException) -> int:
        if isinstance(one, StepUnknown):
            return 0
        if isinstance(one, Blocked):
            return 1
        return 3 if isinstance(one, StepError) else 2

    return min(_flattened(error), key=rank)


def error_record(error: BaseException) -> ErrorRecord:
    """Return the record of an error that ended a run; a bug is logged."""
    if isinstance(error, StepError):
        return ErrorRecord(error.kind, type(error).__name__, error.message, error.remedy)
    record = bug_record(error, "a recipe")
    log.error("a recipe raised what it should not: %s", record.traceback)
    return record


def _flattened(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _flattened(inner)
    else:
        yield error
