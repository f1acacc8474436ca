"""Names of the queues in front of local models: those that want the same weights share one."""

import hashlib
from collections.abc import Sequence

from engine.models.weights.requirements import RequiredWeights


def lane_of(name: str, wanted: Sequence[RequiredWeights]) -> str:
    """The lane of a backend that wants these weights.

    A lane is blocked as a whole where weights are missing or broken, so backends that want
    others, be it one LoRA more, have another. Only the sources count, not what is there: the lane
    is the same before the weights are put in their place and after.

    Args:
        name: What comes first, for example `diffusers:sdxl`.
        wanted: All weights.
    """
    told = "\n".join(line for item in wanted for line in (item.source, *item.needs))
    return f"{name}:{hashlib.sha256(told.encode()).hexdigest()[:6]}"
