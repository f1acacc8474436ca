"""Decisions of operators: their kinds, their keys, and the job that one is checked against.

A decision is checked twice: when it is given, and when the recipe asks for it, because the job may
have another shape by then. One that does not fit changes nothing.
"""

import json
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from db.rows import JobRow, StepRow
from engine.text.terminal import quoted

T = TypeVar("T")

SELECT, PROMPT = "select", "prompt"
"""Kinds of decisions, the last part of their keys: a scope's number, and a text."""


@dataclass(frozen=True, slots=True)
class JobShape:
    """A job at the moment that a decision about it is checked.

    Attributes:
        job: Its row.
        input: Its entry, as the recipe's model.
        settings: The recipe's settings, as they were when the batch was queued.
        steps: Its current steps, oldest first.
    """

    job: JobRow
    input: Any
    settings: Any
    steps: Sequence[StepRow]

    def result_of(self, scope: str, name: str) -> str | None:
        """Return the result of a step as JSON, from any backend; None if it has none."""
        results = (step.result for step in self._done(name) if step.scope == scope)
        return next(results, None)

    def request_of(self, scope: str, name: str) -> str | None:
        """Return the request of a step that is done as JSON; None if there is no such step."""
        requests = (step.request for step in self._done(name) if step.scope == scope)
        return next(requests, None)

    def numbers(self, kind: str, name: str) -> list[int]:
        """Return the numbers N of the scopes `kind-N` whose step of a name is done, in order."""
        found = set()
        for step in self._done(name):
            before, dash, number = step.scope.rpartition("-")
            if dash and before == kind and number.isdecimal():
                found.add(int(number))
        return sorted(found)

    def _done(self, name: str) -> Iterator[StepRow]:
        return (s for s in self.steps if s.state == "done" and s.name.partition("@")[0] == name)


Check = Callable[[JobShape, str, Any], str]
"""Returns why a decision of a recipe's own keys does not fit a job; empty if it does."""

Again = Callable[[JobShape, str], str]
"""Returns what a decision of a key has computed again, as a sentence; empty if it is not known."""


Present = Callable[[JobShape, str], str]
"""Returns the text that a job has now for a key, for an editor to start from; empty if unknown."""


def written(value: Any) -> str:
    """Return a decision's value as a message quotes it: JSON, 40 characters at most."""
    return quoted(json.dumps(value, ensure_ascii=False, default=str), 40)


def numbered(key: str, kind: str) -> int | None:
    """Return the number in the part `kind-N` that a key begins with; None if there is none."""
    head, dash, number = key.partition("/")[0].rpartition("-")
    plain = dash and head == kind and number.isdecimal() and not number.startswith("0")
    return int(number) if plain and len(number) < 10 else None


def newest_fitting(values: Sequence[Any], default: T, among: Container[T] | None) -> tuple[T, str]:
    """Return the newest of some decisions that fits, and a problem of the newest of all.

    Args:
        values: The decisions, newest first.
        default: Value if none fits; also gives the type that a decision must have.
        among: The values that fit, if not all of the type do.

    Returns:
        The value, and a sentence that is empty if it is the newest.
    """
    adapter: TypeAdapter[T] = TypeAdapter(type(default))
    trouble = ""
    for value in values:
        try:
            found = adapter.validate_json(json.dumps(value), strict=True)
        except ValidationError as error:
            message = error.errors(include_url=False, include_input=False)[0]["msg"]
            trouble = trouble or f"{written(value)} was decided and does not fit: {message}"
            continue
        if among is None or found in among:
            return found, trouble
        trouble = trouble or f"{written(value)} was decided, and there is no such one"
    return default, trouble
