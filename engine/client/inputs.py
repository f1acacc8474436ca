"""Inputs as a form reads them: how much is in a file, and what is wrong with it."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from engine.client.errors import as_user_error
from engine.intake.readers import FORMATS
from engine.text.terminal import clean

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from engine.contract.recipe import AnyRecipe
    from engine.intake import InputError

INPUT_FORMATS = FORMATS
"""Names of the formats of input files."""

REPORT_EVERY = 1000
"""Entries between two reports of how many were read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The contents of an input.

    Attributes:
        entries: How many entries are right, as far as they were read.
        problems: What is wrong, a sentence each.
        total: How many problems there are, those that are not kept included.
        finished: Whether it was read to its end.
        fits: Another recipe that reads it without a problem, empty if there is none.
        fits_one: True if no further recipe does.
        about_file: True if the only problem is the file as a whole, not one of its entries.
    """

    entries: int
    problems: tuple[str, ...] = ()
    total: int = 0
    finished: bool = True
    fits: str = ""
    fits_one: bool = False
    about_file: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reason why nothing was queued.

    Attributes:
        message: The reason, in sentences.
        problems: Problems of the input, a sentence each; empty if it is something else.
        total: Number of problems, those that are not kept included.
        about_file: True if the only problem is the file as a whole, not one of its entries.
        fields: Problems of the first entry by its fields; empty for the entry itself.
    """

    message: str
    problems: tuple[str, ...] = ()
    total: int = 0
    about_file: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)


def refusal_of(error: Exception) -> Refusal | None:
    """Return the refusal of an input or of its options; None if the error is a bug."""
    from engine.intake import InputError

    if isinstance(error, InputError):
        message = "The file has mistakes; nothing was queued."
        sentences, fields = problem_sentences(error), _of_first_entry(error)
        return Refusal(message, sentences, error.total, is_about_file(error), fields)
    known = as_user_error(error)
    return None if known is None else Refusal(clean(str(known), 600))


def read_input(
    path: Path,
    recipe: "AnyRecipe",
    report: Callable[[Reading], None],
    is_cancelled: Callable[[], bool],
    others: "Sequence[AnyRecipe]" = (),
) -> Reading:
    """Validate a whole input without storing anything.

    Args:
        path: The file.
        recipe: What it is for.
        report: Called from time to time with the progress.
        is_cancelled: Whether nobody wants to know any more.
        others: Recipes that are tried if it is not right for this one.
    """
    from engine.intake import InputError
    from engine.queueing.overrides import QueueError

    count = 0
    try:
        for _ in _entries(path, recipe):
            count += 1
            if count % REPORT_EVERY == 0:
                if is_cancelled():
                    return Reading(count, finished=False)
                report(Reading(count, finished=False))
                time.sleep(0)  # the screen's thread first
    except InputError as error:
        fitting = [other.name for other in others if _fits(path, other)]
        first, one = next(iter(fitting), ""), len(fitting) == 1
        return Reading(
            count, problem_sentences(error), error.total,
            fits=first, fits_one=one, about_file=is_about_file(error),
        )  # fmt: skip
    except QueueError as error:
        return Reading(0, (clean(str(error), 600),), 1, about_file=True)
    return Reading(count)


def _entries(path: Path, recipe: "AnyRecipe") -> Iterator[object]:
    """Yield the entries of a file for a recipe with its default settings; nothing is stored."""
    from engine.intake import read
    from engine.queueing.extras import refuse_without_extra
    from engine.queueing.input_files import look_at

    refuse_without_extra(recipe)
    settings = recipe.settings.model_construct()
    return read(path, recipe.input, keep_file=look_at, reader=recipe.reader, settings=settings)


def _fits(path: Path, recipe: "AnyRecipe") -> bool:
    """Return whether the first entries of a file are right for a recipe."""
    from engine.intake import InputError
    from engine.queueing.overrides import QueueError

    try:
        return bool(list(islice(_entries(path, recipe), REPORT_EVERY)))
    except (InputError, QueueError):
        return False


def axes_in(text: str) -> tuple[str, ...]:
    """Return the axes of a grid in a form's text, which has semicolons between them.

    A semicolon inside double quotes or a JSON list is part of a value.

    Raises:
        ValueError: One is not written as an axis; a sentence.
    """
    from engine.intake.grid.axes import BadAxis, parse_axes

    parts = [part.strip() for part in re.findall(r'(?:"[^"]*"|\[[^\n]*\]|[^;])+', text)]
    axes = tuple(part for part in parts if part)
    try:
        parse_axes(axes)
    except BadAxis as error:
        raise ValueError(str(error)) from None
    return axes


def is_about_file(error: "InputError") -> bool:
    """Return whether the only problem is the file as a whole."""
    return error.total == 1 and error.problems[0].entry is None


def _of_first_entry(error: "InputError") -> dict[str, str]:
    """Return the first problem of each field of the first entry, by the field's name."""
    messages: dict[str, str] = {}
    for problem in error.problems:
        if problem.entry == 1:
            messages.setdefault(problem.field.partition(".")[0], problem.message)
    return messages


def problem_sentences(error: "InputError") -> tuple[str, ...]:
    """Return the problems of the one file that a form is about, without its name."""
    return tuple(
        str(problem).removeprefix(problem.file).removeprefix(",").removeprefix(":").lstrip()
        for problem in error.problems
    )


def validation_sentence(error: "ErrorDetails") -> str:
    """Return an error of pydantic as a sentence for an operator."""
    from engine.intake.sentences import sentence

    return sentence(error)
