"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def workspace_option(function: F) -> F:
    """`--workspace DIR`, given to the command as a `Path`."""
    return click.option(
        "--workspace",
        "-w",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path(),
        envvar="SAFELIGHT_WORKSPACE",
        help="The workspace's folder (default: the current one).",
    )(function)


def json_option(function: F) -> F:
    """`--json`, given to the command as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print stable JSON.")(function)


def settings_option(function: F) -> F:
    """`--set key=value`, given to the command as `overrides`."""
    return click.option(
        "--set",
        "overrides",
        metavar="KEY=VALUE",
        multiple=True,
        callback=_parse_settings,
        help="Set a setting of the recipe, `seed`, or BACKEND.KEY; repeatable.",
    )(function)


def parse_dollars(
    ctx: click.Context | None, parameter: click.Parameter | None, text: str | None
) -> int | None:
    """Return dollars as written on the command line in micro-dollars."""
    from engine.text.amounts import limit_of

    if text is None:
        return None
    try:
        return limit_of(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from None


def budget_option(function: F) -> F:
    """`--budget DOLLARS`, given to the command in micro-dollars."""
    return click.option(
        "--budget", metavar="DOLLARS", callback=parse_dollars, help="Maximum cost of the batch."
    )(function)


def _parse_settings(
    ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    parsed: dict[str, str] = {}
    for value in values:
        key, equals, text = value.partition("=")
        if not equals or not key.strip():
            raise click.BadParameter(f"{value!r} is not of the form KEY=VALUE.")
        parsed[key.strip()] = text
    return parsed
