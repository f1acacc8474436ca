"""A settings model as the fields of a form: names, controls and initial values.

Everything comes from the model's JSON schema, and every mistake from the model's own validation;
so forms for unknown recipes are right too.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from pydantic import BaseModel, ValidationError
from pydantic_core import to_jsonable_python

from engine.client.inputs import validation_sentence
from engine.text.terminal import clean

Control = Literal["text", "prose", "choice", "switch"]
Value = str | bool
"""Value of a control: a bool for a switch, otherwise text."""

WHOLE_FORM = ""
"""The name of mistakes that no single field causes."""

_BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
    "minLength": "characters, at least",
    "maxLength": "characters, at most",
    "multipleOf": "a multiple of",
}


_LONG = 1000  # characters

_NO_BOUND = 2**53  # formats of stored numbers are not worth showing


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a form.

    Attributes:
        name: The model's name for it.
        label: Its name on screen.
        help: Its purpose, its bounds and its default, in one line.
        control: The control that edits it.
        initial: Initial value of the control.
        choices: Options of a choice.
        optional: True if an empty text means no value.
        is_json: True if the text is JSON: a list, an object.
        meaning: The values of choices that are not text, by their labels.
        names: Accepted names: the text is one, or several with commas between.
        usual: Value by default, if the initial one may differ from it.
        is_long: True if its text may be long.
        hint: Text in the empty control, in place of "not set".
    """

    name: str
    label: str
    help: str
    control: Control
    initial: Value
    choices: tuple[str, ...] = ()
    optional: bool = False
    is_json: bool = False
    meaning: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    names: tuple[str, ...] = ()
    usual: Value | None = None
    is_long: bool = False
    hint: str = ""


def fields_with(
    model: type[BaseModel],
    values: Mapping[str, Any],
    defaults: Mapping[str, Any] | None = None,
    names: Mapping[str, tuple[str, ...]] | None = None,
) -> list[FormField]:
    """Return the fields of a model's form with initial values that may differ from the defaults.

    Args:
        model: Any model of plain data.
        values: The initial values; others have their defaults.
        defaults: Defaults in place of the model's own.
        names: Names accepted by text fields, by field.
    """
    usual = fields_of(model, defaults, names)
    written = {name: _as_default(model, name, value) for name, value in values.items()}
    filled = fields_of(model, {**(defaults or {}), **written}, names)
    return [
        dataclasses.replace(field, usual=default.initial, help=default.help)
        for field, default in zip(filled, usual, strict=True)
    ]


def _as_default(model: type[BaseModel], name: str, value: Any) -> Any:
    """Return a value as the model writes it if it is its default: 90 for 90.0."""
    field = model.model_fields.get(name)
    return field.default if field is not None and field.default == value else value


def fields_of(
    model: type[BaseModel],
    defaults: Mapping[str, Any] | None = None,
    names: Mapping[str, tuple[str, ...]] | None = None,
) -> list[FormField]:
    """Return the fields of a model's form, in the model's order.

    Args:
        model: Any model of plain data.
        defaults: Initial values in place of the model's own defaults.
        names: Names accepted by text fields, by field.
    """
    schema = model.model_json_schema()
    shared, required = schema.get("$defs", {}), set(schema.get("required", ()))
    given, offered = defaults or {}, names or {}
    return [
        _field(
            name,
            _resolved(part, shared),
            given.get(name, _default(model, name, part)),
            offered.get(name, ()),
            required=name in required,
        )
        for name, part in schema.get("properties", {}).items()
    ]


def _default(model: type[BaseModel], name: str, part: Mapping[str, Any]) -> Any:
    """Return the default of a field as plain data; None if it has none."""
    if "default" in part or name not in model.model_fields:
        return part.get("default")
    factory = model.model_fields[name].default_factory
    return None if factory is None else to_jsonable_python(factory())  # type: ignore[call-arg]


def _field(
    name: str, part: Mapping[str, Any], default: Any, offered: tuple[str, ...], *, required: bool
) -> FormField:
    choices = tuple(str(choice) for choice in part.get("enum", ()))
    control: Control = "choice" if choices else "text"
    if part.get("type") == "boolean" and not part.get("optional"):
        control = "switch"
    is_json = part.get("type") in {"array", "object"}
    initial: Value = bool(default) if control == "switch" else _shown(default, is_json=is_json)
    if control == "choice" and isinstance(initial, str) and initial and initial not in choices:
        choices = (initial, *choices)
    return FormField(
        name=name,
        label=clean(name.replace("_", " "), 40),
        help=_help(part, initial, offered, required=required),
        control=control,
        initial=initial,
        choices=choices,
        optional=bool(part.get("optional")),
        is_json=is_json,
        meaning={str(v): v for v in part.get("enum", ()) if not isinstance(v, str)},
        names=offered,
        is_long=part.get("maxLength", 0) >= _LONG,
    )


def _resolved(part: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """Return a property with its reference resolved, and `X or null` as an optional X."""
    found = dict(part)
    if "$ref" in found:
        found = {**shared.get(str(found.pop("$ref")).rpartition("/")[2], {}), **found}
    options = [o for o in found.get("anyOf", ()) if o.get("type") != "null"]
    if "anyOf" in found and len(options) == 1:
        inner = _resolved(options[0], shared)
        found = {**inner, **{k: v for k, v in found.items() if k != "anyOf"}, "optional": True}
    return found


def _shown(value: Any, *, is_json: bool) -> str:
    if value is None:
        return ""
    return json.dumps(value) if is_json else str(value)


def _help(
    part: Mapping[str, Any], initial: Value, names: tuple[str, ...], *, required: bool
) -> str:
    said = [clean(str(part.get("description") or ""), 300)]
    said += (
        [f"One of {', '.join(names)}; or several in order, such as {','.join(names[:2])}."]
        if (len(names) > 1)
        else []
    )
    part = {k: v for k, v in part.items() if k not in _BOUNDS or abs(v) < _NO_BOUND}
    low, high = part.get("minimum"), part.get("maximum")
    if low is not None and high is not None:
        said.append(f"{low} to {high}.")
    else:
        bounds = [f"{word} {part[key]}" for key, word in _BOUNDS.items() if key in part]
        said += [f"{', '.join(bounds)}.".capitalize()] if bounds else []
    if required:
        said.append("Needed.")
    elif not (part.get("optional") and initial == ""):
        shown = ("on" if initial else "off") if isinstance(initial, bool) else initial
        said.append(f"Default: {clean(shown, 60)}." if shown else "")
    return " ".join(text for text in said if text)


@dataclass(frozen=True, slots=True)
class FormCheck:
    """A form as validated by its model.

    Attributes:
        value: The model, None if anything is wrong.
        values: Value of each field, as passed to the model.
        errors: Errors, by field.
    """

    value: BaseModel | None
    values: Mapping[str, Any]
    errors: Mapping[str, str]


def check(model: type[BaseModel], fields: list[FormField], held: Mapping[str, Value]) -> FormCheck:
    """Validate the values of the controls.

    Args:
        model: The form's model.
        fields: Its fields.
        held: Value of each control, by the field's name.
    """
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for field in fields:
        try:
            values[field.name] = _value(field, held[field.name])
        except ValueError:
            example = '{"a": 1}' if str(field.usual).startswith("{") else '["a", "b"]'
            errors[field.name] = f"must be JSON, such as {example}"
        if unknown := _unknown(field, held[field.name]):
            close = get_close_matches(unknown, field.names, 1)
            meant = f"; did you mean {close[0]}?" if close else "."
            errors[field.name] = f"there is no {unknown}{meant} ^b lists what there is."
    try:
        value = model.model_validate({name: v for name, v in values.items() if name not in errors})
    except ValidationError as refusal:
        names = {field.name for field in fields}
        for error in refusal.errors(include_url=False):
            name = str(error["loc"][0]) if error["loc"] else WHOLE_FORM
            errors.setdefault(
                name if name in names else WHOLE_FORM, clean(validation_sentence(error), 300)
            )
        return FormCheck(None, values, errors)
    return FormCheck(None if errors else value, values, errors)


def _unknown(field: FormField, held: Value) -> str:
    """Return the first unknown name; empty if all are known."""
    if not field.names or isinstance(held, bool):
        return ""
    usual = field.initial if field.usual is None else field.usual
    known = (*field.names, *str(usual).split(","))
    named = (name.strip() for name in held.split(","))
    return next((clean(name, 40) for name in named if name and name not in known), "")


def _value(field: FormField, held: Value) -> Any:
    if isinstance(held, bool):
        return held
    if field.optional and not held.strip():
        return None
    try:
        return json.loads(held) if field.is_json else field.meaning.get(held, held)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
