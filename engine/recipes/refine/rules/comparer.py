"""Compares two images by how well each meets what can be measured of a brief."""

from typing import Literal

from engine.recipes.refine.rules.critic import evaluate

CLOSEST = 0.05
"""Difference of scores, of 100, up to which two images are equal."""


def compare(
    first: bytes, second: bytes, brief: str
) -> tuple[Literal["first", "second", "tie"], str]:
    """Return the image that meets a brief better, and the reason.

    Args:
        first: PNG, JPEG or WebP.
        second: The other image.
        brief: What the operator asked for.

    Raises:
        ValueError: One of them is no image.
    """
    one, other = evaluate(first, brief), evaluate(second, brief)
    reason = f"What can be measured is met to {one.score:.1f} of 100 by the first picture and to "
    reason += f"{other.score:.1f} by the second."
    if abs(one.score - other.score) <= CLOSEST:
        return "tie", reason
    return ("first" if one.score > other.score else "second"), reason
