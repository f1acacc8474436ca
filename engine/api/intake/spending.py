"""Money that a caller may spend: nothing without the scope `spend`, then up to its ceiling."""

import json
import sqlite3
from typing import TYPE_CHECKING, Any

from db.queries.callers import caller_of, committed_by
from db.rows import BatchRow
from engine.api.auth.principal import Principal
from engine.api.problems import Problem
from engine.api.services import Services
from engine.client.documents.estimates import estimate_document
from engine.text.amounts import decimal_text

if TYPE_CHECKING:
    from engine.client.estimates import Estimate


ENDED = frozenset({"done", "done_with_failures", "cancelled"})
"""States of batches that count with their cost alone."""


def needs_estimate(caller: Principal, max_cost: int | None) -> bool:
    """Return whether a batch has to be estimated before it is queued."""
    return max_cost is not None or caller.ceiling is not None or not caller.may("spend")


def budget_for(
    connection: sqlite3.Connection, caller: Principal, budget: int | None, estimate: "Estimate"
) -> int | None:
    """Return the budget of a batch that a caller may queue, in micro-dollars.

    A caller without the scope `spend` gets a budget of nothing, which the engine holds to; one
    with a ceiling what is left of it.

    Raises:
        Problem: 403 `scope-missing` or 402 `over-budget`.
    """
    if not caller.may("spend"):
        if _most(estimate) != 0:
            raise Problem(
                403,
                "scope-missing",
                f"This work costs money, and the token {caller.name} lacks the scope spend.",
                remedy="Use a token that has it: safelight token create --scope write,spend",
                extra={"estimate": _estimate(estimate)},
            )
        return 0
    if caller.ceiling is None:
        return budget
    left = max(0, caller.ceiling - committed_by(connection, caller.id))
    wanted = left if budget is None else budget
    if wanted > left or (left == 0 and _most(estimate) != 0):
        raise over_budget(
            f"The token {caller.name} may spend {decimal_text(left)} dollars more.", estimate
        )
    return wanted


def check_maximum(estimate: "Estimate", max_cost: int | None) -> None:
    """Refuse a batch that may cost more than its caller wants.

    Raises:
        Problem: 402 `over-budget`, with the estimate.
    """
    most = _most(estimate)
    if max_cost is None or (most is not None and most <= max_cost):
        return
    upper = "an unknown amount" if most is None else f"{decimal_text(most)} dollars"
    raise over_budget(
        f"The batch may cost {upper}, more than {decimal_text(max_cost)} dollars.", estimate
    )


def over_budget(detail: str, estimate: "Estimate | None" = None) -> Problem:
    """Return the refusal of work that costs too much."""
    return Problem(
        402,
        "over-budget",
        detail,
        remedy="Choose cheaper settings or fewer entries, or raise the limit.",
        extra={"estimate": _estimate(estimate)} if estimate else None,
    )


def _most(estimate: "Estimate") -> int | None:
    """Return the maximum cost of a batch, 0 if nothing of it is paid; None if unknown."""
    if estimate.cost is not None:
        return estimate.cost[1]
    return None if any(line.paid for line in estimate.lines) else 0


def _estimate(estimate: "Estimate") -> dict[str, Any]:
    from engine.api.documents import on_the_wire

    document: dict[str, Any] = on_the_wire(estimate_document(estimate))
    return document


def require_spending(
    services: Services, connection: sqlite3.Connection, caller: Principal, batch: BatchRow
) -> None:
    """Refuse to start work of a batch that costs money, if its caller may not spend it.

    Raises:
        Problem: 403 `scope-missing`.
    """
    if caller.may("spend") and caller.ceiling is None:
        return
    if batch.budget == 0 or not _is_paid(services, batch):
        return
    caller.require("spend")
    check_ceiling(connection, caller, batch, batch.budget)


def check_ceiling(
    connection: sqlite3.Connection, caller: Principal, batch: BatchRow, budget: int | None
) -> None:
    """Refuse a budget, or work within it, beyond what a caller with a ceiling may spend.

    A batch that has ended counts with its cost alone, so the rest of its budget counts again
    when it is started again.

    Raises:
        Problem: 403 `scope-missing`: the batch is another's; or 402 `over-budget`.
    """
    if caller.ceiling is None:
        return
    if caller_of(connection, batch.id) != caller.id:
        raise Problem(
            403,
            "scope-missing",
            f"The token {caller.name} has a ceiling, and this batch was queued by another.",
            remedy="Use a token without a ceiling.",
        )
    counted = batch.cost if batch.state in ENDED else max(batch.cost, batch.budget or 0)
    left = caller.ceiling - committed_by(connection, caller.id) + counted
    if budget is None or budget > left:
        raise over_budget(
            f"The token {caller.name} may spend {decimal_text(max(0, left))} dollars."
        )


def _is_paid(services: Services, batch: BatchRow) -> bool:
    """Return whether a backend of a batch is paid; True if that cannot be known."""
    catalog = services.workspace.catalog
    try:
        for capability, first in json.loads(batch.snapshot)["backends"].items():
            for one in (first, *first.get("fallbacks", ())):
                backend = catalog.backend(capability, one["name"], one["settings"], {})
                if backend.info.paid:
                    return True
    except Exception:  # noqa: BLE001 - a backend of another package may fail in any way
        return True
    return False
