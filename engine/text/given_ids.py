"""Ids that a user has given to entries."""

from typing import Any

from engine.text.terminal import has_hidden

MAX_ID_CHARACTERS = 200
"""Maximum length of an id in characters."""


def given_id(value: Any) -> str:
    """Return the id that an entry was given, as text; whole numbers become their digits.

    Raises:
        ValueError: It cannot be an id; the message has the reason.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ValueError("must be text or a whole number")  # noqa: TRY004 - one kind of refusal
    key: str = value.strip()
    if not key:
        raise ValueError("must not be empty; leave it out to have one generated")
    if len(key) > MAX_ID_CHARACTERS:
        raise ValueError(f"must be at most {MAX_ID_CHARACTERS} characters, and has {len(key)}")
    if has_hidden(key):
        raise ValueError("must not hold control characters, line ends or direction marks")
    return key
