"""Tiers of a film: groups of its steps whose costs are shown together."""

from engine.contract.tiers import Tier

TIERS = (
    Tier("plan", ("direct", "direct-by-rule")),
    Tier("video model", ("section-*/clip-*/generate",)),
    Tier("keyframes", ("section-*/image-*/candidate-*/generate", "section-*/image-*/score")),
    Tier("procedural and film", ("film/*", "preview/*")),
)
"""Costs of a film by its tiers; procedural visuals are rendered with the film: they cost time."""
