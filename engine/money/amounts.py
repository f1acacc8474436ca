"""Dollars as people write them, and micro-dollars as they are counted."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation

MILLION = 1_000_000
MAX_DOLLARS = 1_000_000_000
"""The largest amount that is taken, in dollars."""


def limit_of(dollars: float | str) -> int:
    """A limit in micro-dollars, rounded down so that it is never more than was written.

    Args:
        dollars: From 0 to `MAX_DOLLARS`; a leading `$` is taken.

    Raises:
        ValueError: It is no such amount.
    """
    return _micro(dollars, ROUND_FLOOR)


def price_of(dollars: float | str) -> int:
    """A price in micro-dollars, rounded up so that it is never less than was written.

    Raises:
        ValueError: It is no amount from 0 to `MAX_DOLLARS`.
    """
    return _micro(dollars, ROUND_CEILING)


def _micro(dollars: float | str, rounding: str) -> int:
    try:
        amount = Decimal(str(dollars).strip().removeprefix("$"))
    except InvalidOperation:
        raise ValueError(f"{str(dollars)[:40]!r} is no amount of dollars") from None
    if not amount.is_finite() or not 0 <= amount <= MAX_DOLLARS:
        raise ValueError(f"{str(dollars)[:40]!r} is not from 0 to {MAX_DOLLARS} dollars")
    return int((amount * MILLION).to_integral_value(rounding))


def in_words(microdollars: int) -> str:
    """An amount for people: two digits after the point, more where it would seem to be less."""
    dollars = Decimal(microdollars) / MILLION
    digits = 2 if microdollars % 10_000 == 0 else 4 if microdollars % 100 == 0 else 6
    return f"${dollars:.{digits}f}"
