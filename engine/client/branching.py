"""Branches: a part of a job as the beginning of a line of its own."""

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.client.ids import UnknownId, batch_name
from engine.client.sending import split_source
from engine.queueing.branching import BranchPlan, BranchRequest
from engine.queueing.money.estimate import Estimate
from engine.text.terminal import quoted

if TYPE_CHECKING:
    from engine.queueing.queue import QueueOptions


@dataclass(frozen=True, slots=True)
class BranchEstimate:
    """Steps that a branch keeps, and an estimate of the rest.

    Attributes:
        scope: Where it begins.
        kept: Number of steps that are kept.
        saved: What those have cost, in micro-dollars.
        estimate: What the rest may take.
    """

    scope: str
    kept: int
    saved: int
    estimate: Estimate

    @classmethod
    def of(cls, planned: BranchPlan, estimate: Estimate) -> "BranchEstimate":
        """Return the estimate of a plan."""
        kept = planned.branch.kept
        saved = sum(step.cost + step.saved for step in kept)
        return cls(planned.origin.branch or "", len(kept), saved, estimate)


def branch_request(
    connection: sqlite3.Connection, source: str, prompt: str | None, options: "QueueOptions"
) -> BranchRequest:
    """Return the request for a branch of `JOB:PART`.

    Raises:
        UnknownId: There is no such job.
    """
    named, part = split_source(connection, source)
    if named.job is None:
        raise UnknownId(
            f"{quoted(source)} is a batch; name one of its jobs, as j1 or BATCH/KEY, and behind a "
            "colon where the branch begins, as iteration-2."
        )
    written = f"{batch_name(named.batch.id)}/{named.job.key}"
    full = f"{written}:{part}" if part else written
    return BranchRequest(named.batch, named.job, part, full, prompt, options)
