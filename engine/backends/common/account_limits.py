"""Limits of an account that waiting a minute does not lift: money, a plan, a region.

The words are those of Anthropic, fal, Google, LiteLLM, OpenAI, OpenRouter, Ollama, Runway and xAI.
"""

import re

_SPENT = re.compile(
    r"insufficient_quota|insufficient[ _](?:funds|credits?|balance)|(?:sufficient|enough) credits"
    r"|billing[ _]hard[ _]limit|billing_not_active|credit balance is too low"
    r"|exhausted balance|user is locked|payment (?:is )?required"
    r"|reached your (?:\w+ ){0,4}usage limits?|key limit exceeded|models-per-day"
    r"|spend(?:ing)? (?:cap|limit)|budget[ _](?:has been )?exceeded|ExceededBudget"
    r"|credits (?:are|is|have been) (?:depleted|exhausted|used up)"
    r"|used all available credits|(?:does not|doesn't) have any credits"
    r"|(?:requires?|enable) billing|billing to be enabled|BILLING_DISABLED"
    r"|without a billing account",
    re.IGNORECASE,
)
_NOTHING_ALLOWED = re.compile(r"\blimit: 0(?![.,]?\d)")
_PLAN = re.compile(r"check your plan and billing", re.IGNORECASE)
_PASSES = re.compile(r"\bretry in \d", re.IGNORECASE)
_REGION = re.compile(
    r"location is not supported|unsupported_country_region_territory"
    r"|country, region,? or territory (?:is )?not supported"
    r"|not available in your (?:country|region|location)",
    re.IGNORECASE,
)


def is_spent(message: str) -> bool:
    """True if an error's words name a limit that only money, or a long time, lifts."""
    return bool(_SPENT.search(message) or _NOTHING_ALLOWED.search(message))


def is_spent_or_over_plan(message: str) -> bool:
    """As `is_spent`, or if they ask for another plan without saying when to come again.

    Google writes of its plan into the refusals of a minute's limit too.
    """
    return is_spent(message) or bool(_PLAN.search(message) and not _PASSES.search(message))


def is_out_of_region(message: str) -> bool:
    """True if an error's words say that the provider does not serve this location."""
    return bool(_REGION.search(message))
