"""Parts of a line that fit the width of a terminal."""

from collections.abc import Iterator

from rich.cells import cell_len, get_character_cell_size

Span = tuple[int, int]
"""Begin and end of a part of a line, in characters."""


def spans(line: str, columns: int) -> list[Span]:
    """Return the parts of a line that fit a width, broken behind spaces if possible; at least one.

    Args:
        line: The line, cleaned.
        columns: Width in cells.
    """
    if cell_len(line) <= columns:
        return [(0, len(line))]
    return list(_broken(line, max(2, columns)))


def _broken(line: str, columns: int) -> Iterator[Span]:
    begin = 0
    while begin < len(line):
        end = _end(line, begin, columns)
        if end < len(line):
            space = line.rfind(" ", begin + 1, end + 1)
            # A break that leaves most of a row empty is worse than one inside of a word.
            end = space + 1 if space >= begin + (end - begin) // 2 else end
        yield begin, end
        begin = end


def _end(line: str, begin: int, columns: int) -> int:
    if line.isascii():
        return min(len(line), begin + columns)
    cells = 0
    for index in range(begin, len(line)):
        cells += get_character_cell_size(line[index])
        if cells > columns and index > begin:
            return index
    return len(line)
