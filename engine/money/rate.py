"""How fast money is spent, and where that leads."""


def rate(microdollars: int, seconds: float | None) -> int | None:
    """Micro-dollars an hour; None where no time has passed."""
    if not seconds or seconds <= 0:
        return None
    return round(microdollars * 3600 / seconds)


def projected(microdollars: int, ended: int, total: int) -> int | None:
    """What all jobs cost if they cost what those that have ended did; None before the first has.

    What was spent on jobs that have not ended counts too, so early figures are high rather than
    low.
    """
    if not ended:
        return None
    return max(microdollars, -(-microdollars * total // ended))
