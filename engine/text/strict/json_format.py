"""Strict JSON: no NaN, no duplicate names, no absurdly long numbers."""

import json
from typing import Any

from engine.text.strict.values import (
    TOO_DEEP,
    RefusedValue,
    UnreadableInput,
    real_number,
    whole_number,
)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        names = set()
        for name, _ in pairs:
            if name in names:
                data[name] = RefusedValue("is given twice in the same object; keep one of the two")
            names.add(name)
    return data


def _constant(name: str) -> RefusedValue:
    return RefusedValue(f"is {name}, which is not a number of JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=whole_number,
    parse_float=real_number,
    parse_constant=_constant,
)


def decode(text: str) -> Any:
    """Return the plain data of a JSON text; values that must not be used become `RefusedValue`.

    Raises:
        UnreadableInput: The text is not JSON, or is nested too deeply to be read.
    """
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        message = f"is not JSON: {error.msg} at column {error.colno}"
        raise UnreadableInput(message, error.lineno) from None
    except RecursionError:  # Python's own limit is far beyond ours
        raise UnreadableInput(TOO_DEEP) from None
