"""Facts as short texts."""

import math


def length(seconds: float) -> str:
    """Return a length as minutes and seconds, for example `1:05.2`; hours if there are any."""
    if not math.isfinite(seconds) or seconds < 0:
        return "?"
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{clock}:{rest // 10:02}" + (f".{rest % 10}" if not hours else "")


def size(count: int) -> str:
    """Return a number of bytes, for example `1.5 MB`."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def number(value: float) -> str:
    """Return a number with at most four significant digits."""
    if isinstance(value, int) and abs(value) < 10**9:
        return str(value)
    return f"{value:.4g}"


def hertz(rate: float) -> str:
    """Return a sample rate, for example `44.1 kHz`."""
    return f"{rate / 1000:g} kHz"


def channels(count: float) -> str:
    """Return a number of channels in words."""
    return {1: "mono", 2: "stereo"}.get(int(count), f"{count:g} channels")
