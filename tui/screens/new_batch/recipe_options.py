"""A recipe's own options in the form: its flags beside its settings, and its only entry."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine.contract.options import Option
from engine.contract.recipe import AnyRecipe
from engine.text.terminal import clean
from tui.screens.new_batch.fields import Control, FormField, Value, fields_of

ENTRY = "entry-"
"""Prefix of the names of an entry's fields, which settings may share."""

PROMPT = FormField(
    f"{ENTRY}prompt",
    "prompt",
    "A prompt, in your own words; for many of them name a file. ^j begins a line, ^g edits in "
    "$EDITOR.",
    "prose",
    "",
    optional=True,
    hint="type a prompt, or name a file of prompts",
)


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
        fields.append(PROMPT)
    return fields


def filled_with(fields: list[FormField], entry: Mapping[str, Any]) -> list[FormField]:
    """Return the fields of an entry with the values of one that is queued again."""
    return [
        replace(field, initial=clean(value, None, keep_newlines=True), usual=_unfilled(field))
        if isinstance(value := entry.get(field.name.removeprefix(ENTRY)), str)
        else field
        for field in fields
    ]


def _unfilled(field: FormField) -> Value | None:
    """Return the default of a field of an entry; a prompt has none that it would differ from."""
    return None if field.name == PROMPT.name else ""


def option_names(recipe: AnyRecipe) -> frozenset[str]:
    """Return the fields of an entry that a recipe takes as its own options."""
    return frozenset(option.name for option in recipe.options if option.target == "entry")


def _entry_field(option: Option, field: FormField) -> FormField:
    help_ = f"{option.help or field.help} Instead of a file; also {option.flag}."
    if field.name == "prompt":
        return replace(PROMPT, help=f"{help_} ^j begins a line, ^g edits in $EDITOR.")
    control: Control = "prose" if field.is_long else "text"
    return FormField(f"{ENTRY}{field.name}", field.label, help_, control, "", optional=True)


def entry_of(held: Iterable[tuple[FormField, Value]]) -> dict[str, str]:
    """Return what is typed of an entry: the fields that hold another text than at first.

    Args:
        held: Its fields, each with its text.
    """
    typed = ((field, text.strip()) for field, text in held if isinstance(text, str))
    return {
        field.name.removeprefix(ENTRY): text
        for field, text in typed
        if text != str(field.initial).strip()
    }
