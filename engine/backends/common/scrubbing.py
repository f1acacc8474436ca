"""Keeping secrets out of whatever is shown, logged or stored."""

import base64
import functools
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from engine.text.terminal import clean

MASK = "***"

_LEAST, _MIN_HALF = 4, 6
"""Characters that a form of a secret has at least, and half a secret."""

_URL_SAFE = str.maketrans("+/", "-_")

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
        secrets: Keys in use. Each is masked as it is, URL-encoded, in base64, as JSON escapes it,
            and, if it has two halves with a colon between, by its second half alone.
    """
    return _KEY_SHAPES.sub(MASK, mask(text, secrets))


def mask(text: str, secrets: Iterable[str]) -> str:
    """Text without the named secrets; whatever else looks like a key stays."""
    forms = _forms(tuple(secrets))
    for form in forms:
        text = text.replace(form, MASK)
    return _without_beginning(text, forms)


def _without_beginning(text: str, forms: Iterable[str]) -> str:
    """Text without the beginning of a secret at its end, where the text was cut off in it."""
    for form in forms:
        for length in range(len(form) - 1, _MIN_HALF - 1, -1):
            if text.endswith(form[:length]):
                return text[:-length] + MASK
    return text


@functools.lru_cache(maxsize=64)
def _forms(secrets: tuple[str, ...]) -> list[str]:
    """Return the forms in which secrets are masked, the longest first."""
    forms: set[str] = set()
    for secret in secrets:
        half = secret.partition(":")[2]
        for part in {secret, half} if len(half) >= _MIN_HALF else {secret}:
            forms |= {part, quote(part, safe=""), json.dumps(part)[1:-1], *_in_base64(part)}
    return sorted((form for form in forms if len(form) >= _LEAST), key=len, reverse=True)


def _in_base64(secret: str) -> Iterator[str]:
    """Yield the parts of a secret's base64 that do not depend on the bytes around it.

    Three bytes become four characters, so it depends on how many bytes are before it, and the
    characters that share bits with a neighbour are left out.
    """
    data = secret.encode(errors="replace")
    if len(data) < _MIN_HALF:
        return
    for before, first in enumerate((0, 2, 3)):
        encoded = base64.b64encode(bytes(before) + data)
        kept = encoded[first : (before + len(data)) * 8 // 6].decode()
        yield kept
        yield kept.translate(_URL_SAFE)


def shown(text: str, secrets: Iterable[str] = (), limit: int = 2000) -> str:
    """Return a provider's message, without secrets and safe for a terminal."""
    return clean(scrub(text[: 64 * limit], secrets), limit)
