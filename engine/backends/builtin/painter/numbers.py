"""Numbers of things to paint, and places for several of one kind."""

from engine.imaging.vocabulary.counting import counts
from engine.imaging.vocabulary.reading import tokens

MOST = 12
"""Number of things of one kind that are painted at most."""

FRUITS = {"pear": "pear", "pears": "pear", "fruit": "", "fruits": ""}
FRUITS |= dict.fromkeys(
    ("apple", "apples", "peach", "peaches", "plum", "plums", "orange", "oranges", "lemon"), "apple"
)
"""Form of each word for fruit; empty for mixed ones."""


def numbers_of(prompt: str) -> dict[str, int]:
    """Return how many of each thing to paint, of those that a prompt counts."""
    return {name: min(MOST, number) for name, number in counts(prompt).items()}


def fruit_of(prompt: str) -> str:
    """Return the form of the fruit that a prompt names, or nothing if it names none or several."""
    forms = {FRUITS[word] for word in tokens(prompt) if word in FRUITS} - {""}
    return forms.pop() if len(forms) == 1 else ""


def row(middle: float, count: int, widest: float = 0.3) -> tuple[list[tuple[float, int]], float]:
    """Return places across an image for so many things, and the distance between two.

    Args:
        middle: Where the main one should stand, 0 to 1.
        count: How many.
        widest: Distance between neighbours at most.

    Returns:
        Places from 0.1 to 0.9, the nearest to `middle` first, each with 0 or 1 in turn from side
        to side, so that neighbours can stand in two rows.
    """
    gap = min(widest, 0.8 / max(1, count))
    half = gap * (count - 1) / 2
    centre = min(max(middle, 0.1 + half), 0.9 - half) if half else middle
    places = [centre - half + gap * number for number in range(count)]
    nearest = min(range(count), key=lambda at: abs(places[at] - middle), default=0)
    tiers = [(place, abs(at - nearest) % 2) for at, place in enumerate(places)]
    return sorted(tiers, key=lambda one: abs(one[0] - middle)), gap
