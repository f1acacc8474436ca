"""Colours and attributes of cells, and the shortest way from one to another."""

from functools import lru_cache
from typing import NamedTuple


class CellStyling(NamedTuple):
    """Style of a cell, as the parameters that set it.

    Attributes:
        front: Colour of the text, empty for the terminal's own.
        back: Colour behind it.
        flags: Bold, underlined and the like, sorted.
    """

    front: str = ""
    back: str = ""
    flags: tuple[str, ...] = ()


PLAIN = CellStyling()

_FLAGS = {str(code) for code in (*range(1, 10), 21, 51, 52, 53)}
_FRONT = {str(code) for code in (*range(30, 38), *range(90, 98))}
_BACK = {str(code) for code in (*range(40, 48), *range(100, 108))}
_COLOUR_PARTS = {"5": 3, "2": 5}


@lru_cache(4096)
def styled(look: CellStyling, parameters: str) -> CellStyling | None:
    """Return the style after `CSI parameters m`; None if that is not understood here."""
    parts = parameters.split(";") if parameters else ["0"]
    while parts:
        code = parts[0]
        taken = _COLOUR_PARTS.get(parts[1], 0) if code in {"38", "48"} and len(parts) > 1 else 1
        if not taken or len(parts) < taken:
            return None
        changed = _changed(look, code, ";".join(parts[:taken]))
        if changed is None:
            return None
        look, parts = changed, parts[taken:]
    return look


def _changed(look: CellStyling, code: str, whole: str) -> CellStyling | None:
    if code in {"0", ""}:
        return PLAIN
    if code in _FLAGS:
        return look._replace(flags=tuple(sorted({*look.flags, code})))
    if code in _FRONT or code == "38":
        return look._replace(front=whole)
    if code in _BACK or code == "48":
        return look._replace(back=whole)
    if code in {"39", "49"}:
        return look._replace(front="") if code == "39" else look._replace(back="")
    return None


@lru_cache(4096)
def turn(before: CellStyling | None, after: CellStyling) -> str:
    """Return the shortest escape sequence from one style to another; None is an unknown one."""
    if before == after:
        return ""
    if before is None or _loses_something(before, after):
        parts = [*after.flags, after.front, after.back]
        kept = ";".join(part for part in parts if part)
        return f"\x1b[0;{kept}m" if kept else "\x1b[m"
    parts = [flag for flag in after.flags if flag not in before.flags]
    parts += [after.front] if after.front != before.front else []
    parts += [after.back] if after.back != before.back else []
    return f"\x1b[{';'.join(parts)}m"


def _loses_something(before: CellStyling, after: CellStyling) -> bool:
    lost = not set(before.flags) <= set(after.flags)
    return (
        lost or (before.front != "" and not after.front) or (before.back != "" and not after.back)
    )
