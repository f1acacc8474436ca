"""Signatures of messages by Standard Webhooks 1.0 (https://www.standardwebhooks.com)."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence

from engine.text.errors import UserError

VARIABLE = "SAFELIGHT_WEBHOOK_SECRET"
"""Environment variable with the secrets, the newest first, divided by spaces."""

PREFIX = "whsec_"
_MIN_BYTES, _MAX_BYTES = 24, 64


class NoSecret(UserError):
    """There is no secret to sign with, or one that cannot be used."""


def new_secret() -> str:
    """Return a new random secret."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def keys_of(environment: Mapping[str, str]) -> list[bytes]:
    """Return the keys to sign with, the newest first. While there are several, each one signs.

    Raises:
        NoSecret: There is none, or one has another form; no part of it is in the message.
    """
    texts = environment.get(VARIABLE, "").split()
    if not texts:
        raise NoSecret(
            f"{VARIABLE} is not set, so that webhooks cannot be signed.",
            remedy="Set it in the environment or in .env; safelight webhooks secret prints one.",
        )
    return [_key(number, text) for number, text in enumerate(texts, 1)]


def _key(number: int, text: str) -> bytes:
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(PREFIX) or not _MIN_BYTES <= len(key) <= _MAX_BYTES:
        raise NoSecret(
            f"Secret {number} of {VARIABLE} is not {PREFIX} and base64 of {_MIN_BYTES} to "
            f"{_MAX_BYTES} bytes.",
            remedy="Take one that safelight webhooks secret prints.",
        )
    return key


def headers_of(keys: Sequence[bytes], id_: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of a message.

    Args:
        keys: The keys, each of which signs.
        id_: Id of the message, the same at every try.
        timestamp: Time of this try, seconds since 1970.
        body: The message.
    """
    signed = b".".join((id_.encode(), str(timestamp).encode(), body))
    signatures = (base64.b64encode(hmac.digest(key, signed, hashlib.sha256)) for key in keys)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature.decode()}" for signature in signatures),
    }
