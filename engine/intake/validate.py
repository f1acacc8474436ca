"""Validation of entries by a recipe's input model: typed inputs, or a sentence per problem."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from engine.contract.recipe_input import RecipeInput
from engine.intake.entries import InputEntry
from engine.intake.ids import Ids, made_id
from engine.intake.own_settings import OwnSettings
from engine.intake.problems import Problem
from engine.intake.sentences import nearest, sentence
from engine.text.given_ids import given_id

InputT = TypeVar("InputT", bound=BaseModel)

Check = Callable[[InputT, Mapping[str, Any] | None], Iterable[tuple[str, str]]]
"""Yields the problems of an entry with settings of its own, None for none: the field, and what is
wrong with it."""

_UNKNOWN_SHOWN = 10  # unknown fields listed per entry; an entry may hold thousands


@dataclass(frozen=True, slots=True)
class ValidEntry(Generic[InputT]):
    """An entry that can be queued.

    Attributes:
        number: Its position in the input, from 1.
        key: Its id, given or generated; no two entries of an input have the same.
        input: Input of the recipe. Its own `id`, if the model has one, is the given id only.
        axes: Labels by axis, in order, of a cell of a grid.
        settings: Settings of its own, of the recipe or `BACKEND.key`.
        group: The key that its seed derives from: its own, or for a cell that of its entry.
    """

    number: int
    key: str
    input: InputT
    axes: Mapping[str, str] | None = None
    settings: Mapping[str, Any] | None = None
    group: str = ""


def field_names(model: type[BaseModel]) -> list[str]:
    """Return the field names that an entry for a model may have, including `id`."""
    names = [field.alias or name for name, field in model.model_fields.items()]
    return names if "id" in names else ["id", *names]


def validate(
    entries: Iterable[InputEntry | Problem],
    model: type[InputT],
    *,
    source: str,
    context: Mapping[str, Any] | None = None,
    offset: int = 0,
    check: Check[InputT] | None = None,
    may_set_backends: bool = False,
) -> Iterator[ValidEntry[InputT] | Problem]:
    """Validate entries against an input model, one at a time, in their order.

    A field that is null is an absent field. An entry with a problem yields all of its problems
    and no `ValidEntry`.

    Args:
        entries: What a reader yields; its problems pass through.
        model: The recipe's input model.
        source: The input's name in messages.
        context: The validation context, for fields such as `ImageFile`.
        offset: Number of entries that the batch already has, added to positions in generated ids.
        check: Yields further problems of an entry that its model accepts.
        may_set_backends: True if entries may have settings of backends.

    Yields:
        A `ValidEntry` for every valid entry, a `Problem` for every problem.
    """
    names, ids = field_names(model), Ids()
    takes_id = "id" in model.model_fields
    for entry in entries:
        if isinstance(entry, Problem):
            yield entry
            continue
        given = model.adopted(entry.data) if issubclass(model, RecipeInput) else entry.data
        data = {name: value for name, value in given.items() if value is not None}
        is_open = model.model_config.get("extra") == "allow"
        settings = OwnSettings(
            entry, {} if is_open else data, names, may_set_backends=may_set_backends
        )
        overrides, faults = settings.settings, settings.faults
        faults += [] if is_open else _unknown(data, names)
        key, fault = _take_id(data, entry.number, offset, ids)
        faults += [("id", fault)] if fault else []
        if not takes_id or fault:
            data.pop("id", None)
        checked = _build(model, data, context)
        faults += (
            checked if isinstance(checked, list) else check(checked, overrides) if check else []
        )
        if not faults and isinstance(checked, BaseModel):
            yield ValidEntry(
                entry.number, key, checked, settings.axes, overrides, entry.group or key
            )
            continue
        yield from _problems(entry, source, key, faults)


def _unknown(data: dict[str, Any], names: Collection[str]) -> Iterator[tuple[str, str]]:
    """Remove fields that no entry may have from the data, and report them."""
    unknown = [name for name in data if name not in names]
    for name in unknown:
        del data[name]
    for name in unknown[:_UNKNOWN_SHOWN]:
        yield name, f"is not a known field; {nearest(name, names)}"
    if len(unknown) > _UNKNOWN_SHOWN:
        yield "", f"has {len(unknown) - _UNKNOWN_SHOWN} more fields that are not known"


def _take_id(data: dict[str, Any], number: int, offset: int, ids: Ids) -> tuple[str, str]:
    """Return the entry's id and its problem; normalise a given id in the data."""
    if "id" not in data:
        key = made_id(number + offset, data)
        first = ids.place(key, number)
        if first == number:
            return key, ""
        return key, (
            f"is absent, and '{key}', which would be generated for it, is the id of entry {first}; "
            "give one of the two another"
        )
    try:
        key = data["id"] = given_id(data["id"])
    except ValueError as error:
        return "", str(error)
    first = ids.place(key, number)
    if first == number:
        return key, ""
    return key, f"is also the id of entry {first}; give it another id"


def _build(
    model: type[InputT], data: dict[str, Any], context: Mapping[str, Any] | None
) -> InputT | list[tuple[str, str]]:
    try:
        return model.model_validate(data, context=dict(context) if context else None)
    except ValidationError as refusal:
        errors = refusal.errors(include_url=False)
        return [(".".join(map(str, error["loc"])), sentence(error)) for error in errors]


def _problems(
    entry: InputEntry, source: str, key: str, faults: list[tuple[str, str]]
) -> Iterator[Problem]:
    shown_id = key if "id" in entry.data else ""
    for field, message in faults:
        yield Problem(
            file=source,
            entry=entry.number,
            line=entry.line,
            id=shown_id,
            field=field,
            message=message,
        )
