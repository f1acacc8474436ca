"""Amounts in bodies: decimal text of dollars, or a number."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from engine.text.amounts import MAX_DOLLARS, limit_of

SCHEMA: dict[str, Any] = {
    "description": "An amount of US dollars, as decimal text or as a number.",
    "anyOf": [
        {"type": "string", "pattern": r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?$"},
        {"type": "number", "minimum": 0, "maximum": MAX_DOLLARS},
    ],
}


def _micro(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("is not an amount of dollars")  # noqa: TRY004 - pydantic's own error
    return limit_of(value)


Dollars = Annotated[int, BeforeValidator(_micro), AfterValidator(int), WithJsonSchema(SCHEMA)]
"""An amount, in micro-dollars once it is validated."""
