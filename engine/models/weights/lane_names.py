"""Names of the queues in front of local models: backends of the same weights share one."""

import hashlib
from collections.abc import Sequence

from engine.models.weights.requirements import RequiredWeights


def lane_of(name: str, wanted: Sequence[RequiredWeights]) -> str:
    """Return the lane of a backend that needs these weights.

    A lane is blocked as a whole if weights are missing or broken, so backends that need other
    weights, even one more LoRA, have another. Only the sources count, not the files: the lane is
    the same before and after the weights are put in place.

    Args:
        name: Prefix, for example `diffusers:sdxl`.
        wanted: All weights.
    """
    described = "\n".join(line for item in wanted for line in (item.source, *item.needs))
    return f"{name}:{hashlib.sha256(described.encode()).hexdigest()[:6]}"
