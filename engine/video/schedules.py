"""Schedules of Deforum: values by frame, as text such as `0:(1.0), 30:(1.05), 60:(1.0)`.

Rules of the grammar, as Deforum reads it: entries are split at commas, then at the colon. A key is
a number of a frame or an expression of `max_f`; a value in brackets is a number, or an expression
of `t` (the frame), `s` (the seed) and `max_f` (the last frame). A number counts at its frame, and
frames between are interpolated linearly; an expression counts for each frame up to the next key.
Before the first key and after the last one the nearest value holds.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

MAX_LENGTH = 200_000
"""Length of a schedule in characters."""

MAX_EXPRESSION = 400
"""Length of an expression in characters."""

_DIGITS = 5
"""Digits behind the point of a value that is written: 0.00001 zooms by 1 % in half a minute."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")

_BINARY: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_UNARY: Mapping[type[ast.unaryop], Callable[[float], float]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
_FUNCTIONS: Mapping[str, Callable[[float], float]] = {
    "abs": abs,
    "arccos": math.acos,
    "arcsin": math.asin,
    "arctan": math.atan,
    "ceil": math.ceil,
    "cos": math.cos,
    "cosh": math.cosh,
    "exp": math.exp,
    "floor": math.floor,
    "log": math.log,
    "log10": math.log10,
    "sin": math.sin,
    "sinh": math.sinh,
    "sqrt": math.sqrt,
    "tan": math.tan,
    "tanh": math.tanh,
}


class ScheduleError(ValueError):
    """A schedule that cannot be read; the message names the entry."""


def write_schedule(keys: Mapping[int, float]) -> str:
    """Return values by frame as a schedule.

    Numbers have no exponent and the last entry no comma: Deforum reads neither. Entries that
    linear interpolation gives anyway are left out.

    Args:
        keys: Value of each frame that has one; at least one.
    """
    rounded = [(frame, round(keys[frame], _DIGITS) + 0.0) for frame in sorted(keys)]
    return ", ".join(f"{frame}:({_plain(value)})" for frame, value in _needed(rounded))


def _plain(value: float) -> str:
    text = f"{value:.{_DIGITS}f}".rstrip("0")
    return text + "0" if text.endswith(".") else text


def _needed(keys: list[tuple[int, float]]) -> Iterable[tuple[int, float]]:
    """Leave out the middle one of three equal values in a row."""
    for place, (frame, value) in enumerate(keys):
        is_inner = 0 < place < len(keys) - 1
        if not (is_inner and keys[place - 1][1] == value == keys[place + 1][1]):
            yield frame, value


def read_schedule(text: str, frames: int, seed: int = 0) -> list[float]:
    """Return the value of each frame.

    Args:
        text: The schedule.
        frames: Number of frames, at least one.
        seed: Value of `s` in expressions.

    Raises:
        ScheduleError: It does not follow the grammar, or a value is not finite.
    """
    import numpy as np

    values = check_schedule(text, frames, seed)
    return [float(value) for value in np.interp(range(frames), [*values], [*values.values()])]


def check_schedule(text: str, frames: int, seed: int = 0) -> dict[int, float]:
    """Return the values that a schedule gives itself, by frame; the others lie between them.

    Args:
        text: The schedule.
        frames: Number of frames, at least one.
        seed: Value of `s` in expressions.

    Raises:
        ScheduleError: It does not follow the grammar, or a value is not finite.
    """
    if len(text) > MAX_LENGTH:
        raise ScheduleError(f"a schedule has at most {MAX_LENGTH} characters")
    names = {"max_f": float(frames - 1), "s": float(seed)}
    keys = dict(_entry(entry, names) for entry in text.split(","))
    values: dict[int, float] = {}
    expression = None
    for frame in range(min(keys), frames):
        if frame in keys:
            expression = None if _NUMBER.fullmatch(keys[frame]) else keys[frame]
            values[frame] = _value(keys[frame], names | {"t": float(frame)})
        elif expression is not None:
            values[frame] = _value(expression, names | {"t": float(frame)})
    if not values:
        raise ScheduleError(f"{text[:60]!r} has no key before frame {frames}")
    return values


def _entry(entry: str, names: Mapping[str, float]) -> tuple[int, str]:
    key, colon, value = (part.strip() for part in entry.partition(":"))
    if not colon or not value.startswith("(") or not value.endswith(")"):
        raise ScheduleError(f"{entry.strip()[:60]!r} is not written as FRAME:(VALUE)")
    frame = _value(key, names)
    if not 0 <= frame <= 1e7 or ("." in key and key.replace(".", "").isdigit()):
        raise ScheduleError(f"{key[:60]!r} is not the number of a frame")
    return int(frame), value[1:-1].strip()


def _value(text: str, names: Mapping[str, float]) -> float:
    if len(text) > MAX_EXPRESSION:
        raise ScheduleError(f"an expression has at most {MAX_EXPRESSION} characters")
    try:
        value = _computed(_parsed(text.strip()), names)
    except (SyntaxError, RecursionError, MemoryError):
        raise ScheduleError(f"{text[:60]!r} is not an expression") from None
    except (ArithmeticError, ValueError, TypeError) as error:
        raise ScheduleError(f"{text[:60]!r}: {error}") from None
    if not math.isfinite(value):
        raise ScheduleError(f"{text[:60]!r} is not finite")
    return value


@lru_cache(maxsize=64)
def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _computed(node: ast.expr, names: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _BINARY:
            value = _BINARY[type(sign)](_computed(left, names), _computed(right, names))
            return float(value)
        case ast.UnaryOp(op=mark, operand=operand) if type(mark) in _UNARY:
            return _UNARY[type(mark)](_computed(operand, names))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
            return float(_FUNCTIONS[name](_computed(argument, names)))
    raise ValueError("it may hold numbers, t, s, max_f, + - * / % ** and functions of one value")
