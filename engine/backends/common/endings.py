"""Finish reasons, in the vocabulary of every provider and of gateways."""

import json
from collections.abc import Container, Iterable
from typing import Any

from engine.backends.common.failures import MAX_SHOWN, Account
from engine.contract import Retryable
from engine.contract.chat.replies import ModelReply

_REFUSED = frozenset(
    {
        "blocklist",
        "content_filter",
        "content_filtered",
        "guardrail_intervened",
        "image_safety",
        "language",
        "other",
        "prohibited_content",
        "recitation",
        "refusal",
        "safety",
        "spii",
    }
)
_USUAL = frozenset({"", "stop", "end_turn", "stop_sequence", "eos", "finish_reason_unspecified"})
_FAILED = frozenset({"error", "network_error", "insufficient_system_resource"})


def ended_reply(
    account: Account,
    text: str,
    finish: str,
    message: str = "",
    *,
    cut: Container[str] = ("length",),
    thoughts: bool = False,
) -> ModelReply:
    """Return a reply with its end by the finish reason, which is kept if it is unusual.

    Args:
        account: Whose reply it is.
        text: Text of the answer.
        finish: Finish reason; empty if there is none.
        message: The provider's explanation of it.
        cut: The provider's names for the limit of tokens.
        thoughts: True if there were thoughts beside the answer.

    Raises:
        Retryable: The provider failed during the answer, and there is none.
    """
    name = finish.lower()
    why = f"{finish}: {message}" if message else finish
    if finish in cut:
        return ModelReply(text, "length", why, thoughts=thoughts)
    if name in _REFUSED:
        filtered = "its content filter stopped the reply"
        reason = f"{filtered} ({why})" if "filter" in name else f"the reply is blocked ({why})"
        return ModelReply(text, "refused", reason, thoughts=thoughts)
    if name in _FAILED and not text.strip():
        shown = account.say(why, MAX_SHOWN)
        raise Retryable(f"{account.name} failed during its answer ({shown}).", resubmit=True)
    return ModelReply(
        text, "done", "" if name in _USUAL and not message else why, thoughts=thoughts
    )


def call_arguments(arguments: Iterable[Any]) -> str:
    """Return an answer given as arguments of tool calls: JSON as text or as data."""
    written = (one if isinstance(one, str) else json.dumps(one) for one in arguments if one)
    return "\n".join(written)
