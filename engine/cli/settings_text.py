"""The settings as text, generated from their models: `safelight.toml` and `docs/settings.md`."""

import json
import sys
import textwrap
from collections.abc import Iterator
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from engine.client.recipes import InstalledCatalog, installed_catalog
from engine.config.settings import Settings
from engine.text.markdown import table

T = TypeVar("T")

Section = tuple[str, type[BaseModel], str]
"""Name of a table, its model, and a summary."""

_TOML_HEAD = """\
# Settings of this Safelight workspace. Every line is a default: remove the `#` to change it.
# In rising order of precedence: this file, .env, .env.local, the environment
# (SAFELIGHT_ENGINE__JOBS_IN_FLIGHT=4), the command line. Providers' keys belong in .env.local.
"""

_MARKDOWN_HEAD = """\
# Settings

Sources in rising order of precedence: `safelight.toml` in the workspace, `.env`, `.env.local`, the
environment, the command line. `safelight init` writes a `safelight.toml` with every default as a
comment. A batch keeps the settings that it was queued with; a running engine reads all other
settings again at `safelight resume`.

The environment variable of a setting is `SAFELIGHT_`, the table, two underscores and the setting:
`SAFELIGHT_ENGINE__JOBS_IN_FLIGHT=4`. `LOG_LEVEL` sets `log.level`, and `RUN_ID` names the run in
its log file. `SAFELIGHT_WORKSPACE` is the default of `--workspace`. Providers' keys have their
usual names.

This page is generated from the settings' models:
`python -m engine.cli.settings_text > docs/settings.md`.
"""


def settings_toml(catalog: InstalledCatalog) -> str:
    """Return a `safelight.toml` with every setting as a comment."""
    lines = [_TOML_HEAD]
    for name, model, summary in sections(catalog):
        lines.append(f"[{name}]  # {summary}")
        for key, field in model.model_fields.items():
            lines += _toml_entry(key, field)
        lines.append("")
    return "\n".join(lines)


def settings_markdown(catalog: InstalledCatalog) -> str:
    """Return the page of all settings."""
    lines = [_MARKDOWN_HEAD]
    for name, model, summary in sections(catalog):
        lines += [f"## `[{name}]`", "", summary, ""]
        rows = (_markdown_row(key, field) for key, field in model.model_fields.items())
        lines += table(("setting", "meaning", "values", "default"), rows)
    return "\n".join(lines).rstrip("\n") + "\n"


def sections(catalog: InstalledCatalog) -> Iterator[Section]:
    """Yield all tables of settings: the workspace's, then those of recipes and backends."""
    for name, field in Settings.model_fields.items():
        model = field.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield name, model, _summary(model)
    for recipe in catalog.all_recipes():
        yield f"recipes.{recipe.name}", recipe.settings, f"Defaults of the recipe {recipe.name}."
    for family in catalog.all_families():
        yield f"backends.{family.name}", family.settings, family.summary


def _summary(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().partition("\n")[0]


def _toml_entry(key: str, field: FieldInfo) -> Iterator[str]:
    about, values = field.description or "", _values(field)
    comment = f"{about} {f'({values})' if values else ''}".strip()
    yield from (f"# {line}" for line in textwrap.wrap(comment, 97))
    default = field.get_default(call_default_factory=True, validated_data={})
    yield f"# {key} =" if default is None else f"# {key} = {_toml(_plain(default))}"


def _toml(value: Any) -> str:
    """Return plain data as TOML, a mapping as an inline table."""
    if isinstance(value, dict):
        pairs = ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return json.dumps(value)


def _markdown_row(key: str, field: FieldInfo) -> tuple[str, str, str, str]:
    about = (field.description or "").replace("|", "\\|")
    return f"`{key}`", about, _values(field), _default(field)


def _default(field: FieldInfo) -> str:
    """Return the default in words for a person."""
    if field.default_factory not in {None, dict, list, tuple}:
        return "depends on the machine"
    value = _plain(field.get_default(call_default_factory=True, validated_data={}))
    if value is None:
        return "not set"
    return "empty" if value in ("", [], (), {}) else f"`{json.dumps(value)}`"


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def _values(field: FieldInfo) -> str:
    """Return the allowed values of a setting in words: its choices or its bounds."""
    choices = _choices(field.annotation)
    if choices:
        return " or ".join(f"`{choice}`" for choice in choices)
    signs = (("ge", "at least"), ("gt", "more than"), ("le", "at most"), ("lt", "less than"))
    bounds = [
        f"{word} {getattr(rule, sign)}"
        for rule in field.metadata
        for sign, word in signs
        if getattr(rule, sign, None) is not None
    ]
    return ", ".join(bounds)


def _choices(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    if get_origin(annotation) in {list, Union, UnionType}:
        return [choice for inner in get_args(annotation) for choice in _choices(inner)]
    return []


if __name__ == "__main__":
    sys.stdout.write(settings_markdown(installed_catalog()))
