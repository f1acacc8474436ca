"""Settings of the recipe `refine`."""

from pydantic import Field

from engine.contract.backend_names import BackendNames
from engine.contract.image import MAX_SIDE, MIN_SIDE
from engine.contract.recipe import SpendingGates


class RefineSettings(SpendingGates):
    """Settings of the recipe `refine`."""

    image: BackendNames = Field(
        "builtin", description="Backend that makes images, or several: the next where one fails."
    )
    vision: BackendNames = Field("builtin", description="Backend that evaluates them, or several.")
    text: BackendNames = Field("builtin", description="Backend that refines prompts, or several.")
    max_iterations: int = Field(3, ge=1, le=20, description="Turns of the loop at most.")
    target_score: float = Field(90, ge=0, le=100, description="Score at which the loop stops.")
    width: int = Field(1024, ge=MIN_SIDE, le=MAX_SIDE, description="Width in pixels by default.")
    height: int = Field(1024, ge=MIN_SIDE, le=MAX_SIDE, description="Height in pixels by default.")
    vary_seed: bool = Field(
        False,
        description="Give each iteration a seed of its own. By default the seed stays, because a "
        "new seed changes an image more than a better prompt does.",
    )
