"""Keeping secrets out of whatever is shown, logged or stored."""

import re
from collections.abc import Iterable
from urllib.parse import quote

from engine.text import clean

MASK = "***"

_KEY_SHAPES = re.compile(
    r"\b(?:sk|rk|pk)-[\w*-]{6,}"  # OpenAI, Anthropic, Stability, and what they echo of a wrong one
    r"|\bAIza[\w-]{20,}"  # Google
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}:[0-9a-f]{16,}"  # fal
    r"|(?<=[?&]key=)[^&\s\"']+"
    r"|(?<=Bearer )[\w.~+/=-]{6,}"
    r"|(?<=Authorization: Key )\S+",
    re.IGNORECASE,
)


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """Text without secrets: those named, and whatever has the shape of a provider's key.

    Args:
        text: Any text.
        secrets: Keys in use. Each is masked as it is, URL-encoded, and, where it has two halves
            with a colon between, by its second half alone.
    """
    return _KEY_SHAPES.sub(MASK, mask(text, secrets))


def mask(text: str, secrets: Iterable[str]) -> str:
    """Text without the named secrets; whatever else looks like a key stays."""
    for secret in sorted(_forms(secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def _forms(secrets: Iterable[str]) -> set[str]:
    forms: set[str] = set()
    for secret in secrets:
        half = secret.partition(":")[2]
        forms |= (
            {secret, quote(secret, safe=""), half}
            if len(half) >= 6
            else {secret, quote(secret, safe="")}
        )
    return {form for form in forms if len(form) >= 4}


def shown(text: str, secrets: Iterable[str] = (), limit: int = 300) -> str:
    """What a provider said, fit for a message: without secrets and safe for a terminal."""
    return clean(scrub(text[: 64 * limit], secrets), limit)
