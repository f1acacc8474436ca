"""The thing that an action is about: a batch, a job, or a part of a job."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subject:
    """A batch, a job, or a part of a job.

    Attributes:
        batch: Number of the batch; 0 if only the job is known.
        job: Number of the job; 0 for a whole batch.
        node: Node in the job's tree; 0 for the whole job.
    """

    batch: int = 0
    job: int = 0
    node: int = 0
