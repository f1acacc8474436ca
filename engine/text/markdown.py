"""Tables in Markdown."""

from collections.abc import Iterable, Iterator, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table, and an empty one after it.

    Args:
        head: Headings, without `|` and line breaks, like the cells.
        rows: Cells of each row, as many as headings.
    """
    yield _line(head)
    yield f"|{'---|' * len(head)}"
    yield from map(_line, rows)
    yield ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
