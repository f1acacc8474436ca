"""Repeatable random numbers by place: a hash of integers, and smooth noise over time."""

import math

_MASK = (1 << 64) - 1


def hash_of(*values: int) -> int:
    """Return 64 bits that depend on all values and on their order (SplitMix64)."""
    state = 0
    for value in values:
        state = (state + value + 0x9E3779B97F4A7C15) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state


def share_of(*values: int) -> float:
    """Return a number from 0 up to 1 that depends on all values."""
    return hash_of(*values) / (_MASK + 1)


def smooth_noise(place: float, *values: int) -> float:
    """Return noise from -1 to 1 that moves smoothly with a place, one stroke per unit."""
    whole = math.floor(place)
    part = smooth(place - whole)
    first, second = share_of(whole, *values), share_of(whole + 1, *values)
    return 2 * (first + (second - first) * part) - 1


def smooth(part: float) -> float:
    """Return a share, 0 to 1, that starts and ends slowly; values outside are clamped."""
    part = min(max(part, 0.0), 1.0)
    return part * part * (3 - 2 * part)
