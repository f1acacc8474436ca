"""A reader of Deforum's schedules that shares nothing with the writer: its rules, with numpy.

Follows the steps of the original: split at commas, split at the colon, a regular expression that
says which values are numbers, gaps that are filled by linear interpolation.
"""

import re

import numpy as np

PLAIN = re.compile(r"^(?=.)([+-]?([0-9]*)(\.([0-9]+))?)$")
WORDS = {name: getattr(np, name) for name in ("sin", "cos", "sqrt", "exp", "floor")}


def bare(text):
    """A text without brackets and quotes."""
    return text.translate(str.maketrans("", "", "\"'()")).strip()


def evaluated(text, **names):
    """Value of an expression that a test wrote."""
    return float(eval(text, {"__builtins__": {}}, WORDS | names))


def series(text, frames):
    """Values of all frames of a schedule."""
    last = frames - 1
    keys = {}
    for entry in text.split(","):
        key, value = entry.split(":")
        at = int(bare(key)) if PLAIN.match(bare(key)) else int(evaluated(key, max_f=last))
        keys[at] = value.strip()
    row, current = np.full(frames, np.nan), "0"
    for frame in range(frames):
        is_key = frame in keys
        current = keys.get(frame, current)
        if not PLAIN.match(bare(current)):
            row[frame] = evaluated(current, t=frame, s=0, max_f=last)
        elif is_key:
            row[frame] = float(bare(current))
    known = np.flatnonzero(~np.isnan(row))
    return np.interp(np.arange(frames), known, row[known])
