"""Remedies of jobs that wait for something, by what they wait for."""

from collections.abc import Mapping

from db.rows import JobRow

REMEDIES: Mapping[str, str] = {
    "approval": "Approve or reject it: POST /v1/jobs/{job}/approve.",
    "budget": "Raise the budget, then POST /v1/jobs/{job}/resume.",
    "disk": "Free space on the disk of the workspace, then POST /v1/jobs/{job}/resume.",
    "storage": "Make the object store of the workspace work again; the job continues then.",
    "key": "Put the provider's key into .env, then POST /v1/jobs/{job}/resume.",
    "quota": "Wait until the provider's quota is renewed; the job continues then.",
    "weights": "Download the weights with `safelight models`, then POST /v1/jobs/{job}/resume.",
    "unknown-outcome": "See at the provider whether the call was paid, then POST "
    "/v1/jobs/{job}/retry to send it again.",
}
_ANY = "Put right what its message names, then POST /v1/jobs/{job}/resume."


def remedy_of(job: JobRow) -> str | None:
    """Return what makes a parked job continue; None for a job that is not parked."""
    if job.state != "parked":
        return None
    return REMEDIES.get(job.reason or "", _ANY).format(job=f"j{job.id}")
