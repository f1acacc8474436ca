"""Document of a decision that can be taken back."""

from typing import Any

from engine.client.undoing import Undoing
from engine.text.amounts import dollars


def undoing_document(undoing: Undoing) -> dict[str, Any]:
    """Return it as plain data; its fields are in `docs/cli.md`."""
    return {
        "decision": undoing.decision,
        "key": undoing.key,
        "value": undoing.value,
        "before": undoing.before,
        "decided_at": undoing.at,
        "steps_since": undoing.steps,
        "cost_usd": dollars(undoing.cost),
        "is_gate": undoing.is_gate,
    }
