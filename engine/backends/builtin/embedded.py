"""What all embedded backends say about themselves: that they need nothing and cost nothing."""

from engine.contract import MissingRequirement


class EmbeddedBackend:
    """Base of the embedded backends; a class of its own says capability, model and version."""

    name = "builtin"
    paid = False
    resumable = False
    reusable = True  # the same request gives the same result
    lane = "builtin"
    concurrency = 0
    requests_per_minute: float | None = None

    def missing(self) -> list[MissingRequirement]:
        """Nothing is ever missing."""
        return []
