"""Whether a decision fits the job that it is about.

It is looked at twice: when it is given, and when the recipe asks for it, because the job may have
another shape by then. One that does not fit changes nothing.
"""

import json
import sqlite3
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from db.queries import jobs as queries
from db.rows import Batch, Job, Step
from engine.text.terminal import quoted

if TYPE_CHECKING:
    from engine.contract.recipe import AnyRecipe

T = TypeVar("T")

SELECT, PROMPT = "select", "prompt"
"""Kinds of decisions, the last part of their keys: a scope's number, and a text."""


@dataclass(frozen=True, slots=True)
class JobShape:
    """What a job is when something is decided about it.

    Attributes:
        job: Its row.
        input: Its entry, as the recipe's model.
        settings: The recipe's settings, as they were when the batch was queued.
        steps: Its steps that hold, oldest first.
    """

    job: Job
    input: Any
    settings: Any
    steps: Sequence[Step]

    def result_of(self, scope: str, name: str) -> str | None:
        """The result of a step as JSON, whichever backend gave it; None where it has none."""
        results = (step.result for step in self._done(name) if step.scope == scope)
        return next(results, None)

    def numbers(self, kind: str, name: str) -> list[int]:
        """Numbers N of the scopes `kind-N` whose step of a name is done, in order."""
        found = set()
        for step in self._done(name):
            before, dash, number = step.scope.rpartition("-")
            if dash and before == kind and number.isdecimal():
                found.add(int(number))
        return sorted(found)

    def _done(self, name: str) -> Iterator[Step]:
        return (s for s in self.steps if s.state == "done" and s.name.partition("@")[0] == name)


def shape_of(
    connection: sqlite3.Connection, recipe: "AnyRecipe", batch: Batch, job: Job
) -> JobShape:
    """The shape of a job now.

    Raises:
        ValueError: Its input or its batch's settings do not fit the recipe.
    """
    return JobShape(
        job,
        recipe.input.model_validate_json(job.input),
        recipe.settings.model_validate_json(batch.settings),
        [step for step in queries.steps(connection, job.id) if step.superseded_at is None],
    )


def trouble_with(recipe: "AnyRecipe", shape: JobShape, key: str, value: Any) -> str:
    """Why a decision does not fit a job, as a sentence; empty where it does."""
    if not recipe.decisions:
        return ""  # the recipe does not say what it asks for; it looks at the type by itself
    kind = key.rpartition("/")[2]
    trouble = ""
    if kind == PROMPT:
        trouble = _trouble_with_text(value)
    elif kind == SELECT:
        trouble = _trouble_with_number(value)
    if trouble:
        return f"{key} {trouble}."
    return recipe.check_decision(shape, key, value) if recipe.check_decision else ""


def _trouble_with_text(value: Any) -> str:
    if not isinstance(value, str):
        return f"is a text, and {_written(value)} is none"
    if "\0" in value or not _is_unicode(value):
        return "must be text without NUL and without halves of characters"
    return ""


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _trouble_with_number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return f"is a whole number from 0, and {_written(value)} is none"
    return ""


def _written(value: Any) -> str:
    return quoted(json.dumps(value, ensure_ascii=False, default=str), 40)


def numbered(key: str, kind: str) -> int | None:
    """The number in the part `kind-N` that a key begins with; None where there is none."""
    head, dash, number = key.partition("/")[0].rpartition("-")
    plain = dash and head == kind and number.isdecimal() and not number.startswith("0")
    return int(number) if plain and len(number) < 10 else None


def newest_fitting(values: Sequence[Any], default: T, among: Container[T] | None) -> tuple[T, str]:
    """The newest of some decisions that fits, and what is wrong with the newest of all.

    Args:
        values: What was decided, newest first.
        default: What holds where none fits; also says what type a decision has.
        among: The values that fit, where not all of the type do.

    Returns:
        What holds, and a sentence that is empty where it is the newest.
    """
    adapter: TypeAdapter[T] = TypeAdapter(type(default))
    trouble = ""
    for value in values:
        try:
            found = adapter.validate_json(json.dumps(value), strict=True)
        except ValidationError as error:
            said = error.errors(include_url=False, include_input=False)[0]["msg"]
            trouble = trouble or f"{_written(value)} was decided and does not fit: {said}"
            continue
        if among is None or found in among:
            return found, trouble
        trouble = trouble or f"{_written(value)} was decided, and there is no such one"
    return default, trouble


Check = Callable[[JobShape, str, Any], str]
"""Says why a decision of a recipe's own keys does not fit a job; empty where it does."""
