"""Bars and waveforms drawn with block characters."""

from collections.abc import Sequence

from engine.contract.kinds import Line, Span

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_ACROSS = " ▏▎▍▌▋▊▉█"


def waveform(levels: Sequence[float], rows: int) -> list[Line]:
    """Return levels as a waveform around a middle line, as bars if there is little room.

    Args:
        levels: One per column, 0 to 1.
        rows: Height in rows.
    """
    if rows < 3:
        return bars(levels, rows)
    return [(Span("".join(_mirrored(level, row, rows) for level in levels), "accent"),)
            for row in range(rows)]  # fmt: skip


def _mirrored(level: float, row: int, rows: int) -> str:
    """One cell, of two halves, of a column that is filled from the middle to both ends."""
    reach = max(0.5, level * rows)
    upper, lower = (abs(half + 0.5 - rows) < reach for half in (2 * row, 2 * row + 1))
    return "█" if upper and lower else "▀" if upper else "▄" if lower else " "


def bars(levels: Sequence[float], rows: int) -> list[Line]:
    """Return levels as bars that stand on the last row.

    Args:
        levels: One per column, 0 to 1.
        rows: Height in rows.
    """
    filled = [round(min(1.0, max(0.0, level)) * rows * 8) for level in levels]
    return [
        (
            Span(
                "".join(_EIGHTHS[min(8, max(0, eighths - 8 * below))] for eighths in filled),
                "accent",
            ),
        )
        for below in range(rows - 1, -1, -1)
    ]


def across(share: float, columns: int) -> str:
    """Return a bar from the left, `columns` cells wide.

    Args:
        share: Part that is filled, 0 to 1.
        columns: Width in cells.
    """
    eighths = round(min(1.0, max(0.0, share)) * columns * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_ACROSS[rest] if rest else "")).ljust(columns)


def resampled(levels: Sequence[float], columns: int) -> list[float]:
    """Return the means of levels by column; a level may be in several columns.

    Args:
        levels: Levels at equal distances.
        columns: Number of columns.
    """
    count = len(levels)
    if not count:
        return [0.0] * columns
    means = []
    for column in range(columns):
        first = column * count // columns
        part = levels[first : max(first + 1, (column + 1) * count // columns)]
        means.append(sum(part) / len(part))
    return means
