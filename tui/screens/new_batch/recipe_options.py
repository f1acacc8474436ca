"""A recipe's own options in the form: its flags beside its settings, and its only entry."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.contract.options import Option
from engine.contract.recipe import AnyRecipe
from tui.screens.new_batch.fields import FormField, Value, fields_of

_ENTRY = "entry-"
"""Prefix of the names of an entry's fields, which settings may share."""


def with_flags(fields: list[FormField], recipe: AnyRecipe) -> list[FormField]:
    """Return settings with the flags that set them in their help."""
    flags = {option.name: option.flag for option in recipe.options if option.target == "setting"}
    return [
        replace(field, help=f"{field.help} Also {flags[field.name]}.".lstrip())
        if field.name in flags
        else field
        for field in fields
    ]


def entry_fields(recipe: AnyRecipe) -> list[FormField]:
    """Return the fields of an entry that may be given in place of a file; all may be empty."""
    known = {field.name: field for field in fields_of(recipe.input)}
    options = [option for option in recipe.options if option.target == "entry"]
    fields = [_entry_field(option, known[option.name]) for option in options]
    if "prompt" in known and all(option.name != "prompt" for option in options):
        help_ = "A prompt typed by hand, instead of a file."
        fields.append(FormField(f"{_ENTRY}prompt", "prompt", help_, "text", "", optional=True))
    return fields


def filled_with(fields: list[FormField], entry: Mapping[str, Any]) -> list[FormField]:
    """Return the fields of an entry with the values of one that is queued again."""
    return [
        replace(field, initial=value, usual="")
        if isinstance(value := entry.get(field.name.removeprefix(_ENTRY)), str)
        else field
        for field in fields
    ]


def option_names(recipe: AnyRecipe) -> frozenset[str]:
    """Return the fields of an entry that a recipe takes as its own options."""
    return frozenset(option.name for option in recipe.options if option.target == "entry")


def _entry_field(option: Option, field: FormField) -> FormField:
    help_ = f"{option.help or field.help} Instead of a file; also {option.flag}."
    return FormField(f"{_ENTRY}{field.name}", field.label, help_, "text", "", optional=True)


def entry_of(held: Mapping[str, Value]) -> dict[str, str]:
    """Return the entry that its fields hold, without the empty ones.

    Args:
        held: The text of each field, by its name.
    """
    return {
        name.removeprefix(_ENTRY): text.strip()
        for name, text in held.items()
        if isinstance(text, str) and text.strip()
    }
