"""Errors of pydantic as sentences for operators."""

import difflib
import functools
from collections.abc import Collection
from typing import Any

from pydantic_core import ErrorDetails

from engine.text.plural import pluralize
from engine.text.terminal import clean, quoted

_SENTENCES = {
    "missing": "is missing, and every entry needs it",
    "string_type": "must be text",
    "string_too_short": "must be at least {min_length} characters long",
    "string_too_long": "must be at most {max_length} characters long",
    "string_unicode": "holds half of a character, which cannot be stored; write it again",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number of fewer digits",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be greater than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "literal_error": "must be one of {expected}",
    "enum": "must be one of {expected}",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "too_long": "must have at most {entries}",
    "too_short": "must have at least {entries}",
}
_SAYS_IT_ALL = {"missing", "string_unicode", "value_error", "assertion_error", "extra_forbidden"}


def sentence(error: ErrorDetails) -> str:
    """Return the problem of one field, without its name: `must be at least 64, and is 3`."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return "is not a known field"
    if kind in ("value_error", "assertion_error"):
        return str(context.get("error", error["msg"]))
    if kind == "string_too_short" and context.get("min_length") == 1:
        return "must not be empty"
    if kind in ("too_long", "too_short"):
        limit = context["max_length" if kind == "too_long" else "min_length"]
        context = {**context, "entries": pluralize(limit, "entry", "entries")}
    template = _SENTENCES.get(kind)
    text = (
        template.format_map(context)
        if template
        else error["msg"].replace("Input should be", "must be")
    )
    return text if kind in _SAYS_IT_ALL else f"{text}, and {_found(kind, error['input'])}"


def _found(kind: str, value: Any) -> str:
    """Return a description of the value found instead."""
    if kind in ("string_too_long", "too_long", "too_short"):
        return f"has {len(value)}"
    if isinstance(value, str):
        return f"is {quoted(value)}"
    if value is None:
        return "is empty"
    if isinstance(value, bool):
        return f"is {str(value).lower()}"
    if isinstance(value, int | float):
        number = (
            f"is the number {clean(str(value), 40)}" if kind == "string_type" else f"is {value}"
        )
        return f"{clean(number)}; put it in quotes" if kind == "string_type" else clean(number, 50)
    return "is a list" if isinstance(value, list | tuple) else "is an object"


def nearest(name: str, names: Collection[str]) -> str:
    """Return advice about an unknown name: the nearest known one, or all of them."""
    return _nearest(clean(name, 60), tuple(names))


@functools.lru_cache(256)  # a million entries can have the same mistake
def _nearest(name: str, names: tuple[str, ...]) -> str:
    folded = {known.lower().replace("-", "_"): known for known in names}
    wanted = name.lower().replace("-", "_").replace(" ", "_")
    near = difflib.get_close_matches(wanted, folded, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{folded[near[0]]}'?"
    return f"known are {', '.join(names)}"
