"""Ids and names of batches and jobs; a server knows ids only."""

import re
from typing import NamedTuple

from engine.client.ids import UnknownId
from engine.client.remote.asking import Operation, get
from engine.text.terminal import quoted

_BATCH, _JOB = re.compile(r"b[1-9][0-9]{0,17}"), re.compile(r"j[1-9][0-9]{0,17}")
PAGE = 200


class Subject(NamedTuple):
    """A batch or a job by its id.

    Attributes:
        kind: `batches` or `jobs`, as in addresses.
        id: Its id.
    """

    kind: str
    id: str

    @property
    def path(self) -> str:
        """Its address."""
        return f"/v1/{self.kind}/{self.id}"


def resolve(text: str) -> Operation[Subject]:
    """Return the batch or the job that a text names: `b3`, `j12`, a name, or `BATCH/KEY`.

    Raises:
        UnknownId: There is none.
    """
    text = text.strip()
    if _BATCH.fullmatch(text):
        return Subject("batches", text)
    if _JOB.fullmatch(text):
        return Subject("jobs", text)
    batch = yield from _named(text)
    if batch is not None:
        return Subject("batches", batch)
    name, slash, key = text.partition("/")
    batch = name if _BATCH.fullmatch(name) else (yield from _named(name)) if slash else None
    job = (yield from _job_named(batch, key)) if batch is not None else None
    if job is None:
        raise UnknownId(f"No batch or job is named {quoted(text)}.")
    return Subject("jobs", job)


def resolve_batch(text: str) -> Operation[str]:
    """Return the id of a batch.

    Raises:
        UnknownId: There is none, or it is a job.
    """
    subject = yield from resolve(text)
    if subject.kind != "batches":
        raise UnknownId(f"{quoted(text)} is a job; name a batch.")
    return subject.id


def resolve_job(text: str) -> Operation[str]:
    """Return the id of a job.

    Raises:
        UnknownId: There is none, or it is a batch.
    """
    subject = yield from resolve(text)
    if subject.kind != "jobs":
        raise UnknownId(f"{quoted(text)} is a batch; name one of its jobs, as BATCH/KEY.")
    return subject.id


def _named(name: str) -> Operation[str | None]:
    document = yield from get("/v1/batches", {"limit": PAGE, "archived": True})
    while True:
        for batch in document["batches"]:
            if batch["name"] == name:
                return str(batch["id"])
        following = document["links"].get("next")
        if not following:
            return None
        document = yield from get(following)


def _job_named(batch: str, key: str) -> Operation[str | None]:
    document = yield from get(f"/v1/batches/{batch}/jobs", {"limit": PAGE})
    while True:
        for job in document["jobs"]:
            if job["key"] == key:
                return str(job["id"])
        following = document["links"].get("next")
        if not following:
            return None
        document = yield from get(following)
