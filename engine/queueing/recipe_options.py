"""Values of a recipe's own options, from flags, a form or Python."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.contract.options import Option, option_named
from engine.contract.recipe import AnyRecipe
from engine.intake.given import as_stream, given_entry, name_of
from engine.queueing.overrides import QueueError
from engine.queueing.plan import QueueOptions, Source
from engine.text.terminal import quoted


@dataclass(frozen=True, slots=True)
class QueueRequest:
    """An input and its batch options, after applying a recipe's own options.

    Attributes:
        source: Returns the input from its beginning, as often as it is called; None if no input
            was given.
        options: Options of the batch, without `flags`.
    """

    source: Callable[[], Source] | None
    options: QueueOptions


def apply_options(recipe: AnyRecipe, source: Source | None, options: QueueOptions) -> QueueRequest:
    """Apply a recipe's own options to an input and to its batch options.

    Raises:
        QueueError: The recipe has no such option, or what it may name once is given twice.
    """
    flags = [(_known(recipe, name), value) for name, value in options.flags.items()]
    overrides = dict(options.overrides) | _given(flags, "setting")
    entry, overrides = given_entry(overrides, recipe.entry_fields)
    entry |= _given(flags, "entry")
    output = _path(flags, "output", options.output_dir, "--output-dir")
    chosen = replace(
        options,
        overrides=overrides,
        flags={},
        output_dir=output,
        in_flight=_in_flight(flags, options.in_flight),
    )
    if not entry:
        found = _path(flags, "input", source, "INPUT")
        return QueueRequest(None if found is None else lambda: found, chosen)
    if source is not None or _has(flags, "input"):
        given = _spelling(flags, next(iter(entry)))
        raise QueueError(f"Give INPUT or {given}, not both: both name the input.")
    chosen = replace(chosen, name=options.name or name_of(entry), file_format="json")
    return QueueRequest(lambda: as_stream(entry), chosen)


def _known(recipe: AnyRecipe, name: str) -> Option:
    option = option_named(recipe.options, name)
    if option is None:
        has = ", ".join(option.flag for option in recipe.options) or "none"
        raise QueueError(f"Recipe {recipe.name} has no option {name!r}; its own options: {has}.")
    return option


def _given(flags: list[tuple[Option, Any]], target: str) -> dict[str, Any]:
    return {option.name: value for option, value in flags if option.target == target}


def _has(flags: list[tuple[Option, Any]], target: str) -> bool:
    return any(option.target == target for option, _ in flags)


def _path(flags: list[tuple[Option, Any]], target: str, given: Any, called: str) -> Any:
    """Return the single path given, by its usual name or by a flag of the recipe."""
    value, is_own = _single(flags, target, given, called)
    return Path(value) if is_own else value


def _in_flight(flags: list[tuple[Option, Any]], given: int | None) -> int | None:
    """Return the number of jobs at the same time, from `--batch-size` or a flag of the recipe."""
    value, _ = _single(flags, "in_flight", given, "--batch-size")
    try:
        return None if value is None else int(value)
    except ValueError:
        raise QueueError(f"Jobs in flight are a whole number, not {quoted(str(value))}.") from None


def _single(
    flags: list[tuple[Option, Any]], target: str, given: Any, called: str
) -> tuple[Any, bool]:
    """Return the single value given, and True if a flag of the recipe gives it."""
    is_own = False
    for option, value in flags:
        if option.target != target:
            continue
        flag = next((flag for flag in option.flags if flag != called), called)
        if given is not None:
            raise QueueError(f"Give {called} or {flag}, not both.")
        given, called, is_own = value, flag, True
    return given, is_own


def _spelling(flags: list[tuple[Option, Any]], name: str) -> str:
    own = (o.flag for o, _ in flags if o.target == "entry" and o.name == name)
    return next(own, f"--set {name}")
