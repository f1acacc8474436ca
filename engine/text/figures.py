"""Numbers for people, in as few cells as possible."""

from datetime import UTC, datetime


def count(value: int) -> str:
    """Return a count in at most 5 cells: `999`, `12.3k`, `1.00M`."""
    if value < 10_000:
        return str(value)
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if value >= size:
            scaled = value / size
            return f"{scaled:.{0 if scaled >= 100 else 1 if scaled >= 10 else 2}f}{unit}"
    return str(value)


def money(micro_dollars: int) -> str:
    """Return a cost: `–` for nothing, `$0.0042` for little, `$12.30` for more."""
    if not micro_dollars:
        return "–"
    dollars = micro_dollars / 1_000_000
    if dollars < 0.1:
        return f"${dollars:.4f}"
    return f"${dollars:,.2f}" if dollars < 10_000 else f"${dollars / 1000:,.1f}k"


def duration(seconds: float | None) -> str:
    """Return a duration in at most 6 cells: `0.4s`, `12s`, `3m20s`, `4h05m`, `6d04h`."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return f"{seconds:.1f}s"
    whole = int(seconds)
    for size, unit, rest, below in (
        (86_400, "d", 3600, "h"),
        (3600, "h", 60, "m"),
        (60, "m", 1, "s"),
    ):
        if whole >= size:
            return f"{whole // size}{unit}{whole % size // rest:02d}{below}"
    return f"{whole}s"


def rate(per_second: float | None) -> str:
    """Return jobs per second, minute or hour, whichever reads best."""
    if not per_second:
        return "–"
    for unit, seconds in (("s", 1), ("m", 60), ("h", 3600)):
        if per_second * seconds >= 1 or unit == "h":
            value = per_second * seconds
            return f"{value:.0f}/{unit}" if value >= 10 else f"{value:.1f}/{unit}"
    return "–"


def rating(word: str | None) -> str:
    """Return the mark of a rating before a name: `★4 `, `k `, `x `; empty for none."""
    if not word:
        return ""
    return f"★{word} " if word.isdecimal() else "k " if word == "keep" else "x "


def score(value: float | None) -> str:
    """Return a score: one decimal, `–` if there is none."""
    if value is None:
        return "–"
    return f"{value:.1f}" if abs(value) >= 2 or value == 0 else f"{value:.3f}"


def size(bytes_: int) -> str:
    """Return a number of bytes: `812 B`, `1.2 MB`."""
    value = float(bytes_)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    return ""


def clock(at: str | None) -> str:
    """Return a stored time as the local time of day, `14:03:21`; of another day with its date."""
    when = _local(at)
    if when is None:
        return "–"
    today = datetime.now().astimezone()
    if when.date() == today.date():
        return f"{when:%H:%M:%S}"
    return f"{when:%d %b %H:%M}" if when.year == today.year else f"{when:%d %b %Y %H:%M}"


def narrow_clock(at: str | None) -> str:
    """Return a stored time in at most 8 cells: `14:03:21`, and of another day its date alone."""
    when = _local(at)
    if when is None:
        return "–"
    today = datetime.now().astimezone()
    if when.date() == today.date():
        return f"{when:%H:%M:%S}"
    return f"{when:%d %b}" if when.year == today.year else f"{when:%b %Y}"


def _local(at: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(at or "").astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def age(at: str | None) -> float | None:
    """Return the seconds since a stored time; None if it is invalid."""
    try:
        return max(0.0, (datetime.now(UTC) - datetime.fromisoformat(at or "")).total_seconds())
    except ValueError:
        return None


_SOLID = {"done": "█", "failed": "▓", "cancelled": "▒"}


def bar(parts: list[tuple[int, str]], total: int, width: int) -> list[tuple[str, str]]:
    """Return a bar of `width` cells for the ended part of a whole, with a thin cell if any runs.

    Each of `parts` (count, tone) that has ended is visible, and the bar is full only at the end.

    Returns:
        Runs of characters with their tone; the rest is light.
    """
    ended = [(number, tone) for number, tone in parts if number and tone in _SOLID]
    room = width if sum(number for number, _ in ended) >= total else width - 1
    runs: list[tuple[str, str]] = []
    used = seen = 0
    for index, (number, tone) in enumerate(ended):
        seen += number
        later = len(ended) - index - 1  # each of the following parts has at least one cell
        end = max(used + 1, min(round(width * seen / total), room - later))
        runs.append((_SOLID[tone] * (end - used), tone))
        used = end
    if used < width and any(number for number, tone in parts if tone == "running"):
        runs.append(("▏", "running"))
        used += 1
    return [*runs, ("░" * (width - used), "muted")] if used < width else runs
