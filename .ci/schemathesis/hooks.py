"""Hooks of schemathesis: a valid idempotency key is a new one for each request.

It would send one key with many bodies otherwise, and rightly get 422.
"""

from typing import Any
from uuid import uuid4

import schemathesis

KEY = "Idempotency-Key"


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """Replace a key that the server would accept."""
    key = (case.headers or {}).get(KEY)
    if isinstance(key, str) and 1 <= len(key) <= 255 and key.isascii() and key.isprintable():
        case.headers[KEY] = str(uuid4())
