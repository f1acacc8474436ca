"""Rate of spending, and its projection."""


def rate(microdollars: int, seconds: float | None) -> int | None:
    """Return micro-dollars per hour; None if no time has passed."""
    if not seconds or seconds <= 0:
        return None
    return round(microdollars * 3600 / seconds)


def projected(microdollars: int, ended: int, total: int) -> int | None:
    """Return the cost of all jobs at the average of the ended ones; None before the first ends.

    Money spent on jobs that have not ended counts too, so early figures are high rather than
    low.
    """
    if not ended:
        return None
    return max(microdollars, -(-microdollars * total // ended))
