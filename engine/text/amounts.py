"""Conversion between dollars, as people write them, and micro-dollars."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation

MILLION = 1_000_000
MAX_DOLLARS = 1_000_000_000
"""Maximum amount, in dollars."""


def limit_of(dollars: float | str) -> int:
    """Return a limit in micro-dollars, rounded down so that it is never more than written.

    Args:
        dollars: From 0 to `MAX_DOLLARS`; a leading `$` is allowed.

    Raises:
        ValueError: It is not such an amount.
    """
    return _micro(dollars, ROUND_FLOOR)


def price_of(dollars: float | str) -> int:
    """Return a price in micro-dollars, rounded up so that it is never less than written.

    Raises:
        ValueError: It is not an amount from 0 to `MAX_DOLLARS`.
    """
    return _micro(dollars, ROUND_CEILING)


def _micro(dollars: float | str, rounding: str) -> int:
    try:
        amount = Decimal(str(dollars).strip().removeprefix("$"))
    except InvalidOperation:
        raise ValueError(f"{str(dollars)[:40]!r} is not an amount of dollars") from None
    if not amount.is_finite() or not 0 <= amount <= MAX_DOLLARS:
        raise ValueError(f"{str(dollars)[:40]!r} is not from 0 to {MAX_DOLLARS} dollars")
    return int((amount * MILLION).to_integral_value(rounding))


def dollars(microdollars: int) -> float:
    """Return micro-dollars as US dollars."""
    return microdollars / MILLION


def in_words(microdollars: int) -> str:
    """Return an amount for people: two decimals, or more if rounding would understate it."""
    amount = Decimal(microdollars) / MILLION
    digits = 2 if microdollars % 10_000 == 0 else 4 if microdollars % 100 == 0 else 6
    return f"${amount:.{digits}f}"


def decimal_text(microdollars: int) -> str:
    """Return an amount in dollars as an exact decimal number for programs, as `0.0425`."""
    whole, _, part = f"{Decimal(microdollars) / MILLION:.6f}".partition(".")
    return f"{whole}.{part.rstrip('0').ljust(2, '0')}"
