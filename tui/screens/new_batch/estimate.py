"""Estimate of a batch, in words."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.text.figures import duration, money
from engine.text.terminal import clean

if TYPE_CHECKING:
    from engine.client.estimates import Estimate


def summary(entries: int) -> str:
    """Return the number of entries in words, until an estimate is known."""
    return f"{entries:,} {'entry' if entries == 1 else 'entries'}."


def words(found: "Estimate") -> str:
    """Return steps, cost and time in a few words."""
    said = [f"{found.jobs:,} {'entry' if found.jobs == 1 else 'entries'}"]
    said += [f"{between(found.steps, '{:,}'.format)} steps"] if found.steps else []
    if found.is_free:
        said.append("costs nothing")
    elif found.cost is not None:
        said.append(f"{between(found.cost, money)}")
    else:
        names = dict.fromkeys(clean(line.backend, 40) for line in found.unpriced)
        said.append(f"prices of {', '.join(names)} are not known" if names else "cost not known")
    said += [f"{between(found.seconds, duration)} here"] if found.seconds else []
    return ", ".join(said) + "."


def between(found: tuple[Any, Any], shown: Callable[[Any], str]) -> str:
    """Return a range, or one value if both ends are equal."""
    least, most = shown(found[0]), shown(found[1])
    return least if least == most else f"{least} to {most}"
