"""Why a model stopped, in the words of every provider and of the gateways between them."""

import json
from collections.abc import Container, Iterable
from typing import Any

from engine.agents.replies import ModelReply
from engine.backends.common.failures import MOST_SHOWN, Account
from engine.capabilities import Retryable

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
    said: str = "",
    *,
    cut: Container[str] = ("length",),
    thoughts: bool = False,
) -> ModelReply:
    """A reply by its finish reason, which is kept where it is none of the usual.

    Args:
        account: Whose reply it is.
        text: The words of the answer.
        finish: The finish reason, in any provider's words; empty where there is none.
        said: What the provider says of it.
        cut: The provider's own words for the limit of tokens.
        thoughts: Whether there were thoughts beside the answer.

    Raises:
        Retryable: The provider failed while it answered, and there is no answer.
    """
    name = finish.lower()
    why = f"{finish}: {said}" if said else finish
    if finish in cut:
        return ModelReply(text, "length", why, thoughts=thoughts)
    if name in _REFUSED:
        filtered = "its content filter stopped the reply"
        reason = f"{filtered} ({why})" if "filter" in name else f"the reply is blocked ({why})"
        return ModelReply(text, "refused", reason, thoughts=thoughts)
    if name in _FAILED and not text.strip():
        shown = account.say(why, MOST_SHOWN)
        raise Retryable(f"{account.name} failed while it answered ({shown}).", resubmit=True)
    return ModelReply(text, "done", "" if name in _USUAL and not said else why, thoughts=thoughts)


def called(arguments: Iterable[Any]) -> str:
    """An answer that came as the arguments of tool calls: JSON as text or as data."""
    written = (one if isinstance(one, str) else json.dumps(one) for one in arguments if one)
    return "\n".join(written)
