"""The plan of a film without a chat backend: the step that replaces one that does not answer."""

from engine.recipes.music_video.direction import Direction, DirectRequest
from engine.recipes.music_video.rules.directing import directed

AUTHOR = "film-director"
"""Author of plans by the rule alone."""


def direct_by_rule(request: DirectRequest) -> Direction:
    """Plan a film by the embedded rule."""
    return Direction.model_validate(directed(request) | {"author": AUTHOR})
