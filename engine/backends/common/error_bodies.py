"""Errors in the bodies of replies, as providers and gateways format them.

| who | form |
|---|---|
| OpenAI, OpenRouter, LiteLLM, vLLM | `{"error": {"message", "code", "type"}}`, also in a choice |
| Anthropic | `{"type": "error", "error": {"type", "message"}}` |
| Google | `{"error": {"code", "message", "status", "details"}}`, alone or in a list |
| Ollama, LM Studio | `{"error": "..."}` |
"""

import re
from dataclasses import dataclass
from typing import Any

from engine.backends.common.reading import plain, whole_number, word

MAX_WORDS = 2000
"""Most characters of an error that are read."""

_STATUS = {
    "invalid_request_error": 400,
    "invalid_argument": 400,
    "failed_precondition": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "unauthenticated": 401,
    "unauthorized": 401,
    "billing_error": 402,
    "insufficient_quota": 402,
    "payment_required": 402,
    "permission_error": 403,
    "permission_denied": 403,
    "not_found_error": 404,
    "not_found": 404,
    "model_not_found": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "resource_exhausted": 429,
    "overloaded_error": 529,
    "unavailable": 503,
    "timeout_error": 504,
    "deadline_exceeded": 504,
}
"""HTTP status for each name of an error."""

_BAD_KEY = re.compile(
    r"api[ _-]?key.{0,30}?(?:not valid|invalid|expired|not found|not provided|missing|required)"
    r"|(?:invalid|incorrect|missing|no)\s(?:\w+\s){0,2}?(?:x-)?api[ _-]?key"
    r"|invalid_api_key|api_key_invalid|no auth credentials|AuthenticationError"
    r"|api_key client option must be set",
    re.IGNORECASE | re.DOTALL,
)
_NO_MODEL = re.compile(
    r"model_not_found|model[ _](?:does )?not[ _](?:found|exist)|(?:invalid|unknown) model\b"
    r"|no such model|not a valid model|model identifier is invalid|LLM Provider NOT provided"
    r"|no models? loaded"
    r"|\bmodel:?\s+[\"'`]?[\w./:@-]{1,100}[\"'`]?\s+"
    r"(?:does not exist|(?:was )?not found|is not (?:available|supported|loaded|found))",
    re.IGNORECASE,
)
_MODERATED = re.compile(
    r"content_policy_violation|content_filter\b|moderation_blocked|content_moderation"
    r"|responsible_?ai_?policy|data_inspection_failed|content filtering policy"
    r"|rejected (?:by|as a result of) (?:the|our) safety system|contains filtered words"
    r"|(?:input|prompt|request|content) was (?:\w+ )?flagged",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """Error in a body.

    Attributes:
        status: Equivalent HTTP status; 500 if the error names none.
        text: Its message and names.
    """

    status: int
    text: str


def error_in(body: Any) -> ErrorBody | None:
    """Return the error in a body, or None.

    Args:
        body: JSON of a reply as plain data.
    """
    document = body[0] if isinstance(body, list) and body else body
    if not isinstance(document, dict):
        return None
    error = document.get("error")
    if not error:
        return None
    return ErrorBody(_status(error), words_of(error))


def _status(error: Any) -> int:
    if not isinstance(error, dict):
        return 500
    for name in ("code", "status", "type"):
        value = error.get(name)
        status = whole_number(value)
        if status is not None and 400 <= status <= 599:
            return status
        if isinstance(value, str) and value.lower() in _STATUS:
            return _STATUS[value.lower()]
    return 400 if is_moderated(words_of(error)) else 500


def words_of(error: Any) -> str:
    """Return an error's message, followed by its names."""
    if not isinstance(error, dict):
        return word(error)[:MAX_WORDS]
    parts = [word(error.get(key)) for key in ("message", "code", "type", "status")]
    return " ".join(part for part in parts if part)[:MAX_WORDS]


def said_in(body: bytes | str) -> str:
    """Return the message and names of the error in a body, or the head of the body."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    document = plain(text)
    document = document[0] if isinstance(document, list) and document else document
    error = document.get("error", document) if isinstance(document, dict) else document
    return words_of(error) or text[:MAX_WORDS]


def is_bad_key(message: str) -> bool:
    """True if an error is about a missing, wrong or expired key."""
    return bool(_BAD_KEY.search(message[:MAX_WORDS]))


def is_unknown_model(message: str) -> bool:
    """True if an error is about an unknown model."""
    return bool(_NO_MODEL.search(message[:MAX_WORDS]))


def is_moderated(message: str) -> bool:
    """True if an error is a refusal of content."""
    return bool(_MODERATED.search(message[:MAX_WORDS]))
